# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""``pastream doctor``."""

import platform
from collections.abc import Callable
from typing import Any

import numpy as np
from click.testing import Result

import pastream_ng as ps
from pastream_ng.cli import doctor

TYPES = {
    "version": str,
    "portaudio": str,
    "libsndfile": str,
    "codecs": list,
    "hrtf": (str, type(None)),
    "python": str,
    "numpy": str,
    "system": str,
    "hostapis": list,
    "n_devices": int,
    "default_input": (str, type(None)),
    "default_output": (str, type(None)),
    "named_device": (str, type(None)),
    "realtime_priority": bool,
    "locked_memory": bool,
    "ring_memory": str,
    "kernel_level": str,
    "hints": list,
}


def test_json_has_its_fields(invoke_json: Callable[..., Any]) -> None:
    document = invoke_json("doctor")
    assert set(document) == set(TYPES)
    for name, kind in TYPES.items():
        assert isinstance(document[name], kind), name
    assert document["version"] == ps.__version__
    assert document["numpy"] == np.__version__
    assert platform.python_version() in document["python"]
    assert "PortAudio" in document["portaudio"]
    assert document["libsndfile"] == ps.libsndfile_version()
    assert any("WAV" in codec["encodes"] for codec in document["codecs"])
    assert len(document["codecs"]) == len(ps.available_codecs())
    assert document["hostapis"] == [api.name for api in ps.query_hostapis()]
    assert document["ring_memory"] in {"mirrored", "copying"}
    assert document["kernel_level"] == ps.kernel_level()
    assert document["hrtf"] == ps.hrtf_file()


def test_text_says_the_same(invoke: Callable[..., Result], invoke_json: Callable[..., Any]) -> None:
    document = invoke_json("doctor")
    text = " ".join(invoke("doctor").output.split())
    assert (document["hrtf"] or "none") in text
    for name in ("version", "portaudio", "libsndfile", "python", "numpy", "system", "ring_memory"):
        assert document[name] in text
    for hint in document["hints"]:
        assert hint in text


def report(**changes: Any) -> doctor.Report:
    fine: dict[str, Any] = {
        "version": "1",
        "portaudio": "PortAudio",
        "libsndfile": "libsndfile-1.2.2",
        "codecs": [ps.CodecInfo("flac", "FLAC", ("FLAC",), ("FLAC",), True, "libFLAC", "")],
        "hrtf": __file__,
        "python": "3",
        "numpy": "2",
        "system": "Linux",
        "hostapis": ["ALSA", "JACK Audio Connection Kit"],
        "n_devices": 2,
        "default_input": "ALSA/a",
        "default_output": "ALSA/a",
        "named_device": None,
        "realtime_priority": True,
        "locked_memory": True,
        "ring_memory": "mirrored",
        "kernel_level": "AVX2",
    }
    return doctor.Report(**{**fine, **changes})


def test_codecs_that_are_missing_are_told() -> None:
    half = ps.CodecInfo("mp3", "MP3", ("MP3",), (), False, "libmpg123", "LAME (package x)")
    none = ps.CodecInfo("aac", "AAC", (), (), False, "", "libavcodec (package y)")
    [first, second] = doctor.hints(report(codecs=[half, none]))
    assert "no codec for MP3, or half of one. Install LAME (package x)" in first
    assert "libavcodec (package y)" in second
    assert doctor.codec_names([half, none]) == "MP3 (reads)"


def test_nothing_to_say_about_a_machine_that_is_fine() -> None:
    assert doctor.hints(report()) == []


def test_hints_name_what_to_install(monkeypatch: Any) -> None:
    monkeypatch.setattr(doctor.sys, "platform", "linux")

    def hint(**changes: Any) -> str:
        (sentence,) = doctor.hints(report(**changes))
        return sentence

    assert "loopback" in hint(n_devices=0, default_input=None, default_output=None)
    assert "pipewire-alsa" in hint(n_devices=0)
    assert "default input" in hint(default_input=None)
    assert "default output" in hint(default_output=None)
    assert "jackd2" in hint(hostapis=["ALSA"])
    assert "rtkit" in hint(realtime_priority=False)
    assert "memlock" in hint(locked_memory=False)
    assert "libsndfile1-dev" in hint(libsndfile="libsndfile-1.0.31")
    assert "copy" in hint(ring_memory="copying")
    assert "libmysofa-dev" in hint(hrtf=None)
    assert "libmysofa1," in hint(hrtf="/nowhere/head.sofa")


def test_named_device_is_told(invoke_json: Callable[..., Any], monkeypatch: Any) -> None:
    monkeypatch.setenv("PASTREAM_DEVICE", "loopback")
    document = invoke_json("doctor")
    assert document["named_device"] == "loopback"
    assert "loopback" not in str(document["default_input"])
