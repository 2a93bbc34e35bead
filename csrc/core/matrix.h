// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CORE_MATRIX_H
#define PST_CORE_MATRIX_H

#include "pastream/format.h"

// Gains from each of the source's channels to each of the destination's. A control thread changes
// them while the audio thread applies them: three sets of them go round between the two, so neither
// ever waits, and whatever is applied between two refreshes is one whole set.
//
// Where each destination takes at most one source, at gain 1, samples are copied as they are.
// Otherwise they are computed with float32, or with float64 if one of the formats is float64, int32
// or int24; integers are then rounded half to even and clipped.
typedef struct pst_matrix pst_matrix;

// Makes a matrix that takes channel k to channel k; channels without a partner are silent or left
// out. n_sources, n_destinations: 1 to PST_MAX_CHANNELS. Returns PST_OK or PST_NO_MEMORY.
// Thread: control. Realtime: no. Ownership: the caller's, given back by pst_matrix_destroy.
pst_status pst_matrix_create(pst_matrix **matrix, uint32_t n_sources, uint32_t n_destinations,
                             pst_error *err);

// NULL is allowed. Thread: control. Realtime: no.
void pst_matrix_destroy(pst_matrix *matrix);

// Returns PST_OK, or PST_BAD_ARGUMENT if a gain is no finite number. name: of the gains, for the
// text. Thread: any. Realtime: yes if they are good.
pst_status pst_matrix_check(const float *gains, uint32_t n_sources, uint32_t n_destinations,
                            const char *name, pst_error *err);

// Changes all gains. gains: finite, row-major [destination][source], copied; NULL: as created.
// Thread: control, one at a time. Realtime: yes (work is proportional to their number).
void pst_matrix_set(pst_matrix *matrix, const float *gains) PST_RT;

// Copies the gains that were set last. Thread: control, one at a time. Realtime: yes.
void pst_matrix_get(const pst_matrix *matrix, float *gains) PST_RT;

// Takes over the gains that were set last, for the calls that follow.
// Thread: callback. Realtime: yes.
void pst_matrix_refresh(pst_matrix *matrix) PST_RT;

// Whether it changes nothing. Thread: callback. Realtime: yes.
bool pst_matrix_is_identity(const pst_matrix *matrix) PST_RT;

// Makes n_frames of the destination from as many of the source, interleaved, of any alignment; they
// may not overlap. keep_nonfinite: as pst_convert_samples. counts: may be NULL; they grow by what
// was read as NaN or infinity, and by what was clipped.
// Thread: callback. Realtime: yes.
void pst_matrix_apply(pst_matrix *matrix, void *dst, pst_format dst_format, const void *src,
                      pst_format src_format, size_t n_frames, bool keep_nonfinite,
                      pst_convert_counts *counts) PST_RT;

#endif
