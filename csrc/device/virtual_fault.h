// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DEVICE_VIRTUAL_FAULT_H
#define PST_DEVICE_VIRTUAL_FAULT_H

#include "pastream/device.h"

// A virtual device's script: what goes wrong, and when.

enum { PST_RANDOM_BLOCK_FRAMES = 4096 }; // The largest of random sizes.

typedef struct pst_faults {
    const pst_virtual_fault *list;
    uint32_t n_faults, n_done;
    uint32_t block_frames; // 0: random.
    uint64_t random;
    uint64_t burst_end; // Blocks that begin before this frame do not wait.
    int64_t latency_ns; // How far ADC and DAC times are off.
    // For the next block only.
    uint64_t lost_frames; // The device goes on so far before it.
    int64_t late_ns;
    uint32_t n_empty; // Callbacks without frames to come before it.
    bool has_xrun;
    bool has_drift; // The rate changes to drift_ppm from this block on.
    double drift_ppm;
    bool is_silent; // Never another callback ...
    bool is_dead;   // ... and the host says so.
} pst_faults;

// config: of the stream; its list of faults is used, not copied. block_frames: the nominal size.
void pst_faults_init(pst_faults *faults, const pst_virtual_config *config, uint32_t block_frames);

// Takes the faults that act at a block that begins at this frame.
void pst_faults_step(pst_faults *faults, uint64_t frame);

// Returns the frames of the next block.
uint32_t pst_faults_next_block(pst_faults *faults);

// Returns the largest block that a script can ask for.
uint32_t pst_faults_max_block(const pst_virtual_config *config, uint32_t block_frames);

#endif
