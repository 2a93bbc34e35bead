// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_NODE_H
#define PASTREAM_NODE_H

#include "pastream/chain.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// Nodes are stages that need not know beforehand what will come: the first frames tell it. When it
// changes on the way, what is inside comes out first, and the node goes on with the new frames. So
// a node stands anywhere in a chain; what it cannot do anything with fails the chain, with the name
// of the node.
//
// Each becomes its chain's. name: what errors call it, copied; NULL: as its kind, such as "gain".

// Tells what the frames of a node have to be: channels and rate have to be those, where they are
// not 0; samples of another format, where one is told, are converted. Before the chain starts.
// Returns PST_OK, or PST_BAD_ARGUMENT (media is not of frames, or the stage is none of the nodes
// below). Thread: control. Realtime: yes if the arguments are good.
PST_API PST_NODISCARD pst_status pst_node_expect(pst_stage *stage, const pst_media *media,
                                                 pst_error *err);

// A node that passes everything on, frames or packets.
// Returns PST_OK, PST_BAD_ARGUMENT, PST_NO_MEMORY. Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_node_identity(pst_stage **stage, const char *name,
                                                   pst_media_kind kind, pst_error *err);

// A node that multiplies with a gain, as pst_stage_gain; pst_stage_set_gain changes it.
// Returns PST_OK, PST_BAD_ARGUMENT, PST_NO_MEMORY. Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_node_gain(pst_stage **stage, const char *name, double gain,
                                               uint32_t ramp_frames, pst_error *err);

typedef struct pst_resample_node_config {
    double rate_hz;      // 0: as it comes.
    uint32_t n_channels; // 0: as they come; else as pst_remix_gains does it.
    pst_format format;   // 0: as it comes.
    pst_resample_quality quality;
    pst_resample_engine engine;
    pst_dither dither; // Where samples lose bits.
    uint64_t seed;
    uint32_t out_chunk_frames; // As pst_node_rechunk; 0: what comes of a buffer is a buffer.
    bool pads_final;
} pst_resample_node_config;

// Fills in the defaults: all as it comes, resampled with PST_RESAMPLE_BEST, no noise, no chunks.
// Thread: any. Realtime: yes.
PST_API void pst_resample_node_config_default(pst_resample_node_config *config) PST_RT;

// A node that brings frames to a rate, channels and a format, as far as they are told. The frame
// numbers that come out are of the new rate; gaps stay gaps.
// Returns PST_OK, PST_BAD_ARGUMENT, PST_NO_MEMORY, PST_UNSUPPORTED (the engine). Thread: control.
// Realtime: no.
PST_API PST_NODISCARD pst_status pst_node_resample(pst_stage **stage, const char *name,
                                                   const pst_resample_node_config *config,
                                                   pst_error *err);

// A node that changes the sample format, as pst_stage_convert.
// Returns PST_OK, PST_BAD_ARGUMENT, PST_NO_MEMORY. Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_node_convert(pst_stage **stage, const char *name,
                                                  pst_format format, pst_dither dither,
                                                  uint64_t seed, pst_error *err);

// A node that makes n_out channels of n_in, as pst_stage_remix. gains: n_out rows of n_in finite
// numbers, copied.
// Returns PST_OK, PST_BAD_ARGUMENT, PST_NO_MEMORY. Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_node_remix(pst_stage **stage, const char *name,
                                                const float *gains, uint32_t n_out, uint32_t n_in,
                                                pst_error *err);

// A node that picks channels: number k of those that come out is the one with the number
// sources[k], from 0, or silence where that is -1. Samples are copied bit by bit.
// sources: n_out numbers, copied.
// Returns PST_OK, PST_BAD_ARGUMENT, PST_NO_MEMORY. Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_node_pick(pst_stage **stage, const char *name,
                                               const int32_t *sources, uint32_t n_out,
                                               pst_error *err);

// A node that makes buffers of n_frames each (1 to PST_MAX_CHUNK_FRAMES). What is left over in
// front of a gap is a short one; at the end it is, too, or filled up with silence if pads_final.
// Returns PST_OK, PST_BAD_ARGUMENT, PST_NO_MEMORY. Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_node_rechunk(pst_stage **stage, const char *name,
                                                  uint32_t n_frames, bool pads_final,
                                                  pst_error *err);

enum { PST_MAX_CHUNK_FRAMES = 1 << 24 };

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
