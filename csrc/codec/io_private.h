// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_IO_PRIVATE_H
#define PST_CODEC_IO_PRIVATE_H

#include <stdatomic.h>

#include "pastream/io.h"

struct pst_io {
    pst_io_functions functions;
    void *user;
    bool writes;
    bool is_peeking;
    int64_t position;  // As the codec sees it.
    int64_t n_written; // The end of what was written.
    int64_t n_packets; // Of sound, that were made.
    _Atomic int error; // The first errno.
    _Atomic bool is_cancelled;
    // Of a pipe that is read:
    uint8_t *head;
    int64_t head_at;       // Position of its first byte.
    int64_t n_head;        // Bytes of the head that were read.
    int64_t real_position; // How far the pipe itself was read.
    int64_t unit;          // While some bytes are enough: any number of units; 0: all are wanted.
    // Of a place that knows: how many bytes can be read without waiting. NULL: it does not.
    int64_t (*at_hand)(void *user);
    // Of a place that keeps packets: ends one, of n_frames. Returns 0 or a failure.
    int64_t (*end_packet)(void *user, int64_t n_frames, uint32_t flags);
};

// Makes a place over functions; see pst_io_open_user.
PST_NODISCARD pst_status pst_io_make(pst_io **io, const pst_io_functions *functions, void *user,
                                     bool writes, pst_error *err);

#endif
