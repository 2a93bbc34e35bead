# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What a batch makes of folders, lists, names and options, and what it refuses before any work."""

import json
import os
from pathlib import Path

import pytest

import pastream_ng as ps

from .many import RATE, contents, fill, listing, serially, sound

NAMES = ["a.wav", "b.flac", "disc 1/c.WAV", "disc 1/deep/d.aiff", "e.v2.ogg"]


@pytest.fixture
def album(tmp_path):
    return fill(tmp_path / "album", NAMES)


def run(*arguments, **options):
    """Run a batch; return its results, which are all well."""
    with ps.transcode_many(*arguments, **options) as batch:
        results = batch.wait()
    assert [r.error for r in results] == [None] * len(results)
    assert len(batch) == len(results)
    return results


def refused(error, match, *arguments, **options):
    with pytest.raises(error, match=match) as caught:
        ps.transcode_many(*arguments, **options)
    return caught.value


# ---- Folders -------------------------------------------------------------------------------------


def test_a_folder_is_done_as_one_by_one(album, tmp_path):
    out = tmp_path / "out"
    results = run(album, out, to="flac", compression=2)
    assert contents(out) == serially(album, tmp_path / "serial", "flac", compression=2)
    assert listing(out) == [
        "a.flac",
        "b.flac",
        "disc 1/c.flac",
        "disc 1/deep/d.flac",
        "e.v2.flac",
    ]
    for result in results:
        assert result.input.startswith(f"{album}{os.sep}")
        assert result.output.startswith(f"{out}{os.sep}")
        assert result.ok
        assert not result.skipped
        assert result.stats.output_size == os.path.getsize(result.output)


@pytest.mark.parametrize("how", [str, os.fsencode, lambda p: f"{p}/", os.path.relpath])
def test_a_folder_is_any_path(album, tmp_path, how):
    results = run(how(album), how(tmp_path / "out"), to="wav", recursive=False)
    assert listing(tmp_path / "out") == ["a.wav", "b.wav", "e.v2.wav"]
    assert all(isinstance(r.input, str) and isinstance(r.output, str) for r in results)


def test_names_need_not_be_text(tmp_path):
    source = fill(tmp_path / "in", ["a.wav"])
    os.rename(source / "a.wav", os.path.join(os.fsencode(source), b"\xff\xfe\n.wav"))
    (result,) = run(os.fsencode(source), tmp_path / "out", to="flac")
    assert os.listdir(os.fsencode(tmp_path / "out")) == [b"\xff\xfe\n.flac"]
    json.dumps(result.to_dict())
    assert "done" in repr(result)


def test_names_keep_their_kind_unless_told(album, tmp_path):
    run(album, tmp_path / "out", sample_rate=16000)
    assert listing(tmp_path / "out") == sorted(NAMES)
    assert {ps.info(tmp_path / "out" / name).samplerate for name in NAMES} == {16000}


@pytest.mark.parametrize(
    ("options", "extension", "kind"),
    [
        ({"to": ".OPUS"}, "opus", "OPUS"),
        ({"format": "opus"}, "opus", "OPUS"),
        ({"format": "OGG_FLAC"}, "ogg", "FLAC"),
        ({"format": "WAVE", "sample_format": "int24"}, "wav", "PCM_24"),
        ({"audio_codec": "opus"}, "opus", "OPUS"),
        ({"audio_codec": "vorbis", "to": "oga"}, "oga", "VORBIS"),
        ({"audio_codec": "flac"}, "flac", "PCM_16"),
        ({"to": "sound", "format": "W64"}, "sound", "PCM_16"),
    ],
)
def test_the_extension_follows_from_what_is_told(tmp_path, options, extension, kind):
    fill(tmp_path, ["a.wav"])
    (result,) = run(tmp_path, tmp_path / "out", **options)
    assert result.output == str(tmp_path / "out" / f"a.{extension}")
    assert kind in (ps.info(result.output).subtype, result.stats.output_format.codec)


def test_what_is_no_sound_is_left_out(album, tmp_path):
    for name in ["cover.jpg", "notes.txt", "no extension", "a.raw", ".hidden.wav", ".git/x.wav"]:
        path = album / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"?")
    (album / ".0a1b2c3d.part").write_bytes(b"?")
    (album / "folder.wav").mkdir()
    os.mkfifo(album / "pipe.wav")
    assert len(run(album, tmp_path / "out", to="wav")) == len(NAMES)


def test_files_without_a_header_count_where_options_tell_what_they_are(tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    (source / "a.raw").write_bytes(sound(0).tobytes())
    (source / "b.pcm").write_bytes(sound(1).tobytes())
    told = ps.AudioFormat(RATE, 2, "i16")
    run(source, tmp_path / "out", to="wav", input_format=told)
    assert (ps.read(tmp_path / "out/a.wav", dtype="int16")[0] == sound(0)).all()
    assert (ps.read(tmp_path / "out/b.wav", dtype="int16")[0] == sound(1)).all()


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.wav", ["a"]),
        ("*.[wW][aA][vV]", ["a", "disc 1/c"]),
        (["*.flac", "*.aiff"], ["b", "disc 1/deep/d"]),
        ("disc*/*", ["disc 1/c", "disc 1/deep/d"]),
        ("nothing*", []),
    ],
)
def test_a_pattern_chooses(album, tmp_path, pattern, found):
    results = run(album, tmp_path / "out", to="au", pattern=pattern)
    assert sorted(os.path.relpath(r.output, tmp_path / "out") for r in results) == [
        f"{name}.au" for name in found
    ]


def test_what_a_pattern_takes_is_not_passed_over(tmp_path):
    source = fill(tmp_path / "in", ["a.wav"])
    os.rename(source / "a.wav", source / "a.sound")
    (source / "b.sound").write_text("no sound at all, but asked for")
    with ps.transcode_many(source, tmp_path / "out", to="wav", pattern="*.sound") as batch:
        batch.wait()
    assert listing(tmp_path / "out") == ["a.wav"]
    (failure,) = batch.failures
    assert failure.input.endswith("b.sound")
    assert isinstance(failure.error, ps.FileFormatError)


def test_links_to_files_are_followed_and_to_folders_not(tmp_path):
    source = fill(tmp_path / "in", ["a.wav"])
    os.symlink(source / "a.wav", source / "b.wav")
    os.symlink(source, source / "again")
    os.symlink("nowhere.wav", source / "lost.wav")
    with ps.transcode_many(source, tmp_path / "out", to="flac") as batch:
        batch.wait()
    assert listing(tmp_path / "out") == ["a.flac", "b.flac"]
    (failure,) = batch.failures
    assert failure.input == str(source / "lost.wav")
    assert isinstance(failure.error, FileNotFoundError)


def test_folders_that_cannot_be_read_are_failures(album, tmp_path, monkeypatch):
    scandir = os.scandir

    def refusing(path):
        if str(path).endswith("deep"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    with ps.transcode_many(album, tmp_path / "out", to="flac") as batch:
        results = batch.wait()
    (failure,) = batch.failures
    assert failure.input == str(album / "disc 1/deep")
    assert failure.output is None
    assert isinstance(failure.error, PermissionError)
    assert len(results) == len(batch) == len(NAMES)
    assert batch.progress.failed == 1
    assert batch.progress.done == len(NAMES) - 1


def test_an_empty_folder_is_done_at_once(tmp_path):
    assert run(tmp_path, tmp_path / "out", to="opus") == []
    assert not (tmp_path / "out").exists()


# ---- Where outputs lie ---------------------------------------------------------------------------


def test_outputs_within_the_folder_are_not_inputs_of_the_next_run(album):
    first = run(album, album / "disc 1" / "opus", to="opus")
    again = run(album, album / "disc 1" / "opus", to="opus")
    assert len(first) == len(again) == len(NAMES)
    assert all(r.skipped for r in again)


def test_outputs_lie_beside_their_inputs_without_a_folder(album):
    results = run(album, to="flac")
    # b.flac is one already.
    assert len(results) == len(NAMES) - 1
    assert (album / "disc 1/deep/d.flac").exists()
    before = contents(album)
    assert all(r.skipped for r in run(album, album, to="flac"))
    assert contents(album) == before


def test_a_list_of_paths_takes_files_and_folders(album, tmp_path):
    results = run([album / "a.wav", str(album / "disc 1")], tmp_path / "out", to="flac")
    assert len(results) == 3
    assert listing(tmp_path / "out") == ["a.flac", "c.flac", "deep/d.flac"]
    (result,) = run(album / "a.wav", to="aiff")
    assert result.output == str(album / "a.aiff")


def test_pairs_and_options_tell_both_ends(album, tmp_path):
    own = ps.TranscodeOptions(album / "b.flac", tmp_path / "x" / "2.wav").sample_rate(16000)
    jobs = [(album / "a.wav", tmp_path / "x" / "1.flac"), own]
    run((job for job in jobs), channels=1, sample_rate=4000)
    one, two = ps.info(tmp_path / "x/1.flac"), ps.info(tmp_path / "x/2.wav")
    assert (one.format, one.samplerate, one.channels) == ("FLAC", 4000, 1)
    assert (two.format, two.samplerate, two.channels) == ("WAV", 16000, 1)
    assert own.to_dict().keys() == {"input", "output", "sample_rate"}


def test_options_of_a_job_may_overwrite(album, tmp_path):
    out = tmp_path / "out.wav"
    out.write_bytes(b"old")
    job = ps.TranscodeOptions(album / "a.wav", out, overwrite=True)
    (result,) = run([job])
    assert not result.skipped
    assert ps.info(out).frames == 800


# ---- What is there already -----------------------------------------------------------------------


def test_what_is_there_is_skipped_replaced_or_refused(album, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.flac").write_bytes(b"mine")
    results = run(album, out, to="flac")
    assert [r.output for r in results if r.skipped] == [str(out / "a.flac")]
    assert (out / "a.flac").read_bytes() == b"mine"
    error = refused(FileExistsError, "existing='skip'", album, out, to="flac", existing="error")
    assert error.filename in {r.output for r in results}
    expected = serially(album, tmp_path / "serial", "flac")
    for options in ({"existing": "overwrite"}, {"overwrite": True}):
        (out / "a.flac").write_bytes(b"mine")
        assert not any(r.skipped for r in run(album, out, to="flac", **options))
        assert contents(out) == expected


def test_a_folder_in_the_place_of_an_output_is_a_failure(tmp_path):
    source = fill(tmp_path / "in", ["a.wav", "b.wav", "c/d.wav"])
    (tmp_path / "out/a.flac").mkdir(parents=True)
    (tmp_path / "out/c").write_text("a file where a folder must be")
    with ps.transcode_many(source, tmp_path / "out", to="flac") as batch:
        batch.wait()
    kinds = {os.path.basename(r.input): type(r.error) for r in batch.results}
    assert kinds == {"a.wav": IsADirectoryError, "b.wav": type(None), "d.wav": NotADirectoryError}


# ---- What is refused before any work -------------------------------------------------------------


def test_two_inputs_of_one_output_are_refused(tmp_path):
    source = fill(tmp_path / "in", ["x/a.wav", "x/a.flac", "b.wav"])
    error = refused(ps.ArgumentError, "would be made of", source, tmp_path / "out", to="opus")
    for name in ("a.opus", "a.wav", "a.flac", "pattern"):
        assert name in str(error)
    assert not (tmp_path / "out").exists()
    os.symlink(tmp_path, tmp_path / "link")
    pairs = [(source / "b.wav", tmp_path / "o.wav"), (source / "x/a.wav", tmp_path / "link/o.wav")]
    refused(ps.ArgumentError, "would be made of", pairs)
    refused(ps.ArgumentError, "would be made of", [source / "b.wav"] * 2, tmp_path, to="au")


def test_many_may_write_to_nowhere(album):
    jobs = [(album / name, "/dev/null") for name in ("a.wav", "b.flac")]
    assert not any(r.skipped for r in run(jobs, format="wav"))


def test_outputs_that_are_inputs_are_refused(album, tmp_path):
    a, b, c = album / "a.wav", album / "b.wav", album / "c.wav"
    refused(ps.ArgumentError, "is an input", [(a, b), (b, c)])
    refused(ps.ArgumentError, "made of itself", [(a, a)], overwrite=True)
    refused(ps.ArgumentError, "made of itself", [(a, album / "disc 1" / ".." / "a.wav")])
    refused(ps.ArgumentError, "output, another folder, or to", album)
    refused(ps.ArgumentError, "output, another folder, or to", album, album, overwrite=True)


def test_places_that_cannot_be(album, tmp_path):
    refused(FileNotFoundError, "none", tmp_path / "none", tmp_path / "out", to="wav")
    refused(NotADirectoryError, "a.wav", album, album / "a.wav", to="wav")
    refused(ps.ArgumentTypeError, "output is 3", album, 3, to="wav")


@pytest.mark.parametrize(
    ("error", "match", "options"),
    [
        (ps.ArgumentError, "to is 'doc'", {"to": "doc"}),
        (ps.ArgumentTypeError, "to is 3", {"to": 3}),
        (ps.ArgumentError, "format", {"format": "DOC"}),
        (ps.ArgumentError, "existing is 'keep'", {"existing": "keep"}),
        (
            ps.ArgumentError,
            "existing is 'skip' and overwrite",
            {"existing": "skip", "overwrite": 1},
        ),
        (ps.ArgumentTypeError, "overwrite", {"overwrite": "yes"}),
        (ps.ArgumentTypeError, "recursive", {"recursive": "no"}),
        (ps.ArgumentTypeError, "pattern is 3", {"pattern": 3}),
        (ps.ArgumentError, "pattern", {"pattern": ["*.wav", ""]}),
        (ps.ArgumentError, "workers is 0", {"workers": 0}),
        (ps.ArgumentTypeError, "workers", {"workers": 1.5}),
        (ps.ArgumentTypeError, "executor is 'dask'", {"executor": "dask"}),
        (ps.ArgumentTypeError, "progress_callback", {"progress_callback": 3}),
        (ps.UnsupportedOptionError, "audio_codec", {"video_codec": "h264"}),
        (ps.ArgumentError, "audio_bitrate", {"audio_bitrate": 96000}),
        (ps.ArgumentError, "sample_rate", {"sample_rate": -1}),
        ((TypeError, ps.ArgumentError), "input", {"input": "a.wav"}),
        ((TypeError, ps.ArgumentError), "colour", {"colour": "red"}),
    ],
)
def test_bad_arguments(album, tmp_path, error, match, options):
    refused(error, match, album, tmp_path / "out", **{"to": "flac", **options})
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("error", "match", "jobs"),
    [
        (ps.ArgumentTypeError, "jobs is 3", 3),
        (ps.ArgumentTypeError, "jobs is", ps.TranscodeOptions("a.wav", "b.wav")),
        (ps.ArgumentTypeError, r"jobs\[1\] is 3", ["a.wav", 3]),
        (ps.ArgumentTypeError, r"jobs\[0\] is", [("a.wav", "b.wav", "c.wav")]),
        (ps.ArgumentError, r"jobs\[0\] is", [("a.wav", None)]),
        (ps.ArgumentError, r"jobs\[0\] has no output", [ps.TranscodeOptions("a.wav")]),
        (ps.ArgumentError, "extension", [("a.wav", "b.doc")]),
    ],
)
def test_bad_jobs(error, match, jobs):
    refused(error, match, jobs, to="flac")


def test_a_missing_input_of_a_list_is_a_failure(album, tmp_path):
    jobs = [album / "none.wav", album / "a.wav"]
    with ps.transcode_many(jobs, tmp_path / "out", to="flac") as batch:
        batch.wait()
    (failure,) = batch.failures
    assert isinstance(failure.error, FileNotFoundError)
    assert failure.error.filename == str(jobs[0])
    assert Path(tmp_path / "out/a.flac").exists()
