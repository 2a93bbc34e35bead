// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DSP_EFFECT_H
#define PST_DSP_EFFECT_H

#include "pastream/effects.h"

// What is behind pst_effect. An effect embeds the struct as its first member. It gets samples that
// are tame (dsp/tame.h), and computes with denormal numbers switched off.

typedef struct pst_effect_ops {
    const char *name;
    void (*process)(pst_effect *effect, void *frames, size_t n_frames) PST_RT;
    void (*reset)(pst_effect *effect) PST_RT;
    // Frees what there is beside the struct. NULL: nothing is.
    void (*deinit)(pst_effect *effect);
} pst_effect_ops;

struct pst_effect {
    const pst_effect_ops *ops;
    pst_format format; // F32 or F64.
    uint32_t n_channels;
    uint64_t delay_frames;
    bool is_delay_wanted;
    bool forgets_at_gap; // What came before a gap has no meaning behind it: a filter's memory.
    uint64_t n_nonfinite;
};

// Allocates an effect of n_bytes, with pst_effect as the first member.
// Returns PST_OK, PST_BAD_ARGUMENT (format or channels), PST_NO_MEMORY.
pst_status pst_effect_create(pst_effect **effect, size_t n_bytes, const pst_effect_ops *ops,
                             pst_format format, uint32_t n_channels, pst_error *err);

// Returns PST_OK, or PST_BAD_ARGUMENT with a text that names the argument.
pst_status pst_effect_check(const char *name, double value, double least, double most,
                            const char *unit, pst_error *err);

// Calls run with some frames after the other: so many that what it keeps for each sample goes into
// an array of PST_EFFECT_BLOCK_SAMPLES on the stack, and at least one.
enum { PST_EFFECT_BLOCK_SAMPLES = 512 };
void pst_effect_in_blocks(pst_effect *effect, void *frames, size_t n_frames,
                          void (*run)(pst_effect *effect, uint8_t *at, size_t n_frames)
                              PST_RT) PST_RT;

// Returns the factor of a one-pole follower that goes 63 % of its way in time_s; 0: all at once.
double pst_effect_follow(double time_s, double rate_hz);

#endif
