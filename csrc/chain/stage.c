// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "chain/stage.h"

#include "base/error.h"

pst_status pst_check_frames(pst_format format, uint32_t n_channels, pst_error *err) {
    if (pst_format_bytes(format) == 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "format is %d, which is no sample format",
                        (int)format);
    if (n_channels < 1 || n_channels > PST_MAX_CHANNELS)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "n_channels is %u; it must be from 1 to %d",
                        (unsigned)n_channels, PST_MAX_CHANNELS);
    return PST_OK;
}

pst_status pst_check_ring(const pst_ring *ring, pst_format format, uint32_t n_channels,
                          pst_error *err) {
    const pst_status status = pst_check_frames(format, n_channels, err);
    if (status != PST_OK)
        return status;
    pst_ring_info info;
    pst_ring_get_info(ring, &info);
    const uint32_t frame_bytes = n_channels * pst_format_bytes(format);
    if (info.frame_bytes != frame_bytes)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "the ring has %u bytes per frame; %u channels of %s are %u",
                        (unsigned)info.frame_bytes, (unsigned)n_channels, pst_format_name(format),
                        (unsigned)frame_bytes);
    return PST_OK;
}

uint64_t pst_piece_frames(const pst_ring_info *info) PST_RT {
    const uint64_t most = 16384;
    const uint64_t quarter = info->capacity_frames / 4;
    return quarter < 1 ? 1 : quarter < most ? quarter : most;
}
