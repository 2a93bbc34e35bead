// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TESTS_PUSH_ENCODE_RIG_H
#define PST_TESTS_PUSH_ENCODE_RIG_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "memory_place.h"
#include "pastream/push.h"

// Sound that is put into encoders, and what comes out of them.

enum { PUSH_FRAMES = 5000, PUSH_CHANNELS = 2 };

// All kinds that need not seek, as this build has them.
typedef struct push_kind {
    const char *name;
    pst_container container;
    pst_encoding encoding;
    pst_format sample_format;
} push_kind;

static const push_kind push_kinds[] = {
    {"WAV", PST_CONTAINER_WAV, PST_ENCODING_PCM, PST_FORMAT_I16},
    {"WAV of float32", PST_CONTAINER_WAVEX, PST_ENCODING_PCM, PST_FORMAT_F32},
    {"WAV of A-law", PST_CONTAINER_WAV, PST_ENCODING_ALAW, PST_FORMAT_I16},
    {"RAW", PST_CONTAINER_RAW, PST_ENCODING_PCM, PST_FORMAT_I24},
    {"AU", PST_CONTAINER_AU, PST_ENCODING_PCM, PST_FORMAT_I16},
    {"FLAC", PST_CONTAINER_FLAC, PST_ENCODING_FLAC, PST_FORMAT_I16},
    {"FLAC in OGG", PST_CONTAINER_OGG, PST_ENCODING_FLAC, PST_FORMAT_I24},
    {"OPUS in OGG", PST_CONTAINER_OGG, PST_ENCODING_OPUS, PST_FORMAT_F32},
    {"VORBIS in OGG", PST_CONTAINER_OGG, PST_ENCODING_VORBIS, PST_FORMAT_F32},
    {"MP3", PST_CONTAINER_MP3, PST_ENCODING_MP3, PST_FORMAT_F32},
    {"ADTS", PST_CONTAINER_ADTS, PST_ENCODING_AAC, PST_FORMAT_F32},
    {"packets of OPUS", PST_CONTAINER_PACKETS, PST_ENCODING_OPUS, PST_FORMAT_F32},
    {"packets of AAC", PST_CONTAINER_PACKETS, PST_ENCODING_AAC, PST_FORMAT_F32},
};

static pst_push_encoder_config push_config(const push_kind *kind) {
    pst_push_encoder_config config;
    pst_push_encoder_config_default(&config);
    config.format.container = kind->container;
    config.format.encoding = kind->encoding;
    config.format.sample_format = kind->sample_format;
    return config;
}

// Calls test for each kind that this build can write.
CHECK_UNUSED static void for_each_kind(void (*test)(const push_kind *kind)) {
    for (size_t i = 0; i < sizeof push_kinds / sizeof *push_kinds; ++i) {
        const pst_push_encoder_config config = push_config(&push_kinds[i]);
        if (pst_encoder_check(&config.format, NULL, NULL) != PST_UNSUPPORTED)
            test(&push_kinds[i]);
    }
}

// Sound from one frame on, interleaved.
CHECK_UNUSED static const float *push_sound(void) {
    static float sound[PUSH_FRAMES * PUSH_CHANNELS];
    static bool is_made;
    uint64_t seed = 11;
    for (int i = 0; i < PUSH_FRAMES * PUSH_CHANNELS && !is_made; ++i)
        sound[i] =
            (float)(0.3 * sin(0.03 * (i + 1)) + 0.1 * check_random(&seed) / 4294967296.0 - 0.05);
    is_made = true;
    return sound;
}

// ---- Packets ---------------------------------------------------------------------------------

// What came out, one packet behind the other.
typedef struct push_output {
    memory_place bytes;
    int64_t n_packets, n_headers;
    int64_t n_frames;    // Of all durations.
    int64_t first_pts;   // Of sound; PST_NO_PTS: there was none.
    int64_t next_pts;    // Behind the last packet,
    bool has_gaps;       // and whether all followed one another.
    uint64_t sizes;      // A sum over the borders,
    uint64_t sounds;     // and of those of the packets with sound alone.
    bool is_header_late; // A header came behind sound.
} push_output;

static void push_take(pst_push_encoder *encoder, push_output *out) {
    pst_packet packet;
    while (pst_push_encoder_next(encoder, &packet) == PST_OK) {
        CHECK(packet.n_bytes > 0);
        CHECK_EQ(packet.time_base_num, 1);
        CHECK_EQ(packet.dts, packet.pts);
        (void)memory_write(&out->bytes, packet.data, (int64_t)packet.n_bytes);
        out->sizes = (out->sizes ^ packet.n_bytes) * UINT64_C(1099511628211);
        out->n_frames += packet.duration;
        if ((packet.flags & PST_PACKET_HEADER) != 0) {
            ++out->n_headers;
            CHECK_EQ(packet.pts, PST_NO_PTS);
            CHECK_EQ(packet.duration, 0);
            out->is_header_late = out->is_header_late || out->n_packets > 0;
            continue;
        }
        if (out->n_packets == 0)
            out->first_pts = packet.pts;
        else
            out->has_gaps = out->has_gaps || packet.pts != out->next_pts;
        out->next_pts = packet.pts + packet.duration;
        ++out->n_packets;
    }
}

// Puts n_frames frames of the sound in, at most `most` at a time (0: anyhow), and takes packets in
// between.
CHECK_UNUSED static pst_status push_put(pst_push_encoder *encoder, int64_t n_frames, uint32_t most,
                                        push_output *out, pst_error *err) {
    uint64_t seed = 5;
    pst_status status = PST_OK;
    for (int64_t at = 0; at < n_frames && status == PST_OK;) {
        int64_t n = most == 0 ? check_random_in(&seed, 1, 900) : most;
        n = n < n_frames - at ? n : n_frames - at;
        status = pst_push_encoder_write(encoder, push_sound() + at * PUSH_CHANNELS, PST_FORMAT_F32,
                                        (uint64_t)n, false, PST_NO_PTS, err);
        if (out != NULL)
            push_take(encoder, out);
        at += n;
    }
    return status;
}

// Encodes n_frames frames. Returns the first failure.
CHECK_UNUSED static pst_status push_all(const pst_push_encoder_config *config, int64_t n_frames,
                                        uint32_t most, push_output *out,
                                        pst_push_encoder_info *info, pst_error *err) {
    pst_push_encoder *encoder = NULL;
    *out = (push_output){.first_pts = PST_NO_PTS};
    pst_status status = pst_push_encoder_create(&encoder, config, err);
    if (status != PST_OK)
        return status;
    status = push_put(encoder, n_frames, most, out, err);
    if (status == PST_OK)
        status = pst_push_encoder_end(encoder, err);
    push_take(encoder, out);
    if (info != NULL)
        pst_push_encoder_get_info(encoder, info);
    pst_push_encoder_destroy(encoder);
    return status;
}

// ---- Bytes -----------------------------------------------------------------------------------

// Sets the numbers of Ogg streams to 0, and the checksums of their pages.
CHECK_UNUSED static void forget_serials(memory_place *m) {
    for (int64_t at = 0; at + 27 <= m->n_bytes && memcmp(m->bytes + at, "OggS", 4) == 0;) {
        uint8_t *page = m->bytes + at;
        memset(page + 14, 0, 4);
        memset(page + 22, 0, 4);
        at += 27 + page[26];
        for (int i = 0; i < page[26]; ++i)
            at += page[27 + i];
    }
}

CHECK_UNUSED static bool is_same(memory_place *a, memory_place *b) {
    forget_serials(a);
    forget_serials(b);
    return a->n_bytes == b->n_bytes &&
           (a->n_bytes == 0 || memcmp(a->bytes, b->bytes, (size_t)a->n_bytes) == 0);
}

// Whether the packets joined are a file.
CHECK_UNUSED static bool is_file(const push_kind *kind) {
    return kind->container != PST_CONTAINER_PACKETS;
}

// Decodes a stream as a file. frames: gets the first PUSH_FRAMES * 2 frames as float32, or NULL.
// Returns how many frames there are, or a failure.
CHECK_UNUSED static int64_t decode_all(memory_place *m, const pst_file_format *format,
                                       float *frames) {
    enum { MOST = 2 * PUSH_FRAMES };
    static float sink[MOST * PUSH_CHANNELS];
    pst_io *io = NULL;
    pst_decoder *decoder = NULL;
    pst_error err = {0};
    uint64_t n = 0;
    if (pst_io_open_memory(&io, m->bytes, (uint64_t)m->n_bytes, NULL) != PST_OK)
        return PST_NO_MEMORY;
    pst_status status = pst_decoder_open(
        &decoder, io, format->container == PST_CONTAINER_RAW ? format : NULL, &err);
    if (status != PST_OK) {
        FAIL("%s", err.text);
        pst_io_close(io, NULL);
        return status;
    }
    status =
        pst_decoder_read(decoder, frames == NULL ? sink : frames, PST_FORMAT_F32, MOST, &n, &err);
    pst_decoder_release(decoder);
    return status < 0 ? status : (int64_t)n;
}

#endif
