// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DEVICE_PORTAUDIO_CLOCK_H
#define PST_DEVICE_PORTAUDIO_CLOCK_H

#include "pastream/base.h"

// The device's frame counter, from one of 32 bits, which begins anew when it is full (after a day
// at 48 kHz).
//
// PortAudio cuts JACK's periods into blocks, or joins them. All callbacks out of one period come
// with its count, so a block's place beside its period goes by the frames handed over before.
//
// A callback that comes a period late is told the period of now, not its own; then JACK runs it
// again at once, with the same count, to catch up (measured on a busy machine). So a number is
// never too small, but for a moment it may be too large.
typedef struct pst_frame_clock {
    uint32_t period_frames; // 0 if unknown.
    bool is_output_only;    // Then a block is asked for when its first frame is due, not handed
                            // over when its last one has come.
    bool is_running;        // There was a callback before.
    uint32_t last_count;
    int64_t frame;    // Of last_count.
    int64_t n_passed; // Frames handed over: in all, or since last_count if no period is known.
} pst_frame_clock;

// Returns the number of the next block's first frame, and counts its n_frames.
// Thread: callback. Realtime: yes.
int64_t pst_frame_clock_step(pst_frame_clock *clock, uint32_t count, uint32_t n_frames) PST_RT;

// PortAudio's time of a JACK stream is such a count too: seconds since it was opened, 0 or more.
// Returns the count.
uint32_t pst_frame_clock_count(double time_s, double samplerate_hz) PST_RT;

#endif
