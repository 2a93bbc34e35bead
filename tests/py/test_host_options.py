# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Options of single host APIs: what is refused. What they do is tested with real servers."""

import dataclasses
import os

import pytest

import pastream_ng as ps
from pastream_ng.hosts.host_settings import check_host_settings


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: ps.AlsaSettings(pcm=""), ps.ArgumentError, "pcm is ''"),
        (lambda: ps.AlsaSettings(pcm=3), ps.ArgumentTypeError, "pcm is 3"),
        (lambda: ps.AlsaSettings(pcm="x" * 128), ps.ArgumentError, "1 to 127 bytes"),
        (lambda: ps.AlsaSettings(pcm="a\0b"), ps.ArgumentError, "pcm is"),
        (lambda: ps.AlsaSettings(periods=1), ps.ArgumentError, "periods is 1"),
        (lambda: ps.AlsaSettings(periods=65), ps.ArgumentError, "periods is 65"),
        (lambda: ps.AlsaSettings(realtime=1), ps.ArgumentTypeError, "realtime is 1"),
        (lambda: ps.WasapiSettings(exclusive="yes"), ps.ArgumentTypeError, "exclusive is 'yes'"),
        (lambda: ps.WasapiSettings(True, True), ps.ArgumentError, "auto_convert are both True"),
        (lambda: ps.CoreAudioSettings(channel_map=[]), ps.ArgumentError, "channel_map has 0"),
        (lambda: ps.CoreAudioSettings(channel_map=[-2]), ps.ArgumentError, "is -2"),
        (lambda: ps.CoreAudioSettings(conversion_quality="x"), ps.ArgumentError, "is 'x'"),
        (lambda: ps.AsioSettings("01"), ps.ArgumentTypeError, "channel_selectors is '01'"),
        (lambda: ps.AsioSettings([0.5]), ps.ArgumentTypeError, "is 0.5"),
    ],
)
def test_what_is_wrong_is_refused_where_it_is_written(make, error, text):
    with pytest.raises(error, match=text):
        make()


ALL = [
    ps.AlsaSettings(periods=2),
    ps.WasapiSettings(),
    ps.CoreAudioSettings(),
    ps.AsioSettings([0]),
]


@pytest.mark.parametrize("settings", ALL, ids=lambda settings: settings.hostapi)
def test_devices_of_another_host_api_refuse_them(settings):
    text = f'is for devices of {settings.hostapi}; "loopback" is a device of Virtual'
    with pytest.raises(ps.UnsupportedSettingsError, match=text):
        ps.InputStream("loopback", channels=1, extra_settings=settings)
    with pytest.raises(ps.UnsupportedSettingsError, match=text):
        ps.DuplexStream("loopback", channels=1, extra_settings=(None, settings))
    with pytest.raises(ps.UnsupportedSettingsError, match=text):
        ps.check_input_settings("loopback", 1, extra_settings=settings)


def test_only_options_are_options():
    with pytest.raises(ps.ArgumentTypeError, match="extra_settings is 'exclusive'"):
        ps.OutputStream("loopback", extra_settings="exclusive")


def test_a_device_that_this_build_cannot_hand_them_to():
    info = dataclasses.replace(ps.query_devices("loopback"), hostapi="ASIO")
    with pytest.raises(ps.ArgumentError, match="has 2 channels; the stream has 1"):
        check_host_settings(ps.AsioSettings([0, 1]), info, 1)
    with pytest.raises(ps.UnsupportedSettingsError, match="hands options to ALSA alone"):
        check_host_settings(ps.AsioSettings([0]), info, 1)


@pytest.mark.parametrize("name", ["", "  ", "a:b", "x" * 41, "a\nb"])
def test_names_that_a_server_could_not_show(name):
    with pytest.raises(ps.ArgumentError, match="name is"):
        ps.set_application_name(name)


def test_the_name_goes_to_child_processes(monkeypatch):
    monkeypatch.setenv("PASTREAM_NAME", "before")
    monkeypatch.setenv("PULSE_PROP_OVERRIDE_application.name", "before")
    ps.set_application_name("Night recorder")
    assert os.environ["PASTREAM_NAME"] == "Night recorder"
    with pytest.raises(ps.ArgumentTypeError, match="name is 3"):
        ps.set_application_name(3)
