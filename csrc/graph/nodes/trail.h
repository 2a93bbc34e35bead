// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_GRAPH_NODES_TRAIL_H
#define PST_GRAPH_NODES_TRAIL_H

#include <stdatomic.h>

#include "pastream/base.h"

// The last sound of one channel, which the renderer writes a quantum at a time, and any number of
// threads read meanwhile. Nobody waits for anybody.
//
// Each block has a stamp, the number of its first frame, and is a sequence lock of its own. So what
// was not written was silence, and takes no work; and who reads while a block is replaced notices.
// That is long after it was the last: there is room for twice what may be read.
typedef struct pst_trail {
    uint32_t block_frames;
    uint32_t n_blocks;
    _Atomic int64_t *stamps; // Of each block: its first frame, or one of the values below.
    _Atomic float *samples;
} pst_trail;

// Gets ready, with all the memory touched. block_frames: of a quantum. n_frames: how many can be
// read. Undone by pst_trail_deinit, which is to be called if this fails, too.
// Returns PST_OK or PST_NO_MEMORY. Thread: control.
PST_NODISCARD pst_status pst_trail_init(pst_trail *trail, uint32_t block_frames, uint32_t n_frames,
                                        pst_error *err);

// Also of a zeroed one. Thread: control.
void pst_trail_deinit(pst_trail *trail);

// Writes a block. frame: its first one, a multiple of block_frames.
// Thread: the renderer.
void pst_trail_write(pst_trail *trail, int64_t frame, const float *samples) PST_RT;

// Reads the n frames before `end`, which is at most what was written. n: at most n_frames.
// Returns false if the renderer has come round meanwhile: then look for the end again.
// Thread: any, any number at once.
PST_NODISCARD bool pst_trail_read(const pst_trail *trail, int64_t end, float *samples,
                                  uint32_t n) PST_RT;

#endif
