// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// One stream is encoded past the layer of libopus that serves several, with the bytes of that.

#include <opus_multistream.h>

#include "packet_rig.h"

enum { SECONDS = 1, ROOM = 4000 };

// Encodes the same with that layer, and counts the packets that differ. The last ones, which have
// silence behind the sound, are not looked at.
static int count_differences(const rig_packets *p, const float *frames, int32_t rate_hz,
                             int n_channels, int packet_frames,
                             const pst_encoder_options *options) {
    int n_streams, n_coupled, code, n = 0;
    unsigned char mapping[8], packet[ROOM];
    OpusMSEncoder *all = opus_multistream_surround_encoder_create(
        rate_hz, n_channels, 0, &n_streams, &n_coupled, mapping, OPUS_APPLICATION_AUDIO, &code);
    const bool is_constant = options->bitrate_mode == PST_BITRATE_CONSTANT;
    const bool is_average = options->bitrate_mode == PST_BITRATE_AVERAGE;
    if (options->bitrate_bps != 0)
        opus_multistream_encoder_ctl(all, OPUS_SET_BITRATE((int)options->bitrate_bps));
    opus_multistream_encoder_ctl(all, OPUS_SET_VBR(!is_constant));
    opus_multistream_encoder_ctl(all, OPUS_SET_VBR_CONSTRAINT(is_average));
    opus_multistream_encoder_ctl(all, OPUS_SET_COMPLEXITY(10));
    opus_multistream_encoder_ctl(all, OPUS_SET_INBAND_FEC(options->opus.has_fec));
    opus_multistream_encoder_ctl(all, OPUS_SET_PACKET_LOSS_PERC(options->opus.has_fec ? 10 : 0));
    for (int i = 0; i < SECONDS * rate_hz / packet_frames; ++i) {
        const int n_bytes = opus_multistream_encode_float(
            all, frames + (ptrdiff_t)i * packet_frames * n_channels, packet_frames, packet, ROOM);
        n += n_bytes != (int)p->n_bytes[i] || memcmp(packet, p->data[i], (size_t)n_bytes) != 0;
    }
    opus_multistream_encoder_destroy(all);
    return n;
}

static void check_same(const pst_file_format *format, const pst_encoder_options *options) {
    const int64_t n_frames = (int64_t)SECONDS * format->rate_hz;
    const int packet_frames = (int)((uint64_t)format->rate_hz * options->opus.packet_us / 1000000);
    float *frames = calloc((size_t)n_frames * format->n_channels, sizeof *frames);
    make_speech(frames, n_frames, format->n_channels, format->rate_hz);
    rig_packets *p = calloc(1, sizeof *p);
    pst_error err = {0};
    CHECK_TEXT(encode_packets(p, frames, n_frames, format, options, &err) == PST_OK, "%s",
               err.text);
    const int n = count_differences(p, frames, (int32_t)format->rate_hz, (int)format->n_channels,
                                    packet_frames, options);
    CHECK_TEXT(n == 0, "%d of %d packets differ: %u Hz, %u channels, %u us, %u b/s, mode %d", n,
               p->n, format->rate_hz, format->n_channels, options->opus.packet_us,
               options->bitrate_bps, (int)options->bitrate_mode);
    free_packets(p);
    free(p);
    free(frames);
}

static void test_bytes_are_those_of_the_other_way(void) {
    static const struct {
        uint32_t rate_hz, packet_us, bitrate_bps;
        bool has_fec;
    } cases[] = {
        {48000, 20000, 0, false},      {48000, 20000, 128000, false}, {48000, 2500, 96000, false},
        {48000, 60000, 6000, false},   {16000, 20000, 16000, true},   {8000, 40000, 0, true},
        {48000, 10000, 300000, false}, {24000, 5000, 24000, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i)
        for (uint32_t n_channels = 1; n_channels <= 2; ++n_channels)
            for (int mode = PST_BITRATE_VARIABLE; mode <= PST_BITRATE_AVERAGE; ++mode) {
                const pst_file_format format =
                    packet_format(PST_ENCODING_OPUS, cases[i].rate_hz, n_channels);
                pst_encoder_options options;
                pst_encoder_options_init(&options);
                options.opus.packet_us = cases[i].packet_us;
                options.opus.has_fec = cases[i].has_fec;
                options.bitrate_bps = cases[i].bitrate_bps;
                options.bitrate_mode = (pst_bitrate_mode)mode;
                check_same(&format, &options);
            }
}

int main(void) {
    RUN(test_bytes_are_those_of_the_other_way);
    return check_done();
}
