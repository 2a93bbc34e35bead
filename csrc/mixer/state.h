// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_MIXER_STATE_H
#define PST_MIXER_STATE_H

#include <stdalign.h>

#include "base/alloc.h"
#include "mixer/voice.h"

// Set in n_voices when stop_when_idle has ended a run: who adds a voice sees it in the same step.
#define PST_MIXER_OVER (UINT64_C(1) << 63)

struct pst_mixer {
    uint32_t n_channels;
    bool stop_when_idle;
    _Atomic uint32_t n_refs;
    pst_event idle;      // Posted when a voice was retired.
    pst_letterbox inbox; // Starts and commands.
    _Atomic int64_t next_frame;
    _Atomic float gain_now;
    // Written by both sides.
    alignas(PST_CACHE_LINE_BYTES) _Atomic uint64_t n_voices; // Sent and not retired.
    pst_letterbox outbox;                                    // Spent messages, to be freed.
    // The audio thread's own.
    alignas(PST_CACHE_LINE_BYTES) pst_schedule by_frame;
    pst_schedule by_time;
    uint64_t n_arrived;
    pst_voice *first_voice; // That have begun, in the order in which they did.
    pst_voice **last_link;
    pst_letters due; // To the mixer itself.
    pst_letters spent;
    pst_ramp gain;
    bool has_retired; // In this block.
};

// Takes a voice out of the count, and tells who waits for it. Its data is not touched any more.
void pst_mixer_retire(pst_mixer *mixer, pst_voice *voice) PST_RT;

#endif
