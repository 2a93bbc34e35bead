# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Packets without a container, judged by others: what we encode they decode, and the other way."""

import shutil
import struct
import subprocess

import numpy as np
import pytest
from corpus import over_corpus, path_of

import pastream_ng as ps

from .streams import RATE, STREAMS, can, snr_db, sound

opus = pytest.mark.skipif(not can(STREAMS["opus"]), reason="this build has no Opus")
aac = pytest.mark.skipif(not can(STREAMS["aac-raw"]), reason="this build has no AAC")


def packets_in_ogg(data):
    """Return the packets of a stream, headers included."""
    packets, open_packet, at = [], b"", 0
    while at < len(data):
        assert data[at : at + 4] == b"OggS"
        n_lacings = data[at + 26]
        lacings = data[at + 27 : at + 27 + n_lacings]
        at += 27 + n_lacings
        for lacing in lacings:
            open_packet += data[at : at + lacing]
            at += lacing
            if lacing < 255:
                packets.append(open_packet)
                open_packet = b""
    return packets


def decoded(codec, extradata, packets):
    config = {"opus": ps.OpusDecoderConfig, "aac": ps.AacDecoderConfig}[codec]
    decoder = ps.Decoder(codec, config(extradata=extradata, chunk_samples=None))
    blocks = [*decoder.decode(packets), *decoder.flush()]
    assert not decoder.damage
    return np.concatenate(blocks, axis=1), decoder


def decoded_by_av(name, extradata, packets):
    av = pytest.importorskip("av")
    codec = av.CodecContext.create(name, "r")
    codec.extradata = extradata
    frames = [frame for data in packets for frame in codec.decode(av.Packet(data))]
    frames += codec.decode(None)
    return np.concatenate([frame.to_ndarray() for frame in frames], axis=1)


def aligned_snr(wanted, got, most=1200):
    """Return the best SNR over shifts of `got`, and that shift."""
    middle = slice(most, min(wanted.shape[1], got.shape[1]) - 2 * most)
    best = (-99.0, 0)
    reference = wanted[:, middle]
    for shift in (0, 312, -312, 1024, -1024, 120, -120):
        part = got[:, middle.start + shift : middle.stop + shift]
        best = max(best, (float(snr_db(part, reference)), shift))
    return best


# ---- Ours, decoded by others -------------------------------------------------------------------


@opus
@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("packet_ms", [2.5, 20, 60])
def test_raw_packets_are_those_of_ogg(channels, packet_ms, tmp_path):
    form = ps.AudioFormat(RATE, channels, "f32")
    x = sound(form, 9601)
    raw = ps.Encoder("opus", ps.OpusEncoderConfig(form, packet_ms=packet_ms))
    packets = [packet.data for packet in [*raw.encode(x), *raw.flush()]]
    ogg = ps.Encoder("opus", ps.OpusEncoderConfig(form, packet_ms=packet_ms, container="ogg"))
    file = b"".join(packet.data for packet in [*ogg.encode(x), *ogg.flush()])
    head, tags, *inside = packets_in_ogg(file)
    assert head == raw.extradata
    assert tags.startswith(b"OpusTags")
    assert inside == packets
    ours, _ = decoded("opus", raw.extradata, packets)
    if shutil.which("opusdec") is None or channels > 2:
        return
    (tmp_path / "ours.opus").write_bytes(file)
    subprocess.run(
        ["opusdec", "--quiet", "--float", tmp_path / "ours.opus", tmp_path / "theirs.wav"],
        check=True,
        timeout=30,
    )
    theirs, rate = ps.read(tmp_path / "theirs.wav", always_2d=True)
    assert (rate, theirs.shape) == (RATE, (9601, channels))
    np.testing.assert_allclose(ours[:, :9601].T, theirs, atol=1e-5)


@opus
@pytest.mark.parametrize("rate", [8000, 16000, 48000])
@pytest.mark.parametrize("application", ["audio", "voip", "lowdelay"])
def test_ffmpeg_decodes_opus(rate, application):
    form = ps.AudioFormat(rate, 2, "f32")
    x = sound(form, rate // 2)
    encoder = ps.Encoder("opus", ps.OpusEncoderConfig(form, application=application))
    packets = [packet.data for packet in [*encoder.encode(x), *encoder.flush()]]
    version, channels, skipped, told, gain, family = struct.unpack_from(
        "<BBHIhB", encoder.extradata, 8
    )
    assert (version, channels, told, gain, family) == (1, 2, rate, 0, 0)
    assert skipped * rate == encoder.delay * 48000
    ours, decoder = decoded("opus", encoder.extradata, packets)
    assert decoder.output_format() == ps.AudioFormat(48000, 2, "f32")
    theirs = decoded_by_av("opus", encoder.extradata, packets)
    snr, _ = aligned_snr(ours, theirs)
    assert snr > 40


@aac
@pytest.mark.parametrize(("rate", "channels"), [(44100, 2), (8000, 1), (96000, 1), (48000, 6)])
def test_ffmpeg_decodes_aac(rate, channels):
    form = ps.AudioFormat(rate, channels, "f32")
    encoder = ps.Encoder("aac", ps.AacEncoderConfig(form, container="raw"))
    packets = [packet.data for packet in [*encoder.encode(sound(form, 20000)), *encoder.flush()]]
    ours, decoder = decoded("aac", encoder.extradata, packets)
    assert decoder.output_format() == form
    theirs = decoded_by_av("aac", encoder.extradata, packets)
    assert theirs.shape == ours.shape
    assert snr_db(ours, theirs) > 60


# ---- Others' ------------------------------------------------------------------------------------


@opus
@over_corpus("good", folder="opus")
def test_packets_in_files_of_opus(row):
    """Out of their pages, packets give what the file gives."""
    head, _, *packets = packets_in_ogg(path_of(row).read_bytes())
    wanted, _ = ps.read(path_of(row), always_2d=True, dtype="float32", frames=96000)
    got, _ = decoded("opus", head, packets[:300])
    n = min(len(wanted), got.shape[1])
    assert n > 10000
    np.testing.assert_array_equal(got[:, :n].T, wanted[:n])


@opus
@over_corpus("good", folder="opus")
def test_a_tenth_of_the_packets_may_be_lost(row):
    head, _, *packets = packets_in_ogg(path_of(row).read_bytes())
    packets = packets[:200]
    wanted, _ = decoded("opus", head, packets)
    decoder = ps.Decoder("opus", ps.OpusDecoderConfig(extradata=head, chunk_samples=None))
    blocks = []
    for number, packet in enumerate(packets):
        is_lost = number % 10 == 5
        if is_lost:
            samples = decoded("opus", None, [packet])[0].shape[1]
            decoder.conceal(samples, packets[number + 1] if number % 20 == 5 else None)
            blocks.append(decoder.get_frame())
        else:
            blocks += decoder.decode(packet)
    got = np.concatenate(blocks, axis=1)
    assert got.shape == wanted.shape
    assert snr_db(got, wanted) > 0


@aac
@over_corpus("good", folder="aac", container="mov,mp4,m4a,3gp,3g2,mj2")
def test_packets_in_files_of_aac(row):
    av = pytest.importorskip("av")
    with av.open(str(path_of(row))) as file:
        stream = file.streams.audio[0]
        extradata = stream.codec_context.extradata
        packets = [bytes(packet) for packet in file.demux(stream) if packet.size][:60]
    ours, decoder = decoded("aac", extradata, packets)
    theirs = decoded_by_av("aac", extradata, packets)
    # Some versions of FFmpeg leave out what they know to be the encoder's delay.
    n_left_out = ours.shape[1] - theirs.shape[1]
    assert n_left_out in (0, 1024)
    assert snr_db(ours[:, n_left_out:], theirs) > 40
    # And with a hole in it.
    decoder.reset()
    samples = ours.shape[1] // len(packets)
    blocks = []
    for number, packet in enumerate(packets):
        if number in (10, 11, 12):
            decoder.conceal(samples)
        else:
            blocks += decoder.decode(packet)
    got = np.concatenate([*blocks, *decoder.flush()], axis=1)
    assert got.shape == ours.shape
    np.testing.assert_array_equal(got[:, : 10 * samples], ours[:, : 10 * samples])
    assert np.max(np.abs(got)) <= np.max(np.abs(ours)) * 1.5 + 1e-3
