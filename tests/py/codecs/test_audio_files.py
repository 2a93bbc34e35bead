# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""`AudioFileReader` and `AudioFileWriter` with pyaudiostream's arguments: planes and buffers."""

import gc
import io
import warnings

import numpy as np
import pytest

import pastream_ng as ps

from ..conftest import run_python

RATE = 44100
FMT = ps.AudioFormat(RATE, 2, "f32")
DATA = np.arange(-1000, 1000, dtype="int16").reshape(-1, 2) * 30
PLANES = np.ascontiguousarray(DATA.T)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "in.wav"
    ps.write(path, DATA, RATE)
    return path


def read(place):
    return ps.read(place, dtype="int16")[0]


# ---- The reader ----------------------------------------------------------------------------------


def test_a_reader_gives_planes(path):
    with ps.AudioFileReader(path, "wav", 300, dtype="int16") as reader:
        frames = [reader.next_frame() for _ in range(3)]
        assert [frame.shape for frame in frames] == [(2, 300)] * 3
        last = reader.next_frame("interleaved")
        assert last.shape == (100, 2)
        assert all(frame.flags.c_contiguous for frame in [*frames, last])
        assert [reader.next_frame() for _ in range(2)] == [None, None]
        assert np.array_equal(np.concatenate([*[f.T for f in frames], last]), DATA)
        with pytest.raises(ps.ArgumentError, match="layout is 'flat'"):
            reader.next_frame("flat")
    with pytest.raises(ps.ClosedError):
        reader.next_frame()
    with pytest.raises(ps.ClosedError):
        reader.pull()


@pytest.mark.parametrize(
    ("dtype", "sample_type"),
    [
        ("float32", "f32"),
        ("float64", "f64"),
        ("int32", "i32"),
        ("int24", "i32"),
        ("int16", "i16"),
        ("int8", "i16"),
        ("uint8", "u8"),
    ],
)
def test_a_reader_gives_buffers(path, dtype, sample_type):
    with ps.AudioFileReader(path, "wav", chunk_samples=600, dtype=dtype) as reader:
        form = reader.output_format()
        assert form == ps.AudioFormat(RATE, 2, sample_type)
        first = reader.pull()
        assert first.pcm_info() == (form, 0, (1, RATE))
        second = reader.pull()
        assert second.pcm_info() == (form, 600, (1, RATE))
        assert reader.pull() is None
    wanted = form.array(PLANES)
    assert np.array_equal(np.hstack([first.as_pcm(), second.as_pcm()]), wanted)


def test_a_reader_of_mono_gives_rows(tmp_path):
    ps.write(tmp_path / "mono.flac", DATA[:, 0], RATE)
    with ps.AudioFileReader(tmp_path / "mono.flac", "flac", dtype="int16") as reader:
        assert reader.next_frame().shape == (1, 1000)
        reader.seek(10)
        assert reader.pull().pts == 10


# ---- The writer ----------------------------------------------------------------------------------


@pytest.mark.parametrize("sample_type", ["u8", "i16", "i32", "i64", "f32", "f64"])
@pytest.mark.parametrize("planar", [True, False])
def test_a_writer_takes_planes_of_its_input_format(tmp_path, sample_type, planar):
    form = ps.AudioFormat(RATE, 2, sample_type, planar)
    wanted = form.array(PLANES if planar else DATA)
    with ps.AudioFileWriter(tmp_path / "out.flac", "flac", form, compression_level=8) as writer:
        assert writer.input_format == form
        writer.write_pcm(wanted[:, :300] if planar else wanted[:300])
        # Others are scaled.
        writer.write_pcm(PLANES[:, 300:] if planar else DATA[300:])
        assert writer.frames == 1000
    found = read(tmp_path / "out.flac")
    assert np.array_equal(found, DATA if sample_type != "u8" else np.round(DATA / 256) * 256)
    assert ps.info(tmp_path / "out.flac").subtype == (
        "PCM_16" if sample_type in ("u8", "i16") else "PCM_24"
    )


def test_a_writer_of_mono_takes_rows():
    place = io.BytesIO()
    with ps.AudioFileWriter(place, "wav", ps.AudioFormat(8000, 1, "i16")) as writer:
        writer.write_pcm(DATA[:, 0])
        writer.write_pcm(DATA[:, :1].T)
    place.seek(0)
    assert np.array_equal(read(place), np.concatenate([DATA[:, 0], DATA[:, 0]]))


def test_a_writer_learns_its_format_from_the_first_buffer(tmp_path):
    path = tmp_path / "out.wav"
    writer = ps.AudioFileWriter(path, "wav")
    assert not path.exists()
    assert (writer.closed, writer.frames, writer.clipped) == (False, 0, 0)
    assert "new" in repr(writer)
    assert writer.input_format is None
    for call in (lambda: writer.samplerate, lambda: writer.write(DATA)):
        with pytest.raises(ps.StateError, match="first buffer that push"):
            call()
    with pytest.raises(ps.StateError, match="first buffer that push"):
        writer.write_pcm(PLANES)
    writer.flush()
    buffer = ps.NodeBuffer.pcm(PLANES[:, :600], ps.AudioFormat(RATE, 2, "i16"), pts=7)
    writer.push(buffer)
    writer.push(buffer)  # It is still there.
    assert (writer.samplerate, writer.channels, writer.frames) == (RATE, 2, 1200)
    assert writer.input_format == ps.AudioFormat(RATE, 2, "i16")
    # Another sample type and layout is nothing new.
    interleaved = ps.AudioFormat(RATE, 2, "f64", planar=False)
    writer.push(ps.NodeBuffer.pcm(interleaved.array(DATA[600:]), interleaved))
    writer.write_pcm(PLANES)
    for _ in range(2):
        writer.finalize()
    assert writer.closed
    assert np.array_equal(read(path), np.concatenate([DATA[:600], DATA[:600], DATA[600:], DATA]))
    with pytest.raises(ps.ClosedError):
        writer.push(buffer)


def test_a_first_buffer_that_cannot_be_is_refused_and_another_one_taken(tmp_path):
    writer = ps.AudioFileWriter(tmp_path / "out.mp3", "mp3")
    for fmt in (ps.AudioFormat(96000, 1, "f32"), ps.AudioFormat(48000, 3, "f32")):
        with pytest.raises(ps.ArgumentError, match=r"samplerate is 96000|channels is 3"):
            writer.push(ps.NodeBuffer.pcm(np.zeros((fmt.channels, 9), "float32"), fmt))
        assert writer.input_format is None
    writer.push(ps.NodeBuffer.pcm(np.zeros((2, 2000), "float32"), FMT))
    writer.finalize()
    assert ps.info(tmp_path / "out.mp3").frames == 2000


def test_a_writer_without_a_buffer_makes_no_file(tmp_path):
    path = tmp_path / "out.wav"
    writer = ps.AudioFileWriter(path, "wav")
    with pytest.raises(ps.StateError, match=r"out\.wav.* was not made: no buffer came"), writer:
        pass
    assert writer.closed
    assert "closed" in repr(writer)
    assert not path.exists()
    with pytest.raises(ps.StateError, match="was not made"):
        writer.finalize()
    with pytest.raises(ps.ClosedError):
        writer.push(ps.NodeBuffer.pcm(PLANES, ps.AudioFormat(RATE, 2, "i16")))
    # What went wrong first is told.
    with pytest.raises(ZeroDivisionError), ps.AudioFileWriter(path, "wav"):
        raise ZeroDivisionError
    # With a format there is a file, if an empty one.
    with ps.AudioFileWriter(path, "wav", FMT):
        pass
    assert (ps.info(path).frames, ps.info(path).samplerate) == (0, RATE)


def test_the_samples_of_wav_files(tmp_path):
    for name, subtype in (("pcm16le", "PCM_16"), ("F32LE", "FLOAT"), (None, "PCM_16")):
        path = tmp_path / f"{name}.wav"
        with ps.AudioFileWriter(path, "wav", FMT, wav_output_format=name) as writer:
            writer.write_pcm(np.full((2, 5), 0.25, "float32"))
        assert ps.info(path).subtype == subtype
        assert np.array_equal(ps.read(path)[0], np.full((5, 2), 0.25))
    with ps.AudioFileWriter(tmp_path / "a.mp3", "mp3", FMT, 64000, 5) as writer:
        writer.write_pcm(np.zeros((2, 5000)))
    assert abs(ps.info(tmp_path / "a.mp3").bitrate - 64000) < 500


@pytest.mark.parametrize(
    ("told", "text"),
    [
        ({"format": "wma"}, "format is 'wma'"),
        ({"format": "packets"}, "format is 'packets'"),
        ({"input_format": 48000}, "input_format is 48000 of type int; it must be an AudioFormat"),
        ({"input_format": FMT, "samplerate": RATE, "channels": 2}, "give one of them"),
        ({"samplerate": 48000}, "samplerate is 48000 and channels None; give both"),
        ({"channels": 2}, "samplerate is None and channels 2; give both"),
        ({"bitrate": 64000, "input_format": FMT}, "bitrate is 64000; WAV has no bitrate"),
        ({"compression_level": 13}, "compression_level is 13; it must be from 0 to 12"),
        ({"compression_level": 0.5}, "compression_level is 0.5"),
        ({"compression_level": 1, "compression": 2}, "give one of them"),
        ({"wav_output_format": "s16"}, "wav_output_format is 's16'; it must be one of PCM16LE"),
        ({"wav_output_format": 16}, "wav_output_format is 16 of type int"),
        ({"wav_output_format": "f32le", "subtype": "FLOAT"}, "give one of them"),
        ({"wav_output_format": "f32le", "format": "flac"}, "it is for WAV files, not for FLAC"),
        ({"bitrate_mode": "some"}, "bitrate_mode is 'some'"),
        ({"dither": 3}, "dither is 3"),
    ],
)
def test_what_a_writer_refuses_at_once(tmp_path, told, text):
    with pytest.raises((ps.ArgumentError, ps.ArgumentTypeError), match=text):
        ps.AudioFileWriter(tmp_path / "out.wav", **({"format": "wav"} | told))
    assert not (tmp_path / "out.wav").exists()


def test_what_a_writer_refuses_later():
    with ps.AudioFileWriter(io.BytesIO(), "wav", FMT) as writer:
        with pytest.raises(ps.ArgumentError, match=r"array has shape \(1000, 2\)"):
            writer.write_pcm(DATA)
        with pytest.raises(ps.ArgumentTypeError, match="array"):
            writer.write_pcm(np.zeros((2, 3), complex))
        with pytest.raises(ps.ArgumentTypeError, match=r"of type ndarray; it must be a NodeBuffer"):
            writer.push(DATA)
        with pytest.raises(ps.ArgumentError, match="a packet; a file is written of sound"):
            writer.push(ps.NodeBuffer.packet(ps.Packet(b"abc")))
        for other in (FMT.replace(sample_rate=8000), FMT.replace(channels=1)):
            with pytest.raises(ps.ArgumentError, match="the file has 2 at 44100 Hz"):
                writer.push(ps.NodeBuffer.pcm(np.zeros((other.channels, 1)), other))
        assert writer.frames == 0
    with ps.AudioFileWriter(io.BytesIO(), "wav", samplerate=8000, channels=2) as writer:
        with pytest.raises(ps.StateError, match="no input format; give input_format"):
            writer.write_pcm(PLANES)
        writer.push(ps.NodeBuffer.pcm(PLANES, ps.AudioFormat(8000, 2, "i16")))
        assert writer.frames == 1000


def test_a_writer_that_is_dropped_finishes_its_file(tmp_path):
    path = tmp_path / "out.flac"
    writers = [ps.AudioFileWriter(path, "flac")]
    writers[0].push(ps.NodeBuffer.pcm(PLANES, ps.AudioFormat(RATE, 2, "i16")))
    with pytest.warns(ResourceWarning, match="unclosed"):
        writers.clear()
    assert np.array_equal(read(path), DATA)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Nothing was opened by one that never had a buffer.
        ps.AudioFileWriter(tmp_path / "never.flac", "flac")
        gc.collect()


def test_files_are_finished_at_exit(tmp_path):
    path = tmp_path / "out.wav"
    run_python(f"""
import warnings, numpy as np, pastream_ng as ps
warnings.simplefilter("ignore", ResourceWarning)
fmt = ps.AudioFormat(8000, 1, "i16")
writer = ps.AudioFileWriter({str(path)!r}, "wav")
writer.push(ps.NodeBuffer.pcm(np.ones((1, 500), "int16"), fmt))
""")
    info = ps.info(path)
    assert (info.frames, info.damage.flags) == (500, ps.DamageFlags(0))


def test_the_seeds_copy(path, tmp_path):
    src = ps.AudioFileReader(str(path), "wav")
    out_fmt = ps.AudioFormat(sample_rate=RATE, channels=2, sample_type="f32", planar=True)
    dst = ps.AudioFileWriter(str(tmp_path / "out.flac"), "flac", out_fmt, compression_level=8)
    while (buffer := src.pull()) is not None:
        dst.push(buffer)
    dst.finalize()
    src.close()
    assert np.array_equal(read(tmp_path / "out.flac"), DATA)
