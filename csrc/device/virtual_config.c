// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "device/virtual.h"

#include "base/error.h"
#include "device/settings.h"

void pst_virtual_config_default(pst_virtual_config *config) PST_RT {
    *config = (pst_virtual_config){
        .clock = PST_CLOCK_WALL,
        .input = PST_INPUT_DEVICE,
        .open_status = PST_OK,
        .start_status = PST_OK,
    };
}

// The amounts that each kind of fault can have.
typedef struct amount_range {
    int64_t least, most;
} amount_range;

static amount_range range_of(pst_fault_kind kind) {
    const int64_t far = INT64_C(1) << 60; // Sums of a few of these do not overflow.
    switch (kind) {
    case PST_FAULT_LATE:
    case PST_FAULT_STALL:
    case PST_FAULT_BURST:
        return (amount_range){0, far};
    case PST_FAULT_DRIFT:
        return (amount_range){-500000, 1000000};
    case PST_FAULT_BLOCK:
        return (amount_range){0, PST_MAX_BLOCK_FRAMES};
    case PST_FAULT_LATENCY:
        return (amount_range){-far, far};
    case PST_FAULT_VANISH:
    case PST_FAULT_DEAD:
    case PST_FAULT_XRUN:
    case PST_FAULT_EMPTY:
        return (amount_range){INT64_MIN, INT64_MAX}; // Not looked at.
    }
    return (amount_range){0, -1};
}

static pst_status check_fault(const pst_virtual_config *config, uint32_t i, pst_error *err) {
    const pst_virtual_fault *fault = &config->faults[i];
    const amount_range range = range_of(fault->kind);
    if (range.least > range.most)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "faults[%u].kind is %d, which is no fault",
                        (unsigned)i, (int)fault->kind);
    if (fault->amount < range.least || fault->amount > range.most)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "faults[%u].amount is %lld; for this kind it must be %lld to %lld",
                        (unsigned)i, (long long)fault->amount, (long long)range.least,
                        (long long)range.most);
    if (i > 0 && fault->at_frame < config->faults[i - 1].at_frame)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "faults[%u].at_frame is %llu, less than that before; they must be sorted",
                        (unsigned)i, (unsigned long long)fault->at_frame);
    return PST_OK;
}

pst_status pst_virtual_config_check(const pst_virtual_config *config, pst_error *err) {
    if (config->clock != PST_CLOCK_WALL && config->clock != PST_CLOCK_FREE)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "virtual_config.clock is %d, which is no clock",
                        (int)config->clock);
    if (config->input != PST_INPUT_DEVICE && config->input != PST_INPUT_COUNTER &&
        config->input != PST_INPUT_SINE)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "virtual_config.input is %d, which is no input",
                        (int)config->input);
    if (config->open_status > PST_OK || config->start_status > PST_OK)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "virtual_config.open_status and start_status must be PST_OK or an error");
    if (config->away_ns > (INT64_C(1) << 60))
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "virtual_config.away_ns is %lld; it must be at most 2^60, or negative",
                        (long long)config->away_ns);
    if (config->n_faults > PST_MAX_FAULTS)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "virtual_config.n_faults is %u; at most %d fit",
                        (unsigned)config->n_faults, PST_MAX_FAULTS);
    pst_status status = PST_OK;
    for (uint32_t i = 0; i < config->n_faults && status == PST_OK; ++i)
        status = check_fault(config, i, err);
    return status;
}
