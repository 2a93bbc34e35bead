// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/matrix.h"
#include "mixer/add.h"
#include "mixer/ramp.h"
#include "pastream/effects.h"
#include "pastream/simd.h"
#include "stream/meter.h"
#include "timing.h"

// The time that mixing, filters and meters take for a frame of float32 stereo, in blocks as streams
// have them, at each level of the kernels that this machine has. Prints lines of
// `level name value unit`. bench_convert does the same for conversions.

enum { N_FRAMES = 512, N_CHANNELS = 2, N_STEPS = 300, REVERB_TAPS = 48000 };

typedef struct work {
    pst_effect *effect;
    pst_matrix *matrix;
    pst_meter *meter;
    uint32_t n_channels;
    float sound[8 * N_FRAMES];
    float frames[8 * N_FRAMES];
    float gains[N_FRAMES];
} work;

static void run_effect(void *context, int64_t n_steps) {
    work *w = context;
    for (int64_t i = 0; i < n_steps; ++i) {
        memcpy(w->frames, w->sound, sizeof(float) * N_CHANNELS * N_FRAMES);
        pst_effect_process(w->effect, w->frames, N_FRAMES);
    }
}

static void run_matrix(void *context, int64_t n_steps) {
    work *w = context;
    for (int64_t i = 0; i < n_steps; ++i)
        pst_matrix_apply(w->matrix, w->frames, PST_FORMAT_F32, w->sound, PST_FORMAT_F32, N_FRAMES,
                         false, NULL);
}

static void run_meter(void *context, int64_t n_steps) {
    work *w = context;
    for (int64_t i = 0; i < n_steps; ++i)
        pst_meter_feed(w->meter, w->sound, PST_FORMAT_F32, N_FRAMES);
}

static void run_add(void *context, int64_t n_steps) {
    work *w = context;
    const pst_route route = {.n_in = w->n_channels, .n_out = 2};
    memset(w->frames, 0, sizeof w->frames);
    for (int64_t i = 0; i < n_steps; ++i)
        pst_add_steady(w->frames, w->sound, N_FRAMES, &route, 1e-3F);
}

static void run_fade(void *context, int64_t n_steps) {
    work *w = context;
    const pst_route route = {.n_in = 2, .n_out = 2};
    pst_ramp ramp;
    pst_ramp_hold(&ramp, 0.0F);
    pst_ramp_move(&ramp, 1e-3F, INT32_MAX,
                  w->n_channels == 1 ? PST_CURVE_LINEAR : PST_CURVE_EQUAL_POWER);
    memset(w->frames, 0, sizeof w->frames);
    for (int64_t i = 0; i < n_steps; ++i) {
        for (int k = 0; k < N_FRAMES; ++k)
            w->gains[k] = 1.0F;
        pst_ramp_apply(&ramp, w->gains, N_FRAMES);
        pst_add_moving(w->frames, w->sound, N_FRAMES, &route, w->gains);
        pst_ramp_advance(&ramp, N_FRAMES);
    }
}

static void tell(const char *level, const char *name, void (*run)(void *, int64_t), work *w) {
    printf("%s %s %.2f ns/frame\n", level, name, timing_ns_per_step(run, w, N_STEPS) / N_FRAMES);
}

static void time_effect(const char *level, const char *name, pst_status status, work *w) {
    if (status != PST_OK)
        exit(1);
    tell(level, name, run_effect, w);
    pst_effect_destroy(w->effect);
}

static void time_effects(const char *level, work *w) {
    static double taps[REVERB_TAPS];
    for (int i = 0; i < REVERB_TAPS; ++i)
        taps[i] = (double)(i * 7919 % 1000 - 500) * 1e-6;
    pst_effect **e = &w->effect;
    const pst_format f32 = PST_FORMAT_F32;
    time_effect(level, "fir_101", pst_effect_fir(e, f32, 2, taps, 101, NULL), w);
    time_effect(level, "fir_48000", pst_effect_fir(e, f32, 2, taps, REVERB_TAPS, NULL), w);
    double sos[8][6];
    for (int i = 0; i < 8; ++i)
        memcpy(sos[i], (const double[]){0.2, 0.3, 0.2, 1, -0.6, 0.3 + 0.05 * i}, sizeof sos[i]);
    time_effect(level, "iir_2", pst_effect_iir(e, f32, 2, sos[0], 1, NULL), w);
    time_effect(level, "iir_8", pst_effect_iir(e, f32, 2, sos[0], 4, NULL), w);
    time_effect(level, "iir_16", pst_effect_iir(e, f32, 2, sos[0], 8, NULL), w);
    pst_compressor_config compressor;
    pst_compressor_config_default(&compressor);
    time_effect(level, "compressor", pst_effect_compressor(e, f32, 2, &compressor, NULL), w);
    compressor.threshold_db = 60.0;
    time_effect(level, "compressor_at_rest", pst_effect_compressor(e, f32, 2, &compressor, NULL),
                w);
    pst_limiter_config limiter;
    pst_limiter_config_default(&limiter);
    time_effect(level, "limiter", pst_effect_limiter(e, f32, 2, &limiter, NULL), w);
}

static void time_matrix(const char *level, const char *name, uint32_t n_in, uint32_t n_out,
                        work *w) {
    float gains[64];
    for (int i = 0; i < 64; ++i)
        gains[i] = 0.1F;
    if (pst_matrix_create(&w->matrix, n_in, n_out, NULL) != PST_OK)
        exit(1);
    pst_matrix_set(w->matrix, gains);
    pst_matrix_refresh(w->matrix);
    tell(level, name, run_matrix, w);
    pst_matrix_destroy(w->matrix);
}

static void time_level(const char *level) {
    static work w;
    for (int i = 0; i < 8 * N_FRAMES; ++i)
        w.sound[i] = (float)(i * 7919 % 1999 - 999) / 1100.0F;
    time_effects(level, &w);
    time_matrix(level, "matrix_2_to_2", 2, 2, &w);
    time_matrix(level, "matrix_6_to_2", 6, 2, &w);
    time_matrix(level, "matrix_8_to_8", 8, 8, &w);
    w.meter = pst_meter_create(2, 48000.0, 1.0F);
    if (w.meter == NULL)
        exit(1);
    tell(level, "meter", run_meter, &w);
    pst_meter_destroy(w.meter);
    w.n_channels = 2;
    tell(level, "add_stereo", run_add, &w);
    tell(level, "fade_equal_power", run_fade, &w);
    w.n_channels = 1;
    tell(level, "add_mono_to_stereo", run_add, &w);
    tell(level, "fade_linear", run_fade, &w);
}

int main(int argc, char **argv) {
    const int wanted = argc > 1 ? atoi(argv[1]) : 0;
    for (int level = PST_KERNEL_SCALAR; level <= PST_KERNEL_SVE; ++level)
        if ((wanted == 0 || wanted == level) && pst_kernel_use((pst_kernel_level)level) == PST_OK)
            time_level(pst_kernel_level_name((pst_kernel_level)level));
    return 0;
}
