# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What is written is read, whatever the codec: lengths, samples, places, limits."""

import errno
import io
import os
import threading

import numpy as np
import pytest

import pastream_ng as ps

from ..conftest import run_python
from .kinds import EVERY, FLAC, can, every, flac, lag, lossy, read_rate, snr_db, stored, tones

NO_SEEK = {"AIFF", "CAF", "W64", "RF64"}  # What must go back to its header.
INDEX_LAST = "the index of an MP4 file comes with its end"
NO_TAGS = {"AIFF", "AU", "CAF", "W64"}


# ---- Lengths and samples -----------------------------------------------------------------------


@lossy
def test_lengths_are_exact(kind):
    for rate in kind.rates:
        for channels in kind.channels:
            for frames in {0, 1, kind.frame - 1, kind.frame, kind.frame + 1, 10007}:
                place = stored(kind, tones(frames, rate, channels), rate)
                data, told = ps.read(place, always_2d=True)
                what = (rate, channels, frames)
                assert told == read_rate(kind, rate), what
                assert data.shape == (frames * told // rate, channels), what
                place.seek(0)
                assert ps.info(place).frames == len(data), what


@lossy
def test_sound_comes_back_in_its_place(kind):
    for rate in kind.rates:
        if read_rate(kind, rate) != rate:
            continue
        for channels in kind.channels:
            if channels > 2:
                continue  # The fourth channel is for low tones.
            wanted = tones(rate // 2, rate, channels)
            got, _ = ps.read(stored(kind, wanted, rate), always_2d=True)
            what = (rate, channels)
            assert snr_db(got, wanted) > kind.snr_db, what
            noise = np.random.default_rng(1).normal(0, 0.1, (rate // 2, channels))
            smooth = np.apply_along_axis(np.convolve, 0, noise, np.ones(8) / 4, "same")
            got, _ = ps.read(stored(kind, smooth, rate), always_2d=True)
            assert lag(got, smooth) == 0, what


@lossy
def test_channels_keep_their_order(kind):
    for channels in kind.channels:
        rate = kind.rates[0]
        for channel in range(channels):
            if channels == 6 and channel == 3:
                continue  # Low tones alone.
            wanted = np.zeros((rate // 4, channels), "float32")
            wanted[:, channel] = tones(rate // 4, rate, 1)[:, 0]
            got, _ = ps.read(stored(kind, wanted, rate), always_2d=True)
            assert np.argmax(np.sum(got**2, axis=0)) == channel, (channels, channel)


@flac
@pytest.mark.parametrize("format", ["FLAC", "OGG"])
@pytest.mark.parametrize("subtype", FLAC)
@pytest.mark.parametrize("channels", [1, 2, 8])
def test_flac_changes_nothing(format, subtype, channels):
    if not can(format, "FLAC"):
        pytest.skip(f"this build has no FLAC in {format}")
    dtype, bits = FLAC[subtype]
    width = np.dtype(dtype).itemsize * 8
    random = np.random.default_rng(bits)
    for frames in (0, 1, 4095, 4096, 4097, 20000):
        full = random.integers(-(2 ** (bits - 1)), 2 ** (bits - 1), (frames, channels))
        wanted = (full << (width - bits)).astype(dtype)
        place = io.BytesIO()
        with ps.SoundFile(place, "w", 44100, channels, subtype, format=format) as file:
            for piece in np.array_split(wanted, 3):
                file.write(piece)
            assert file.frames == frames
        place.seek(0)
        with ps.SoundFile(place) as file:
            assert (file.subtype, file.bits, file.frames) == (subtype, bits, frames)
            assert (file.format, file.encoding) == (format, "FLAC")
            assert np.array_equal(file.read(dtype=dtype, always_2d=True), wanted)
            assert not file.damage
            if frames:
                file.seek(frames // 2)
                assert np.array_equal(file.read(dtype=dtype, always_2d=True), wanted[frames // 2 :])


@flac
@pytest.mark.parametrize("compression", [0, 5, 8])
def test_flac_files_are_the_same_sound_at_any_effort(compression):
    wanted = (tones(20000, 44100, 2) * 32767).astype("int16")
    place = io.BytesIO()
    ps.write(place, wanted, 44100, format="FLAC", compression=compression)
    place.seek(0)
    assert np.array_equal(ps.read(place, dtype="int16")[0], wanted)


# ---- Any codec ---------------------------------------------------------------------------------


@every
def test_integers_and_floats_are_at_the_same_scale(kind):
    rate = kind.rates[-1]
    whole = (tones(5000, rate, 2) * 32767).astype("int16")
    of_integers = stored(kind, whole, rate).getvalue()
    for dtype in ("float32", "float64"):
        of_floats = stored(kind, whole.astype(dtype) / 32768, rate).getvalue()
        got = [ps.read(io.BytesIO(each))[0] for each in (of_integers, of_floats)]
        np.testing.assert_allclose(*got, atol=2e-3)
    data, _ = ps.read(io.BytesIO(of_integers))
    for dtype, scale, step in (("int16", 2**15, 1), ("int32", 2**31, 2**8), ("float64", 1, 1e-6)):
        got, _ = ps.read(io.BytesIO(of_integers), dtype=dtype)
        assert got.dtype == dtype
        loud = np.clip(data.astype("float64") * scale, -scale, scale - 1 if scale > 1 else 2)
        np.testing.assert_allclose(got, loud, atol=step)


@every
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30, -3e38, 1e-40])
def test_no_value_harms(kind, value):
    data = tones(3000, kind.rates[-1], 2)
    data[1000:1500] = value
    place = stored(kind, data, kind.rates[-1])
    with ps.SoundFile(place) as file:
        got = file.read()
        assert len(got) == 3000 * file.samplerate // kind.rates[-1]
    assert np.all(np.isfinite(got))


@every
def test_pieces_make_the_same_file(kind):
    data = tones(9000, kind.rates[-1], 2)
    whole = stored(kind, data, kind.rates[-1]).getvalue()
    place = io.BytesIO()
    with ps.SoundFile(place, "w", kind.rates[-1], 2, kind.subtype, format=kind.format) as file:
        for size in (1, 7, 999, 4096):
            file.write(data[:size])
            data = data[size:]
        file.write(data)
        assert file.frames == 9000
    place.seek(0)
    got = ps.read(place)[0]
    np.testing.assert_allclose(got, ps.read(io.BytesIO(whole))[0], atol=1e-6)


@every
def test_reads_in_pieces_give_the_same(kind):
    place = stored(kind, tones(9000, kind.rates[-1], 2), kind.rates[-1])
    whole, _ = ps.read(place)
    place.seek(0)
    with ps.SoundFile(place) as file:
        pieces = [file.read(n) for n in (1, 0, 2, 1000, 4096)]
        pieces.append(file.read())
        assert file.tell() == len(whole)
        assert np.array_equal(np.concatenate(pieces), whole)
        assert len(file.read(10)) == 0


@every
def test_a_seek_goes_where_it_should(kind):
    place = stored(kind, tones(20000, kind.rates[-1], 2), kind.rates[-1])
    whole, _ = ps.read(place)
    place.seek(0)
    with ps.SoundFile(place) as file:
        assert file.seekable()
        for frame in (15000, 3, len(whole), 0, 9999, len(whole) - 1):
            assert file.seek(frame) == frame
            got = file.read(3000)
            assert len(got) == min(3000, len(whole) - frame)
            np.testing.assert_allclose(got, whole[frame : frame + 3000], atol=0.02)
        for frame in (-1, len(whole) + 1, 2**60):
            with pytest.raises(ps.ArgumentError, match="frame"):
                file.seek(frame)
        file.seek(10)
        assert np.abs(file.read(100) - whole[10:110]).max() < 0.02
        assert not file.damage


@every
def test_a_file_is_readable_up_to_the_last_flush(kind):
    if kind.format == "MP4":
        pytest.skip(INDEX_LAST)
    place = io.BytesIO()
    rate = kind.rates[-1]
    data = tones(rate, rate, 2)
    with ps.SoundFile(place, "w", rate, 2, kind.subtype, format=kind.format) as file:
        file.write(data)
        file.flush()
        got, told = ps.read(io.BytesIO(place.getvalue()), on_damage="ignore")
        written = len(data) * told // rate
        late = 0 if kind.encoding == "PCM" else 3 * kind.frame * told // rate + told // 5
        assert written - late <= len(got) <= written + kind.pads
        file.write(data)
    assert len(ps.read(io.BytesIO(place.getvalue()))[0]) == 2 * written


def pumped(kind, data, **options):
    """Write into a pipe; return what comes out of it."""
    ends = os.pipe()
    got = []

    def empty():
        with open(ends[0], "rb") as file:
            got.append(file.read())

    reader = threading.Thread(target=empty)
    reader.start()
    try:
        stored(kind, data, kind.rates[-1], ends[1], **options)
    finally:
        reader.join()
    return got[0]


@every
@pytest.mark.parametrize("is_told", [False, True])
def test_pipes_carry_sound_both_ways(kind, is_told):
    data = tones(9000, kind.rates[-1], 2)
    options = {"frames": len(data)} if is_told else {}
    if kind.format in NO_SEEK and not (kind.format == "RF64" and is_told):
        with open(os.devnull, "wb") as null, pytest.raises(ps.ArgumentError, match=r"seek|pipe"):
            stored(kind, data, kind.rates[-1], OnlyWrites(null), **options)
        return
    through = pumped(kind, data, **options)
    straight = stored(kind, data, kind.rates[-1]).getvalue()
    wanted, told = ps.read(io.BytesIO(straight))
    for place in (io.BytesIO(through), OnlyReads(io.BytesIO(through))):
        got, rate = ps.read(place)
        assert rate == told
        extra = len(got) - len(wanted)
        assert 0 <= extra <= (0 if is_told and kind.format == "MP3" else kind.pads)
        late = min(extra, kind.pads) if extra else 0
        assert any(
            np.allclose(got[first : first + len(wanted)], wanted, atol=0.05)
            for first in {0, 1024, 1105, late}
        )


class OnlyReads:
    """A file object that can nothing else."""

    def __init__(self, file):
        self.read = lambda n: file.read(min(n, 777))


class OnlyWrites:
    """A file object that can nothing else."""

    def __init__(self, file):
        self.write = file.write


@every
def test_a_full_disk_is_told(kind):
    if not os.path.exists("/dev/full"):
        pytest.skip("there is no /dev/full")
    if kind.format in NO_SEEK:
        pytest.skip("it cannot be written to a device")
    data = tones(kind.rates[-1], kind.rates[-1], 2)
    with pytest.raises(OSError, match="No space") as raised:
        stored(kind, data, kind.rates[-1], "/dev/full")
    assert raised.value.errno == errno.ENOSPC


def test_a_disk_that_fills_up_keeps_what_came_before(tmp_path):
    some = [kind for kind in EVERY if kind.format != "MP4"]  # INDEX_LAST.
    kinds = [tuple(kind) for kind in some if can(kind.format, kind.encoding)]
    found = run_python(
        "import os, resource, signal, sys, numpy as np, pastream_ng as ps\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (30000, 30000))\n"
        "noise = np.random.default_rng(1).uniform(-0.5, 0.5, (4800, 2))\n"
        f"for format, subtype, encoding, rates, *_ in {kinds!r}:\n"
        "    path = os.path.join(sys.argv[1], f'{format}-{subtype}')\n"
        "    error = None\n"
        "    try:\n"
        "        with ps.SoundFile(path, 'w', rates[-1], 2, subtype, format=format) as file:\n"
        "            for i in range(100):\n"
        "                file.write(noise)\n"
        "                file.flush()\n"
        "    except OSError as found:\n"
        "        error = found.errno\n"
        "    x, rate = ps.read(path, on_damage='ignore')\n"
        "    print(format, subtype, error, len(x) / rate > 0.05, np.abs(x).max() > 0.1)\n",
        tmp_path,
    )
    told = [f"{kind[0]} {kind[1]} {errno.EFBIG} True True" for kind in kinds]
    assert found.stdout.splitlines() == told


@every
def test_a_file_that_shrinks_while_it_is_read_is_cut(kind, tmp_path):
    path = tmp_path / "sound"
    rate = kind.rates[-1]
    noise = np.random.default_rng(2).uniform(-0.5, 0.5, (3 * rate, 2))
    stored(kind, noise, rate, path)
    with ps.SoundFile(path) as file:
        first = file.read(1000)
        os.truncate(path, path.stat().st_size // 2)
        try:
            rest = file.read()
        except (ps.FileFormatError, OSError):
            return
        # As many frames as were promised, with silence in place of those that are lost; or fewer.
        assert file.damage
        assert len(first) + len(rest) <= file.frames
        assert np.all(np.isfinite(rest))


@every
def test_rates_and_channels_that_a_codec_cannot_have_are_refused(kind, tmp_path):
    path = tmp_path / "sound"
    options = {"subtype": kind.subtype, "format": kind.format}
    for rate, channels, text in ((0, 1, "samplerate is 0"), (48000, 0, "channels is 0")):
        with pytest.raises(ps.ArgumentError, match=text):
            ps.SoundFile(path, "w", rate, channels, **options)
    if kind.encoding != "PCM":
        with pytest.raises(ps.ArgumentError, match="channels is 256"):
            ps.SoundFile(path, "w", kind.rates[-1], 256, **options)
    if kind.encoding not in ("PCM", "FLAC"):  # Both can have any rate that a file can.
        with pytest.raises(ps.ArgumentError, match="samplerate is 999999"):
            ps.SoundFile(path, "w", 999_999, 1, **options)
    assert not path.exists()


@every
def test_tags_come_back(kind):
    tags = {"title": "Nächte 音", "artist": ["Ann", "Bob"], "date": "2026", "tracknumber": "3"}
    data = tones(100, kind.rates[-1], 2)
    if kind.format in NO_TAGS:
        with pytest.raises(ps.ArgumentError, match="cannot have tags"):
            stored(kind, data, kind.rates[-1], tags=tags)
        return
    place = stored(kind, data, kind.rates[-1], tags=tags)
    found = ps.info(place).tags
    assert found["title"] == "Nächte 音"
    assert "Ann" in found["artist"]
    assert "Bob" in ", ".join(found.all("artist"))
    assert found["date"] == "2026"
    assert found["tracknumber"] == "3"
