// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "device/portaudio_clock.h"

// Frames of all periods before the one that a block comes with.
static int64_t frames_before(const pst_frame_clock *clock, uint32_t n_frames) PST_RT {
    const int64_t last =
        clock->is_output_only || n_frames == 0 ? clock->n_passed : clock->n_passed + n_frames - 1;
    return last / clock->period_frames * clock->period_frames;
}

int64_t pst_frame_clock_step(pst_frame_clock *clock, uint32_t count, uint32_t n_frames) PST_RT {
    if (!clock->is_running || count != clock->last_count) {
        // The difference in 32 bits is right over the jump too; a small step back stays one.
        clock->frame += clock->is_running ? (int32_t)(count - clock->last_count) : (int64_t)count;
        clock->last_count = count;
        clock->is_running = true;
        if (clock->period_frames == 0)
            clock->n_passed = 0;
    }
    int64_t frame = clock->frame + clock->n_passed;
    if (clock->period_frames > 0)
        frame -= frames_before(clock, n_frames);
    clock->n_passed += n_frames;
    return frame;
}

uint32_t pst_frame_clock_count(double time_s, double samplerate_hz) PST_RT {
    return (uint32_t)(int64_t)(time_s * samplerate_hz + 0.5);
}
