// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_BUFFER_H
#define PASTREAM_BUFFER_H

#include "pastream/chain.h"
#include "pastream/packet.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// What goes into a chain and comes out of one where the two sides are the caller's: frames that
// belong together, or one packet. It borrows its data; whoever gives it says for how long.
typedef struct pst_buffer {
    pst_media media;   // With a format, channels and a rate, if it holds frames. The time base is
                       // that of pts; 0/0: frames.
    const void *data;  // Samples; of packets a pst_packet.
    uint64_t n_frames; // Of a packet 1.
    bool is_planar;    // All samples of the first channel, then all of the second, and so on; else
                       // frame by frame.
    bool is_filler;    // Silence in place of frames that are lost.
    bool begins;       // What came before has nothing to do with it.
    int64_t pts;  // When its first frame is heard, in units of the time base; PST_NO_PTS: right
                  // behind what was given before, or at 0. Packets tell their own.
    void *memory; // Of whoever gives it.
} pst_buffer;

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
