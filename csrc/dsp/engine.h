// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DSP_ENGINE_H
#define PST_DSP_ENGINE_H

#include "pastream/resample.h"

#ifndef PST_HAS_SOXR
#define PST_HAS_SOXR 0
#endif

// What computes behind pst_resampler. An engine knows no end: the base feeds it silence behind the
// last frame, and cuts off what is too much. How its input is cut into pieces must not show.
typedef struct pst_resample_ops {
    pst_resample_engine engine;
    // Whether float64 frames go in and out as such; float32 always do.
    bool has_f64;
    // The config was checked; its format is one that the engine has.
    pst_status (*create)(void **state, const pst_resampler_config *config, pst_error *err);
    void (*destroy)(void *state);
    pst_status (*reset)(void *state, pst_error *err);
    // Takes up to n_in finite frames and gives up to n_out_max, as far as each allows the other; it
    // is called until it neither takes nor gives.
    pst_status (*process)(void *state, const void *in, int64_t n_in, int64_t *n_used, void *out,
                          int64_t n_out_max, int64_t *n_made, pst_error *err);
    // Returns the frame that lasts behind the end of the input; NULL: silence does.
    const void *(*last)(const void *state);
} pst_resample_ops;

extern const pst_resample_ops pst_samplerate_ops;
extern const pst_resample_ops pst_interpolator_ops;
extern const pst_resample_ops pst_soxr_ops; // Only if the build has it: PST_HAS_SOXR.

#endif
