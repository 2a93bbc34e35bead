// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "core/dither.h"

#include <math.h>

#include "check.h"
#include "memory_place.h"
#include "pastream/codec.h"
#include "rt_guard.h"

// Noise for samples that lose bits: none where none are lost, of the right size where some are.

static const pst_format formats[] = {PST_FORMAT_F32, PST_FORMAT_F64, PST_FORMAT_I32, PST_FORMAT_I24,
                                     PST_FORMAT_I16, PST_FORMAT_I8,  PST_FORMAT_U8};
enum { N_FORMATS = sizeof formats / sizeof formats[0], N = 20000 };

static double wide[N];
static uint8_t source[8 * N], got[8 * N], wanted[8 * N];
static double result[N];

static int bits_of(pst_format format) {
    return format == PST_FORMAT_I32 ? 32 : 8 * (int)pst_format_bytes(format);
}

static bool is_float(pst_format format) {
    return format == PST_FORMAT_F32 || format == PST_FORMAT_F64;
}

// From -0.5 to 0.5.
static double random_sample(uint64_t *state) {
    return (double)(check_random(state) & UINT32_MAX) * 0x1p-32 - 0.5;
}

static void convert_to_bits(uint64_t seed, void *dst, pst_format dst_format, uint32_t n_bits,
                            const void *src, pst_format src_format, size_t n, size_t piece,
                            pst_convert_counts *counts) {
    pst_noise noise;
    rt_guard_enter();
    pst_noise_init(&noise, seed);
    for (size_t done = 0; done < n; done += piece)
        pst_convert_with_noise(&noise, (uint8_t *)dst + done * pst_format_bytes(dst_format),
                               dst_format, n_bits,
                               (const uint8_t *)src + done * pst_format_bytes(src_format),
                               src_format, n - done < piece ? n - done : piece, counts);
    CHECK_EQ(rt_guard_leave(), 0);
}

static void convert(uint64_t seed, void *dst, pst_format dst_format, const void *src,
                    pst_format src_format, size_t n, size_t piece, pst_convert_counts *counts) {
    convert_to_bits(seed, dst, dst_format, 0, src, src_format, n, piece, counts);
}

static void test_nothing_is_changed_where_no_bits_are_lost(void) {
    uint64_t random = 1;
    int n_exact = 0;
    for (int d = 0; d < N_FORMATS; ++d)
        for (int s = 0; s < N_FORMATS; ++s) {
            const pst_format dst = formats[d], src = formats[s];
            for (size_t i = 0; i < N; ++i)
                wide[i] = 2.5 * random_sample(&random); // Beyond full scale, too.
            (void)pst_convert(source, src, wide, PST_FORMAT_F64, N, NULL);
            pst_convert_counts counts = {0, 0}, plain = {0, 0};
            convert(0, got, dst, source, src, N, N, &counts);
            (void)pst_convert(wanted, dst, source, src, N, &plain);
            const bool is_same = memcmp(got, wanted, N * pst_format_bytes(dst)) == 0;
            const bool keeps = is_float(dst) || (!is_float(src) && bits_of(src) <= bits_of(dst)) ||
                               (src == PST_FORMAT_F32 && dst == PST_FORMAT_I32);
            CHECK_TEXT(is_same == keeps, "%s from %s", pst_format_name(dst), pst_format_name(src));
            CHECK_EQ(pst_loses_bits(dst, 0, src), !keeps);
            CHECK_EQ(counts.n_clipped, plain.n_clipped);
            CHECK_EQ(counts.n_nonfinite, plain.n_nonfinite);
            n_exact += keeps;
        }
    CHECK(n_exact > 20 && n_exact < 45);
}

// In steps of the destination: no bias, a quarter step squared, and no error like its neighbour.
// All of it whatever the signal is, silence included.
static void check_noise(pst_format dst, int n_bits, pst_format src, double scale, double offset) {
    uint64_t random = 7;
    const double steps = ldexp(1.0, n_bits - 1);
    for (size_t i = 0; i < N; ++i)
        wide[i] = scale * random_sample(&random) + offset / steps;
    (void)pst_convert(source, src, wide, PST_FORMAT_F64, N, NULL);
    (void)pst_convert(wide, PST_FORMAT_F64, source, src, N, NULL); // As far as src can tell.
    convert_to_bits(3, got, dst, (uint32_t)n_bits, source, src, N, N, NULL);
    (void)pst_convert(result, PST_FORMAT_F64, got, dst, N, NULL);
    double sum = 0.0, squares = 0.0, next = 0.0, last = 0.0, most = 0.0;
    for (size_t i = 0; i < N; ++i) {
        const double error = (result[i] - wide[i]) * steps;
        sum += error;
        squares += error * error;
        next += error * last;
        most = fmax(most, fabs(error));
        last = error;
    }
    // Five times what chance makes of it.
    const double chance = 5.0 / sqrt((double)N);
    CHECK_TEXT(fabs(sum / N) < 0.5 * chance, "%s from %s, %g: bias %g", pst_format_name(dst),
               pst_format_name(src), offset, sum / N);
    CHECK_TEXT(fabs(squares / N - 0.25) < 0.5 * chance, "%s from %s, %g: variance %g",
               pst_format_name(dst), pst_format_name(src), offset, squares / N);
    CHECK_TEXT(fabs(next / N) < 0.25 * chance, "%s from %s, %g: neighbours %g",
               pst_format_name(dst), pst_format_name(src), offset, next / N);
    CHECK(most < 1.5 + 1e-6 && most > 0.49);
}

static void test_the_noise_has_no_bias_and_a_known_size(void) {
    static const pst_format pairs[][2] = {
        {PST_FORMAT_I16, PST_FORMAT_F32}, {PST_FORMAT_I16, PST_FORMAT_F64},
        {PST_FORMAT_I24, PST_FORMAT_F64}, {PST_FORMAT_I16, PST_FORMAT_I24},
        {PST_FORMAT_I16, PST_FORMAT_I32}, {PST_FORMAT_I8, PST_FORMAT_I16},
        {PST_FORMAT_U8, PST_FORMAT_F32},  {PST_FORMAT_I24, PST_FORMAT_I32},
        {PST_FORMAT_U8, PST_FORMAT_I16},  {PST_FORMAT_I32, PST_FORMAT_F64}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; ++i) {
        check_noise(pairs[i][0], bits_of(pairs[i][0]), pairs[i][1], 1.0, 0.0);
        check_noise(pairs[i][0], bits_of(pairs[i][0]), pairs[i][1], 0.0, 0.0);  // Silence.
        check_noise(pairs[i][0], bits_of(pairs[i][0]), pairs[i][1], 0.0, 0.25); // Less than a step.
        check_noise(pairs[i][0], bits_of(pairs[i][0]), pairs[i][1], 0.0, -100.5);
    }
}

static void test_the_noise_of_odd_numbers_of_bits(void) {
    check_noise(PST_FORMAT_I16, 12, PST_FORMAT_F32, 1.0, 0.0);
    check_noise(PST_FORMAT_I16, 12, PST_FORMAT_I16, 1.0, 0.25);
    check_noise(PST_FORMAT_I24, 20, PST_FORMAT_I24, 0.0, 0.25);
    check_noise(PST_FORMAT_I24, 20, PST_FORMAT_F64, 1.0, 0.0);
    check_noise(PST_FORMAT_I8, 4, PST_FORMAT_I16, 0.5, 0.0);
    CHECK(pst_loses_bits(PST_FORMAT_I16, 12, PST_FORMAT_I16));
    CHECK(!pst_loses_bits(PST_FORMAT_I16, 16, PST_FORMAT_I16));
    CHECK(!pst_loses_bits(PST_FORMAT_I24, 20, PST_FORMAT_I16));
    int16_t exact[N];
    for (int i = 0; i < N; ++i)
        exact[i] = (int16_t)(i * 3);
    convert_to_bits(1, got, PST_FORMAT_I24, 20, exact, PST_FORMAT_I16, N, N, NULL);
    (void)pst_convert(wanted, PST_FORMAT_I24, exact, PST_FORMAT_I16, N, NULL);
    CHECK(memcmp(got, wanted, 3 * N) == 0);
}

// Without noise it would be gone.
static void test_a_tone_below_one_step_survives(void) {
    float tone[N];
    int16_t rounded[N];
    double share = 0.0;
    for (int i = 0; i < N; ++i)
        tone[i] = (float)(0.3 / 32768.0 * sin(0.05 * i));
    convert(11, rounded, PST_FORMAT_I16, tone, PST_FORMAT_F32, N, N, NULL);
    for (int i = 0; i < N; ++i)
        share += rounded[i] * sin(0.05 * i) * 2.0 / N;
    CHECK_TEXT(fabs(share - 0.3) < 0.03, "amplitude %g", share);
}

static void test_seeds_and_pieces(void) {
    uint64_t random = 5;
    float samples[1000];
    int16_t first[1000], other[1000];
    for (int i = 0; i < 1000; ++i)
        samples[i] = (float)random_sample(&random);
    convert(42, first, PST_FORMAT_I16, samples, PST_FORMAT_F32, 1000, 1000, NULL);
    for (size_t piece = 1; piece < 700; piece += 37) {
        convert(42, other, PST_FORMAT_I16, samples, PST_FORMAT_F32, 1000, piece, NULL);
        CHECK(memcmp(first, other, sizeof first) == 0);
    }
    for (uint64_t seed = 0; seed < 42; ++seed) {
        convert(seed, other, PST_FORMAT_I16, samples, PST_FORMAT_F32, 1000, 1000, NULL);
        int n_same = 0;
        for (int i = 0; i < 1000; ++i)
            n_same += first[i] == other[i];
        CHECK_TEXT(n_same > 300 && n_same < 700, "seed %d: %d", (int)seed, n_same);
    }
}

static void test_limits_and_numbers_that_are_none(void) {
    const double odd[] = {NAN, INFINITY, -INFINITY, 1.0,    -1.0,
                          2.0, -2.0,     1e300,     -1e300, 1.0 - 0x1p-15};
    pst_convert_counts counts = {0, 0};
    for (uint64_t seed = 0; seed < 200; ++seed) {
        int16_t v[10];
        convert(seed, v, PST_FORMAT_I16, odd, PST_FORMAT_F64, 10, 10, &counts);
        CHECK_EQ(v[0], 0);
        CHECK(v[1] == 32767 && v[2] == -32768 && v[3] >= 32766 && v[4] <= -32767);
        CHECK(v[5] == 32767 && v[6] == -32768 && v[7] == 32767 && v[8] == -32768);
        CHECK(v[9] >= 32766);
    }
    CHECK_EQ(counts.n_nonfinite, 200 * 3);
    CHECK_EQ(counts.n_clipped, 200 * 5);
}

// ---- In files ---------------------------------------------------------------------------------

static void write_file(memory_place *m, pst_format stored, pst_dither dither, const void *data,
                       pst_format format) {
    pst_io *io = NULL;
    pst_encoder *encoder = NULL;
    pst_encoder_options options;
    pst_encoder_options_init(&options);
    options.dither = dither;
    const pst_file_format raw = {
        .container = PST_CONTAINER_RAW, .sample_format = stored, .rate_hz = 8000, .n_channels = 2};
    CHECK_EQ(pst_io_open_user(&io, &memory_file, m, PST_IO_WRITE, NULL), PST_OK);
    CHECK_EQ(pst_encoder_open(&encoder, io, &raw, &options, NULL), PST_OK);
    CHECK_EQ(pst_encoder_write(encoder, data, format, N / 2, NULL), PST_OK);
    CHECK_EQ(pst_encoder_finish(encoder, NULL), PST_OK);
    pst_encoder_release(encoder);
}

static void test_files_are_written_with_noise_if_that_is_asked_for(void) {
    static float samples[N];
    static int16_t narrow[N];
    for (int i = 0; i < N; ++i) {
        samples[i] = 0.25f;
        narrow[i] = (int16_t)i;
    }
    memory_place plain = {0}, first = {0}, second = {0}, exact = {0};
    write_file(&plain, PST_FORMAT_I16, PST_DITHER_NONE, samples, PST_FORMAT_F32);
    write_file(&first, PST_FORMAT_I16, PST_DITHER_TPDF, samples, PST_FORMAT_F32);
    write_file(&second, PST_FORMAT_I16, PST_DITHER_TPDF, samples, PST_FORMAT_F32);
    write_file(&exact, PST_FORMAT_I16, PST_DITHER_TPDF, narrow, PST_FORMAT_I16);
    CHECK_EQ(plain.n_bytes, first.n_bytes);
    CHECK(memcmp(plain.bytes, first.bytes, (size_t)plain.n_bytes) != 0);
    CHECK(memcmp(first.bytes, second.bytes, (size_t)first.n_bytes) == 0); // Every time the same.
    int n_others = 0;
    for (int i = 0; i < N; ++i) {
        int16_t v;
        memcpy(&v, first.bytes + 2 * i, 2);
        CHECK(v >= 8191 && v <= 8193);
        n_others += v != 8192;
    }
    CHECK_TEXT(n_others > N / 5 && n_others < N / 3, "%d", n_others); // A quarter.
    CHECK(memcmp(exact.bytes, narrow, sizeof narrow) == 0);
    memory_free(&plain);
    memory_free(&first);
    memory_free(&second);
    memory_free(&exact);
}

// Twelve bits of sixteen: the noise is as large as what is lost.
static void test_files_of_fewer_bits_than_their_samples(void) {
    static int16_t samples[N], read[N];
    memory_place m = {0};
    pst_io *io = NULL;
    pst_encoder *encoder = NULL;
    pst_decoder *decoder = NULL;
    pst_encoder_options options;
    pst_encoder_options_init(&options);
    options.dither = PST_DITHER_TPDF;
    const pst_file_format flac = {.container = PST_CONTAINER_FLAC,
                                  .sample_format = PST_FORMAT_I16,
                                  .rate_hz = 8000,
                                  .n_channels = 2,
                                  .n_bits = 12};
    if (pst_encoder_check(&flac, &options, NULL) == PST_UNSUPPORTED) {
        check_skip("this build cannot write FLAC");
        return;
    }
    for (int i = 0; i < N; ++i)
        samples[i] = 1004; // A quarter of a step of 16 beside one.
    CHECK_EQ(pst_io_open_user(&io, &memory_file, &m, PST_IO_WRITE, NULL), PST_OK);
    CHECK_EQ(pst_encoder_open(&encoder, io, &flac, &options, NULL), PST_OK);
    CHECK_EQ(pst_encoder_write(encoder, samples, PST_FORMAT_I16, N / 2, NULL), PST_OK);
    CHECK_EQ(pst_encoder_finish(encoder, NULL), PST_OK);
    pst_encoder_release(encoder);
    m.position = 0;
    uint64_t n_read = 0;
    CHECK_EQ(pst_io_open_user(&io, &memory_file, &m, PST_IO_READ, NULL), PST_OK);
    CHECK_EQ(pst_decoder_open(&decoder, io, NULL, NULL), PST_OK);
    CHECK_EQ(pst_decoder_read(decoder, read, PST_FORMAT_I16, N / 2, &n_read, NULL), PST_OK);
    CHECK_EQ(n_read, N / 2);
    double sum = 0.0;
    for (int i = 0; i < N; ++i) {
        CHECK(read[i] % 16 == 0 && abs(read[i] - 1004) <= 24);
        sum += read[i];
    }
    CHECK_TEXT(fabs(sum / N - 1004.0) < 0.5, "%g", sum / N);
    pst_decoder_release(decoder);
    memory_free(&m);
}

int main(void) {
    RUN(test_nothing_is_changed_where_no_bits_are_lost);
    RUN(test_the_noise_has_no_bias_and_a_known_size);
    RUN(test_the_noise_of_odd_numbers_of_bits);
    RUN(test_a_tone_below_one_step_survives);
    RUN(test_seeds_and_pieces);
    RUN(test_limits_and_numbers_that_are_none);
    RUN(test_files_are_written_with_noise_if_that_is_asked_for);
    RUN(test_files_of_fewer_bits_than_their_samples);
    return check_done();
}
