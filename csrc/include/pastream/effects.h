// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_EFFECTS_H
#define PASTREAM_EFFECTS_H

#include "pastream/base.h"
#include "pastream/format.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// Changes sound that comes in pieces, a frame for a frame, where it lies. How it is cut into pieces
// does not show in the result. Before the first frame lies silence.
//
// Samples are interleaved float32 or float64. What is not finite counts as 0 and does not stay in
// the memory of a filter; what is larger than 1e30 (float32) or 1e300 counts as that. Results
// beyond the range of the format become the largest number that is in it, or 0. Denormal numbers
// count as 0.
typedef struct pst_effect pst_effect;

enum {
    PST_EFFECT_MAX_DELAY_FRAMES = 1 << 28, // A gigabyte of float32, in mono.
    PST_EFFECT_MAX_TAPS = 1 << 22,
    PST_EFFECT_MAX_SECTIONS = 256,
    PST_EFFECT_MAX_LOOKAHEAD_FRAMES = 1 << 20
};

typedef struct pst_effect_info {
    const char *name; // "delay", "fir", "iir", "compressor" or "limiter". Static text.
    pst_format format;
    uint32_t n_channels;
    // How far a frame comes out behind where it went in.
    uint64_t delay_frames;
    // Whether that is what the effect is for. Else whoever runs it drops the first delay_frames,
    // and gets the last ones by as many frames of silence.
    bool is_delay_wanted;
    uint64_t n_nonfinite; // Samples that came in and were not finite, so far.
} pst_effect_info;

// A delay line: the first delay_frames come out as silence.
// delay_frames: 0 to PST_EFFECT_MAX_DELAY_FRAMES.
// Returns PST_OK, PST_BAD_ARGUMENT, PST_NO_MEMORY.
// Thread: control. Realtime: no. Ownership: the caller's, until pst_effect_destroy.
PST_API PST_NODISCARD pst_status pst_effect_delay(pst_effect **effect, pst_format format,
                                                  uint32_t n_channels, uint64_t delay_frames,
                                                  pst_error *err);

// A filter with a finite answer: y[n] = taps[0] x[n] + taps[1] x[n-1] + ..., in each channel, with
// no delay of its own. What is behind the last frame is not given. Many taps are computed by
// Fourier transforms.
// taps: 1 to PST_EFFECT_MAX_TAPS finite numbers, copied.
// Returns PST_OK, PST_BAD_ARGUMENT, PST_NO_MEMORY.
// Thread: control. Realtime: no. Ownership: the caller's, until pst_effect_destroy.
PST_API PST_NODISCARD pst_status pst_effect_fir(pst_effect **effect, pst_format format,
                                                uint32_t n_channels, const double *taps,
                                                uint32_t n_taps, pst_error *err);

// A filter of second-order sections, one after the other, in each channel. It computes in float64,
// whatever the format.
// sos: n_sections rows of b0, b1, b2, a0, a1, a2; finite, a0 not 0, poles not outside the unit
// circle (by more than 1e-6); copied. n_sections: 1 to PST_EFFECT_MAX_SECTIONS.
// Returns PST_OK, PST_BAD_ARGUMENT, PST_NO_MEMORY.
// Thread: control. Realtime: no. Ownership: the caller's, until pst_effect_destroy.
PST_API PST_NODISCARD pst_status pst_effect_iir(pst_effect **effect, pst_format format,
                                                uint32_t n_channels, const double *sos,
                                                uint32_t n_sections, pst_error *err);

// Less difference between loud and quiet, and silence between the sounds. Each channel is measured
// by itself: the level is that of its peaks, |x|, followed by an exponential with attack_s when it
// rises and with release_s when it falls, in dB of full scale.
//
//   below expansion_threshold_db   each dB less becomes expansion_ratio dB less
//   above threshold_db             each dB more becomes 1 / ratio dB more
//
// Around threshold_db a parabola of knee_width_db joins the two lines. In the end all is changed by
// master_gain_db. The static curve is the one of D. Giannoulis, M. Massberg, J. D. Reiss, "Digital
// Dynamic Range Compressor Design", J. Audio Eng. Soc. 60 (2012), eq. 4, continued downwards by an
// expander; the detector is the branching one of eq. 7 there. Gains are right to 1e-11 dB, and to
// the same bits on all processors.
typedef struct pst_compressor_config {
    double rate_hz; // Above 0.
    double threshold_db;
    double knee_width_db;   // 0: none.
    double ratio;           // 1 and more.
    double expansion_ratio; // 1 and more; 1: there is no expander.
    double expansion_threshold_db;
    double attack_s;  // In which 63 % of a step are gone; 0: at once.
    double release_s; // The same.
    double master_gain_db;
} pst_compressor_config;

// Fills in: 48 kHz, -18 dB, 6 dB, 4, 2, -60 dB, 10 ms, 100 ms, 0 dB.
// Thread: any. Realtime: yes.
PST_API void pst_compressor_config_default(pst_compressor_config *config) PST_RT;

// Makes a compressor. Decibels: -1000 to 1000; times: 0 to 1000 s; ratios: 1 to 1e6.
// Returns PST_OK, PST_BAD_ARGUMENT, PST_NO_MEMORY.
// Thread: control. Realtime: no. Ownership: the caller's, until pst_effect_destroy.
PST_API PST_NODISCARD pst_status pst_effect_compressor(pst_effect **effect, pst_format format,
                                                       uint32_t n_channels,
                                                       const pst_compressor_config *config,
                                                       pst_error *err);

// Keeps all samples within a ceiling, without a click: the gain goes down before a peak comes, in
// all channels alike, and slowly up again behind it. Sound that never goes beyond the ceiling comes
// out as it was, bit by bit. No sample ever goes beyond it; what lies between the samples may.
typedef struct pst_limiter_config {
    double rate_hz;     // Above 0.
    double ceiling_db;  // Of full scale.
    double lookahead_s; // How long before a peak the gain begins to fall; also the delay.
    double release_s;   // In which 63 % of the way up are gone; 0: at once.
} pst_limiter_config;

// Fills in: 48 kHz, -1 dB, 5 ms, 50 ms. Thread: any. Realtime: yes.
PST_API void pst_limiter_config_default(pst_limiter_config *config) PST_RT;

// Makes a limiter. ceiling_db: -200 to 200; lookahead_s: 0 to PST_EFFECT_MAX_LOOKAHEAD_FRAMES,
// rounded to frames; release_s: 0 to 1000.
// Returns PST_OK, PST_BAD_ARGUMENT, PST_NO_MEMORY.
// Thread: control. Realtime: no. Ownership: the caller's, until pst_effect_destroy.
PST_API PST_NODISCARD pst_status pst_effect_limiter(pst_effect **effect, pst_format format,
                                                    uint32_t n_channels,
                                                    const pst_limiter_config *config,
                                                    pst_error *err);

// Destroys an effect. NULL is allowed. Thread: control. Realtime: no.
PST_API void pst_effect_destroy(pst_effect *effect);

// Changes n_frames where they lie. Thread: one at a time. Realtime: yes, except that a filter of
// many taps does most of its work in some of the calls.
PST_API void pst_effect_process(pst_effect *effect, void *frames, uint64_t n_frames) PST_RT;

// Forgets all sound, except what was counted. Thread: one at a time. Realtime: yes (it clears the
// memory of the effect).
PST_API void pst_effect_reset(pst_effect *effect) PST_RT;

// Tells what it is. Thread: one at a time. Realtime: yes.
PST_API void pst_effect_get_info(const pst_effect *effect, pst_effect_info *info) PST_RT;

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
