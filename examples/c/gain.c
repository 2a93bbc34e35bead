// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// A callback in C: passes the input on to the output, with a gain that glides to its target, so
// that changing it does not click. It runs on the audio thread: no allocation, no lock, no waiting.

#include <pastream/callback.h>

typedef struct gain_settings {
    int32_t n_channels;
    float target; // May be changed at any time.
    float now;
} gain_settings;

int32_t gain(const void *input, void *output, int64_t n_frames, const pst_callback_time *time,
             uint32_t flags, void *user) {
    gain_settings *settings = user;
    const float *from = input;
    float *to = output;
    const float step = (settings->target - settings->now) / (float)n_frames;
    (void)time;
    (void)flags;
    for (int64_t i = 0; i < n_frames; ++i) {
        settings->now += step;
        for (int32_t channel = 0; channel < settings->n_channels; ++channel)
            *to++ = *from++ * settings->now;
    }
    settings->now = settings->target;
    return PST_CALLBACK_CONTINUE;
}
