// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_EFFECT_NODES_H
#define PASTREAM_EFFECT_NODES_H

#include "pastream/chain.h"
#include "pastream/effects.h"
#include "pastream/node.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// Nodes that are effects (pastream/effects.h, pst_stage_effect): their rate, channels and format
// are those of what comes. They compute in float64 where float64, int32 or int24 come, else in
// float32.
//
// name: as in pastream/node.h; pst_node_expect is for these, too. Arguments that no sound would do
// for are refused at once, the others when it is known what comes. Numbers are copied.

// A delay line. delay_s: 0 to 3600, rounded to frames.
// Returns PST_OK, PST_BAD_ARGUMENT, PST_NO_MEMORY. Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_node_delay(pst_stage **stage, const char *name, double delay_s,
                                                pst_error *err);

// A filter of taps, as pst_effect_fir.
// Returns PST_OK, PST_BAD_ARGUMENT, PST_NO_MEMORY. Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_node_fir(pst_stage **stage, const char *name,
                                              const double *taps, uint32_t n_taps, pst_error *err);

// A filter of second-order sections, as pst_effect_iir.
// Returns PST_OK, PST_BAD_ARGUMENT, PST_NO_MEMORY. Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_node_iir(pst_stage **stage, const char *name,
                                              const double *sos, uint32_t n_sections,
                                              pst_error *err);

// A compressor. config->rate_hz: what comes must have it; 0: as it comes.
// Returns PST_OK, PST_BAD_ARGUMENT, PST_NO_MEMORY. Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_node_compressor(pst_stage **stage, const char *name,
                                                     const pst_compressor_config *config,
                                                     pst_error *err);

// A limiter. config->rate_hz: as above.
// Returns PST_OK, PST_BAD_ARGUMENT, PST_NO_MEMORY. Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_node_limiter(pst_stage **stage, const char *name,
                                                  const pst_limiter_config *config, pst_error *err);

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
