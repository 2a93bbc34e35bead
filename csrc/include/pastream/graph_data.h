// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_GRAPH_DATA_H
#define PASTREAM_GRAPH_DATA_H

#include "pastream/base.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// What nodes play, and what never changes once it is made. Nodes share it; each keeps a reference.

// Sound in memory: float32, one channel after another.
typedef struct pst_sound pst_sound;

// Copies sound. channels: n_channels planes (1 to PST_GRAPH_MAX_CHANNELS) of n_frames (at least 1)
// each; NULL: silence, to be written to. rate_hz: 3000 to 768000.
// Returns PST_OK, PST_BAD_ARGUMENT or PST_NO_MEMORY.
// Thread: any but callback. Realtime: no (allocates).
PST_API pst_status pst_sound_create(pst_sound **sound, const float *const *channels,
                                    uint32_t n_channels, int64_t n_frames, double rate_hz,
                                    pst_error *err);

typedef struct pst_sound_shape {
    uint32_t n_channels;
    int64_t n_frames;
    double rate_hz;
    int64_t stride_floats; // From one plane to the next.
} pst_sound_shape;

// Thread: any. Realtime: yes.
PST_API void pst_sound_get_shape(const pst_sound *sound, pst_sound_shape *shape) PST_RT;

// Returns the first plane. It may be written to until a node has the sound.
// Thread: any. Realtime: yes. Ownership: the sound's.
PST_API float *pst_sound_samples(pst_sound *sound) PST_RT;

// Ends writing: to be called after it, before a node gets the sound.
// Thread: any. Realtime: yes.
PST_API void pst_sound_seal(pst_sound *sound) PST_RT;

// Adds a reference. Thread: any. Realtime: yes.
PST_API void pst_sound_retain(pst_sound *sound) PST_RT;

// Drops a reference. NULL is allowed. Thread: any but callback. Realtime: no (frees).
PST_API void pst_sound_release(pst_sound *sound);

// One period of a wave, as the sum of its partials.
typedef struct pst_wave pst_wave;

// Makes a wave of cosines (real) and sines (imag): n of each, at least 2, finite; number 0 is not
// used. normalize: scale it so that the peak of the whole series is 1.
// Returns PST_OK, PST_BAD_ARGUMENT or PST_NO_MEMORY.
// Thread: any but callback. Realtime: no (computes for some milliseconds).
PST_API pst_status pst_wave_create(pst_wave **wave, const double *real, const double *imag,
                                   uint32_t n, bool normalize, pst_error *err);

// Reads what it was made of. real, imag: get capacity coefficients at most. normalize: whether it
// was scaled. Returns how many there are.
// Thread: any. Realtime: yes.
PST_API uint32_t pst_wave_get_series(const pst_wave *wave, double *real, double *imag,
                                     uint32_t capacity, bool *normalize) PST_RT;

// Adds a reference. Thread: any. Realtime: yes.
PST_API void pst_wave_retain(pst_wave *wave) PST_RT;

// Drops a reference. NULL is allowed. Thread: any but callback. Realtime: no (frees).
PST_API void pst_wave_release(pst_wave *wave);

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
