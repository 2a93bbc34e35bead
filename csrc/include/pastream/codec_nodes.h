// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_CODEC_NODES_H
#define PASTREAM_CODEC_NODES_H

#include "pastream/chain.h"
#include "pastream/push.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// Codecs as stages of a chain: frames become packets, and packets frames. Both count time on: what
// was frame n goes on being heard at that time, and gaps stay gaps.

typedef struct pst_encode_config {
    // With rate_hz or n_channels of the format 0: as those of the frames that come; otherwise other
    // frames are refused. Their samples are any. With sample_format 0 they are stored as they come
    // where that can be, else floats as int24, and bytes with or without a sign as bytes.
    pst_push_encoder_config encoder;
    // Frames of any rate are taken, and resampled to the rate that the codec can store and that
    // serves the format's rate best (see pst_encoder_fit_rate), or theirs if that is 0.
    bool fits_rate;
    pst_resample_quality quality; // Of that.
} pst_encode_config;

// Fills in: the defaults of pst_push_encoder_config_default with rate, channels and samples as they
// come; no resampling, else PST_RESAMPLE_BEST. Thread: any. Realtime: yes.
PST_API void pst_encode_config_default(pst_encode_config *config) PST_RT;

// A stage that encodes frames. Packets that decoders need first come first. Frames of another
// format under way end the stream of packets, and begin another one. A stream without frames has
// no packets, unless rate and channels are told: then it has those that an empty one has.
//
// name: of the stage, in errors; copied. NULL: "encoder".
// config: copied, with its tags.
// Returns PST_OK, PST_NO_MEMORY, PST_BAD_ARGUMENT and PST_UNSUPPORTED (as pst_push_encoder_create,
// as far as it can be known without the frames). Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_node_encode(pst_stage **stage, const char *name,
                                                 const pst_encode_config *config, pst_error *err);

typedef struct pst_decode_config {
    pst_push_decoder_config decoder;
    pst_format format; // Of the frames that come out; 0: what the codec gives without loss.
    // Gaps of up to so many frames between the times of two packets without a container are filled
    // with sound (see pst_push_decoder_conceal), and so are packets that cannot be decoded, which
    // are errors otherwise. 0: none are. At most PST_PUSH_MAX_CHUNK_FRAMES.
    uint32_t conceal_frames;
} pst_decode_config;

// Fills in: the defaults of pst_push_decoder_config_default, the codec's own samples.
// Thread: any. Realtime: yes.
PST_API void pst_decode_config_default(pst_decode_config *config) PST_RT;

// A stage that decodes packets, or any pieces of a stream with a container. What the frames are is
// told with the first ones.
//
// name: of the stage, in errors; copied. NULL: "decoder".
// config: copied, with what it points to.
// Returns as pst_push_decoder_create. Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_node_decode(pst_stage **stage, const char *name,
                                                 const pst_decode_config *config, pst_error *err);

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
