# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The names of kinds and subtypes, tags and options: what is meant, and what is refused."""

import io

import numpy as np
import pytest

import pastream_ng as ps
from pastream_ng._native import lib
from pastream_ng.enums import Container, Encoding, Format, Status
from pastream_ng.files import codecs, formats
from pastream_ng.files.formats import FileFormat
from pastream_ng.files.kinds import FORMATS, Kind, extension_of, kind_of, subtype_of
from pastream_ng.files.options import new_options

RATE = 48000


@pytest.mark.parametrize(
    ("name", "container", "encoding"),
    [
        ("a.flac", Container.FLAC, Encoding.DEFAULT),
        ("a.ogg", Container.OGG, Encoding.DEFAULT),
        ("a.OPUS", Container.OGG, Encoding.OPUS),
        ("a.mp3", Container.MP3, Encoding.DEFAULT),
        ("a.aac", Container.ADTS, Encoding.DEFAULT),
        ("a.m4a", Container.MP4, Encoding.DEFAULT),
        (b"a.wav", Container.WAV, Encoding.DEFAULT),
    ],
)
def test_extensions_tell_container_and_encoding(name, container, encoding):
    assert kind_of(name, None) == Kind(container, encoding)


def test_formats_have_the_names_that_people_use():
    assert kind_of(None, "opus") == kind_of(None, "OGG_OPUS") == kind_of("a.opus", None)
    assert kind_of(None, "aac").container == Container.ADTS
    assert kind_of(None, "M4A").container == Container.MP4
    assert kind_of("a.wav", "flac").container == Container.FLAC  # What is said counts.
    with pytest.raises(ps.ArgumentError, match=r"format is 'XYZ'; it must be one of WAV, .*FLAC"):
        kind_of("a.wav", "XYZ")
    with pytest.raises(ps.ArgumentTypeError, match="format is 3 of type int"):
        kind_of("a.wav", 3)
    assert extension_of(3) == ""


def test_subtypes_of_flac_have_any_width():
    assert subtype_of("pcm_20") == (Encoding.FLAC, Format.I24, 20)
    assert subtype_of("PCM_12") == (Encoding.FLAC, Format.I16, 12)
    assert subtype_of("PCM_4").samples == Format.I8
    assert subtype_of("PCM_31").samples == Format.I32
    assert subtype_of("MP3") == subtype_of("MPEG_LAYER_III")
    with pytest.raises(ps.ArgumentError, match="subtype is 'PCM_33'"):
        subtype_of("PCM_33")
    told = FileFormat(Container.FLAC, Format.I24, 0, RATE, 1, Encoding.FLAC, 20)
    assert (told.subtype_name, told.bits) == ("PCM_20", 20)
    told = FileFormat(Container.OGG, Format.I8, 0, RATE, 1, Encoding.FLAC)
    assert (told.subtype_name, told.bits) == ("PCM_S8", 8)
    told = FileFormat(Container.OGG, Format.F32, 0, RATE, 1, Encoding.OPUS)
    assert (told.subtype_name, told.bits) == ("OPUS", None)


@pytest.mark.parametrize(
    ("name", "subtype", "remedy"),
    [
        ("a.mp3", "PCM_16", "MPEG_LAYER_III"),
        ("a.wav", "OPUS", "PCM_S8 or PCM_16"),
        ("a.flac", "FLOAT", "PCM_16 or PCM_24"),
        ("a.flac", "PCM_U8", "PCM_16 or PCM_24"),
        ("a.opus", "VORBIS", "OPUS"),
        ("a.ogg", "AAC", "VORBIS or OPUS or PCM_16"),
        ("a.wav", "PCM_20", "PCM_S8"),
    ],
)
def test_what_a_container_cannot_hold_is_refused(name, subtype, remedy, tmp_path):
    path = tmp_path / name
    with pytest.raises(ps.ArgumentError, match=f"subtype is '{subtype}', which .*{remedy}"):
        ps.SoundFile(path, "w", RATE, 1, subtype)
    assert not path.exists()


def test_kinds_without_a_choice_of_byte_order_say_so():
    with pytest.raises(ps.ArgumentError, match="endian is 'BIG'; FLAC files have no choice"):
        ps.SoundFile(io.BytesIO(), "w", RATE, 1, endian="BIG", format="FLAC")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"bitrate": 64000}, "bitrate is 64000; WAV has no bitrate"),
        ({"bitrate": 0}, "bitrate is 0; it must be from 1"),
        ({"bitrate_mode": "fixed"}, "bitrate_mode is 'fixed'; it must be one of"),
        ({"bitrate_mode": "constant"}, "has no bitrate"),
        ({"quality": 0.5}, "quality is 0.5; WAV has no such choice"),
        ({"quality": float("nan")}, "quality is nan"),
        ({"compression": 5}, "compression is 5; WAV has no such choice"),
        ({"compression_level": 2}, "compression_level is 2; it must be from 0 to 1"),
        ({"compression_level": 0.5}, "compression_level is 0.5; WAV files have no such choice"),
        ({"dither": "loud"}, "dither is 'loud'"),
        ({"frames": -2}, "frames is -2"),
        ({"tags": {"a=b": "c"}}, "the key of a tag has a character"),
        ({"tags": {"a": "b\0"}}, "there may be no NUL"),
        ({"tags": {"a": "\ud800"}}, "surrogates"),
        ({"tags": {"a": "\x07"}}, "must be UTF-8 without control characters"),
        ({"tags": {"": "b"}}, "the key of a tag has 0 characters"),
    ],
)
def test_options_that_do_not_fit_are_refused_before_anything_is_written(options, text, tmp_path):
    path = tmp_path / "a.wav"
    with pytest.raises(ps.ArgumentError, match=text):
        ps.SoundFile(path, "w", RATE, 1, **options)
    assert not path.exists()


@pytest.mark.parametrize(
    "options",
    [{"bitrate": "64k"}, {"quality": "good"}, {"tags": 3}, {"tags": {"a": 3}}, {"tags": ["ab", 1]}],
)
def test_options_of_another_type_are_refused(options):
    with pytest.raises(ps.ArgumentTypeError, match=next(iter(options))):
        ps.SoundFile(io.BytesIO(), "w", RATE, 1, format="WAV", **options)


def test_files_that_are_read_take_no_options_of_writing():
    place = io.BytesIO()
    with ps.SoundFile(place, "w", RATE, 1, format="WAV"):
        pass
    place.seek(0)
    with pytest.raises(ps.ArgumentTypeError, match=r"quality is 0\.5; it is for files that are"):
        ps.SoundFile(place, quality=0.5)


def told(container, encoding, channels=1):
    return FileFormat(container, Format.I16, 0, RATE, channels, encoding)


def test_the_level_of_soundfile_means_effort_or_loss():
    flac = told(Container.FLAC, Encoding.FLAC)
    vorbis = told(Container.OGG, Encoding.VORBIS)
    opus = told(Container.OGG, Encoding.OPUS, 2)
    assert new_options(flac, compression_level=1.0).compression == 8
    assert new_options(flac, compression_level=0).compression == 0
    assert new_options(vorbis, compression_level=0.25).quality == 0.75
    assert new_options(opus, compression_level=0).bitrate == 512_000
    assert new_options(opus, compression_level=1).bitrate == 12_000
    assert new_options(opus, bitrate=96e3).bitrate == 96_000
    with pytest.raises(ps.ArgumentTypeError, match="compression_level is 1 and quality 1"):
        new_options(vorbis, compression_level=1, quality=1)
    with pytest.raises(ps.ArgumentError, match="compression_level is 1; ADTS files have no such"):
        new_options(told(Container.ADTS, Encoding.AAC), compression_level=1)


def test_tags_are_a_mapping():
    tags = ps.Tags([("Title", "Night"), ("artist", "Ann"), ("ARTIST", "Bob")])
    assert tags["TITLE"] == "Night"
    assert tags.all("artist") == ("Ann", "Bob")
    assert tags.all("album") == ()
    assert list(tags) == ["title", "artist"]
    assert "album" not in tags
    assert 3 not in tags
    assert tags.to_dict() == {"title": "Night", "artist": ["Ann", "Bob"]}
    assert tags == {"title": "Night", "artist": ["Ann", "Bob"]}
    assert tags == ps.Tags(tags) == ps.Tags(tags.to_dict())
    assert tags != ps.Tags({"title": "Day"})
    assert tags != 3
    assert "Night" in repr(tags)
    with pytest.raises(TypeError):
        tags["title"] = "Day"
    with pytest.raises(ps.LimitError, match="1024 tags"):
        ps.Tags({"a": ["b"] * 1025})


ONLY_READ = {"IMA_ADPCM", "MS_ADPCM", "GSM"}


def test_codecs_tell_what_they_can():
    found = ps.available_codecs()
    pcm = {name for codec in found if codec.encoding == "PCM" for name in codec.decodes}
    assert {"WAV", "AIFF", "RAW"} <= pcm
    for codec in found:
        is_whole = codec.decodes and (codec.encodes or codec.encoding in ONLY_READ)
        assert bool(codec.missing) == (not is_whole)
        assert set(codec.decodes) | set(codec.encodes) <= set(Container.__members__)
    assert {codec.encoding for codec in found} >= {"PCM", "FLAC", "MP3", "OPUS", "VORBIS", "AAC"}


class Without:
    """The library, built without the codec for new files."""

    def __getattr__(self, name):
        return getattr(lib, name)

    def pst_encoder_check(self, format, options, err):
        err.status = Status.UNSUPPORTED
        err.text = b"This build cannot write such files"
        return Status.UNSUPPORTED


def test_what_a_build_lacks_says_what_would_bring_it(monkeypatch):
    monkeypatch.setattr(formats, "lib", Without())
    with pytest.raises(ps.CodecMissingError, match=r"write such files; build the .* with libFLAC"):
        ps.SoundFile("a.flac", "w", RATE, 1)
    monkeypatch.setattr(codecs, "_built", list)
    found = {codec.encoding: codec.missing for codec in ps.available_codecs()}
    assert found.keys() == {"FLAC", "MP3", "OPUS", "VORBIS", "AAC"}
    assert "libmpg123-dev" in found["MP3"]
    assert "libmp3lame-dev" in found["MP3"]
    assert found["FLAC"].count("libflac-dev") == 1


def test_formats_and_subtypes_are_those_that_can_be_written():
    known = ps.available_formats()
    written = {name for codec in ps.available_codecs() for name in codec.encodes}
    assert set(known) == written - {"PACKETS"}  # Packets by themselves are no file.
    for name in known:
        subtypes = ps.available_subtypes(name)
        assert set(subtypes) <= set(ps.available_subtypes())
        for subtype in ps.available_subtypes():
            assert ps.check_format(name, subtype) == (subtype in subtypes)
        if name != "RAW":
            assert ps.default_subtype(name) in {*subtypes, "PCM_16"}
    assert ps.available_subtypes("WAV")["PCM_24"] == "24 bit signed"
    assert "PCM_S8" not in ps.available_subtypes("WAV")
    assert ps.check_format("AIFF", "PCM_16", "BIG")
    assert not ps.check_format("FLAC", "PCM_16", "BIG")
    assert not ps.check_format("RAW")
    with pytest.raises(ps.ArgumentTypeError, match="RAW files need one"):
        ps.default_subtype("RAW")
    for function in (ps.check_format, ps.available_subtypes, ps.default_subtype):
        with pytest.raises(ps.ArgumentError, match="format is 'XYZ'"):
            function("XYZ")


def blocks_by_hand(data, size, overlap):
    first = 0
    while True:
        yield data[first : first + size]
        if first + size >= len(data):
            return
        first += size - overlap


@pytest.mark.parametrize(("size", "overlap"), [(7, 0), (7, 3), (10, 9), (100, 0), (1, 0), (50, 25)])
@pytest.mark.parametrize("frames", [0, 1, 99, 100, 101])
def test_blocks_are_slices(size, overlap, frames):
    place = io.BytesIO()
    data = np.arange(frames, dtype="int16")
    with ps.SoundFile(place, "w", RATE, 1, format="WAV") as file:
        file.write(data)
    place.seek(0)
    with ps.SoundFile(place) as file:
        got = list(file.blocks(size, overlap, dtype="int16"))
        wanted = list(blocks_by_hand(data, size, overlap)) if frames else []
        assert len(got) == len(wanted)
        assert all(np.array_equal(*pair) for pair in zip(got, wanted, strict=True))
        file.seek(0)
        out = np.empty(size, "int16")
        again = [
            (block.copy(), block.base is out or block is out) for block in file.blocks(out=out)
        ]
        assert all(is_same for _, is_same in again)
        assert np.array_equal(np.concatenate([data[:0], *(block for block, _ in again)]), data)
        file.seek(0)
        filled = list(file.blocks(size, dtype="int16", fill_value=-1, frames=50, always_2d=True))
        assert all(block.shape == (size, 1) for block in filled)
        joined = np.concatenate([data[:0], *(block[:, 0] for block in filled)])
        n = min(50, frames)
        assert np.array_equal(joined[:n], data[:n])
        assert np.all(joined[n:] == -1)


def test_blocks_refuse_what_makes_none():
    place = io.BytesIO()
    with ps.SoundFile(place, "w", RATE, 2, format="WAV") as file:
        file.write(np.zeros((5000, 2)))
        with pytest.raises(ps.StateError, match="blocks"):
            file.blocks(3)
    place.seek(0)
    with ps.SoundFile(place) as file:
        assert [len(block) for block in file] == [4096, 904]
        with pytest.raises(ps.ArgumentTypeError, match="blocksize is None"):
            file.blocks()
        with pytest.raises(ps.ArgumentError, match="overlap is 3; it must be less"):
            file.blocks(3, 3)
        with pytest.raises(ps.ArgumentError, match="blocksize is 0"):
            file.blocks(0)
        with pytest.raises(ps.ArgumentTypeError, match="out is given"):
            file.blocks(3, out=np.empty((3, 2), "float32"))


def test_packets_are_no_kind_of_file():
    assert "PACKETS" not in FORMATS
    with pytest.raises(ps.ArgumentError, match="format is 'PACKETS', which is no kind of file"):
        kind_of(None, "PACKETS")
