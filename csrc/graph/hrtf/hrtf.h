// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_GRAPH_HRTF_HRTF_H
#define PST_GRAPH_HRTF_HRTF_H

#include "graph/hrtf/ears.h"
#include "graph/node.h"

// Sound of one source on its way to two ears. When the source moves, the new filters are faded in
// while the old ones are faded out, so nothing clicks; what moves on meanwhile is followed after
// that. Made on the control side, run by the renderer.
typedef struct pst_hrtf pst_hrtf;

// Where a source is, from 0 in front: radians to the right, and up; and how loud it is.
typedef struct pst_aim {
    double right, up;
    double gain;
} pst_aim;

// Makes one for quanta of so many frames. It keeps the ears.
// Thread: control. Realtime: no. Ownership: the caller's reference; it is a pst_shared.
pst_status pst_hrtf_create(pst_hrtf **hrtf, pst_ears *ears, uint32_t quantum_frames,
                           pst_error *err);

// Goes on where another one was.
void pst_hrtf_follow(pst_hrtf *hrtf, const pst_hrtf *old) PST_RT;

// Aims at a source. from, to: left and right; what comes in may be the same twice.
void pst_hrtf_run(pst_hrtf *hrtf, const pst_aim *aim, const float *const *from, float *const *to,
                  uint32_t n_frames) PST_RT;

// How many frames after its input was silent the output is.
uint32_t pst_hrtf_tail(const pst_hrtf *hrtf) PST_RT;

#endif
