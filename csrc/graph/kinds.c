// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph/kinds.h"

#include <string.h>

#include "graph/control/model.h"

static const pst_kind *const kinds[] = {
    &pst_kind_destination,
    &pst_kind_listener,
    &pst_kind_adsr,
    &pst_kind_analyser,
    &pst_kind_biquad_filter,
    &pst_kind_buffer_source,
    &pst_kind_channel_merger,
    &pst_kind_channel_splitter,
    &pst_kind_clip,
    &pst_kind_constant_source,
    &pst_kind_convolver,
    &pst_kind_delay,
    &pst_kind_device_input,
    &pst_kind_dynamics_compressor,
    &pst_kind_fir_filter,
    &pst_kind_gain,
    &pst_kind_granulation,
    &pst_kind_iir_filter,
    &pst_kind_limiter,
    &pst_kind_meter,
    &pst_kind_noise,
    &pst_kind_oscillator,
    &pst_kind_panner,
    &pst_kind_peak_compressor,
    &pst_kind_polyblep_oscillator,
    &pst_kind_stereo_panner,
    &pst_kind_stream_source,
    &pst_kind_supersaw,
    &pst_kind_tap,
    &pst_kind_wave_shaper,
};

const pst_kind *pst_kind_find(const char *name) {
    for (uint32_t i = 0; i < PST_COUNT_OF(kinds); ++i)
        if (strcmp(kinds[i]->info.name, name) == 0)
            return kinds[i];
    return NULL;
}

const pst_kind_info *pst_graph_kind(uint32_t index) PST_RT {
    return index < PST_COUNT_OF(kinds) ? &kinds[index]->info : NULL;
}
