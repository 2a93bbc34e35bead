// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_AAC_MARKS_H
#define PST_CODEC_AAC_MARKS_H

#include "pastream/base.h"

// Where every so many packets of a file lie, noted while it is walked through. It takes a
// hundred-thousandth of the file.

enum { PST_MARK_EVERY = 32 }; // Packets.

typedef struct pst_marks {
    int64_t *places; // Of packets 0, 32, 64, ...
    int64_t n_room;
    int64_t n_packets;
} pst_marks;

// Notes the next packet. Returns false if there is no memory.
PST_NODISCARD bool pst_marks_add(pst_marks *marks, int64_t place);

// Returns the last marked packet that is not behind a packet, and its place.
int64_t pst_marks_before(const pst_marks *marks, int64_t packet, int64_t *place);

void pst_marks_free(pst_marks *marks);

#endif
