// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Bare packets of AAC: what goes in comes out, gaps are silent without a click, and what is no
// packet is refused.

#include "failing_alloc.h"
#include "packet_rig.h"

enum { PACKET = 1024, RATE = 44100, N = 30 * PACKET };

// Returns whether there is AAC in this build, and on this machine.
static bool has_aac(void) {
    const pst_file_format format = packet_format(PST_ENCODING_AAC, RATE, 1);
    if (pst_encoder_check(&format, NULL, NULL) == PST_OK)
        return true;
    check_skip("no AAC here");
    return false;
}

static rig_packets *make_packets(const float *frames, int64_t n_frames, uint32_t n_channels) {
    const pst_file_format format = packet_format(PST_ENCODING_AAC, RATE, n_channels);
    rig_packets *p = calloc(1, sizeof *p);
    pst_error err = {0};
    CHECK_TEXT(encode_packets(p, frames, n_frames, &format, NULL, &err) == PST_OK, "%s", err.text);
    return p;
}

static void drop_packets(rig_packets *p) {
    free_packets(p);
    free(p);
}

static void test_round_trips(void) {
    static const int64_t lengths[] = {0, 1, PACKET - 1, PACKET, PACKET + 1, N};
    static const uint32_t channels[] = {1, 2, 3, 4, 5, 6, 8};
    if (!has_aac())
        return;
    const pst_packet_codec_ops *ops = packet_ops(PST_ENCODING_AAC);
    for (int l = 0; l < 12; ++l) {
        const int64_t n_frames = l < 6 ? lengths[l] : N;
        const uint32_t n_channels = l < 6 ? 2 : channels[l - 5];
        float *frames = calloc((size_t)n_frames * n_channels + 1, sizeof *frames);
        make_speech(frames, n_frames, n_channels, RATE);
        rig_packets *p = make_packets(frames, n_frames, n_channels);
        const uint32_t delay = p->setup.stream.delay_frames;
        CHECK_EQ(delay, PACKET);
        CHECK_EQ(p->setup.stream.packet_frames, PACKET);
        float *got = calloc((size_t)p->n * PACKET * n_channels, sizeof *got);
        pst_packet_setup setup;
        void *state = open_packet_codec(ops, p, &setup);
        CHECK_EQ(setup.n_skipped, 0);
        for (int i = 0; i < p->n; ++i) {
            pst_packet_sound sound = {0};
            pst_error err = {0};
            CHECK_EQ(p->n_frames[i], PACKET);
            REQUIRE(
                CHECK_TEXT(ops->decode(state, p->data[i], p->n_bytes[i], &sound, &err) == PST_OK,
                           "%s", err.text));
            CHECK_EQ(sound.n_frames, PACKET);
            CHECK_EQ(sound.rate_hz, RATE);
            CHECK_EQ(sound.n_channels, n_channels);
            memcpy(got + (size_t)i * PACKET * n_channels, sound.frames,
                   PACKET * n_channels * sizeof *got);
        }
        ops->close(state);
        CHECK(p->n * PACKET >= n_frames + delay);
        if (n_frames == N) {
            const double snr = snr_db(frames, got + delay * n_channels, N * (int64_t)n_channels);
            CHECK_TEXT(snr > (n_channels > 5 ? 8.0 : 15.0), "%u channels: %.1f dB", n_channels,
                       snr);
        }
        free(got);
        free(frames);
        drop_packets(p);
    }
}

static float steepest(const float *frames, int64_t n, float last) {
    float most = 0.0f;
    for (int64_t i = 0; i < n; ++i) {
        most = fmaxf(most, fabsf(frames[i] - last));
        last = frames[i];
    }
    return most;
}

// A low tone that stops and begins again is no steeper there than elsewhere.
static void test_gaps_do_not_click(void) {
    static float frames[6 * N], heard[N];
    if (!has_aac())
        return;
    for (uint32_t n_channels = 1; n_channels <= 6; ++n_channels) {
        for (int i = 0; i < N; ++i)
            for (uint32_t c = 0; c < n_channels; ++c)
                frames[(uint32_t)i * n_channels + c] = (float)(0.5 * sin(i * 0.02));
        rig_packets *p = make_packets(frames, N, n_channels);
        const pst_packet_codec_ops *ops = packet_ops(PST_ENCODING_AAC);
        pst_packet_setup setup;
        void *state = open_packet_codec(ops, p, &setup);
        enum { LOST_FROM = 10, LOST_TO = 13 };
        for (int i = 0; i < 24; ++i) {
            pst_packet_sound sound = {0};
            const bool is_lost = i >= LOST_FROM && i < LOST_TO;
            pst_status status = is_lost
                                    ? ops->conceal(state, (LOST_TO - i) * PACKET, p->data[LOST_TO],
                                                   p->n_bytes[LOST_TO], &sound, NULL)
                                    : ops->decode(state, p->data[i], p->n_bytes[i], &sound, NULL);
            REQUIRE(CHECK_EQ(status, PST_OK));
            REQUIRE(CHECK_EQ(sound.n_frames, PACKET));
            for (int k = 0; k < PACKET; ++k)
                heard[i * PACKET + k] = sound.frames[(uint32_t)k * n_channels];
        }
        // The last packet before the gap ends in the gap.
        const int64_t gap = LOST_FROM * PACKET, after = LOST_TO * PACKET;
        CHECK(fabsf(heard[gap]) > 1e-4f || fabsf(heard[gap + 60]) > 1e-4f);
        for (int64_t i = gap + PACKET; i < after; ++i)
            CHECK(heard[i] == 0.0f);
        const float slope = steepest(heard + gap - 1, PACKET + 1, heard[gap - 1]);
        const float again = steepest(heard + after, 2 * PACKET, 0.0f);
        CHECK_TEXT(slope < 0.02f && again < 0.02f, "%u channels: %f into the gap, %f out of it",
                   n_channels, (double)slope, (double)again);
        ops->close(state);
        drop_packets(p);
    }
}

static void test_gaps_last_as_long_as_said(void) {
    static float frames[N];
    if (!has_aac())
        return;
    make_speech(frames, N, 1, RATE);
    rig_packets *p = make_packets(frames, N, 1);
    const pst_packet_codec_ops *ops = packet_ops(PST_ENCODING_AAC);
    pst_packet_setup setup;
    void *state = open_packet_codec(ops, p, &setup);
    pst_packet_sound sound = {0};
    pst_error err = {0};
    CHECK_EQ(ops->conceal(state, 100, NULL, 0, &sound, &err), PST_BAD_STATE);
    CHECK_TEXT(strstr(err.text, "no packet has come") != NULL, "%s", err.text);
    CHECK_EQ(ops->decode(state, p->data[0], p->n_bytes[0], &sound, NULL), PST_OK);
    static const int64_t gaps[] = {1, 1023, 1024, 1025, 10000};
    for (int g = 0; g < 5; ++g) {
        int64_t n = 0;
        while (n < gaps[g]) {
            REQUIRE(CHECK_EQ(ops->conceal(state, gaps[g] - n, NULL, 0, &sound, NULL), PST_OK));
            REQUIRE(CHECK(sound.n_frames > 0));
            n += (int64_t)sound.n_frames;
        }
        CHECK_EQ(n, gaps[g]);
    }
    CHECK_EQ(ops->conceal(state, 0, NULL, 0, &sound, NULL), PST_OK);
    CHECK_EQ(sound.n_frames, PACKET);
    ops->close(state);
    drop_packets(p);
}

static void test_a_reset_decoder_is_as_new(void) {
    static float frames[N], first[8 * PACKET];
    if (!has_aac())
        return;
    make_speech(frames, N, 1, RATE);
    rig_packets *p = make_packets(frames, N, 1);
    const pst_packet_codec_ops *ops = packet_ops(PST_ENCODING_AAC);
    pst_packet_setup setup;
    void *state = open_packet_codec(ops, p, &setup);
    pst_packet_sound sound = {0};
    for (int round = 0; round < 2; ++round) {
        for (int i = 0; i < 8; ++i) {
            CHECK_EQ(ops->decode(state, p->data[i], p->n_bytes[i], &sound, NULL), PST_OK);
            if (round == 0)
                memcpy(first + i * PACKET, sound.frames, PACKET * sizeof *first);
            else
                CHECK(memcmp(first + i * PACKET, sound.frames, PACKET * sizeof *first) == 0);
        }
        ops->reset(state);
        CHECK_EQ(ops->conceal(state, 1, NULL, 0, &sound, NULL), PST_BAD_STATE);
    }
    ops->close(state);
    drop_packets(p);
}

static void test_what_is_wrong_is_refused(void) {
    static float frames[2 * N];
    if (!has_aac())
        return;
    make_speech(frames, N, 2, RATE);
    rig_packets *p = make_packets(frames, N / 2, 2);
    const pst_packet_codec_ops *ops = packet_ops(PST_ENCODING_AAC);
    pst_error err = {0};
    void *state = NULL;
    pst_packet_setup setup = {0};
    CHECK_EQ(ops->open(&state, &setup, &err), PST_BAD_ARGUMENT);
    CHECK_TEXT(strstr(err.text, "AudioSpecificConfig") != NULL, "%s", err.text);
    static const uint8_t bad[2000] = {0xFF, 0xFF, 0xFF, 0xFF};
    setup = (pst_packet_setup){.extradata = bad, .n_extradata = 5};
    CHECK_EQ(ops->open(&state, &setup, &err), PST_BAD_ARGUMENT);
    CHECK_TEXT(strstr(err.text, "of 5 bytes") != NULL, "%s", err.text);
    setup = (pst_packet_setup){.extradata = bad, .n_extradata = sizeof bad};
    CHECK_EQ(ops->open(&state, &setup, &err), PST_BAD_ARGUMENT);
    CHECK_TEXT(strstr(err.text, "2000 bytes") != NULL, "%s", err.text);
    state = open_packet_codec(ops, p, &setup);
    pst_packet_sound sound = {0};
    for (int i = 0; i < 5; ++i) {
        const pst_status status = ops->decode(state, bad, (uint64_t)i + 1, &sound, &err);
        CHECK_EQ(status, PST_BAD_FILE);
        CHECK_TEXT(strstr(err.text, "cannot be decoded as AAC") != NULL, "%s", err.text);
        CHECK_EQ(ops->decode(state, p->data[i], p->n_bytes[i], &sound, &err), PST_OK);
        CHECK_EQ(sound.n_frames, PACKET);
    }
    uint64_t seed = 3;
    for (int i = 0; i < 500; ++i) {
        uint8_t noise[200];
        const uint32_t n = check_random_in(&seed, 1, sizeof noise);
        for (uint32_t k = 0; k < n; ++k)
            noise[k] = (uint8_t)check_random(&seed);
        const pst_status status = ops->decode(state, noise, n, &sound, NULL);
        CHECK(status == PST_OK || status == PST_BAD_FILE);
    }
    ops->close(state);
    // Other channels than asked for.
    setup = (pst_packet_setup){.extradata = p->setup.stream.extradata,
                               .n_extradata = p->setup.stream.n_extradata,
                               .n_channels = 1};
    CHECK_EQ(ops->open(&state, &setup, NULL), PST_OK);
    CHECK_EQ(ops->decode(state, p->data[0], p->n_bytes[0], &sound, &err), PST_BAD_FILE);
    CHECK_TEXT(strstr(err.text, "channels is 1, but the packets have 2") != NULL, "%s", err.text);
    ops->close(state);
    drop_packets(p);
}

// Of opening. Decoding is left out: libavcodec 59 goes through NULL where it wants memory there.
static void test_want_of_memory_is_told(void) {
    static float frames[N];
    if (!has_aac())
        return;
    if (!failing_alloc_works()) {
        check_skip("sanitizers have an allocator of their own");
        return;
    }
    rig_packets *p = make_packets(frames, N / 10, 1);
    const pst_packet_codec_ops *ops = packet_ops(PST_ENCODING_AAC);
    for (long n = 1;; ++n) {
        pst_packet_setup setup = {.extradata = p->setup.stream.extradata,
                                  .n_extradata = p->setup.stream.n_extradata};
        void *state = NULL;
        failing_alloc_begin(n);
        const pst_status status = ops->open(&state, &setup, NULL);
        if (status == PST_OK)
            ops->close(state);
        if (failing_alloc_end() < n) {
            CHECK_EQ(status, PST_OK);
            break;
        }
        CHECK_EQ(failing_alloc_live(), 0);
    }
    drop_packets(p);
}

int main(void) {
    RUN(test_round_trips);
    RUN(test_gaps_do_not_click);
    RUN(test_gaps_last_as_long_as_said);
    RUN(test_a_reset_decoder_is_as_new);
    RUN(test_what_is_wrong_is_refused);
    RUN(test_want_of_memory_is_told);
    return check_done();
}
