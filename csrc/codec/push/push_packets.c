// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Packets without a container, decoded one by one; and Opus of which nobody said whether it comes
// like that or in Ogg.

#include <string.h>

#include "base/error.h"
#include "codec/push/packet_codec.h"
#include "codec/push/push_decoder.h"

// ---- Packets ---------------------------------------------------------------------------------

static pst_status packets_begin(pst_push_decoder *d, pst_error *err) {
    pst_push_packets_state *p = &d->packets;
    const pst_codec *codec = pst_decoding_codec(PST_CONTAINER_PACKETS, d->config.encoding);
    pst_packet_setup setup = {
        .extradata = d->config.extradata,
        .n_extradata = d->config.n_extradata,
        .n_channels = d->config.n_channels,
    };
    const pst_status status = codec->packets->open(&p->state, &setup, err);
    if (status != PST_OK)
        return status;
    p->ops = codec->packets;
    d->skipped_frames = setup.n_skipped;
    return PST_OK;
}

static void packets_close(pst_push_decoder *d) {
    if (d->packets.ops != NULL)
        d->packets.ops->close(d->packets.state);
    d->packets = (pst_push_packets_state){0};
}

// Takes what a codec made, but for what the stream says is not to be heard.
static pst_status keep(pst_push_decoder *d, const pst_packet_sound *sound, pst_error *err) {
    pst_push_packets_state *p = &d->packets;
    if (!d->is_known) {
        const pst_decoder_info info = {
            .format = {.container = PST_CONTAINER_PACKETS,
                       .encoding = d->config.encoding,
                       .sample_format = PST_FORMAT_F32,
                       .rate_hz = sound->rate_hz,
                       .n_channels = sound->n_channels},
            .n_frames = -1,
        };
        pst_push_know(d, &info, PST_FORMAT_F32);
    }
    const int64_t n_unheard = d->skipped_frames - p->n_made;
    uint64_t n = n_unheard > 0 ? (uint64_t)n_unheard : 0;
    n = n < sound->n_frames ? n : sound->n_frames;
    p->n_made += (int64_t)sound->n_frames;
    return pst_push_put(d, sound->frames + n * sound->n_channels, sound->n_frames - n, err);
}

static pst_status check_room(const pst_push_decoder *d, pst_error *err) {
    if (!pst_push_is_full(d))
        return PST_OK;
    return pst_fail(err, PST_LIMIT, 0,
                    "%lld decoded frames wait to be read; no packet is taken until they are",
                    (long long)(d->n_kept - d->n_read));
}

// n_frames: 0: as long as the last packet.
static pst_status conceal(pst_push_decoder *d, int64_t n_frames, const void *next, uint64_t n_next,
                          pst_error *err) {
    int64_t n_left = n_frames;
    do {
        pst_packet_sound sound;
        pst_status status =
            d->packets.ops->conceal(d->packets.state, n_left, next, n_next, &sound, err);
        if (status == PST_OK)
            status = keep(d, &sound, err);
        if (status != PST_OK)
            return status;
        n_left -= (int64_t)sound.n_frames;
    } while (n_left > 0);
    return PST_OK;
}

// n_frames: how long a packet of no bytes lasts; 0: as long as the one before.
static pst_status decode(pst_push_decoder *d, const void *data, uint64_t n_bytes, int64_t n_frames,
                         pst_error *err) {
    pst_push_packets_state *p = &d->packets;
    pst_packet_sound sound;
    pst_status status = check_room(d, err);
    if (status != PST_OK)
        return status;
    if (n_bytes == 0)
        return conceal(d, n_frames, NULL, 0, err);
    status = p->ops->decode(p->state, data, n_bytes, &sound, err);
    if (status == PST_BAD_FILE)
        pst_note_damage(&d->damage, PST_DAMAGE_CORRUPT, d->n_decoded, 0);
    return status == PST_OK ? keep(d, &sound, err) : status;
}

static pst_status packets_write(pst_push_decoder *d, const void *data, uint64_t n_bytes,
                                pst_error *err) {
    return decode(d, data, n_bytes, 0, err);
}

static pst_status packets_write_packet(pst_push_decoder *d, const pst_packet *packet,
                                       pst_error *err) {
    pst_push_packets_state *p = &d->packets;
    if ((packet->flags & PST_PACKET_HEADER) != 0)
        return PST_OK;
    const int64_t first = d->n_decoded, n_before = p->n_made;
    int64_t n_frames = 0;
    if (packet->n_bytes == 0 && packet->duration > 0 && d->is_known)
        n_frames = pst_push_times_in_frames(packet->duration, packet->time_base_num,
                                            packet->time_base_den, d->info.format.rate_hz);
    if (n_frames > PST_PUSH_MAX_CHUNK_FRAMES)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "An empty packet lasts %lld frames; it must be at most %d",
                        (long long)n_frames, (int)PST_PUSH_MAX_CHUNK_FRAMES);
    pst_status status = decode(d, packet->data, packet->n_bytes, n_frames, err);
    if (status == PST_OK)
        status = pst_push_times_note(&d->times, packet, first, err);
    if (status == PST_OK)
        pst_push_times_end(&d->times, packet, p->n_made - n_before, d->info.format.rate_hz);
    return status;
}

static pst_status packets_end(pst_push_decoder *d, pst_error *err) {
    (void)err;
    d->is_over = true;
    return PST_OK;
}

const pst_push_engine pst_push_packets = {
    .begin = packets_begin,
    .write = packets_write,
    .write_packet = packets_write_packet,
    .end = packets_end,
    .close = packets_close,
};

pst_status pst_push_decoder_conceal(pst_push_decoder *decoder, int64_t n_frames, const void *next,
                                    uint64_t n_next, pst_error *err) {
    pst_push_decoder *d = decoder;
    if (n_frames < 0 || n_frames > PST_PUSH_MAX_CHUNK_FRAMES)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "n_frames is %lld; it must be from 0 to %d",
                        (long long)n_frames, (int)PST_PUSH_MAX_CHUNK_FRAMES);
    if (d->engine != &pst_push_packets)
        return pst_fail(err, PST_BAD_STATE, 0,
                        "Only packets without a container can be missed, and these are none%s",
                        d->engine == &pst_push_guess ? ", as far as is known" : "");
    pst_status status = pst_push_check_open(d, err);
    if (status == PST_OK)
        status = check_room(d, err);
    if (status != PST_OK)
        return status;
    const int64_t n_before = d->packets.n_made, first = d->n_decoded;
    status = conceal(d, n_frames, n_next == 0 ? NULL : next, n_next, err);
    const int64_t n = d->packets.n_made - n_before;
    if (n > 0) {
        pst_note_damage(&d->damage, PST_DAMAGE_MISSING, first, n);
        pst_push_times_pass(&d->times, n, d->info.format.rate_hz);
    }
    return status;
}

// ---- Ogg, or packets -------------------------------------------------------------------------

// No packet of Opus begins like an Ogg page: it would have 39 frames of 20 ms.
static const char ogg[] = "OggS";

static pst_status guess_begin(pst_push_decoder *d, pst_error *err) {
    (void)d;
    (void)err;
    return PST_OK;
}

// Goes over to an engine.
static pst_status choose(pst_push_decoder *d, const pst_push_engine *engine, pst_error *err) {
    d->engine = engine;
    const pst_status status = engine->begin(d, err);
    if (status != PST_OK && err != NULL)
        d->failure = *err;
    else if (status != PST_OK)
        d->failure.status = status;
    return status;
}

// Chooses if there is enough to choose by. n_held: gets how many bytes came before and belong to
// the stream.
static pst_status look(pst_push_decoder *d, const void *data, uint64_t n_bytes, uint32_t *n_held,
                       pst_error *err) {
    enum { N_MAGIC = sizeof ogg - 1 };
    uint32_t at = d->guess_bytes;
    const uint8_t *bytes = data;
    uint64_t i = 0;
    while (i < n_bytes && at < N_MAGIC && bytes[i] == (uint8_t)ogg[at]) {
        ++i;
        ++at;
    }
    *n_held = 0;
    if (at == N_MAGIC) {
        *n_held = d->guess_bytes;
        return choose(d, &pst_push_stream, err);
    }
    if (i == n_bytes) {
        d->guess_bytes = at;
        return PST_OK;
    }
    if (d->guess_bytes > 0) // What came looked like Ogg; nor was it a packet.
        pst_note_damage(&d->damage, PST_DAMAGE_CORRUPT, 0, 0);
    return choose(d, &pst_push_packets, err);
}

static pst_status guess_write(pst_push_decoder *d, const void *data, uint64_t n_bytes,
                              pst_error *err) {
    uint32_t n_held;
    pst_status status = look(d, data, n_bytes, &n_held, err);
    if (status == PST_OK && n_held > 0)
        status = d->engine->write(d, ogg, n_held, err);
    if (status == PST_OK && d->engine != &pst_push_guess)
        status = d->engine->write(d, data, n_bytes, err);
    return status;
}

static pst_status guess_write_packet(pst_push_decoder *d, const pst_packet *packet,
                                     pst_error *err) {
    uint32_t n_held;
    pst_status status = look(d, packet->data, packet->n_bytes, &n_held, err);
    if (status == PST_OK && n_held > 0)
        status = d->engine->write(d, ogg, n_held, err);
    if (status == PST_OK && d->engine != &pst_push_guess)
        status = pst_push_decoder_write_packet(d, packet, err);
    return status;
}

static pst_status guess_end(pst_push_decoder *d, pst_error *err) {
    (void)err;
    pst_note_damage(&d->damage, PST_DAMAGE_TRUNCATED, 0, 0);
    d->is_over = true;
    return PST_OK;
}

static void guess_close(pst_push_decoder *d) {
    (void)d;
}

const pst_push_engine pst_push_guess = {
    .begin = guess_begin,
    .write = guess_write,
    .write_packet = guess_write_packet,
    .end = guess_end,
    .close = guess_close,
};
