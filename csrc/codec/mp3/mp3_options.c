// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <stdio.h>

#include "base/error.h"
#include "codec/mp3/mp3_options.h"

enum { KBPS = 1000 };

pst_mpeg_version pst_mp3_version(uint32_t rate_hz) {
    return rate_hz >= 32000 ? PST_MPEG_1 : rate_hz >= 16000 ? PST_MPEG_2 : PST_MPEG_2_5;
}

// LAME has no more for the lowest rates.
static uint32_t most_kbps(pst_mpeg_version version) {
    return version == PST_MPEG_1 ? 320 : version == PST_MPEG_2 ? 160 : 64;
}

pst_bitrate_mode pst_mp3_mode(const pst_encoder_options *options) {
    if (options->bitrate_mode != PST_BITRATE_DEFAULT)
        return options->bitrate_mode;
    return options->bitrate_bps != 0 ? PST_BITRATE_CONSTANT : PST_BITRATE_VARIABLE;
}

static bool is_in_table(pst_mpeg_version version, uint32_t bitrate_bps) {
    for (const uint16_t *kbps = pst_mpeg_bitrates_kbps(version); *kbps != 0; ++kbps)
        if (bitrate_bps == *kbps * (uint32_t)KBPS)
            return *kbps <= most_kbps(version);
    return false;
}

static pst_status refuse_bitrate(uint32_t bitrate_bps, uint32_t rate_hz, pst_error *err) {
    const pst_mpeg_version version = pst_mp3_version(rate_hz);
    char list[120] = "";
    size_t n = 0;
    for (const uint16_t *kbps = pst_mpeg_bitrates_kbps(version);
         *kbps != 0 && *kbps <= most_kbps(version); ++kbps)
        n += (size_t)snprintf(list + n, sizeof list - n, "%s%u", n == 0 ? "" : ", ",
                              (unsigned)*kbps);
    return pst_fail(err, PST_BAD_ARGUMENT, 0,
                    "bitrate is %u; a constant one at %u Hz is one of %s, times 1000",
                    (unsigned)bitrate_bps, (unsigned)rate_hz, list);
}

pst_status pst_mp3_check(const pst_file_format *format, const pst_encoder_options *options,
                         pst_error *err) {
    const pst_bitrate_mode mode = pst_mp3_mode(options);
    const uint32_t bitrate_bps = options->bitrate_bps;
    const pst_mpeg_version version = pst_mp3_version(format->rate_hz);
    if (mode == PST_BITRATE_VARIABLE && bitrate_bps != 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "bitrate is %u, and bitrate_mode variable; give a quality, or let the "
                        "mode be average or constant",
                        (unsigned)bitrate_bps);
    if (mode != PST_BITRATE_VARIABLE && options->quality >= 0.0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "quality is %g, and bitrate_mode %s; these need a bitrate",
                        options->quality, mode == PST_BITRATE_CONSTANT ? "constant" : "average");
    if (mode != PST_BITRATE_VARIABLE && bitrate_bps == 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "bitrate_mode is %s; give a bitrate, too",
                        mode == PST_BITRATE_CONSTANT ? "constant" : "average");
    if (mode == PST_BITRATE_CONSTANT && !is_in_table(version, bitrate_bps))
        return refuse_bitrate(bitrate_bps, format->rate_hz, err);
    const uint32_t least = pst_mpeg_bitrates_kbps(version)[0] * (uint32_t)KBPS;
    const uint32_t most = most_kbps(version) * KBPS;
    if (mode == PST_BITRATE_AVERAGE &&
        (bitrate_bps < least || bitrate_bps > most || bitrate_bps % KBPS != 0))
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "bitrate is %u; an average one at %u Hz is a multiple of 1000 from %u to "
                        "%u",
                        (unsigned)bitrate_bps, (unsigned)format->rate_hz, (unsigned)least,
                        (unsigned)most);
    return PST_OK;
}
