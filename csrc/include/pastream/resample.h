// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_RESAMPLE_H
#define PASTREAM_RESAMPLE_H

#include "pastream/base.h"
#include "pastream/format.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// How well sample rates are changed: signal to noise, and the bandwidth that is kept, as a share of
// the lower rate's. Better is slower, and looks further ahead.
typedef enum pst_resample_quality {
    PST_RESAMPLE_MEDIUM = 0, // 121 dB, 90 %; looks 47 frames of the lower rate ahead.
    PST_RESAMPLE_FAST = 1,   // 97 dB, 80 %; 21 frames.
    PST_RESAMPLE_BEST = 2,   // 144 dB, 97 %; 145 frames.
    PST_RESAMPLE_LINEAR = 3, // Straight lines between the frames: nothing is filtered.
    PST_RESAMPLE_HOLD = 4    // Each frame lasts until the next one.
} pst_resample_quality;

// What computes the three filtered qualities. Lines and holding are computed by the library itself.
typedef enum pst_resample_engine {
    PST_RESAMPLER_AUTO = 0,       // soxr where this build has it, else libsamplerate.
    PST_RESAMPLER_SAMPLERATE = 1, // libsamplerate. It computes in float32.
    PST_RESAMPLER_SOXR = 2        // soxr. It looks up to some thousand frames further ahead.
} pst_resample_engine;

enum { PST_RESAMPLE_MAX_RATIO = 256 };

// Changes the sample rate of a run of frames that comes in pieces. How it is cut into pieces does
// not show in the result. The first output frame lies at the time of the first input frame, and n
// input frames become n * to_hz / from_hz frames, rounded to nearest (half up). Before the first
// frame and behind the last one lies silence; with PST_RESAMPLE_LINEAR the last frame lasts.
typedef struct pst_resampler pst_resampler;

typedef struct pst_resampler_config {
    double from_hz; // Above 0,
    double to_hz;   // and at most a factor of PST_RESAMPLE_MAX_RATIO apart.
    uint32_t n_channels;
    pst_format format; // PST_FORMAT_F32 or PST_FORMAT_F64, of what goes in and comes out.
    pst_resample_quality quality;
    pst_resample_engine engine;
} pst_resampler_config;

// Fills in: equal rates of 48 kHz, 1 channel, float32, PST_RESAMPLE_BEST, PST_RESAMPLER_AUTO.
// Thread: any. Realtime: yes.
PST_API void pst_resampler_config_default(pst_resampler_config *config) PST_RT;

// Tells whether this build has an engine. Thread: any. Realtime: yes.
PST_API bool pst_resampler_has_engine(pst_resample_engine engine) PST_RT;

// Makes a resampler.
// Returns PST_OK; PST_BAD_ARGUMENT (the text names the limit); PST_UNSUPPORTED (this build lacks
// the engine); PST_NO_MEMORY.
// Thread: control. Realtime: no. Ownership: the caller's, until pst_resampler_destroy.
PST_API PST_NODISCARD pst_status pst_resampler_create(pst_resampler **resampler,
                                                      const pst_resampler_config *config,
                                                      pst_error *err);

// NULL is allowed. Thread: control. Realtime: no.
PST_API void pst_resampler_destroy(pst_resampler *resampler);

// Returns the engine that computes; PST_RESAMPLER_AUTO where none is needed, which is with lines,
// with holding, and between equal rates: those change nothing.
// Thread: any. Realtime: yes (constant).
PST_API pst_resample_engine pst_resampler_engine(const pst_resampler *resampler) PST_RT;

// Takes up to n_in frames and gives up to n_out_max, both as far as the other allows: what was not
// taken has to be given again. With room for pst_resampler_room frames, all are taken. Samples that
// are not finite count as 0.
//
// in, out: interleaved frames of the configured format; they may not overlap. NULL for 0 frames.
// n_used, n_made: get how many were taken and given; also of a call that failed.
// Returns PST_OK; PST_BAD_STATE (after pst_resampler_drain); PST_NO_MEMORY.
// Thread: one at a time. Realtime: no (soxr allocates).
PST_API PST_NODISCARD pst_status pst_resampler_process(pst_resampler *resampler, const void *in,
                                                       int64_t n_in, int64_t *n_used, void *out,
                                                       int64_t n_out_max, int64_t *n_made,
                                                       pst_error *err);

// Ends the input, and gives up to n_out_max of the frames that are left. To be called until it has
// given fewer than that.
// Returns PST_OK; PST_NO_MEMORY.
// Thread: one at a time. Realtime: no.
PST_API PST_NODISCARD pst_status pst_resampler_drain(pst_resampler *resampler, void *out,
                                                     int64_t n_out_max, int64_t *n_made,
                                                     pst_error *err);

// Forgets all input: what comes next is a first frame again.
// Returns PST_OK; PST_NO_MEMORY (it cannot be used any more then).
// Thread: one at a time. Realtime: no.
PST_API PST_NODISCARD pst_status pst_resampler_reset(pst_resampler *resampler, pst_error *err);

// Returns the most frames that n_in more input frames and the end of the input can give.
// Thread: as process. Realtime: yes.
PST_API int64_t pst_resampler_room(const pst_resampler *resampler, int64_t n_in) PST_RT;

// Finds out, by trying, by how many output frames the output is behind the input at most: n input
// frames have given about n * to_hz / from_hz frames less these, or more. It depends on the engine,
// the quality and the rates; with soxr, by a hundredth, also on how the input is cut.
// n_frames: gets them.
// Returns PST_OK; PST_NO_MEMORY.
// Thread: any. Realtime: no (takes some milliseconds).
PST_API PST_NODISCARD pst_status pst_resampler_latency(const pst_resampler *resampler,
                                                       int64_t *n_frames, pst_error *err);

// Returns how many frames n_frames become. Thread: any. Realtime: yes.
PST_API int64_t pst_resampled_frames(int64_t n_frames, double from_hz, double to_hz) PST_RT;

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
