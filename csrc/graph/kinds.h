// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_GRAPH_KINDS_H
#define PST_GRAPH_KINDS_H

#include "graph/node.h"

// All kinds of nodes, in the order of the reference.
extern const pst_kind pst_kind_destination;
extern const pst_kind pst_kind_listener;
extern const pst_kind pst_kind_adsr;
extern const pst_kind pst_kind_analyser;
extern const pst_kind pst_kind_biquad_filter;
extern const pst_kind pst_kind_buffer_source;
extern const pst_kind pst_kind_channel_merger;
extern const pst_kind pst_kind_channel_splitter;
extern const pst_kind pst_kind_clip;
extern const pst_kind pst_kind_constant_source;
extern const pst_kind pst_kind_convolver;
extern const pst_kind pst_kind_delay;
extern const pst_kind pst_kind_device_input;
extern const pst_kind pst_kind_dynamics_compressor;
extern const pst_kind pst_kind_fir_filter;
extern const pst_kind pst_kind_gain;
extern const pst_kind pst_kind_granulation;
extern const pst_kind pst_kind_iir_filter;
extern const pst_kind pst_kind_limiter;
extern const pst_kind pst_kind_meter;
extern const pst_kind pst_kind_noise;
extern const pst_kind pst_kind_oscillator;
extern const pst_kind pst_kind_panner;
extern const pst_kind pst_kind_peak_compressor;
extern const pst_kind pst_kind_polyblep_oscillator;
extern const pst_kind pst_kind_stereo_panner;
extern const pst_kind pst_kind_stream_source;
extern const pst_kind pst_kind_supersaw;
extern const pst_kind pst_kind_tap;
extern const pst_kind pst_kind_wave_shaper;

#endif
