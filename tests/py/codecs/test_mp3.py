# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""MPEG audio: exact lengths and places, tags, and files that others read and write."""

import os
import shutil
import subprocess
import sys
import threading

import numpy as np
import pytest
from corpus import FOLDER, over_corpus, path_of

import pastream_ng as ps

RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
LENGTHS = (0, 1, 2, 575, 576, 577, 1105, 1151, 1152, 1153, 2304, 20003)

pytestmark = pytest.mark.skipif(
    "mp3" not in {codec.name for codec in ps.available_codecs()}
    if hasattr(ps, "available_codecs")
    else False,
    reason="this build has no MP3",
)


def needs(tool):
    return pytest.mark.skipif(shutil.which(tool) is None, reason=f"there is no {tool}")


def tones(n_frames, rate=44100, channels=2):
    t = np.arange(n_frames) / rate
    x = 0.4 * np.sin(2 * np.pi * 440 * t) + 0.2 * np.sin(2 * np.pi * rate / 20 * t + 0.3)
    return np.stack([x * (1 - 0.3 * c) for c in range(channels)], 1).astype("f4")


def write(path, x, rate=44100, **options):
    with ps.SoundFile(path, "w", rate, x.shape[1], format="MP3", **options) as file:
        file.write(x)
    return path


def read(path):
    """Return all frames of a file that has no damage and knows how many there are."""
    with ps.SoundFile(path) as file:
        told = file.frames
        data = file.read(always_2d=True)
        assert not file.damage
    assert told == len(data)
    return data


def snr_db(found, wanted):
    error = (found - wanted).astype("f8")
    return 10 * np.log10((wanted.astype("f8") ** 2).sum() / (error**2).sum())


def modes(rate):
    top = 320_000 if rate >= 32000 else 160_000 if rate >= 16000 else 64_000
    return [{}, {"bitrate": top}, {"bitrate": 57_000, "bitrate_mode": "average"}]


# ---- What is written is read -------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", RATES)
def test_lengths_and_places_are_exact(tmp_path, rate, channels):
    for options in modes(rate):
        for n_frames in LENGTHS:
            x = tones(n_frames, rate, channels)
            y = read(write(tmp_path / "x.mp3", x, rate, **options))
            assert y.shape == x.shape
        assert snr_db(y, x) > 12


def test_a_long_file_is_exact(tmp_path):
    x = tones(100_003)
    y = read(write(tmp_path / "x.mp3", x))
    assert y.shape == x.shape
    assert snr_db(y, x) > 40


def test_quality_effort_and_bitrate_are_heard_of(tmp_path):
    x = (np.random.default_rng(1).standard_normal((44100, 2)) * 0.1).astype("f4")

    def size(**options):
        return write(tmp_path / "x.mp3", x, **options).stat().st_size

    assert size(quality=0.0) < size(quality=0.5) < size() < size(quality=1.0)
    assert size(bitrate=64_000) == pytest.approx(8000, rel=0.1)
    assert size(bitrate=320_000) == pytest.approx(40000, rel=0.1)
    average = {"bitrate": 111_000, "bitrate_mode": "average"}
    assert size(**average) == pytest.approx(111_000 / 8, rel=0.15)
    with ps.SoundFile(tmp_path / "x.mp3") as file:
        assert file.samplerate == 44100
    hasty = size(bitrate=128_000, compression=0)
    assert hasty == size(bitrate=128_000, compression=9)
    assert len(read(tmp_path / "x.mp3")) == len(x)


@pytest.mark.parametrize("rate", [8000, 22050, 48000])
def test_a_seek_gives_what_reading_on_gives(tmp_path, rate):
    path = write(tmp_path / "x.mp3", tones(60_000, rate), rate, **modes(rate)[2])
    y = read(path)
    places = np.random.default_rng(2).integers(0, 60_000, 40)
    with ps.SoundFile(path) as file:
        for frame in (59_999, 0, 1, 1151, 1152, 40_000, *places.tolist()):
            file.seek(frame)
            np.testing.assert_array_equal(
                file.read(700, always_2d=True), y[frame : frame + 700], strict=False
            )
        file.seek(60_000)
        assert len(file.read()) == 0


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"samplerate": 96000}, "samplerate is 96000, which MP3 cannot have; the next.* is 48000"),
        ({"channels": 3}, "channels is 3; MP3 can have 1 to 2"),
        ({"bitrate": 100_000}, "bitrate is 100000; .* 44100 Hz is one of 32, .*, 96, 112, .*, 320"),
        ({"samplerate": 8000, "bitrate": 96_000}, "one of 8, 16, 24, 32, 40, 48, 56, 64, times"),
        ({"bitrate": 400_000, "bitrate_mode": "average"}, "multiple of 1000 from 32000 to 320000"),
        ({"bitrate": 64_500, "bitrate_mode": "average"}, "bitrate is 64500; .* multiple of 1000"),
        ({"bitrate": 64_000, "bitrate_mode": "variable"}, "variable; give a quality"),
        ({"bitrate_mode": "constant"}, "bitrate_mode is constant; give a bitrate"),
        ({"quality": 0.5, "bitrate_mode": "average"}, "average; these need a bitrate"),
        ({"quality": 1.5}, "quality is 1.5"),
        ({"compression": 10}, "compression is 10; for MP3 it must be from 0 to 9"),
    ],
)
def test_what_lame_would_change_silently_is_refused(tmp_path, options, text):
    arguments = {"samplerate": 44100, "channels": 2, "format": "MP3", **options}
    with pytest.raises(ps.ArgumentError, match=text):
        ps.SoundFile(tmp_path / "x.mp3", "w", **arguments)
    assert not (tmp_path / "x.mp3").exists()


def test_loud_and_missing_samples_do_no_harm(tmp_path):
    x = tones(5000)
    x[100:200] = np.nan
    x[300:400] = np.inf
    x[500:600] = 1e30
    y = read(write(tmp_path / "x.mp3", x))
    assert y.shape == x.shape
    assert np.isfinite(y).all()


# ---- Other programs ----------------------------------------------------------------------------


@needs("ffmpeg")
@needs("mpg123")
@pytest.mark.parametrize("n_frames", [1152, 20003])
@pytest.mark.parametrize(("rate", "channels"), [(44100, 2), (48000, 1), (22050, 2), (8000, 1)])
def test_others_read_our_files(tmp_path, n_frames, rate, channels):
    x = tones(n_frames, rate, channels)
    for options in modes(rate):
        path = write(tmp_path / "x.mp3", x, rate, tags={"title": "x" * 300}, **options)
        y = read(path)
        for command in (
            ["mpg123", "-q", "-e", "f32", "-s", path],
            ["ffmpeg", "-v", "error", "-i", path, "-f", "f32le", "-"],
        ):
            done = subprocess.run(command, capture_output=True, check=True)
            assert done.stderr == b""
            found = np.frombuffer(done.stdout, "<f4").reshape(-1, channels)
            assert found.shape == x.shape
            np.testing.assert_allclose(found, y, atol=1e-4)


@needs("lame")
@pytest.mark.parametrize("options", [["-b", "128"], ["-V", "4"], ["--abr", "160"], ["-t"]])
def test_we_read_files_of_lame(tmp_path, options):
    x = tones(20003)
    with ps.SoundFile(tmp_path / "x.wav", "w", 44100, 2, subtype="PCM_16") as file:
        file.write(x)
    command = ["lame", "--quiet", *options, tmp_path / "x.wav", tmp_path / "x.mp3"]
    subprocess.run(command, check=True)
    y = read(tmp_path / "x.mp3")
    if options != ["-t"]:
        assert y.shape == x.shape
        assert snr_db(y, x) > 20
    else:  # Nothing in such a file tells what is to be cut off.
        assert len(x) + 1105 <= len(y) < len(x) + 1105 + 2304
        assert snr_db(y[1105 : 1105 + len(x)], x) > 20


@needs("ffmpeg")
@pytest.mark.parametrize("codec", ["mp3", "mp2"])
def test_we_read_files_of_ffmpeg(tmp_path, codec):
    x = tones(20003)
    path = tmp_path / f"x.{codec}"
    command = ["ffmpeg", "-v", "error", "-f", "f32le", "-ar", "44100", "-ac", "2", "-i", "-"]
    subprocess.run([*command, "-b:a", "128k", path], input=x.tobytes(), check=True)
    y = read(path)
    if codec == "mp3":
        assert y.shape == x.shape
        assert snr_db(y, x) > 20
    else:
        assert len(x) <= len(y) < len(x) + 2 * 1152


def test_tags_are_written_and_read(tmp_path):
    tags = {
        "title": "Tönen 🎵",
        "artist": ["One", "Two"],
        "tracknumber": "3",
        "tracktotal": "12",
        "date": "2026-11-21",
        "comment": "a\nb",
        "genre": "Speech",
        "own words": "x",
    }
    path = write(tmp_path / "x.mp3", tones(3000), tags=tags)
    with ps.SoundFile(path) as file:
        assert file.tags.to_dict() == tags
    id3 = pytest.importorskip("mutagen.id3").ID3(path)
    assert id3["TIT2"].text == ["Tönen 🎵"]
    assert id3["TPE1"].text == ["One", "Two"]
    assert id3["TRCK"].text == ["3/12"]
    assert str(id3["TDRC"].text[0]) == "2026-11-21"
    assert id3["TXXX:own words"].text == ["x"]


def test_tags_of_mutagen_are_read(tmp_path):
    id3 = pytest.importorskip("mutagen.id3")
    path = write(tmp_path / "x.mp3", tones(3000))
    plain = path.read_bytes()
    for version, v1 in ((3, 0), (4, 0), (3, 2), (4, 2)):
        path.write_bytes(plain)
        found = id3.ID3()
        found.add(id3.TIT2(encoding=1, text="Größe"))
        found.add(id3.TPE1(encoding=3, text=["A"]))
        found.add(id3.APIC(encoding=0, mime="image/png", type=3, data=bytes(300_000)))
        found.add(id3.TDRC(encoding=0, text="1999"))
        found.add(id3.COMM(encoding=1, lang="deu", desc="", text="ganz gut"))
        found.save(path, v2_version=version, v1=v1)
        assert len(read(path)) == 3000
        with ps.SoundFile(path) as file:
            got = file.tags.to_dict()
        assert got["title"] == "Größe"
        assert got["artist"] == "A"
        assert got["date"] == "1999"
        assert got["comment"] == "ganz gut"


# ---- Pipes -------------------------------------------------------------------------------------


def through_pipe(path):
    """Read a file that comes from a pipe, in pieces. Return its frames and damage."""
    reading, writing = os.pipe()

    def send():
        with os.fdopen(writing, "wb", buffering=0) as pipe:
            data = path.read_bytes()
            for at in range(0, len(data), 777):
                pipe.write(data[at : at + 777])

    thread = threading.Thread(target=send)
    thread.start()
    with ps.SoundFile(reading) as file:
        pieces = [file.read(1000, always_2d=True)]
        while len(pieces[-1]) > 0:
            pieces.append(file.read(1000, always_2d=True))
        damage = file.damage
    thread.join()
    return np.concatenate(pieces), damage


@pytest.mark.parametrize("n_frames", [0, 1, 20003])
@pytest.mark.parametrize("rate", [44100, 16000])
def test_pipes_give_the_same_frames(tmp_path, n_frames, rate):
    for options in modes(rate):
        x = tones(n_frames, rate)
        path = write(tmp_path / "x.mp3", x, rate, tags={"comment": "x" * 100_000}, **options)
        y, damage = through_pipe(path)
        assert not damage
        np.testing.assert_array_equal(y, read(path))


@pytest.mark.parametrize("n_frames", [0, 1, 576, 1153, 20003])
def test_files_into_pipes(tmp_path, n_frames):
    x = tones(n_frames)
    for options in ({}, {"bitrate": 128_000}):
        with open(tmp_path / "x.mp3", "wb") as out:
            sink = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=out)
            writing = os.dup(sink.stdin.fileno())
            sink.stdin.close()
            write(writing, x, **options)
            assert sink.wait(10) == 0
        y = read(tmp_path / "x.mp3")
        # Nothing tells where the sound begins, so nothing is cut off.
        assert 1105 + n_frames <= len(y) < 1105 + n_frames + 3 * 1152
        if n_frames > 10000:
            assert snr_db(y[1105 : 1105 + n_frames], x) > 20


# ---- Damage ------------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
import numpy as np
import pastream_ng as ps
rate, bitrate = int(sys.argv[2]), int(sys.argv[3])
x = np.load(sys.argv[4])
options = {"bitrate": bitrate} if bitrate else {}
file = ps.SoundFile(sys.argv[1], "w", rate, 2, format="MP3", **options)
for at in range(0, len(x), 5000):
    file.write(x[at : at + 5000])
    file.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""


@needs("ffmpeg")
@needs("mpg123")
@pytest.mark.parametrize(("rate", "bitrate"), [(44100, 0), (44100, 128_000), (22050, 32_000)])
def test_what_a_killed_process_leaves_is_readable(tmp_path, rate, bitrate):
    x = tones(30_000, rate)
    np.save(tmp_path / "x.npy", x)
    path = tmp_path / "x.mp3"
    command = [sys.executable, "-c", KILLED, path, str(rate), str(bitrate), tmp_path / "x.npy"]
    assert subprocess.run(command, check=False).returncode == -9
    y = read(path)
    assert len(x) - 2 * 1152 - 200 <= len(y) <= len(x)
    assert snr_db(y, x[: len(y)]) > 15
    for judge in (
        ["mpg123", "-q", "-e", "f32", "-s", path],
        ["ffmpeg", "-v", "error", "-i", path, "-f", "f32le", "-"],
    ):
        done = subprocess.run(judge, capture_output=True, check=True)
        assert done.stderr == b""
        assert 0 <= len(done.stdout) // 8 - len(y) <= 1105  # Few cut the delay.


def test_a_file_whose_format_changes_is_refused_there(tmp_path):
    first, second = tmp_path / "a.mp3", tmp_path / "b.mp3"
    options = {"bitrate": 128_000}
    both = write(first, tones(20_000), **options).read_bytes()
    for other in (tones(20_000, channels=1), tones(20_000, 48000)):
        rate = 44100 if other.shape[1] == 1 else 48000
        write(second, other, rate, **options)
        (tmp_path / "c.mp3").write_bytes(both + second.read_bytes())
        with ps.SoundFile(tmp_path / "c.mp3") as file:
            assert len(file.read(18_000)) == 18_000
            with pytest.raises(ps.FileFormatError, match="changes at frame 2"):
                file.read(100_000)


def test_two_files_in_a_row_are_read_whole(tmp_path):
    data = write(tmp_path / "x.mp3", tones(20_000)).read_bytes()
    (tmp_path / "y.mp3").write_bytes(data + b"ID3\4\0\0\0\0\0\5....." + data)
    with ps.SoundFile(tmp_path / "y.mp3") as file:
        assert file.read().shape[0] >= 40_000
        assert "header" in str(file.damage)


# ---- Real files --------------------------------------------------------------------------------


def decoded(path):
    """Return the frames of a file, None if it is refused."""
    try:
        with ps.SoundFile(path) as file:
            data = file.read(always_2d=True)
            assert file.frames in (len(data), -1)
            return data
    except ps.FileFormatError:
        return None


@over_corpus("good", folder="mp3")
def test_good_files_sound_as_they_should(row):
    y = decoded(path_of(row))
    found = 20 * np.log10(np.sqrt((np.clip(y, -1, 1).astype("f8") ** 2).mean(0)))
    np.testing.assert_allclose(found, row["rms_dbfs"], atol=0.1)


@pytest.mark.parametrize("options", [{}, {"quality": 0.0}, {"bitrate": 32000}, {"quality": 1.0}])
def test_seeks_find_no_damage_where_there_is_none(options, tmp_path):
    """What frames before the wanted one lack lies before the place where reading begins."""
    x = tones(60000, 48000)
    write(tmp_path / "a.mp3", x, 48000, **options)
    whole = decoded(tmp_path / "a.mp3")
    with ps.SoundFile(tmp_path / "a.mp3") as file:
        for frame in (24000, 500, 48000, 3000, 59999, 12345):
            file.seek(frame)
            assert not file.damage
            found = file.read(2000, always_2d=True)
            np.testing.assert_array_equal(found, whole[frame : frame + 2000])
            assert not file.damage


@over_corpus("good", folder="mpeg")
def test_vectors_of_the_corpus(row):
    y = decoded(path_of(row))
    assert abs(len(y) - row["frames"]) <= row.get("frames_tolerance", 0)
    reference = FOLDER / "reference" / path_of(row).name.replace(".bit", ".ref.s16")
    if not reference.exists():
        pytest.skip("there is no reference decode")
    wanted = np.fromfile(reference, "<i2").reshape(-1, y.shape[1]) / 32768
    n = min(len(y), len(wanted))
    # Their last bit is rounded.
    assert np.abs(np.clip(y[:n], -1, 1) - wanted[:n]).max() < 1.5 / 32768


@over_corpus("malformed", folder="mp3")
def test_malformed_files_of_the_corpus(row):
    y = decoded(path_of(row))
    if y is not None and row["frames"] is not None:
        assert abs(len(y) - row["frames"]) <= row.get("frames_tolerance", 0)
    through_pipe_or_refused(path_of(row))


@over_corpus("malformed", folder="hostile", container="mp3")
def test_hostile_files_of_the_corpus(row):
    assert decoded(path_of(row)) is not None
    through_pipe_or_refused(path_of(row))


def through_pipe_or_refused(path):
    """Check that a pipe gives what the file gives, apart from what is cut off at the end."""
    y = decoded(path)
    try:
        z, _ = through_pipe(path)
    except (ps.FileFormatError, BrokenPipeError):
        assert y is None
        return
    n = min(len(y), len(z))
    np.testing.assert_array_equal(y[:n], z[:n])
    assert n >= len(y)
