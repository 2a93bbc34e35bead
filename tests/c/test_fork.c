// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>

#include "chain/nodes/reduce.h"
#include "fork_rig.h"

// Branches that are joined: what comes out, how long it is, and what is refused.

enum { N = 5000, MOST_BYTES = 8 * 2 };

static uint8_t data[N * MOST_BYTES];

static void fill(pst_format format, uint32_t n_channels) {
    uint64_t random = 7;
    for (int i = 0; i < N; ++i)
        for (uint32_t c = 0; c < n_channels; ++c) {
            const double x = 2.0 * (double)check_random(&random) * 0x1p-32 - 1.0;
            const size_t at = ((size_t)i * n_channels + c) * pst_format_bytes(format);
            (void)pst_convert(data + at, format, &x, PST_FORMAT_F64, 1, NULL);
        }
}

static void test_each_reducer_by_sample(void) {
    static const pst_format formats[] = {PST_FORMAT_F32, PST_FORMAT_F64, PST_FORMAT_I32,
                                         PST_FORMAT_I24, PST_FORMAT_I16, PST_FORMAT_U8};
    static const double gains[3] = {1.0, 0.5, -0.25}, weights[3] = {1.0, -2.0, 3.0};
    static uint8_t parts[3][N * MOST_BYTES], wanted[N * MOST_BYTES];
    const uint8_t *const branches[] = {parts[0], parts[1], parts[2]};
    for (size_t f = 0; f < sizeof formats / sizeof formats[0]; ++f)
        for (int kind = PST_REDUCE_SUM; kind <= PST_REDUCE_MIN; ++kind) {
            const pst_format format = formats[f];
            fill(format, 2);
            branch_table table = {{0}};
            for (int b = 0; b < 3; ++b) {
                row_rig *alone = make_rig(make_gain(format, 2, gains[b]));
                alone->media.format = format;
                alone->media.n_channels = 2;
                CHECK_EQ(row_give_all(alone, data, N, 999, 0, 1, NULL), PST_OK);
                memcpy(parts[b], alone->data, alone->n_bytes);
                row_free(alone);
                if (b > 0) // The first one has no stage.
                    table[b][0] = make_gain(format, 2, gains[b]);
            }
            pst_reducer reducer = {(pst_reduce_kind)kind, NULL, 0};
            if (kind <= PST_REDUCE_PRODUCT && f % 2 == 0)
                reducer = (pst_reducer){(pst_reduce_kind)kind, weights, 3};
            pst_convert_counts counts = {0, 0}, got = {0, 0};
            pst_reduce_samples(&reducer, wanted, branches, 3, format, 2 * (size_t)N, &counts);
            row_rig *rig = make_rig(make_fork(reducer, 3, table));
            rig->media.format = format;
            rig->media.n_channels = 2;
            rig->media.time_base_num = 1;
            rig->media.time_base_den = 1000;
            CHECK_EQ(row_give_all(rig, data, N, f % 2 == 0 ? 50 : 5000, 1234, f, NULL), PST_OK);
            CHECK_EQ(rig->n_frames, N);
            CHECK(memcmp(rig->data, wanted, rig->n_bytes) == 0);
            row_check_numbers(rig, 1234);
            CHECK_EQ(rig->last.format, format);
            CHECK_EQ(rig->last.n_channels, 2);
            CHECK(rig->last.rate_hz == 48000.0);
            CHECK_EQ(rig->last.time_base_den, 1000);
            pst_stage_get_counts(rig->stages[0], &got);
            CHECK_EQ(got.n_clipped, counts.n_clipped);
            row_free(rig);
        }
}

static void test_buffers_keep_their_borders(void) {
    fill(PST_FORMAT_F32, 1);
    branch_table table = {{0}, {make_gain(PST_FORMAT_F32, 1, 2.0)}};
    row_rig *rig = make_rig(make_fork(sum, 2, table));
    CHECK_EQ(row_give(rig, data, 4999, 0, NULL), PST_OK); // More than a stage takes at once.
    CHECK_EQ(row_give(rig, data, 1, 4999, NULL), PST_OK);
    CHECK_EQ(row_give(rig, data, 700, 6000, NULL), PST_OK); // Behind a gap.
    CHECK_EQ(rig->n_frames, 5700);                          // At once, without a drain.
    CHECK_EQ(rig->n_borders, 3);
    CHECK_EQ(rig->borders[0], 4999);
    CHECK_EQ(rig->borders[1], 5000);
    CHECK_EQ(rig->borders[2], 5700);
    CHECK_EQ(rig->numbers[4999], 4999);
    CHECK_EQ(rig->numbers[5000], 6000);
    row_free(rig);
}

static void test_fillers_and_segments_go_through(void) {
    fill(PST_FORMAT_F32, 1);
    branch_table table = {{0}, {make_gain(PST_FORMAT_F32, 1, 2.0)}};
    row_rig *rig = make_rig(make_fork(sum, 2, table));
    pst_piece piece = {.data = data, .n_frames = 10, .frame = 5, .media = &rig->media};
    piece.begins = true;
    CHECK_EQ(pst_row_give(&rig->row, &piece, NULL), PST_OK);
    piece.begins = false;
    piece.is_filler = true;
    piece.frame = 15;
    piece.n_frames = 7;
    CHECK_EQ(pst_row_give(&rig->row, &piece, NULL), PST_OK);
    CHECK_EQ(rig->n_frames, 17);
    CHECK_EQ(rig->n_fillers, 7);
    CHECK_EQ(rig->n_begins, 1);
    row_free(rig);
}

// A branch that looks ahead gives all the same frames, the last of them when it is drained.
static void test_nothing_is_lost_at_the_end(void) {
    fill(PST_FORMAT_F32, 1);
    const float *x = (const float *)(const void *)data;
    odd_stage *late = make_odd();
    late->n_late = 40;
    branch_table table = {{&late->base}, {0}};
    row_rig *rig = make_rig(make_fork(sum, 2, table));
    CHECK_EQ(row_give_all(rig, data, N, 300, 50, 1, NULL), PST_OK);
    REQUIRE(rig->n_frames == N);
    const float *y = (const float *)(const void *)rig->data;
    int n_wrong = 0;
    for (int i = 0; i < N; ++i)
        n_wrong += y[i] != x[i] + x[i];
    CHECK_EQ(n_wrong, 0);
    row_check_numbers(rig, 50);
    row_free(rig);
}

// As with an echo: the dry branch is silent while the other one fades.
static void test_a_branch_may_end_later(void) {
    fill(PST_FORMAT_F32, 1);
    const float *x = (const float *)(const void *)data;
    for (int swap = 0; swap < 2; ++swap)
        for (int kind = PST_REDUCE_SUM; kind <= PST_REDUCE_MIN; ++kind) {
            odd_stage *echo = make_odd();
            echo->n_late = 40;
            echo->is_delay = true;
            branch_table table = {{0}};
            table[swap][0] = &echo->base;
            const pst_reducer reducer = {(pst_reduce_kind)kind, NULL, 0};
            row_rig *rig = make_rig(make_fork(reducer, 2, table));
            CHECK_EQ(row_give_all(rig, data, N, 300, 50, 1, NULL), PST_OK);
            REQUIRE(rig->n_frames == N + 40);
            const float *y = (const float *)(const void *)rig->data;
            int n_wrong = 0;
            for (int i = 0; i < N + 40; ++i) {
                const float a = i < N ? x[i] : 0.0f, b = i < 40 ? 0.0f : x[i - 40];
                const float all[] = {a + b, a * b, (float)(((double)a + (double)b) / 2),
                                     fmaxf(a, b), fminf(a, b)};
                n_wrong += y[i] != all[kind - 1];
            }
            CHECK_EQ(n_wrong, 0);
            row_check_numbers(rig, 50);
            row_free(rig);
        }
}

static void test_silence_of_unsigned_samples(void) {
    static const uint8_t one[3] = {138, 118, 128};
    odd_stage *echo = make_odd();
    branch_table table = {{&echo->base}, {0}};
    row_rig *rig = make_rig(make_fork(sum, 2, table));
    rig->media.format = PST_FORMAT_U8;
    CHECK_EQ(row_give(rig, one, 3, 0, NULL), PST_OK);
    // What the branch gives behind the end: bytes of its floats, three frames more than of the dry.
    echo->n_kept = 3;
    memcpy(echo->kept, one, 3);
    CHECK_EQ(pst_row_drain(&rig->row, NULL), PST_OK);
    REQUIRE(rig->n_frames == 6);
    static const uint8_t wanted[6] = {148, 108, 128, 138, 118, 128};
    CHECK(memcmp(rig->data, wanted, 6) == 0);
    row_free(rig);
}

static void check_fails(row_rig *rig, pst_status status, const char *text) {
    pst_error err = {.status = PST_OK};
    CHECK_EQ(row_give_all(rig, data, N, 300, 0, 1, &err), status);
    CHECK_EQ(err.status, status);
    CHECK_STR(err.text, text);
    row_free(rig);
}

static void test_lengths_that_differ(void) {
    odd_stage *odd = make_odd();
    odd->n_drop = 10;
    branch_table table = {{0}, {&odd->base}};
    check_fails(make_rig(make_fork(sum, 2, table)), PST_BAD_ARGUMENT,
                "branch 1 gave 4990 frames and branch 0 5000; sum needs the same of both, or more "
                "than came in");
    odd = make_odd();
    odd->n_drop = N;
    branch_table none = {{&odd->base}, {0}};
    check_fails(make_rig(make_fork(sum, 2, none)), PST_BAD_ARGUMENT,
                "branch 0 gave 0 frames and branch 1 5000; sum needs the same of both, or more "
                "than came in");
    // All lose as much: then that is how it is.
    odd = make_odd();
    odd->n_drop = 10;
    odd_stage *other = make_odd();
    other->n_drop = 10;
    branch_table both = {{&odd->base}, {&other->base}};
    row_rig *rig = make_rig(make_fork(sum, 2, both));
    CHECK_EQ(row_give_all(rig, data, N, 300, 0, 1, NULL), PST_OK);
    CHECK_EQ(rig->n_frames, N - 10);
    row_free(rig);
}

static pst_stage *make_resample(double from_hz, double to_hz) {
    pst_resampler_config config;
    pst_resampler_config_default(&config);
    config.from_hz = from_hz;
    config.to_hz = to_hz;
    config.quality = PST_RESAMPLE_LINEAR;
    pst_stage *stage = NULL;
    CHECK_EQ(pst_stage_resample(&stage, &config, NULL), PST_OK);
    return stage;
}

static void test_rates_that_differ(void) {
    fill(PST_FORMAT_F32, 1);
    branch_table table = {{0}, {make_resample(48000.0, 44100.0)}};
    row_rig *rig = make_rig(make_fork(sum, 2, table));
    pst_error err = {.status = PST_OK};
    CHECK_EQ(row_give(rig, data, 1000, 0, &err), PST_BAD_ARGUMENT); // Not only in the end.
    CHECK_STR(err.text, "branch 1 gives 1 channel of float32 at 44100 Hz, branch 0 1 channel of "
                        "float32 at 48000 Hz; sum needs branches that are alike");
    row_free(rig);
    // Other than what came in, but all alike.
    branch_table both = {{make_resample(48000.0, 44100.0)}, {make_resample(48000.0, 44100.0)}};
    rig = make_rig(make_fork(sum, 2, both));
    CHECK_EQ(row_give_all(rig, data, N, 300, 4800, 1, NULL), PST_OK);
    CHECK_EQ(rig->n_frames, pst_resampled_frames(N, 48000.0, 44100.0));
    CHECK(rig->last.rate_hz == 44100.0);
    row_check_numbers(rig, 4410);
    row_free(rig);
    // There and back again gives a frame more, or less.
    branch_table back = {{make_resample(48000.0, 44100.0), make_resample(44100.0, 48000.0)}, {0}};
    rig = make_rig(make_fork(sum, 2, back));
    CHECK_EQ(row_give_all(rig, data, 4999, 300, 0, 1, NULL), PST_OK);
    CHECK(rig->n_frames >= 4999 && rig->n_frames <= 5000);
    row_free(rig);
}

// ---- One after another -------------------------------------------------------------------------

static void test_frames_one_branch_after_another(void) {
    const float x[] = {1, 2, 3, 4, 5, 6, 7};
    branch_table table = {{0}, {make_gain(PST_FORMAT_F32, 1, 10.0)}, {0}};
    row_rig *rig = make_rig(make_fork(concat, 3, table));
    CHECK_EQ(row_give(rig, x, 4, 100, NULL), PST_OK);
    CHECK_EQ(row_give(rig, x + 4, 1, 104, NULL), PST_OK);
    CHECK_EQ(row_give(rig, x + 5, 2, 105, NULL), PST_OK);
    CHECK_EQ(pst_row_drain(&rig->row, NULL), PST_OK);
    static const float wanted[] = {1, 2, 3,  4, 10, 20, 30, 40, 1, 2, 3,
                                   4, 5, 50, 5, 6,  7,  60, 70, 6, 7};
    REQUIRE(rig->n_frames == 21);
    CHECK(memcmp(rig->data, wanted, sizeof wanted) == 0);
    CHECK_EQ(rig->n_borders, 3);
    CHECK_EQ(rig->borders[0], 12);
    CHECK_EQ(rig->borders[1], 15);
    CHECK_EQ(rig->numbers[0], 100); // All of a buffer is one run,
    CHECK_EQ(rig->numbers[11], 111);
    CHECK_EQ(rig->numbers[12], 104); // from the first branch's frame on.
    CHECK_EQ(rig->numbers[15], 105);
    row_free(rig);
}

// Lengths do not matter, and what is held back comes at the end.
static void test_frames_of_unequal_branches(void) {
    const float x[] = {1, 2, 3, 4, 5, 6};
    odd_stage *late = make_odd(), *less = make_odd();
    late->n_late = 2;
    less->n_drop = 4;
    branch_table table = {{&late->base}, {&less->base}};
    row_rig *rig = make_rig(make_fork(concat, 2, table));
    CHECK_EQ(row_give(rig, x, 3, 0, NULL), PST_OK);
    CHECK_EQ(row_give(rig, x + 3, 3, 3, NULL), PST_OK);
    CHECK_EQ(pst_row_drain(&rig->row, NULL), PST_OK);
    static const float wanted[] = {1, 2, 3, 4, 5, 6, 5, 6};
    REQUIRE(rig->n_frames == 8);
    CHECK(memcmp(rig->data, wanted, sizeof wanted) == 0);
    row_free(rig);
}

// ---- Packets -----------------------------------------------------------------------------------

static void test_packets(void) {
    fill(PST_FORMAT_F32, 1);
    for (int k = 0; k < 2; ++k) {
        branch_table table = {
            {make_pack(12, 3, 0)}, {make_pack(k == 0 ? 8 : 12, 5, 0)}, {make_pack(12, 0, 0)}};
        row_rig *rig = make_rig(make_fork(k == 0 ? concat : bits, 3, table));
        CHECK_EQ(row_give(rig, data, 100, 7, NULL), PST_OK);
        CHECK_EQ(row_give(rig, data + 400, 1, 107, NULL), PST_OK); // Packets of 4 bytes.
        CHECK_EQ(pst_row_drain(&rig->row, NULL), PST_OK);
        REQUIRE(rig->n_packets == 2);
        CHECK_EQ(rig->packets[0].n_bytes, k == 0 ? 32 : 12);
        CHECK_EQ(rig->packets[1].n_bytes, k == 0 ? 12 : 4);
        CHECK_EQ(rig->packets[0].pts, 10); // As branch 0 has it.
        CHECK_EQ(rig->packets[0].flags, 3);
        CHECK_EQ(rig->packets[0].duration, 100);
        CHECK_EQ(rig->packets[0].time_base_den, 48000);
        int n_wrong = 0;
        for (int i = 0; i < 12; ++i) {
            const uint8_t a = (uint8_t)(data[i] + 3), b = (uint8_t)(data[i] + 5);
            if (k == 1)
                n_wrong += rig->data[i] != (uint8_t)(a ^ b ^ data[i]);
            else
                n_wrong += rig->data[i] != a || (i < 8 && rig->data[12 + i] != b) ||
                           rig->data[20 + i] != data[i];
        }
        CHECK_EQ(n_wrong, 0);
        CHECK_EQ(rig->n_borders, 2);
        row_free(rig);
    }
}

static void test_packets_of_packets(void) {
    // Packets go through branches as they are; empty ones, too.
    branch_table table = {{0}, {0}};
    row_rig *rig = make_rig(make_fork(bits, 2, table));
    pst_packet packet = {.data = data, .n_bytes = 0, .pts = PST_NO_PTS, .duration = -1};
    for (int i = 0; i < 3; ++i) {
        packet.n_bytes = (uint64_t)i * 40000; // More than the room at first.
        CHECK_EQ(row_give_packet(rig, &packet, NULL), PST_OK);
    }
    REQUIRE(rig->n_packets == 3);
    CHECK_EQ(rig->packets[2].n_bytes, 80000);
    CHECK_EQ(rig->packets[2].pts, PST_NO_PTS);
    int n_wrong = 0;
    for (uint64_t i = 0; i < rig->n_bytes; ++i)
        n_wrong += rig->data[i] != 0; // Whatever is equal is 0.
    CHECK_EQ(n_wrong, 0);
    row_free(rig);
}

static void test_packets_that_differ(void) {
    fill(PST_FORMAT_F32, 1);
    branch_table table = {{make_pack(12, 0, 0)}, {make_pack(8, 0, 0)}};
    check_fails(
        make_rig(make_fork(bits, 2, table)), PST_BAD_ARGUMENT,
        "packet 0 of branch 1 has 8 bytes, that of branch 0 12; xor needs packets of one length");
    branch_table fewer = {{make_pack(12, 0, 0)}, {make_pack(12, 0, 2)}};
    row_rig *rig = make_rig(make_fork(concat, 2, fewer));
    pst_error err = {.status = PST_OK};
    for (int i = 0; i < 5; ++i)
        CHECK_EQ(row_give(rig, data, 10, 10 * i, &err), PST_OK);
    CHECK_EQ(rig->n_packets, 3);
    CHECK_EQ(pst_row_drain(&rig->row, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "branch 1 gave 3 packets and branch 0 5; concat needs the same of both");
    row_free(rig);
}

// ---- Forks within forks, and streams one after another -----------------------------------------

static void test_forks_within_forks(void) {
    fill(PST_FORMAT_F32, 1);
    const float *x = (const float *)(const void *)data;
    odd_stage *late = make_odd();
    late->n_late = 30;
    branch_table inner_table = {{&late->base}, {make_gain(PST_FORMAT_F32, 1, 2.0)}};
    pst_stage *inner = make_fork(sum, 2, inner_table);
    branch_table table = {{inner, make_gain(PST_FORMAT_F32, 1, 2.0)}, {0}};
    row_rig *rig = make_rig(make_fork(sum, 2, table));
    CHECK_EQ(row_give_all(rig, data, N, 300, 0, 1, NULL), PST_OK);
    REQUIRE(rig->n_frames == N);
    const float *y = (const float *)(const void *)rig->data;
    int n_wrong = 0;
    for (int i = 0; i < N; ++i)
        n_wrong += fabsf(y[i] - 7.0f * x[i]) > 1e-6f;
    CHECK_EQ(n_wrong, 0);
    row_free(rig);
    // Frames one after another need to know where a buffer ends, within, too.
    branch_table two = {{0}, {0}};
    branch_table outer = {{make_fork(concat, 2, two)}, {0}};
    rig = make_rig(make_fork(concat, 2, outer));
    CHECK_EQ(row_give(rig, x, 2, 0, NULL), PST_OK);
    CHECK_EQ(rig->n_frames, 6);
    CHECK_EQ(row_give(rig, x, 1, 2, NULL), PST_OK);
    CHECK_EQ(rig->n_frames, 9);
    row_free(rig);
}

static void test_errors_tell_the_branch(void) {
    odd_stage *odd = make_odd();
    odd->fails = PST_UNSUPPORTED;
    branch_table inner_table = {{0}, {make_gain(PST_FORMAT_F32, 1, 2.0), &odd->base}};
    branch_table table = {{make_fork(sum, 2, inner_table)}};
    check_fails(make_rig(make_fork(sum, 1, table)), PST_UNSUPPORTED,
                "branch 0, fork-join: branch 1, odd: it was told to fail");
    // Another format than a stage takes: told by whoever is in front of it.
    branch_table closed = {{0}, {make_gain(PST_FORMAT_I16, 1, 2.0)}};
    row_rig *rig = make_rig(make_fork(sum, 2, closed));
    pst_error err = {.status = PST_OK};
    CHECK_EQ(row_give(rig, data, 10, 0, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "fork-join takes 1 channel of int16; what came is 1 channel of float32 "
                        "at 48000 Hz");
    row_free(rig);
}

static void test_reset_forgets(void) {
    fill(PST_FORMAT_F32, 1);
    const float *x = (const float *)(const void *)data;
    odd_stage *late = make_odd();
    late->n_late = 40;
    branch_table table = {{0}, {&late->base}};
    row_rig *rig = make_rig(make_fork(sum, 2, table));
    for (int round = 0; round < 3; ++round) {
        CHECK_EQ(row_give(rig, data + 4, 900, 7, NULL), PST_OK); // Of something else.
        CHECK_EQ(pst_row_reset(&rig->row, NULL), PST_OK);
        row_forget(rig);
        CHECK_EQ(row_give_all(rig, data, N, 300, 9000, 1, NULL), PST_OK);
        REQUIRE(rig->n_frames == N);
        CHECK(((const float *)(const void *)rig->data)[100] == x[100] + x[100]);
        row_check_numbers(rig, 9000);
        CHECK_EQ(pst_row_reset(&rig->row, NULL), PST_OK);
        row_forget(rig);
    }
    row_free(rig);
}

// What is another stream ends the one before, with all that is still inside.
static void test_another_format_under_way(void) {
    fill(PST_FORMAT_F32, 1);
    odd_stage *echo = make_odd();
    echo->n_late = 40;
    echo->is_delay = true;
    branch_table table = {{0}, {&echo->base}};
    row_rig *rig = make_rig(make_fork(sum, 2, table));
    CHECK_EQ(row_give(rig, data, 1000, 0, NULL), PST_OK);
    CHECK_EQ(rig->n_frames, 1000);
    rig->media.rate_hz = 8000.0;
    CHECK_EQ(row_give(rig, data, 500, 0, NULL), PST_OK);
    CHECK_EQ(rig->n_frames, 1540);
    CHECK(rig->last.rate_hz == 8000.0);
    CHECK_EQ(rig->numbers[1039], 1039);
    CHECK_EQ(rig->numbers[1040], 0);
    CHECK_EQ(pst_row_drain(&rig->row, NULL), PST_OK);
    CHECK_EQ(rig->n_frames, 1580);
    row_free(rig);
}

// A branch that never gives anything does not let the others take all memory.
static void test_what_waits_is_bounded(void) {
    enum { MANY = 1 << 22 };
    float *zeros = calloc(MANY, sizeof *zeros);
    odd_stage *odd = make_odd();
    odd->n_drop = UINT64_MAX;
    branch_table table = {{0}, {&odd->base}};
    row_rig *rig = make_rig(make_fork(sum, 2, table));
    pst_error err = {.status = PST_OK};
    pst_status status = PST_OK;
    int n_given = 0;
    while (status == PST_OK && n_given < 8)
        status = row_give(rig, zeros, MANY, (int64_t)MANY * n_given++, &err);
    CHECK_EQ(status, PST_LIMIT);
    CHECK_EQ(n_given, 5);
    CHECK_STR(err.text, "branch 0 has given 20971520 frames and branch 1 only 0: what waits for it "
                        "takes more than 64 MiB");
    row_free(rig);
    free(zeros);
}

int main(void) {
    RUN(test_each_reducer_by_sample);
    RUN(test_buffers_keep_their_borders);
    RUN(test_fillers_and_segments_go_through);
    RUN(test_nothing_is_lost_at_the_end);
    RUN(test_a_branch_may_end_later);
    RUN(test_silence_of_unsigned_samples);
    RUN(test_lengths_that_differ);
    RUN(test_rates_that_differ);
    RUN(test_frames_one_branch_after_another);
    RUN(test_frames_of_unequal_branches);
    RUN(test_packets);
    RUN(test_packets_of_packets);
    RUN(test_packets_that_differ);
    RUN(test_forks_within_forks);
    RUN(test_errors_tell_the_branch);
    RUN(test_reset_forgets);
    RUN(test_another_format_under_way);
    RUN(test_what_waits_is_bounded);
    return check_done();
}
