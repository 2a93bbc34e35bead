// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/aac/mp4_boxes.h"

#include <string.h>

#include "base/error.h"

enum {
    MOST_BOXES = 1 << 20,
    MOST_INDEX_BYTES = 1 << 28, // Of a box that is no sound: the index of a month.
    MOST_HEAD_BYTES = 4096      // Of the first one, which names the kind of file.
};

typedef struct box {
    char type[4];
    int64_t n_bytes; // INT64_MAX: to the end.
} box;

// Returns 1 if there is a box, 0 if there is none, -1 if it makes no sense.
static int read_box(pst_io *io, box *b) {
    uint8_t head[16];
    if (pst_io_read(io, head, 8) < 8)
        return 0;
    memcpy(b->type, head + 4, 4);
    int n_head = 8, n_size = 4, at = 0;
    if (head[0] == 0 && head[1] == 0 && head[2] == 0 && head[3] == 1) {
        if (pst_io_read(io, head + 8, 8) < 8)
            return -1;
        n_head = 16;
        n_size = 8;
        at = 8;
    }
    uint64_t size = 0;
    for (int i = 0; i < n_size; ++i)
        size = size << 8 | head[at + i];
    b->n_bytes = size == 0 ? INT64_MAX : (int64_t)size;
    return size != 0 && (size > INT64_MAX / 2 || size < (uint64_t)n_head) ? -1 : 1;
}

// Sound, and what is passed over, may be as long as it likes.
static bool is_read_whole(const box *b) {
    static const char others[][5] = {"mdat", "free", "skip", "wide", "uuid"};
    for (size_t i = 0; i < sizeof others / sizeof *others; ++i)
        if (memcmp(b->type, others[i], 4) == 0)
            return false;
    return true;
}

pst_status pst_mp4_check(pst_io *io, pst_error *err) {
    const int64_t start = pst_io_tell(io);
    // Of a pipe there is no more to be seen than its head.
    const int64_t end = pst_io_is_seekable(io) ? pst_io_length(io) : start + PST_IO_HEAD_BYTES;
    int64_t at = start;
    int found = 1;
    pst_io_peek(io, true);
    for (int i = 0; found == 1 && at < end && i < MOST_BOXES; ++i) {
        box b;
        found = pst_io_seek(io, at) < 0 ? 0 : read_box(io, &b);
        if (found != 1)
            break;
        const int64_t most = i == 0 ? MOST_HEAD_BYTES : MOST_INDEX_BYTES;
        const bool fits = b.n_bytes <= most && (!pst_io_is_seekable(io) || b.n_bytes <= end - at);
        if (is_read_whole(&b) && !fits)
            found = -1;
        else if (b.n_bytes > end - at)
            break;
        else
            at += b.n_bytes;
    }
    pst_io_peek(io, false);
    if (pst_io_error(io) != 0 || pst_io_seek(io, start) < 0)
        return pst_io_fail(io, err);
    return found < 0
               ? pst_fail(err, PST_BAD_FILE, 0,
                          "The MP4 file cannot be read: a box in it claims more than there is")
               : PST_OK;
}
