// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "mixer/add.h"

#include "core/kernels/kernels.h"

// The usual ways are kernels; what is left here goes in steps of several samples.

static void add_one_to_many(float *restrict output, const float *restrict input, int64_t n_frames,
                            uint32_t n_channels, float gain) PST_RT {
    for (int64_t i = 0; i < n_frames; ++i) {
        const float sample = gain * input[i];
        for (uint32_t c = 0; c < n_channels; ++c)
            output[i * n_channels + c] += sample;
    }
}

// One channel of the voice into one of the output.
static void add_channel(float *restrict output, uint32_t out_stride, const float *restrict input,
                        uint32_t in_stride, int64_t n_frames, float gain) PST_RT {
    for (int64_t i = 0; i < n_frames; ++i)
        output[i * out_stride] += gain * input[i * in_stride];
}

static void add_channel_moving(float *restrict output, uint32_t out_stride,
                               const float *restrict input, uint32_t in_stride, int64_t n_frames,
                               float gain, const float *restrict gains) PST_RT {
    for (int64_t i = 0; i < n_frames; ++i)
        output[i * out_stride] += gains[i] * (gain * input[i * in_stride]);
}

void pst_add_steady(float *output, const float *input, int64_t n_frames, const pst_route *route,
                    float gain) PST_RT {
    if (route->gains != NULL) {
        for (uint32_t to = 0; to < route->n_out; ++to) {
            for (uint32_t from = 0; from < route->n_in; ++from) {
                const float share = route->gains[to * route->n_in + from];
                if (share != 0)
                    add_channel(output + to, route->n_out, input + from, route->n_in, n_frames,
                                gain * share);
            }
        }
    } else if (route->n_in == route->n_out) {
        pst_kernels_now()->mix->add(output, input, (size_t)n_frames * route->n_out, gain);
    } else if (route->n_out == 2) {
        pst_kernels_now()->mix->add_one_to_two(output, input, (size_t)n_frames, gain);
    } else {
        add_one_to_many(output, input, n_frames, route->n_out, gain);
    }
}

void pst_add_moving(float *output, const float *input, int64_t n_frames, const pst_route *route,
                    const float *gains) PST_RT {
    if (route->gains != NULL) {
        for (uint32_t to = 0; to < route->n_out; ++to) {
            for (uint32_t from = 0; from < route->n_in; ++from) {
                const float share = route->gains[to * route->n_in + from];
                if (share != 0)
                    add_channel_moving(output + to, route->n_out, input + from, route->n_in,
                                       n_frames, share, gains);
            }
        }
    } else if (route->n_in == route->n_out) {
        pst_kernels_now()->mix->add_moving(output, input, (size_t)n_frames, route->n_out, gains);
    } else {
        for (uint32_t c = 0; c < route->n_out; ++c)
            add_channel_moving(output + c, route->n_out, input, 1, n_frames, 1.0f, gains);
    }
}

void pst_scale_steady(float *output, int64_t n_samples, float gain) PST_RT {
    pst_kernels_now()->mix->scale_f32(output, (size_t)n_samples, gain);
}

void pst_scale_moving(float *output, int64_t n_frames, uint32_t n_channels,
                      const float *gains) PST_RT {
    pst_kernels_now()->mix->scale_moving(output, (size_t)n_frames, n_channels, gains);
}
