# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Packets without a container: lost ones, choices that only Opus has, and what tells what."""

from __future__ import annotations

import numpy as np
import pytest

import pastream_ng as ps

from .streams import RATE, STREAMS, can, encoded, joined, needs, snr_db, sound

MONO = ps.AudioFormat(RATE, 1, "f32")
opus = pytest.mark.skipif(not can(STREAMS["opus"]), reason="this build has no Opus")
bare = pytest.mark.parametrize(
    "stream",
    [
        pytest.param(
            STREAMS[name],
            id=name,
            marks=pytest.mark.skipif(not can(STREAMS[name]), reason="this build has it not"),
        )
        for name in ("opus", "aac-raw")
    ],
)


def speech(samples):
    """Return something like a voice: harmonics that glide, louder and softer."""
    t = np.arange(samples) / RATE
    phase = 2 * np.pi * np.cumsum(140 + 30 * np.sin(2 * np.pi * 0.8 * t)) / RATE
    voice = sum(np.sin(n * phase) / n for n in range(1, 12))
    return (0.15 * voice * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * t)))[None].astype("float32")


@bare
def test_lost_packets_keep_the_place_of_all_others(stream):
    form = stream.format()
    x = sound(form, 30 * stream.frame)
    packets, encoder = encoded(stream, x, form)
    decoder = stream.decoder(encoder, None)
    samples = packets[0].duration
    wanted = np.concatenate([*decoder.decode(packets), *decoder.flush()], axis=1)
    assert not decoder.damage
    decoder.reset()
    got = []
    for number, packet in enumerate(packets):
        if number in (10, 11):
            decoder.conceal(samples)
        else:
            got += decoder.decode(packet)
    got = np.concatenate([*got, *decoder.flush()], axis=1)
    assert got.shape == wanted.shape
    lost = slice(9 * samples, 13 * samples)
    assert decoder.damage.lost_frames == 2 * samples
    np.testing.assert_array_equal(got[:, : lost.start], wanted[:, : lost.start])
    assert snr_db(got[:, 16 * samples :], wanted[:, 16 * samples :]) > 20


@opus
def test_the_next_packet_tells_of_the_lost_one():
    config = ps.OpusEncoderConfig(
        MONO, bitrate=32000, fec=True, expected_loss=30, application="voip"
    )
    encoder = ps.Encoder("opus", config)
    packets = [*encoder.encode(speech(2 * RATE)), *encoder.flush()]

    def heard(repair):
        decoder = ps.Decoder("opus", ps.OpusDecoderConfig(None, extradata=encoder.extradata))
        blocks = []
        for number, packet in enumerate(packets):
            if repair is not None and number % 7 == 5:
                decoder.conceal(960, repair(packets[number + 1]) if repair(packet) else None)
            else:
                blocks += decoder.decode(packet)
        return np.concatenate([*blocks, *decoder.flush()], axis=1)

    wanted = heard(None)
    with_next, with_bytes, alone = (
        heard(lambda p: p),
        heard(lambda p: p.data),
        heard(lambda p: None),
    )
    np.testing.assert_array_equal(with_next, with_bytes)
    assert wanted.shape == with_next.shape == alone.shape
    assert snr_db(with_next, wanted) > snr_db(alone, wanted) + 2


@opus
@pytest.mark.parametrize("length", [2.5, 5, 10, 20, 40, 60])
@pytest.mark.parametrize("application", ["audio", "voip", "lowdelay"])
def test_packets_last_as_long_as_is_wanted(length, application):
    config = ps.OpusEncoderConfig(MONO, packet_ms=length, application=application)
    encoder = ps.Encoder("opus", config)
    packets = [*encoder.encode(sound(MONO, 9000)), *encoder.flush()]
    assert {p.duration for p in packets} == {round(48 * length)}
    assert encoder.delay == (120 if application == "lowdelay" else 312)
    decoder = ps.Decoder("opus", ps.OpusDecoderConfig(extradata=encoder.extradata), frames=9000)
    y = np.concatenate([*decoder.decode(packets), *decoder.flush()], axis=1)
    assert y.shape == (1, 9000)
    assert snr_db(y, sound(MONO, 9000)) > 8


@opus
def test_choices_of_opus_reach_the_codec():
    x = np.concatenate([sound(MONO, RATE), np.zeros((1, 2 * RATE), "float32")], axis=1)

    def size(**keywords):
        encoder = ps.Encoder("opus", ps.OpusEncoderConfig(MONO, **keywords))
        return sum(map(len, [*encoder.encode(x), *encoder.flush()]))

    assert size(bitrate=24000, dtx=True, application="voip") < size(
        bitrate=24000, application="voip"
    )
    assert size(bitrate=16000) < size() < size(bitrate=200_000)
    assert size(complexity=0) != size(complexity=10)
    constant = ps.Encoder("opus", ps.OpusEncoderConfig(MONO, bitrate_mode="constant"))
    assert len({len(p) for p in [*constant.encode(x), *constant.flush()]}) == 1


@opus
def test_the_first_bytes_tell_packets_from_ogg():
    x = sound(MONO, 9000)
    packets, _ = encoded(STREAMS["opus"], x, MONO)
    for config in (None, ps.OpusDecoderConfig(), ps.OpusDecoderConfig(channels=1)):
        decoder = ps.Decoder("opus", config)
        y = np.concatenate([*decoder.decode(packets), *decoder.flush()], axis=1)
        assert y.shape == (1, sum(p.duration for p in packets))
    decoder = ps.Decoder("opus", ps.OpusDecoderConfig(channels=2))
    y = np.concatenate([*decoder.decode(packets), *decoder.flush()], axis=1)
    assert y.shape[0] == 2
    np.testing.assert_allclose(y[0], y[1], atol=1e-6)
    data = joined(encoded(STREAMS["opus-ogg"], x, MONO)[0])
    decoder = ps.Decoder("opus")
    for n in range(4):
        decoder.put_frame(data[n : n + 1])
    y = np.concatenate([*decoder.decode(data[4:]), *decoder.flush()], axis=1)
    assert y.shape == (1, 9000)


@bare
def test_a_bad_packet_is_told_and_the_next_one_is_decoded(stream):
    form = stream.format()
    packets, encoder = encoded(stream, sound(form, 9000), form)
    decoder = stream.decoder(encoder, None)
    got = list(decoder.decode(packets[:4]))
    with pytest.raises(ps.FileFormatError, match="packet"):
        decoder.put_frame(b"\xff\xff\xff\xff")
    got += decoder.decode(packets[4:])
    got += decoder.flush()
    assert sum(block.shape[1] for block in got) > 9000 - stream.frame


@needs("flac")
def test_only_packets_without_a_container_are_concealed():
    decoder = ps.Decoder("flac")
    with pytest.raises(ps.StateError):
        decoder.conceal(100)
    for samples, error in (
        (0, ValueError),
        (1.5, TypeError),
        (-3, ValueError),
        (2**40, ValueError),
    ):
        with pytest.raises(error, match="samples is"):
            decoder.conceal(samples)
    with pytest.raises(TypeError, match="next_packet is 'x'"):
        decoder.conceal(100, "x")
    decoder.flush()
    with pytest.raises(ps.StateError, match="reset"):
        decoder.conceal(100)


@opus
@pytest.mark.parametrize(
    ("rate", "chunk", "keywords", "wanted"),
    [
        (48000, 120, {}, 120),
        (48000, 240, {}, 240),
        (48000, 480, {}, 480),
        (48000, 960, {}, 960),
        (48000, 2880, {}, 960),
        (48000, 100, {}, 960),
        (16000, 160, {}, 160),
        (16000, 960, {}, 320),
        (48000, 480, {"fec": True}, 480),
        (48000, 240, {"fec": True}, 960),
        (48000, 240, {"packet_ms": 60}, 2880),
    ],
)
def test_short_chunks_make_short_packets(rate, chunk, keywords, wanted):
    form = ps.AudioFormat(rate, 1, "f32")
    encoder = ps.Encoder("opus", ps.OpusEncoderConfig(form, chunk_samples=chunk, **keywords))
    packets = [*encoder.encode(np.zeros((1, 5000), "float32")), *encoder.flush()]
    assert {packet.duration for packet in packets} == {wanted}


@opus
@pytest.mark.parametrize(
    ("keywords", "text"),
    [
        ({"fec": True, "application": "lowdelay"}, "fec is true with the application lowdelay"),
        ({"fec": True, "packet_ms": 5}, "fec is true with packet_ms 5; packets need 10 ms"),
        ({"bitrate": 499}, "bitrate is 499; OPUS can have 500 to"),
    ],
)
def test_choices_that_do_not_go_together(keywords, text):
    with pytest.raises(ps.ArgumentError, match=text):
        ps.Encoder("opus", ps.OpusEncoderConfig(MONO, **keywords))
