// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "dsp/live_convolver.h"

#include <stdlib.h>

#include "core/kernels/kernels.h"
#include "dsp/fft32.h"
#include "dsp/response_cut.h"
#include "failing_alloc.h"
#include "kernel_rig.h"

// Convolution without delay: against sums in float64, with calls of all sizes.

enum { N = 9000, MOST_TAPS = 3000 };

static float response_planes[4][MOST_TAPS];
static float sound[2][N];
static float got[2][N];
static float other[2][N];
static double wanted[2][N];

static void fill_all(void) {
    for (int c = 0; c < 4; ++c)
        rig_fill_sound(response_planes[c], PST_FORMAT_F32, MOST_TAPS);
    for (int c = 0; c < 2; ++c)
        rig_fill_sound(sound[c], PST_FORMAT_F32, N);
}

static pst_live_convolver *make(uint32_t n_channels, int64_t n_taps, uint32_t call_frames) {
    const float *const channels[4] = {response_planes[0], response_planes[1], response_planes[2],
                                      response_planes[3]};
    const pst_response response = {channels, n_channels, n_taps, 0.5};
    pst_live_convolver *made = NULL;
    CHECK_EQ(pst_live_convolver_create(&made, &response, call_frames, NULL), PST_OK);
    return made;
}

// Input frames from `from` to `to` sound.
static void add_path(double *to, const float *in, const float *taps, int n_taps, int from,
                     int until) {
    for (int i = from; i < until; ++i)
        for (int k = 0; k < n_taps && i + k < N; ++k)
            to[i + k] += 0.5 * (double)in[i] * (double)taps[k];
}

static void compute_wanted(int n_channels, int n_taps, int n_in) {
    memset(wanted, 0, sizeof wanted);
    for (int c = 0; c < 2; ++c) {
        const float *in = sound[n_in == 2 ? c : 0];
        if (n_channels == 4)
            for (int o = 0; o < 2; ++o)
                add_path(wanted[o], in, response_planes[2 * c + o], n_taps, 0, N);
        else
            add_path(wanted[c], in, response_planes[n_channels == 2 ? c : 0], n_taps, 0, N);
    }
}

// Frames from `from` to `to`, `call` at a time; in: whether there is anything but silence.
static uint32_t run(pst_live_convolver *convolver, uint32_t n_in, int from, int to, uint32_t call,
                    bool in) {
    uint32_t n_out = 0;
    for (int i = from; i < to; i += (int)call) {
        const uint32_t n = (uint32_t)(to - i) < call ? (uint32_t)(to - i) : call;
        const float *const planes[2] = {sound[0] + i, sound[1] + i};
        float *const out[2] = {got[0] + i, got[1] + i};
        n_out = pst_live_convolver_n_out(convolver, n_in);
        (void)pst_live_convolver_run(convolver, in ? planes : NULL, n_in, out, n);
    }
    return n_out;
}

static double worst(uint32_t n_out, int from, int to) {
    double most = 0.0;
    for (uint32_t c = 0; c < n_out; ++c)
        for (int i = from; i < to; ++i) {
            const double d = fabs((double)got[c][i] - wanted[c][i]);
            if (!(d <= most))
                most = d;
        }
    return most;
}

static void test_all_channels(void) {
    static const uint32_t counts[] = {1, 2, 4};
    for (int i = 0; i < 3; ++i)
        for (uint32_t n_in = 1; n_in <= 2; ++n_in) {
            pst_live_convolver *k = make(counts[i], MOST_TAPS, 128);
            compute_wanted((int)counts[i], MOST_TAPS, (int)n_in);
            const uint32_t n_out = run(k, n_in, 0, N, 128, true);
            CHECK_EQ(n_out, counts[i] == 1 && n_in == 1 ? 1 : 2);
            // Sums of 3000 are of the size of 16.
            CHECK_TEXT(worst(n_out, 0, N) < 1e-4, "%u to %u: %g", n_in, counts[i],
                       worst(n_out, 0, N));
            pst_live_convolver_destroy(k);
        }
}

static void test_all_lengths(void) {
    static const uint32_t calls[] = {1, 7, 64, 100, 128, 192, 1000, 4096, 16384};
    static const int taps[] = {1, 63, 64, 65, 128, 129, 1000, 2049, MOST_TAPS};
    for (size_t t = 0; t < sizeof taps / sizeof *taps; ++t) {
        compute_wanted(2, taps[t], 2);
        for (size_t i = 0; i < sizeof calls / sizeof *calls; ++i) {
            pst_live_convolver *k = make(2, taps[t], calls[i]);
            run(k, 2, 0, N, calls[i], true);
            CHECK_TEXT(worst(2, 0, N) < 1e-4, "%d taps, calls of %u: %g", taps[t], calls[i],
                       worst(2, 0, N));
            pst_live_convolver_destroy(k);
        }
    }
}

static void test_calls_may_differ(void) {
    compute_wanted(2, MOST_TAPS, 2);
    pst_live_convolver *k = make(2, MOST_TAPS, 128);
    uint64_t seed = 3;
    for (int i = 0; i < N;) {
        int n = 1 + (int)(check_random(&seed) % 700);
        n = n < N - i ? n : N - i;
        run(k, 2, i, i + n, (uint32_t)n, true);
        i += n;
    }
    CHECK_TEXT(worst(2, 0, N) < 1e-4, "%g", worst(2, 0, N));
    pst_live_convolver_destroy(k);
}

static void test_mono_and_stereo_take_turns(void) {
    // Mono, then stereo in the middle of a block, then mono again, then silence.
    enum { FIRST = 1333, SECOND = 2777, THIRD = 3500, TAPS = 2000 };
    memset(wanted, 0, sizeof wanted);
    for (int c = 0; c < 2; ++c) {
        add_path(wanted[c], sound[0], response_planes[0], TAPS, 0, FIRST);
        add_path(wanted[c], sound[c], response_planes[0], TAPS, FIRST, SECOND);
        add_path(wanted[c], sound[0], response_planes[0], TAPS, SECOND, THIRD);
    }
    pst_live_convolver *k = make(1, TAPS, 100);
    CHECK_EQ(run(k, 1, 0, FIRST, 100, true), 1);
    CHECK(worst(1, 0, FIRST) < 1e-4);
    CHECK_EQ(run(k, 2, FIRST, SECOND, 100, true), 2);
    CHECK_TEXT(worst(2, FIRST, SECOND) < 1e-4, "%g", worst(2, FIRST, SECOND));
    CHECK_EQ(run(k, 1, SECOND, THIRD, 100, true), 2);
    CHECK(worst(2, SECOND, THIRD) < 1e-4);
    CHECK_EQ(run(k, 1, THIRD, SECOND + TAPS, 100, false), 2);
    CHECK(worst(2, THIRD, SECOND + TAPS) < 1e-4);
    // What was in stereo has faded.
    CHECK_EQ(pst_live_convolver_n_out(k, 1), 1);
    run(k, 1, SECOND + TAPS, N, 100, false);
    CHECK(worst(1, SECOND + TAPS, N) < 1e-4);
    pst_live_convolver_destroy(k);
}

static void test_silence_costs_nothing(void) {
    pst_live_convolver *k = make(2, MOST_TAPS, 128);
    CHECK(pst_live_convolver_is_silent(k));
    run(k, 2, 0, 1000, 128, true);
    CHECK(!pst_live_convolver_is_silent(k));
    float *const out[2] = {got[0], got[1]};
    uint64_t work = 0;
    for (int i = 0; i < 400; ++i)
        work = pst_live_convolver_run(k, NULL, 2, out, 128);
    CHECK(pst_live_convolver_is_silent(k));
    CHECK_EQ(work, 0);
    CHECK(got[0][5] == 0.0f && got[1][127] == 0.0f);
    // And it begins as it did the first time.
    compute_wanted(2, MOST_TAPS, 2);
    run(k, 2, 0, N, 128, true);
    CHECK(worst(2, 0, N) < 1e-4);
    pst_live_convolver_destroy(k);
}

static void test_reset_forgets(void) {
    pst_live_convolver *k = make(4, MOST_TAPS, 100);
    run(k, 2, 0, N, 100, true);
    memcpy(other, got, sizeof got);
    run(k, 2, 0, 3333, 100, true);
    pst_live_convolver_reset(k);
    run(k, 2, 0, N, 100, true);
    CHECK(memcmp(other, got, sizeof got) == 0);
    pst_live_convolver_destroy(k);
}

static void test_what_is_not_finite_is_silence(void) {
    float kept[3] = {sound[0][100], sound[0][200], sound[1][300]};
    sound[0][100] = 0.0f;
    sound[0][200] = 0.0f;
    sound[1][300] = 0.0f;
    compute_wanted(2, MOST_TAPS, 2);
    sound[0][100] = NAN;
    sound[0][200] = INFINITY;
    sound[1][300] = -INFINITY;
    pst_live_convolver *k = make(2, MOST_TAPS, 128);
    run(k, 2, 0, N, 128, true);
    CHECK(worst(2, 0, N) < 1e-4);
    pst_live_convolver_destroy(k);
    sound[0][100] = kept[0];
    sound[0][200] = kept[1];
    sound[1][300] = kept[2];
}

static void test_work_is_even(void) {
    // A second of stereo, to two seconds of response: no call has much more work than all have.
    enum { TAPS = 88200, CALL = 128 };
    float *taps = calloc(TAPS, sizeof *taps);
    CHECK(taps != NULL);
    rig_fill_sound(taps, PST_FORMAT_F32, TAPS);
    const float *const channels[2] = {taps, taps};
    const pst_response response = {channels, 2, TAPS, 0.01};
    pst_live_convolver *k = NULL;
    CHECK_EQ(pst_live_convolver_create(&k, &response, CALL, NULL), PST_OK);
    const float *const in[2] = {sound[0], sound[1]};
    float *const out[2] = {got[0], got[1]};
    uint64_t sum = 0, most = 0;
    enum { FILL = TAPS / CALL + 200, CALLS = 2000 };
    for (int i = 0; i < FILL + CALLS; ++i) {
        const uint64_t work = pst_live_convolver_run(k, in, 2, out, CALL);
        if (i >= FILL) {
            sum += work;
            most = work > most ? work : most;
        }
    }
    CHECK_TEXT(most * CALLS < 2 * sum, "most %llu, on average %llu", (unsigned long long)most,
               (unsigned long long)(sum / CALLS));
    pst_live_convolver_destroy(k);
    free(taps);
}

static void test_cuts_are_whole(void) {
    static const int64_t lengths[] = {1, 64, 65, 1000, 44100, 88200, 1000000, 30000000};
    static const uint32_t calls[] = {1, 64, 100, 128, 1000, 16384};
    for (int l = 0; l < 8; ++l)
        for (int i = 0; i < 6; ++i) {
            pst_cut cut;
            pst_cut_response(&cut, lengths[l], calls[i]);
            int64_t at = 0;
            CHECK(cut.n_rows >= 1 && cut.n_rows <= PST_CUT_ROWS);
            for (uint32_t r = 0; r < cut.n_rows; ++r) {
                const pst_cut_row *row = &cut.rows[r];
                CHECK_EQ(row->first, at);
                CHECK(r == 0 || row->first == 2 * (int64_t)row->n_block);
                CHECK(row->n_parts >= 1);
                at += (int64_t)row->n_parts * row->n_block;
            }
            CHECK(at >= lengths[l] && at < lengths[l] + PST_CUT_MAX);
            CHECK(cut.rows[0].n_block <= (calls[i] < PST_CUT_MIN ? PST_CUT_MIN : calls[i]));
        }
}

static void test_all_levels_compute_the_same_bits(void) {
    const pst_kernel_level now = pst_kernel_level_now();
    CHECK_EQ(pst_kernel_use(PST_KERNEL_SCALAR), PST_OK);
    pst_live_convolver *k = make(4, MOST_TAPS, 100);
    run(k, 2, 0, N, 100, true);
    memcpy(other, got, sizeof got);
    pst_live_convolver_destroy(k);
    for (int i = 0; i < rig_n_levels(); ++i) {
        const rig_level level = rig_get(i);
        CHECK_EQ(pst_kernel_use(level.table->level), PST_OK);
        k = make(4, MOST_TAPS, 100);
        run(k, 2, 0, N, 100, true);
        CHECK_TEXT(memcmp(other, got, sizeof got) == 0, "%s differs", level.name);
        pst_live_convolver_destroy(k);
    }
    CHECK_EQ(pst_kernel_use(now), PST_OK);
}

// One complex wave has one spectral line, whatever the number of steps.
static void test_transforms_of_all_lengths(void) {
    static float re[2][PST_FFT32_MAX], im[2][PST_FFT32_MAX];
    for (uint32_t n = PST_BINS_MIN; n <= PST_FFT32_MAX; n *= 2) {
        pst_fft32 *fft = pst_fft32_create(n);
        CHECK(fft != NULL);
        const uint32_t line = n / 3;
        for (uint32_t i = 0; i < n; ++i) {
            const double angle = 6.283185307179586 * (double)((uint64_t)i * line % n) / n;
            re[0][i] = (float)cos(angle);
            im[0][i] = (float)sin(angle);
        }
        uint32_t at = 0;
        for (uint32_t i = 0; i < pst_fft32_n_steps(fft); ++i, at = 1 - at)
            pst_fft32_step(fft, i, (pst_bins){re[at], im[at]}, (pst_bins){re[1 - at], im[1 - at]});
        for (uint32_t k = 0; k < n; ++k) {
            const double d = hypot((double)re[at][k] / n - (k == line), (double)im[at][k] / n);
            CHECK_TEXT(d < 1e-6, "%u of %u: %g", k, n, d);
        }
        pst_fft32_destroy(fft);
    }
}

static void test_each_allocation_may_fail(void) {
    if (!failing_alloc_works()) {
        check_skip("sanitizers bring an allocator of their own");
        return;
    }
    const float *const channels[2] = {response_planes[0], response_planes[1]};
    const pst_response response = {channels, 2, MOST_TAPS, 1.0};
    for (long n = 1;; ++n) {
        pst_live_convolver *k = NULL;
        failing_alloc_begin(n);
        const pst_status status = pst_live_convolver_create(&k, &response, 128, NULL);
        pst_live_convolver_destroy(k);
        const bool got_by = failing_alloc_end() < n;
        CHECK_EQ(status, got_by ? PST_OK : PST_NO_MEMORY);
        CHECK_EQ(failing_alloc_live(), 0);
        if (got_by)
            break;
    }
}

int main(void) {
    fill_all();
    RUN(test_all_channels);
    RUN(test_all_lengths);
    RUN(test_calls_may_differ);
    RUN(test_mono_and_stereo_take_turns);
    RUN(test_silence_costs_nothing);
    RUN(test_reset_forgets);
    RUN(test_what_is_not_finite_is_silence);
    RUN(test_work_is_even);
    RUN(test_cuts_are_whole);
    RUN(test_all_levels_compute_the_same_bits);
    RUN(test_transforms_of_all_lengths);
    RUN(test_each_allocation_may_fail);
    return check_done();
}
