// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_PUSH_PACKET_PLACE_H
#define PST_CODEC_PUSH_PACKET_PLACE_H

#include "codec/io.h"

// A place that keeps what is written to it, in packets, until they are taken: a pipe, as encoders
// see it. Used by one thread at a time.

typedef struct pst_packet_place pst_packet_place;

// A packet as it was written.
typedef struct pst_placed_packet {
    const uint8_t *data; // Valid until the next write.
    size_t n_bytes;
    int64_t n_frames;
    uint32_t flags; // pst_packet_flags.
} pst_placed_packet;

// Makes a place, and the I/O that writes to it; the place is to outlive that.
// Returns PST_OK or PST_NO_MEMORY. Ownership: the caller's, both.
PST_NODISCARD pst_status pst_packet_place_create(pst_packet_place **place, pst_io **io,
                                                 pst_error *err);

// NULL is allowed.
void pst_packet_place_destroy(pst_packet_place *place);

// Takes the first packet. Returns whether there is one.
bool pst_packet_place_take(pst_packet_place *place, pst_placed_packet *packet);

// Returns how many packets there are to take.
uint64_t pst_packet_place_count(const pst_packet_place *place) PST_RT;

// Returns how many frames all packets had, taken or not.
int64_t pst_packet_place_frames(const pst_packet_place *place) PST_RT;

// Returns how many bytes were written since the last packet ended.
size_t pst_packet_place_open_bytes(const pst_packet_place *place);

#endif
