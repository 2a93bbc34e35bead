// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_PACKET_H
#define PASTREAM_PACKET_H

#include "pastream/base.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// A piece of an encoded stream, as an encoder gives it and a decoder takes it: a frame of the codec
// for most, a page for Ogg.

typedef enum pst_packet_flags {
    PST_PACKET_HEADER = 1 // It holds no sound, but decoders need it before all others.
} pst_packet_flags;

// A time that is not known.
#define PST_NO_PTS INT64_MIN

typedef struct pst_packet {
    const uint8_t *data; // Borrowed; whoever gives the packet says for how long.
    uint64_t n_bytes;
    int64_t pts;      // When its first frame is heard, in units of the time base, or PST_NO_PTS;
    int64_t dts;      // the same: packets of sound are in order.
    int64_t duration; // In these units; -1: not known.
    uint32_t time_base_num; // A unit is num / den seconds; neither is 0.
    uint32_t time_base_den;
    uint32_t flags; // pst_packet_flags.
} pst_packet;

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
