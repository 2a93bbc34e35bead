// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_PUSH_PACKET_CODEC_H
#define PST_CODEC_PUSH_PACKET_CODEC_H

#include "pastream/codec.h"

// What one codec does with packets that come one by one, with nothing around them. It only makes
// frames of packets: positions, what is cut at both ends, and damage are its caller's affair. One
// thread at a time.

typedef struct pst_packet_setup {
    // Given:
    const uint8_t *extradata; // What the encoder told about all packets; NULL: nothing.
    uint64_t n_extradata;
    uint32_t n_channels; // That are asked for, where the packets do not say; 0: nothing was asked.
    // To be filled, all 0 if only packets can tell:
    uint32_t rate_hz;
    uint32_t n_skipped; // Frames at the start that are not meant to be heard.
} pst_packet_setup;

// Frames that a codec made, interleaved; the samples are the codec's until its next call.
typedef struct pst_packet_sound {
    const float *frames;
    uint64_t n_frames;
    uint32_t rate_hz;    // The same in all packets of a stream: a packet that changes
    uint32_t n_channels; // one of these is refused.
} pst_packet_sound;

// See pst_codec.packets.
typedef struct pst_packet_codec_ops {
    // Begins a stream. On failure it leaves nothing behind.
    // Returns PST_OK; PST_BAD_ARGUMENT or PST_BAD_FILE (the extradata, n_channels);
    // PST_UNSUPPORTED (a library cannot be loaded); PST_NO_MEMORY.
    pst_status (*open)(void **state, pst_packet_setup *setup, pst_error *err);

    // Decodes a packet of at least one byte.
    // Returns PST_OK; PST_BAD_FILE (the text tells what is wrong with the packet; nothing came out,
    // and the next packet may be right again); PST_NO_MEMORY.
    pst_status (*decode)(void *state, const uint8_t *data, uint64_t n_bytes,
                         pst_packet_sound *sound, pst_error *err);

    // Makes the sound of packets that did not come, from what is known, and if the codec can, from
    // what the packet after the gap says about the one before it.
    //
    // n_frames: how long the gap still is; 0: as long as the last packet. Fewer may come out, but
    // at least one: it is called again for the rest. next: that packet, NULL if it is not there;
    // it is still to be decoded.
    // Returns PST_OK; PST_BAD_STATE (rate and channels are not known yet); PST_BAD_FILE (next is
    // no packet); PST_NO_MEMORY.
    pst_status (*conceal)(void *state, int64_t n_frames, const uint8_t *next, uint64_t n_next,
                          pst_packet_sound *sound, pst_error *err);

    // Goes back to where open left it.
    void (*reset)(void *state);
    void (*close)(void *state);
} pst_packet_codec_ops;

#endif
