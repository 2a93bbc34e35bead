// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "device/virtual_fault.h"

void pst_faults_init(pst_faults *faults, const pst_virtual_config *config, uint32_t block_frames) {
    *faults = (pst_faults){
        .list = config->faults,
        .n_faults = config->n_faults,
        .block_frames = block_frames,
        // A generator of this kind must not begin at 0.
        .random = (UINT64_C(0x9E3779B97F4A7C15) * ((uint64_t)config->seed + 1)) | 1,
    };
}

static void apply(pst_faults *faults, const pst_virtual_fault *fault, uint64_t frame) {
    switch (fault->kind) {
    case PST_FAULT_LATE:
        faults->late_ns += fault->amount;
        break;
    case PST_FAULT_STALL:
        faults->lost_frames += (uint64_t)fault->amount;
        faults->has_xrun = true;
        break;
    case PST_FAULT_VANISH:
        faults->is_silent = true;
        break;
    case PST_FAULT_DEAD:
        faults->is_silent = faults->is_dead = true;
        break;
    case PST_FAULT_BURST:
        faults->burst_end = frame + faults->lost_frames + (uint64_t)fault->amount;
        break;
    case PST_FAULT_XRUN:
        faults->has_xrun = true;
        break;
    case PST_FAULT_DRIFT:
        faults->has_drift = true;
        faults->drift_ppm = (double)fault->amount;
        break;
    case PST_FAULT_BLOCK:
        faults->block_frames = (uint32_t)fault->amount;
        break;
    case PST_FAULT_EMPTY:
        ++faults->n_empty;
        break;
    case PST_FAULT_LATENCY:
        faults->latency_ns = fault->amount;
        break;
    }
}

void pst_faults_step(pst_faults *faults, uint64_t frame) {
    faults->lost_frames = 0;
    faults->late_ns = 0;
    faults->n_empty = 0;
    faults->has_xrun = faults->has_drift = false;
    // Losing frames can make further faults due.
    while (faults->n_done < faults->n_faults && !faults->is_silent &&
           faults->list[faults->n_done].at_frame <= frame + faults->lost_frames)
        apply(faults, &faults->list[faults->n_done++], frame);
}

uint32_t pst_faults_next_block(pst_faults *faults) {
    if (faults->block_frames != 0)
        return faults->block_frames;
    faults->random ^= faults->random << 13;
    faults->random ^= faults->random >> 7;
    faults->random ^= faults->random << 17;
    return 1 + (uint32_t)(faults->random >> 32) % PST_RANDOM_BLOCK_FRAMES;
}

uint32_t pst_faults_max_block(const pst_virtual_config *config, uint32_t block_frames) {
    uint32_t most = block_frames;
    for (uint32_t i = 0; i < config->n_faults; ++i) {
        if (config->faults[i].kind != PST_FAULT_BLOCK)
            continue;
        const uint32_t asked = config->faults[i].amount == 0 ? PST_RANDOM_BLOCK_FRAMES
                                                             : (uint32_t)config->faults[i].amount;
        if (asked > most)
            most = asked;
    }
    return most;
}
