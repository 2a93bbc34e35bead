// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_OGG_PACKETS_H
#define PST_CODEC_OGG_PACKETS_H

#include <ogg/ogg.h>

#include "codec/codec.h"

// What the reader of Ogg files needs to know of a codec: how long a packet lasts, and what sound
// is in it. Positions, losses, and what is cut at both ends are the reader's affair.

enum {
    PST_OGG_MAX_HEADERS = 3,
    PST_OGG_MAX_HEADER_BYTES = 16 << 20 // Of all headers together: there may be pictures in them.
};

// A packet of the beginning of a stream.
typedef struct pst_ogg_header {
    uint8_t *data;
    size_t n_bytes;
} pst_ogg_header;

// What the headers tell.
typedef struct pst_ogg_stream_info {
    uint32_t rate_hz;
    uint32_t n_channels;
    uint32_t bitrate_bps; // 0: unknown.
    // Frames to be dropped at the start.
    uint32_t n_skipped;
    // A packet lasts no longer.
    uint32_t max_packet_frames;
    // From so many frames before a place on, packets have to be decoded for the sound there to be
    // right; not fewer than max_packet_frames.
    uint32_t preroll_frames;
} pst_ogg_stream_info;

typedef struct pst_ogg_codec {
    pst_encoding encoding;
    const char *magic; // What the first packet begins with.
    size_t n_magic;
    uint32_t n_headers;
    // A first page that ends sooner than its packets last begins later, not with a wrong number.
    bool trims_start;

    // Begins a stream. The reader has checked the magic; it checks rate and channels, too.
    //
    // is_sound: gets whether all headers were as they should be; what is not needed may be broken.
    // On failure it leaves nothing behind. Returns PST_OK, PST_BAD_FILE or PST_NO_MEMORY.
    pst_status (*open)(void **state, const pst_ogg_header *headers, pst_ogg_stream_info *info,
                       bool *is_sound, pst_error *err);

    // Returns how many frames a packet gives, -1 if it cannot be one of sound.
    //
    // memory: what the codec has to know of the packet before; 0 at the start and after a reset.
    int32_t (*duration)(void *state, ogg_packet *packet, int32_t *memory);

    // Returns how many interleaved frames there are in a packet, at most what duration returned,
    // or -1.
    int32_t (*decode)(void *state, ogg_packet *packet, float *frames);

    // Forgets all packets.
    void (*reset)(void *state);
    void (*close)(void *state);

    // Returns where in header 1 the comments begin.
    size_t comments_at;
} pst_ogg_codec;

// What pst_decoder_ops needs for files in an Ogg container. The state is the reader's.
pst_status pst_ogg_open(void **state, const pst_ogg_codec *codec, pst_decoder_setup *setup,
                        pst_error *err);
pst_status pst_ogg_read(void *state, void *data, uint64_t n_frames, uint64_t *n_read,
                        pst_error *err);
pst_status pst_ogg_seek(void *state, int64_t frame, pst_error *err);
void pst_ogg_close(void *state);

#endif
