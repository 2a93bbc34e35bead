// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_CALLBACK_H
#define PASTREAM_CALLBACK_H

#include "pastream/base.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// Code that runs on the audio thread, once per block: a compiled function of the user's, or one of
// the library's own renderers. One signature serves them all.

// When the frames of a block are taken and heard. Times are in seconds of the monotonic clock.
// Doubles come first, so that callers who know only arrays can read them as four doubles.
typedef struct pst_callback_time {
    double input_adc_s;   // When the first input frame was taken.
    double output_dac_s;  // When the first output frame will be heard.
    double current_s;     // When the callback was called.
    double samplerate_hz; // Frames per second, nominal.
    int64_t frame;        // Device frame number of the first frame, lost ones included.
} pst_callback_time;

typedef enum pst_callback_result {
    PST_CALLBACK_CONTINUE = 0,
    PST_CALLBACK_COMPLETE = 1, // End the run once this block is played.
    PST_CALLBACK_ABORT = 2     // End the run at once.
} pst_callback_result;

// Called from the audio thread: it must not allocate, lock, wait, or call Python.
//
// input: n_frames interleaved frames in the stream's input format and channels, read only; NULL if
// there is no input. output: the same for the output, to be written or added to; it holds what the
// stream has to play besides, or silence. NULL if there is no output. Both are valid during the
// call. n_frames: 1 to 65536. flags: pst_flag. Any other result than those of
// pst_callback_result counts as abort.
typedef int32_t (*pst_callback_fn)(const void *input, void *output, int64_t n_frames,
                                   const pst_callback_time *time, uint32_t flags,
                                   void *user) PST_RT;

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
