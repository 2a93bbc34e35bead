// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <stdio.h>
#include <stdlib.h>

#include "pastream/format.h"
#include "pastream/simd.h"
#include "timing.h"

// The time to convert one sample, for every pair of formats, in blocks as the callback has them.
// Prints lines of `level name value unit`, for each level of the kernels that this machine has, or
// for the one with the number given.

enum { N_SAMPLES = 512, N_STEPS = 2000 };

typedef struct pair {
    pst_format dst_format;
    pst_format src_format;
    uint8_t dst[8 * N_SAMPLES];
    uint8_t src[8 * N_SAMPLES];
} pair;

static void convert(void *context, int64_t n_steps) {
    pair *p = context;
    pst_convert_counts counts = {0, 0};
    for (int64_t i = 0; i < n_steps; ++i)
        (void)pst_convert(p->dst, p->dst_format, p->src, p->src_format, N_SAMPLES, &counts);
}

static void time_level(const char *level) {
    static pair p;
    for (int s = PST_FORMAT_F32; s <= PST_FORMAT_U8; ++s) {
        float wave[N_SAMPLES]; // Clips nowhere.
        for (int i = 0; i < N_SAMPLES; ++i)
            wave[i] = (float)(i % 200 - 100) / 101.0f;
        (void)pst_convert(p.src, (pst_format)s, wave, PST_FORMAT_F32, N_SAMPLES, NULL);
        for (int d = PST_FORMAT_F32; d <= PST_FORMAT_U8; ++d) {
            p.dst_format = (pst_format)d;
            p.src_format = (pst_format)s;
            printf("%s %s_from_%s %.3f ns/sample\n", level, pst_format_name(p.dst_format),
                   pst_format_name(p.src_format),
                   timing_ns_per_step(convert, &p, N_STEPS) / N_SAMPLES);
        }
    }
}

int main(int argc, char **argv) {
    const int wanted = argc > 1 ? atoi(argv[1]) : 0;
    for (int level = PST_KERNEL_SCALAR; level <= PST_KERNEL_SVE; ++level)
        if ((wanted == 0 || wanted == level) && pst_kernel_use((pst_kernel_level)level) == PST_OK)
            time_level(pst_kernel_level_name((pst_kernel_level)level));
    return 0;
}
