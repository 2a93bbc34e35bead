# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Options of a transcoding: set in any way, checked one by one and together."""

import copy
import io
import json
import pathlib
import pickle

import numpy as np
import pytest

import pastream_ng as ps
from pastream_ng.transcoding.option_values import OPTIONS
from pastream_ng.transcoding.options import Arguments
from pastream_ng.transcoding.plan import plan_of

from ..codecs.kinds import can


def nothing(context):
    """Be a graph of nothing."""


ONES = {
    "input": "in.wav",
    "output": "out.opus",
    "audio_codec": "opus",
    "audio_bitrate": 96000,
    "overwrite": True,
    "format": "OPUS",
    "sample_rate": 48000,
    "channels": 2,
    "channel_map": (2, 1),
    "effect": ps.GraphEffect(nothing, sample_rate=8000),
    "sample_format": "int16",
    "bitrate_mode": "constant",
    "quality": 0.5,
    "compression": 5,
    "dither": "tpdf",
    "start_time": 1.5,
    "duration": 2.0,
    "resample_quality": "fast",
    "tags": ps.Tags({"title": "T"}),
    "keep_tags": False,
    "threads": 2,
    "max_duration": 60.0,
    "max_size": 10**6,
    "on_damage": "raise",
    "input_format": ps.AudioFormat(48000, 2, "i16"),
}
VIDEO = {
    "video_codec": ("h264", "audio_codec"),
    "video_bitrate": (2_000_000, "audio_bitrate"),
    "resolution": ((1920, 1080), "sample_rate"),
    "framerate": (25, "sample_rate"),
    "crf": (23, "quality"),
    "preset": ("slow", "compression"),
}


def test_every_option_is_here_and_has_a_type():
    assert set(ONES) == set(OPTIONS)
    typed = set(Arguments.__annotations__)
    assert typed == (set(OPTIONS) - {"input", "output"}) | set(VIDEO)


@pytest.mark.parametrize("name", ONES)
def test_methods_and_arguments_are_the_same(name):
    value = ONES[name]
    options = ps.TranscodeOptions()
    assert getattr(options, name)(value) is options
    assert options == ps.TranscodeOptions(**{name: value})
    assert options != ps.TranscodeOptions()
    assert options.to_dict() == {name: {"title": "T"} if name == "tags" else value}
    assert repr(options) == f"TranscodeOptions({name}={value!r})"
    assert getattr(options, name)(None) == ps.TranscodeOptions()


def test_a_chain_sets_all():
    options = ps.TranscodeOptions()
    for name, value in ONES.items():
        options = getattr(options, name)(value)
    assert options == ps.TranscodeOptions(**ONES)
    assert list(options.to_dict()) == list(OPTIONS)


def test_copies_are_independent():
    options = ps.TranscodeOptions("a", "b")
    for made in (options.copy(), copy.copy(options)):
        assert made == options
        made.quality(0.1)
        assert made != options
    assert (options == 3) is False
    with pytest.raises(TypeError):
        hash(options)


def test_those_of_paths_can_be_pickled():
    options = ps.TranscodeOptions(**ONES)
    assert pickle.loads(pickle.dumps(options)) == options
    for name in ("input", "output"):
        for place in (io.BytesIO(), 0):
            with pytest.raises(TypeError, match=f"{name} is .*only options whose"):
                pickle.dumps(ps.TranscodeOptions(**{name: place}))


def test_what_was_set_is_plain():
    options = {
        name: value for name, value in ONES.items() if name not in ("input_format", "effect")
    }
    told = json.loads(json.dumps(ps.TranscodeOptions(**options).to_dict()))
    assert ps.TranscodeOptions(**told) == ps.TranscodeOptions(**options)


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("input", pathlib.Path("a.wav"), "a.wav"),
        ("output", b"a.wav", b"a.wav"),
        ("audio_codec", "libmp3lame", "mp3"),
        ("audio_codec", "PCM_S24BE", "pcm_s24be"),
        ("audio_codec", "pcm_mulaw", "ulaw"),
        ("audio_bitrate", 96e3, 96000),
        ("format", "m4a", "M4A"),
        ("sample_rate", np.int64(8000), 8000),
        ("channel_map", np.array([1, 0]), (1, 0)),
        ("channel_map", [[0.5, 0.5]], ((0.5, 0.5),)),
        ("sample_format", "s16", "int16"),
        ("sample_format", "s16p", "int16"),
        ("sample_format", "PCM_24", "int24"),
        ("sample_format", "pcm_20", "PCM_20"),
        ("sample_format", np.float32, "float32"),
        ("sample_format", "double", "float64"),
        ("bitrate_mode", ps.BitrateMode.AVERAGE, "average"),
        ("dither", ps.Dither.TPDF, "tpdf"),
        ("resample_quality", ps.ResampleQuality.HOLD, "hold"),
        ("tags", [("A", "b")], ps.Tags({"a": "b"})),
        ("start_time", 1, 1.0),
    ],
)
def test_values_have_one_form(name, value, kept):
    assert ps.TranscodeOptions(**{name: value})._get(name) == kept


@pytest.mark.parametrize(
    ("name", "value", "error", "words"),
    [
        ("input", 3.5, TypeError, "input is 3.5 of type float; it must be a path"),
        ("input", True, TypeError, "input is True"),
        ("input", -1, ValueError, "input is -1"),
        ("input", "a\0b", ValueError, "input is .*NUL"),
        ("input", io.StringIO(), TypeError, "input is .*binary mode"),
        ("input", object(), TypeError, "input is .*that can read"),
        ("output", bytearray(), TypeError, "output is .*that can write"),
        ("output", io.StringIO(), TypeError, "output is .*binary mode"),
        ("audio_codec", "h264", ValueError, "audio_codec is 'h264'; this build can write pcm"),
        ("audio_codec", "copy", ValueError, "always decoded and encoded"),
        ("audio_codec", 3, TypeError, "audio_codec is 3"),
        ("audio_bitrate", 0, ValueError, "audio_bitrate is 0; it must be from 1"),
        ("audio_bitrate", "96k", TypeError, "audio_bitrate is '96k'"),
        ("audio_bitrate", 96000.5, TypeError, "audio_bitrate is 96000.5"),
        ("overwrite", 2, TypeError, "overwrite is 2; it must be True or False"),
        ("format", "mkv", ValueError, "format is 'mkv'; it must be one of WAV"),
        ("sample_rate", 0, ValueError, "sample_rate is 0; it must be from 1 to 1000000 Hz"),
        ("sample_rate", float("nan"), TypeError, "sample_rate is nan"),
        ("channels", 257, ValueError, "channels is 257; it must be from 1 to 256"),
        ("channel_map", [], ValueError, r"channel_map has shape \(0,\)"),
        ("channel_map", [-1], ValueError, "channel_map is -1; it must be from 0 to 256"),
        ("channel_map", [0.5], TypeError, "channel_map is .*counted from 1"),
        ("channel_map", [[1], [1, 2]], ValueError, "channel_map cannot become an array"),
        ("channel_map", "LR", TypeError, "channel_map is 'LR'"),
        ("channel_map", [[float("inf")]], ValueError, "gains must be finite"),
        ("channel_map", [[1e300]], ValueError, "gains must be finite"),
        ("sample_format", "int12", ValueError, "sample_format is 'int12'; it must be one of"),
        ("sample_format", "int64", ValueError, "sample_format"),
        ("bitrate_mode", "abr", ValueError, 'bitrate_mode is .*"average"'),
        ("quality", 1.5, ValueError, "quality is 1.5; it must be from 0 to 1"),
        ("quality", float("nan"), ValueError, "quality is nan"),
        ("compression", -1, ValueError, "compression is -1"),
        ("dither", "shaped", ValueError, "dither is 'shaped'"),
        ("start_time", -1, ValueError, "start_time is -1; it must be from 0"),
        ("duration", float("inf"), ValueError, "duration is inf"),
        ("resample_quality", "ok", ValueError, "resample_quality is 'ok'"),
        ("tags", 3, TypeError, "tags is 3"),
        ("keep_tags", "no", TypeError, "keep_tags is 'no'"),
        ("threads", 0, ValueError, "threads is 0; it must be from 1"),
        ("max_duration", -0.5, ValueError, "max_duration is -0.5"),
        ("max_size", -1, ValueError, "max_size is -1"),
        ("on_damage", "stop", ValueError, "on_damage is 'stop'"),
        ("input_format", "s16", TypeError, "input_format is 's16'"),
    ],
)
def test_what_is_wrong_is_named_at_once(name, value, error, words):
    options = ps.TranscodeOptions("a.wav", "b.wav")
    with pytest.raises(error, match=words) as caught:
        getattr(options, name)(value)
    assert isinstance(caught.value, ps.PastreamError)
    assert options == ps.TranscodeOptions("a.wav", "b.wav")
    with pytest.raises(error, match=words):
        ps.TranscodeOptions(**{name: value})


@pytest.mark.parametrize("name", VIDEO)
def test_options_of_video_name_the_one_of_audio(name):
    value, instead = VIDEO[name]
    values = value if isinstance(value, tuple) else (value,)
    words = f"^{name} is .*audio only: .*{instead}"
    for act in (
        lambda: getattr(ps.TranscodeOptions(), name)(*values),
        lambda: ps.TranscodeOptions(**{name: value}),
        lambda: ps.transcode("no.wav", "no.flac", **{name: value}),
    ):
        with pytest.raises(ps.UnsupportedOptionError, match=words):
            act()
    options = ps.TranscodeOptions(**{name: None})
    assert getattr(options, name)(None) is options
    assert options == ps.TranscodeOptions()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("video_filter", "audio only: the options of sound are audio_codec"),
        ("samplerate", "samplerate is no option of .*did you mean sample_rate"),
        ("bitrate", "did you mean audio_bitrate"),
        ("qality", "did you mean quality"),
        ("zzz", "it knows input, output, audio_codec"),
    ],
)
def test_what_is_no_option_names_what_is_near(name, words):
    for act in (ps.TranscodeOptions, lambda **kw: ps.transcode("a", "b", **kw)):
        with pytest.raises((TypeError, ps.UnsupportedOptionError), match=words):
            act(**{name: 1})


# ---- Together ------------------------------------------------------------------------------------


def refused(words, **options):
    with pytest.raises(ps.ArgumentError, match=words):
        ps.Transcoder(ps.TranscodeOptions("in.wav", **options))


def test_both_ends_are_needed():
    with pytest.raises(ValueError, match="input is None"):
        ps.Transcoder(ps.TranscodeOptions(output="a.wav"))
    with pytest.raises(ValueError, match="output is None"):
        ps.Transcoder(ps.TranscodeOptions("a.wav"))
    with pytest.raises(TypeError, match="options is 3"):
        ps.Transcoder(3)


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("extension of output, 'xyz', does not tell it", {"output": "a.xyz"}),
        ("the name of output does not tell it", {"output": "a"}),
        ("audio_codec is 'mp3', which an output called .flac", {"audio_codec": "mp3"}),
        ("audio_bitrate is 5; FLAC is without loss", {"audio_bitrate": 5}),
        ("bitrate_mode is 'constant'; FLAC", {"bitrate_mode": "constant"}),
        ("quality is 0.5; FLAC", {"quality": 0.5}),
        ("quality is 0.5 and audio_bitrate 9", {"quality": 0.5, "audio_bitrate": 9}),
        ("compression is 9; for FLAC it must be from 0 to 8", {"compression": 9}),
        ("channels is 9; FLAC can have 1 to 8", {"channels": 9}),
        ("channel_map has 2 channels and channels", {"channels": 1, "channel_map": [1, 2]}),
        (
            "sample_format is 'int16', and audio_codec 'pcm_s24le'",
            {"output": "a.wav", "sample_format": "int16", "audio_codec": "pcm_s24le"},
        ),
        ("'PCM_20', which only FLAC has", {"output": "a.wav", "sample_format": "PCM_20"}),
        ("sample_format is None; in files without", {"output": "a.raw"}),
        ("samples of type i64", {"input_format": ps.AudioFormat(8000, 1, "i64")}),
        ("tags", {"output": "a.raw", "sample_format": "int16", "tags": {"title": "T"}}),
    ],
)
def test_contradictions_are_refused(words, options):
    refused(words, **{"output": "a.flac", **options})


LIMITS = [
    ("a.opus", "OGG", "OPUS", {"audio_bitrate": 499, "channels": 1}, "500 to 300000"),
    ("a.opus", "OGG", "OPUS", {"audio_bitrate": 600000, "channels": 1}, "500 to 300000"),
    ("a.opus", "OGG", "OPUS", {"audio_bitrate": 3 * 10**6}, "1000 to 510000"),
    ("a.mp3", "MP3", "MP3", {"audio_bitrate": 100_000}, "one of 32, 40, 48"),
    ("a.mp3", "MP3", "MP3", {"audio_bitrate": 320_001}, "one of 32, 40, 48"),
    ("a.mp3", "MP3", "MP3", {"audio_bitrate": 320_000, "sample_rate": 22050}, "160, times 1000"),
    (
        "a.mp3",
        "MP3",
        "MP3",
        {"audio_bitrate": 7000, "bitrate_mode": "average", "sample_rate": 44100},
        "from 32000 to 320000",
    ),
    (
        "a.aac",
        "ADTS",
        "AAC",
        {"audio_bitrate": 7000, "channels": 1, "sample_rate": 48000},
        "from 8000 to 288000",
    ),
    (
        "a.ogg",
        "OGG",
        "VORBIS",
        {"audio_bitrate": 10_000, "channels": 2, "sample_rate": 44100},
        "at 44100 Hz it must be from [46][0-9]{4} to [45][0-9]{5}$",
    ),
    ("a.opus", "OGG", "OPUS", {"quality": 0.5}, "no such choice"),
    ("a.opus", "OGG", "OPUS", {"sample_rate": 44100}, "the next that it can is 48000"),
    ("a.mp3", "MP3", "MP3", {"channels": 3}, "1 to 2"),
    ("a.opus", "OGG", "OPUS", {"sample_format": "int16"}, "does not store samples"),
    ("a.opus", "OGG", "OPUS", {"dither": "tpdf"}, "leave it away"),
]


@pytest.mark.parametrize(("output", "format", "encoding", "options", "words"), LIMITS)
def test_what_a_codec_would_clamp_is_refused_with_the_range(
    output, format, encoding, options, words
):
    if not can(format, encoding):
        pytest.skip(f"this build has no {encoding}")
    name = next(iter(options))
    refused(f"{name} is .*{words}", output=output, **options)


@pytest.mark.skipif(not can("MP3", "MP3"), reason="this build has no MP3")
def test_what_some_inputs_allow_is_not_refused_yet():
    for bitrate in (8000, 320_000):  # Of 24 kHz, and of 48 kHz.
        ps.Transcoder(ps.TranscodeOptions("a.wav", "a.mp3", audio_bitrate=bitrate))


@pytest.mark.parametrize(
    ("options", "container", "encoding"),
    [
        ({"output": "a.oga", "audio_codec": "flac"}, "OGG", "FLAC"),
        ({"output": "a", "audio_codec": "flac"}, "FLAC", "FLAC"),
        ({"output": io.BytesIO(), "audio_codec": "pcm"}, "WAV", "PCM"),
        ({"output": "a.mp3", "format": "wav"}, "WAV", "PCM"),
        ({"output": "a.au", "audio_codec": "ulaw"}, "AU", "ULAW"),
        ({"output": pathlib.Path("A.FLAC")}, "FLAC", "FLAC"),
    ],
)
def test_name_format_and_codec_tell_the_kind(options, container, encoding):
    wanted = plan_of(ps.TranscodeOptions("in.wav", **options)).wanted
    assert (wanted.container.name, wanted.encoding.name) == (container, encoding)
