// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TESTS_PACKET_RIG_H
#define PST_TESTS_PACKET_RIG_H

#include <math.h>
#include <stdlib.h>

#include "check.h"
#include "codec/codec.h"
#include "codec/push/packet_codec.h"
#include "codec/push/packet_place.h"

// Bare packets: made by an encoder, kept, and decoded one by one.

enum { RIG_MAX_PACKETS = 2000 };

typedef struct rig_packets {
    uint8_t *data[RIG_MAX_PACKETS];
    uint64_t n_bytes[RIG_MAX_PACKETS];
    int64_t n_frames[RIG_MAX_PACKETS];
    int n;
    pst_encoder_setup setup; // Of an encoder like theirs: what it tells.
} rig_packets;

CHECK_UNUSED static pst_file_format packet_format(pst_encoding encoding, uint32_t rate_hz,
                                                  uint32_t n_channels) {
    return (pst_file_format){.container = PST_CONTAINER_PACKETS,
                             .encoding = encoding,
                             .sample_format = PST_FORMAT_F32,
                             .rate_hz = rate_hz,
                             .n_channels = n_channels};
}

// Something like speech: a buzz whose pitch and loudness change, in syllables, with hiss.
CHECK_UNUSED static void make_speech(float *frames, int64_t n_frames, uint32_t n_channels,
                                     uint32_t rate_hz) {
    uint64_t seed = 5;
    double phase = 0.0;
    for (int64_t i = 0; i < n_frames; ++i) {
        const double t = (double)i / rate_hz;
        phase += 6.2831853 * (120.0 + 30.0 * sin(2.0 * t)) / rate_hz;
        double x = 0.0;
        for (int k = 1; k <= 12; ++k)
            x += sin(k * phase) / (1.0 + fabs(k - 4.0 - 3.0 * sin(5.0 * t)));
        x *= 0.12 * (0.55 + 0.45 * sin(6.2831853 * 3.0 * t));
        const double hiss = (double)(int32_t)check_random(&seed) / 2147483648.0;
        for (uint32_t c = 0; c < n_channels; ++c)
            frames[i * n_channels + c] = (float)((x + 0.002 * hiss) * (c % 2 == 0 ? 1.0 : 0.5));
    }
}

// What an encoder of this kind tells of its packets.
CHECK_UNUSED static void tell(rig_packets *p, const pst_file_format *format,
                              const pst_encoder_options *options) {
    pst_packet_place *place = NULL;
    pst_io *io = NULL;
    void *state = NULL;
    CHECK_EQ(pst_packet_place_create(&place, &io, NULL), PST_OK);
    p->setup = (pst_encoder_setup){.io = io, .format = format, .options = options};
    const pst_encoder_ops *ops = pst_encoding_codec(format->container, format->encoding)->encoder;
    CHECK_EQ(ops->open(&state, &p->setup, NULL), PST_OK);
    if (state != NULL)
        CHECK_EQ(ops->finish(state, NULL), PST_OK);
    pst_io_close(io, NULL);
    pst_packet_place_destroy(place);
}

// Encodes frames into packets.
CHECK_UNUSED static pst_status encode_packets(rig_packets *p, const float *frames, int64_t n_frames,
                                              const pst_file_format *format,
                                              const pst_encoder_options *options, pst_error *err) {
    pst_encoder_options defaults;
    pst_encoder_options_init(&defaults);
    options = options == NULL ? &defaults : options;
    pst_packet_place *place = NULL;
    pst_io *io = NULL;
    pst_encoder *encoder = NULL;
    p->n = 0;
    CHECK_EQ(pst_packet_place_create(&place, &io, NULL), PST_OK);
    pst_status status = pst_encoder_open(&encoder, io, format, options, err);
    if (status != PST_OK) {
        pst_io_close(io, NULL);
        pst_packet_place_destroy(place);
        return status;
    }
    // In pieces that fit no packet.
    for (int64_t at = 0; at < n_frames && status == PST_OK; at += 777) {
        const int64_t n = n_frames - at < 777 ? n_frames - at : 777;
        status = pst_encoder_write(encoder, frames + at * format->n_channels, PST_FORMAT_F32,
                                   (uint64_t)n, err);
    }
    if (status == PST_OK)
        status = pst_encoder_finish(encoder, err);
    pst_placed_packet packet;
    while (pst_packet_place_take(place, &packet) && p->n < RIG_MAX_PACKETS) {
        CHECK_EQ(packet.flags, 0);
        p->data[p->n] = malloc(packet.n_bytes);
        memcpy(p->data[p->n], packet.data, packet.n_bytes);
        p->n_bytes[p->n] = packet.n_bytes;
        p->n_frames[p->n++] = packet.n_frames;
    }
    CHECK_EQ(pst_packet_place_open_bytes(place), 0);
    pst_encoder_release(encoder);
    pst_packet_place_destroy(place);
    if (status == PST_OK)
        tell(p, format, options);
    return status;
}

CHECK_UNUSED static void free_packets(rig_packets *p) {
    for (int i = 0; i < p->n; ++i)
        free(p->data[i]);
    p->n = 0;
}

CHECK_UNUSED static const pst_packet_codec_ops *packet_ops(pst_encoding encoding) {
    return pst_decoding_codec(PST_CONTAINER_PACKETS, encoding)->packets;
}

CHECK_UNUSED static void *open_packet_codec(const pst_packet_codec_ops *ops, const rig_packets *p,
                                            pst_packet_setup *setup) {
    void *state = NULL;
    pst_error err = {0};
    *setup = (pst_packet_setup){.extradata = p->setup.stream.extradata,
                                .n_extradata = p->setup.stream.n_extradata};
    CHECK_TEXT(ops->open(&state, setup, &err) == PST_OK, "%s", err.text);
    return state;
}

// Returns 10 log10 of the power of a over that of a - b.
CHECK_UNUSED static double snr_db(const float *a, const float *b, int64_t n) {
    double signal = 0.0, noise = 1e-12;
    for (int64_t i = 0; i < n; ++i) {
        signal += (double)a[i] * a[i];
        noise += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
    }
    return 10.0 * log10(signal / noise);
}

#endif
