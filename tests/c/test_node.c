// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "chain/nodes/node.h"
#include "chain/row.h"
#include "check.h"
#include "failing_alloc.h"

// Nodes: made when the first frames come, and made anew when others do.

// ---- What comes out -----------------------------------------------------------------------------

enum { MOST_PIECES = 256, MOST_BYTES = 1 << 20 };

typedef struct kept_piece {
    pst_piece piece;
    pst_media media;
    size_t at; // Of its bytes.
} kept_piece;

static struct {
    kept_piece pieces[MOST_PIECES];
    int n_pieces;
    int n_borders;
    uint8_t bytes[MOST_BYTES];
    size_t n_bytes;
    uint64_t n_frames;
    uint64_t n_passed;
} kept;

static pst_status keep(void *user, const pst_piece *piece, pst_error *err) {
    (void)user;
    (void)err;
    const size_t n_bytes = (size_t)piece->n_frames * pst_media_bytes(piece->media);
    if (!CHECK(kept.n_pieces < MOST_PIECES && kept.n_bytes + n_bytes <= MOST_BYTES))
        return PST_LIMIT;
    kept.pieces[kept.n_pieces++] = (kept_piece){*piece, *piece->media, kept.n_bytes};
    memcpy(kept.bytes + kept.n_bytes, piece->data, n_bytes);
    kept.n_bytes += n_bytes;
    kept.n_frames += piece->n_frames;
    return PST_OK;
}

static pst_status keep_border(void *user, pst_error *err) {
    (void)user;
    (void)err;
    ++kept.n_borders;
    return PST_OK;
}

static void keep_pass(void *user, uint64_t n_frames) {
    (void)user;
    kept.n_passed += n_frames;
}

static const pst_row_ops keep_ops = {.emit = keep, .settle = keep_border, .pass = keep_pass};

static pst_stage *in_row[4];

static pst_row make_row(uint32_t n_stages) {
    memset(&kept, 0, sizeof kept);
    return (pst_row){.stages = in_row, .n_stages = n_stages, .ops = &keep_ops, .taker = "the test"};
}

static void destroy_row(const pst_row *row) {
    for (uint32_t i = 0; i < row->n_stages; ++i)
        pst_stage_destroy(in_row[i]);
}

static const float *kept_floats(void) {
    return (const float *)(const void *)kept.bytes;
}

static pst_status give(pst_row *row, const pst_media *media, const void *data, uint64_t n_frames,
                       int64_t frame, pst_error *err) {
    const pst_piece piece = {
        .data = data, .n_frames = n_frames, .frame = frame, .is_whole = true, .media = media};
    return pst_row_give(row, &piece, err);
}

static const pst_media f32_mono = {.format = PST_FORMAT_F32, .n_channels = 1, .rate_hz = 8000.0};
static const pst_media f32_stereo = {.format = PST_FORMAT_F32, .n_channels = 2, .rate_hz = 8000.0};
static const pst_media i16_stereo = {.format = PST_FORMAT_I16,
                                     .n_channels = 2,
                                     .rate_hz = 44100.0,
                                     .time_base_num = 1,
                                     .time_base_den = 1000};

enum { N = 20000 };
static float samples[2 * N];

static void fill_samples(void) {
    for (int i = 0; i < 2 * N; ++i)
        samples[i] = (float)sin(i * 0.01) * 0.5F;
}

// ---- Kinds of nodes -----------------------------------------------------------------------------

static void test_identity_passes_all_on(void) {
    CHECK_EQ(pst_node_identity(&in_row[0], NULL, PST_MEDIA_FRAMES, NULL), PST_OK);
    CHECK_STR(in_row[0]->name, "identity");
    pst_row row = make_row(1);
    CHECK_EQ(give(&row, &f32_stereo, samples, 100, 7, NULL), PST_OK);
    CHECK_EQ(give(&row, &i16_stereo, samples, 10, 900, NULL), PST_OK);
    CHECK_EQ(pst_row_drain(&row, NULL), PST_OK);
    REQUIRE(kept.n_pieces == 2);
    CHECK_EQ(kept.pieces[0].piece.frame, 7);
    CHECK_EQ(kept.pieces[1].piece.frame, 900);
    CHECK_EQ(kept.pieces[1].media.format, PST_FORMAT_I16);
    CHECK_EQ(kept.pieces[1].media.time_base_den, 1000);
    CHECK(memcmp(kept.bytes, samples, 800) == 0);
    destroy_row(&row);

    CHECK_EQ(pst_node_identity(&in_row[0], "mine", PST_MEDIA_PACKETS, NULL), PST_OK);
    CHECK_STR(in_row[0]->name, "mine");
    row = make_row(1);
    row.taken.kind = PST_MEDIA_PACKETS;
    const pst_packet packet = {.pts = 5, .time_base_num = 1, .time_base_den = 1};
    const pst_media packets = {.kind = PST_MEDIA_PACKETS};
    CHECK_EQ(give(&row, &packets, &packet, 1, 0, NULL), PST_OK);
    CHECK_EQ(give(&row, &f32_mono, samples, 1, 0, NULL), PST_BAD_ARGUMENT);
    CHECK_EQ(((const pst_packet *)(const void *)kept.bytes)->pts, 5);
    destroy_row(&row);
}

static void test_gain_is_changed_at_any_time(void) {
    pst_error err = {.status = PST_OK};
    CHECK_EQ(pst_node_gain(&in_row[0], NULL, 2.0, 0, NULL), PST_OK);
    pst_row row = make_row(1);
    CHECK_EQ(pst_stage_set_gain(in_row[0], 3.0, NULL), PST_OK); // Before it is made,
    CHECK_EQ(give(&row, &f32_mono, samples, 100, 0, NULL), PST_OK);
    CHECK_EQ(pst_stage_set_gain(in_row[0], 0.5, NULL), PST_OK); // and then.
    CHECK_EQ(give(&row, &f32_mono, samples, 100, 100, NULL), PST_OK);
    CHECK_EQ(give(&row, &f32_stereo, samples, 50, 200, NULL), PST_OK);
    for (int i = 0; i < 300; ++i)
        CHECK(kept_floats()[i] == samples[i % 100] * (i < 100 ? 3.0F : 0.5F));
    CHECK_EQ(pst_stage_set_gain(in_row[0], (double)NAN, &err), PST_BAD_ARGUMENT);
    destroy_row(&row);
    CHECK_EQ(pst_node_gain(&in_row[0], NULL, (double)INFINITY, 0, &err), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_node_identity(&in_row[0], "none", PST_MEDIA_FRAMES, NULL), PST_OK);
    CHECK_EQ(pst_stage_set_gain(in_row[0], 1.0, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "stage is a none stage, which has no gain");
    pst_stage_destroy(in_row[0]);
    // What is clipped is counted by the node.
    CHECK_EQ(pst_node_gain(&in_row[0], NULL, 4.0, 0, NULL), PST_OK);
    row = make_row(1);
    static const int16_t loud[] = {20000, -20000, 5};
    const pst_media media = {.format = PST_FORMAT_I16, .n_channels = 1};
    CHECK_EQ(give(&row, &media, loud, 3, 0, NULL), PST_OK);
    pst_convert_counts counts;
    pst_stage_get_counts(in_row[0], &counts);
    CHECK_EQ(counts.n_clipped, 2);
    destroy_row(&row);
}

// Runs the same frames through the stages that a chain is fitted with.
static uint64_t fit_frames(float *frames, uint64_t n_frames) {
    const pst_source source = {.format = PST_FORMAT_F32, .n_channels = 2, .rate_hz = 44100.0};
    const pst_sink sink = {.format = PST_FORMAT_F32, .n_channels = 1, .rate_hz = 48000.0};
    uint32_t n_stages = 0;
    CHECK_EQ(pst_chain_fit(in_row, &n_stages, &source, &sink, NULL, NULL), PST_OK);
    pst_row row = make_row(n_stages);
    pst_media media = f32_stereo;
    media.rate_hz = 44100.0;
    CHECK_EQ(give(&row, &media, frames, n_frames, 0, NULL), PST_OK);
    CHECK_EQ(pst_row_drain(&row, NULL), PST_OK);
    destroy_row(&row);
    return kept.n_frames;
}

static void test_resample_is_what_a_fitted_chain_does(void) {
    const uint64_t n_fitted = fit_frames(samples, N);
    CHECK_EQ(n_fitted, (N * 48000 + 44099) / 44100);
    float *fitted = malloc(n_fitted * sizeof *fitted);
    memcpy(fitted, kept.bytes, n_fitted * sizeof *fitted);
    pst_resample_node_config config;
    pst_resample_node_config_default(&config);
    config.rate_hz = 48000.0;
    config.n_channels = 1;
    pst_media media = f32_stereo;
    media.rate_hz = 44100.0;
    media.time_base_num = 1;
    media.time_base_den = 90000;
    for (int pads = 0; pads < 2; ++pads) {
        config.out_chunk_frames = 960;
        config.pads_final = pads == 1;
        CHECK_EQ(pst_node_resample(&in_row[0], "up", &config, NULL), PST_OK);
        pst_row row = make_row(1);
        uint64_t random = 5;
        for (uint64_t at = 0; at < N;) {
            uint64_t n = check_random_in(&random, 1, 6000);
            n = n < N - at ? n : N - at;
            CHECK_EQ(give(&row, &media, samples + 2 * at, n, 1000 + (int64_t)at, NULL), PST_OK);
            at += n;
            CHECK_EQ(kept.n_passed, at);
        }
        CHECK_EQ(pst_row_drain(&row, NULL), PST_OK);
        const uint64_t n_chunks = (n_fitted + 959) / 960;
        CHECK_EQ(kept.n_pieces, (long long)n_chunks);
        CHECK_EQ(kept.n_frames, pads ? n_chunks * 960 : n_fitted);
        CHECK(memcmp(kept.bytes, fitted, n_fitted * sizeof *fitted) == 0);
        for (uint64_t i = n_fitted; i < kept.n_frames; ++i)
            CHECK(kept_floats()[i] == 0.0F);
        for (int i = 0; i < kept.n_pieces; ++i) {
            const pst_piece *piece = &kept.pieces[i].piece;
            CHECK_EQ(piece->frame, llround(1000 * 48000.0 / 44100.0) + 960 * i);
            CHECK(piece->is_whole);
            CHECK(piece->n_frames == 960 || (!pads && i + 1 == kept.n_pieces));
            CHECK(kept.pieces[i].media.rate_hz == 48000.0);
            CHECK_EQ(kept.pieces[i].media.time_base_den, 0); // That was for another rate.
        }
        destroy_row(&row);
    }
    free(fitted);
}

static void test_resample_needs_to_know_the_rate(void) {
    pst_error err = {.status = PST_OK};
    pst_resample_node_config config;
    pst_resample_node_config_default(&config);
    config.rate_hz = 48000.0;
    CHECK_EQ(pst_node_resample(&in_row[0], NULL, &config, NULL), PST_OK);
    pst_row row = make_row(1);
    pst_media media = f32_mono;
    media.rate_hz = 0.0;
    CHECK_EQ(give(&row, &media, samples, 5, 0, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "frames of an unknown rate came; they cannot be resampled to 48000 Hz");
    CHECK_EQ(give(&row, &f32_mono, samples, 5, 0, &err), PST_OK); // Others are welcome.
    destroy_row(&row);
    config.rate_hz = -1.0;
    CHECK_EQ(pst_node_resample(&in_row[0], NULL, &config, &err), PST_BAD_ARGUMENT);
    config.rate_hz = 48000.0;
    config.format = (pst_format)55;
    CHECK_EQ(pst_node_resample(&in_row[0], NULL, &config, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "format is 55, which is no sample format");
    config.format = PST_FORMAT_I16;
    config.n_channels = 1000;
    CHECK_EQ(pst_node_resample(&in_row[0], NULL, &config, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "n_channels is 1000; it must be from 1 to 256");
    config.n_channels = 0;
    config.quality = (pst_resample_quality)77;
    CHECK_EQ(pst_node_resample(&in_row[0], NULL, &config, &err), PST_BAD_ARGUMENT);
}

static void test_convert_and_channels(void) {
    static const int16_t in[] = {1, 2, 3, 4, 5, 6};
    pst_media media = {.format = PST_FORMAT_I16, .n_channels = 3, .rate_hz = 8000.0};
    static const int32_t sources[] = {2, -1, 0, 0};
    pst_error err = {.status = PST_OK};
    CHECK_EQ(pst_node_pick(&in_row[0], NULL, sources, 4, NULL), PST_OK);
    CHECK_EQ(pst_node_convert(&in_row[1], NULL, PST_FORMAT_I32, PST_DITHER_NONE, 0, NULL), PST_OK);
    pst_row row = make_row(2);
    CHECK_EQ(give(&row, &media, in, 2, 0, NULL), PST_OK);
    static const int32_t out[] = {3, 0, 1, 1, 6, 0, 4, 4};
    CHECK_EQ(kept.n_frames, 2);
    for (int i = 0; i < 8; ++i)
        CHECK_EQ(((const int32_t *)(const void *)kept.bytes)[i], out[i] * 65536);
    media.n_channels = 2;
    CHECK_EQ(give(&row, &media, in, 2, 0, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "channel 0 is to be number 2 of those that come; 2 came, counted from 0");
    destroy_row(&row);
    static const float swap[] = {0.0F, 1.0F, 1.0F, 0.0F};
    CHECK_EQ(pst_node_remix(&in_row[0], NULL, swap, 2, 2, NULL), PST_OK);
    row = make_row(1);
    CHECK_EQ(give(&row, &media, in, 3, 0, NULL), PST_OK);
    for (int i = 0; i < 6; ++i)
        CHECK_EQ(((const int16_t *)(const void *)kept.bytes)[i], in[i ^ 1]);
    media.n_channels = 3;
    CHECK_EQ(give(&row, &media, in, 1, 0, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "there are gains for 2 channels; 3 came");
    destroy_row(&row);
    static const float bad[] = {(float)NAN};
    static const int32_t bad_source[] = {-2};
    CHECK_EQ(pst_node_remix(&in_row[0], NULL, bad, 1, 1, &err), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_node_remix(&in_row[0], NULL, NULL, 1, 1, &err), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_node_remix(&in_row[0], NULL, swap, 1, 0, &err), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_node_pick(&in_row[0], NULL, bad_source, 1, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "sources[0] is -2; it must be from -1 to 255");
    CHECK_EQ(pst_node_pick(&in_row[0], NULL, NULL, 1, &err), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_node_convert(&in_row[0], NULL, (pst_format)0, PST_DITHER_NONE, 0, &err),
             PST_BAD_ARGUMENT);
}

static void test_picked_channels_are_exact_in_every_format(void) {
    static const pst_format formats[] = {PST_FORMAT_F32, PST_FORMAT_F64, PST_FORMAT_I32,
                                         PST_FORMAT_I24, PST_FORMAT_I16, PST_FORMAT_U8};
    static const int32_t swap[] = {1, 0};
    uint8_t in[2 * 8 * 50];
    uint64_t random = 3;
    for (size_t i = 0; i < sizeof in; ++i)
        in[i] = (uint8_t)check_random_in(&random, 0, 255);
    for (int f = 0; f < 6; ++f) {
        const size_t bytes = pst_format_bytes(formats[f]);
        const pst_media media = {.format = formats[f], .n_channels = 2};
        CHECK_EQ(pst_node_pick(&in_row[0], NULL, swap, 2, NULL), PST_OK);
        pst_row row = make_row(1);
        CHECK_EQ(give(&row, &media, in, 50, 0, NULL), PST_OK);
        REQUIRE(kept.n_frames == 50);
        for (size_t i = 0; i < 100; ++i)
            CHECK(memcmp(kept.bytes + i * bytes, in + (i ^ 1) * bytes, bytes) == 0);
        destroy_row(&row);
    }
}

static void test_chunks_end_at_gaps(void) {
    CHECK_EQ(pst_node_rechunk(&in_row[0], NULL, 100, true, NULL), PST_OK);
    pst_row row = make_row(1);
    CHECK_EQ(give(&row, &f32_mono, samples, 250, 0, NULL), PST_OK);
    CHECK_EQ(give(&row, &f32_mono, samples + 250, 10, 250, NULL), PST_OK);
    CHECK_EQ(kept.n_pieces, 2);
    CHECK_EQ(give(&row, &f32_mono, samples + 260, 130, 1000, NULL), PST_OK);
    CHECK_EQ(pst_row_drain(&row, NULL), PST_OK);
    static const int64_t wanted[][2] = {{0, 100}, {100, 100}, {200, 60}, {1000, 100}, {1100, 100}};
    REQUIRE(kept.n_pieces == 5);
    for (int i = 0; i < 5; ++i) {
        CHECK_EQ(kept.pieces[i].piece.frame, wanted[i][0]);
        CHECK_EQ(kept.pieces[i].piece.n_frames, wanted[i][1]);
    }
    CHECK(memcmp(kept.bytes, samples, 390 * sizeof *samples) == 0);
    for (int i = 390; i < 460; ++i)
        CHECK(kept_floats()[i] == 0.0F);
    CHECK(kept.n_borders >= 5);
    destroy_row(&row);
    pst_error err = {.status = PST_OK};
    CHECK_EQ(pst_node_rechunk(&in_row[0], NULL, 0, true, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "n_frames is 0; it must be from 1 to 16777216");
}

// ---- The frame of all ---------------------------------------------------------------------------

static void test_other_frames_make_it_anew(void) {
    pst_resample_node_config config;
    pst_resample_node_config_default(&config);
    config.rate_hz = 16000.0;
    config.format = PST_FORMAT_F32;
    CHECK_EQ(pst_node_resample(&in_row[0], NULL, &config, NULL), PST_OK);
    pst_row row = make_row(1);
    pst_media half = f32_mono, same = f32_mono;
    half.rate_hz = 4000.0;
    same.rate_hz = 16000.0;
    CHECK_EQ(give(&row, &f32_mono, samples, 800, 0, NULL), PST_OK);
    CHECK(kept.n_frames < 1600);
    CHECK_EQ(give(&row, &half, samples, 400, 400, NULL), PST_OK);
    CHECK(kept.n_frames >= 1600 && kept.n_frames < 3200); // What was inside came first.
    CHECK_EQ(give(&row, &same, samples, 100, 3200, NULL), PST_OK);
    CHECK_EQ(pst_row_drain(&row, NULL), PST_OK);
    CHECK_EQ(kept.n_frames, 1600 + 1600 + 100);
    int64_t next = 0;
    for (int i = 0; i < kept.n_pieces; ++i) {
        CHECK_EQ(kept.pieces[i].piece.frame, next);
        CHECK(kept.pieces[i].media.rate_hz == 16000.0);
        next += (int64_t)kept.pieces[i].piece.n_frames;
    }
    destroy_row(&row);
}

static void test_frames_are_as_expected_or_refused(void) {
    pst_error err = {.status = PST_OK};
    CHECK_EQ(pst_node_gain(&in_row[0], "loud", 0.5, 0, NULL), PST_OK);
    const pst_media expected = {.format = PST_FORMAT_F64, .n_channels = 2, .rate_hz = 44100.0};
    CHECK_EQ(pst_node_expect(in_row[0], &expected, NULL), PST_OK);
    pst_row row = make_row(1);
    CHECK_EQ(give(&row, &f32_stereo, samples, 5, 0, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "loud expects 2 channels of float64 at 44100 Hz; what came is 2 channels "
                        "of float32 at 8000 Hz");
    static int16_t in[2 * 9000];
    for (int i = 0; i < 18000; ++i)
        in[i] = (int16_t)(i * 3);
    CHECK_EQ(give(&row, &i16_stereo, in, 9000, 0, &err), PST_OK); // Samples are converted.
    CHECK_EQ(kept.n_frames, 9000);
    CHECK_EQ(kept.n_passed, 9000);
    for (int i = 0; i < 18000; ++i)
        CHECK(((const double *)(const void *)kept.bytes)[i] == in[i] / 65536.0);
    CHECK_EQ(kept.pieces[0].media.format, PST_FORMAT_F64);
    CHECK_EQ(kept.pieces[0].media.time_base_den, 1000);
    destroy_row(&row);
    CHECK_EQ(pst_stage_gain(&in_row[0], PST_FORMAT_F32, 1, 1.0, 0, NULL), PST_OK);
    CHECK_EQ(pst_node_expect(in_row[0], &expected, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "stage is a gain stage, which cannot expect frames");
    pst_stage_destroy(in_row[0]);
    CHECK_EQ(pst_node_identity(&in_row[0], NULL, PST_MEDIA_FRAMES, NULL), PST_OK);
    const pst_media packets = {.kind = PST_MEDIA_PACKETS}, bad = {.format = (pst_format)77};
    CHECK_EQ(pst_node_expect(in_row[0], &packets, &err), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_node_expect(in_row[0], &bad, &err), PST_BAD_ARGUMENT);
    pst_stage_destroy(in_row[0]);
}

// A giver that uses its memory again for each piece: what was passed may not be looked at any more.
static void test_nothing_is_looked_at_behind_its_time(void) {
    CHECK_EQ(pst_node_gain(&in_row[0], NULL, 0.5, 0, NULL), PST_OK);
    pst_resample_node_config config;
    pst_resample_node_config_default(&config);
    config.rate_hz = 8000.0; // As it comes: the first stage of the node passes on what it gets.
    config.format = PST_FORMAT_F64;
    config.out_chunk_frames = 777;
    const pst_media expected = {.format = PST_FORMAT_F32};
    CHECK_EQ(pst_node_resample(&in_row[1], NULL, &config, NULL), PST_OK);
    CHECK_EQ(pst_node_expect(in_row[1], &expected, NULL), PST_OK);
    pst_row row = make_row(2);
    float memory[3000];
    uint64_t random = 9;
    for (uint64_t at = 0; at < N;) {
        uint64_t n = check_random_in(&random, 1, 3000);
        n = n < N - at ? n : N - at;
        memcpy(memory, samples + at, n * sizeof *memory);
        CHECK_EQ(give(&row, &f32_mono, memory, n, (int64_t)at, NULL), PST_OK);
        CHECK_EQ(kept.n_passed, at + n);
        memset(memory, 0x55, sizeof memory);
        at += n;
    }
    CHECK_EQ(pst_row_drain(&row, NULL), PST_OK);
    CHECK_EQ(kept.n_frames, N);
    for (int i = 0; i < N; ++i)
        CHECK(((const double *)(const void *)kept.bytes)[i] == (double)(samples[i] * 0.5F));
    destroy_row(&row);
}

static void test_reset_forgets_what_is_inside(void) {
    pst_resample_node_config config;
    pst_resample_node_config_default(&config);
    config.rate_hz = 16000.0;
    config.out_chunk_frames = 512;
    CHECK_EQ(pst_node_resample(&in_row[0], NULL, &config, NULL), PST_OK);
    pst_row row = make_row(1);
    for (int i = 0; i < 3; ++i) {
        CHECK_EQ(give(&row, &f32_mono, samples, 1000, 0, NULL), PST_OK);
        CHECK_EQ(pst_row_reset(&row, NULL), PST_OK);
        kept.n_frames = 0;
    }
    CHECK_EQ(pst_row_drain(&row, NULL), PST_OK);
    CHECK_EQ(kept.n_frames, 0);
    CHECK_EQ(give(&row, &f32_mono, samples, 1000, 0, NULL), PST_OK);
    CHECK_EQ(pst_row_drain(&row, NULL), PST_OK);
    CHECK_EQ(kept.n_frames, 2000);
    destroy_row(&row);
}

static void test_memory_may_run_out(void) {
    if (!failing_alloc_works()) {
        check_skip("allocations cannot fail here");
        return;
    }
    pst_resample_node_config config;
    pst_resample_node_config_default(&config);
    config.rate_hz = 16000.0;
    config.engine = PST_RESAMPLER_SAMPLERATE; // soxr takes it for granted that there is memory.
    config.n_channels = 2;
    config.out_chunk_frames = 512;
    const pst_media expected = {.format = PST_FORMAT_F64};
    static const int32_t sources[] = {0, 1};
    for (long n = 1;; ++n) {
        pst_row row = make_row(0);
        failing_alloc_begin(n);
        pst_status status = pst_node_resample(&in_row[0], NULL, &config, NULL);
        row.n_stages = status == PST_OK;
        if (status == PST_OK)
            status = pst_node_pick(&in_row[1], NULL, sources, 2, NULL);
        row.n_stages += status == PST_OK;
        if (status == PST_OK)
            status = pst_node_gain(&in_row[2], NULL, 0.5, 0, NULL);
        row.n_stages += status == PST_OK;
        if (status == PST_OK)
            status = pst_node_identity(&in_row[3], NULL, PST_MEDIA_FRAMES, NULL);
        row.n_stages += status == PST_OK;
        if (status == PST_OK)
            status = pst_node_expect(in_row[0], &expected, NULL);
        if (status == PST_OK)
            status = give(&row, &f32_mono, samples, 1000, 0, NULL);
        destroy_row(&row);
        if (failing_alloc_end() < n)
            break;
        CHECK_EQ(status, PST_NO_MEMORY);
        CHECK_EQ(failing_alloc_live(), 0);
    }
}

static void test_nothing_is_allocated_once_it_is_made(void) {
    if (!failing_alloc_works()) {
        check_skip("allocations cannot be counted here");
        return;
    }
    pst_resample_node_config config;
    pst_resample_node_config_default(&config);
    config.rate_hz = 16000.0;
    config.engine = PST_RESAMPLER_SAMPLERATE; // soxr's own rows grow for a while.
    config.out_chunk_frames = 160;
    CHECK_EQ(pst_node_resample(&in_row[0], NULL, &config, NULL), PST_OK);
    CHECK_EQ(pst_node_gain(&in_row[1], NULL, 0.5, 0, NULL), PST_OK);
    pst_row row = make_row(2);
    CHECK_EQ(give(&row, &f32_mono, samples, 1000, 0, NULL), PST_OK);
    failing_alloc_begin(0);
    for (int i = 1; i < 10; ++i)
        CHECK_EQ(give(&row, &f32_mono, samples, 1000, 1000 * i, NULL), PST_OK);
    CHECK_EQ(failing_alloc_end(), 0);
    destroy_row(&row);
}

int main(void) {
    fill_samples();
    RUN(test_identity_passes_all_on);
    RUN(test_gain_is_changed_at_any_time);
    RUN(test_resample_is_what_a_fitted_chain_does);
    RUN(test_resample_needs_to_know_the_rate);
    RUN(test_convert_and_channels);
    RUN(test_picked_channels_are_exact_in_every_format);
    RUN(test_chunks_end_at_gaps);
    RUN(test_other_frames_make_it_anew);
    RUN(test_frames_are_as_expected_or_refused);
    RUN(test_nothing_is_looked_at_behind_its_time);
    RUN(test_reset_forgets_what_is_inside);
    RUN(test_memory_may_run_out);
    RUN(test_nothing_is_allocated_once_it_is_made);
    return check_done();
}
