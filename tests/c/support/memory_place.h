// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TESTS_MEMORY_PLACE_H
#define PST_TESTS_MEMORY_PLACE_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "pastream/io.h"

// A file in memory with faults on demand, for the user functions of pst_io.

typedef struct memory_place {
    uint8_t *bytes;
    int64_t n_bytes;
    int64_t n_room;
    int64_t position;
    // Faults:
    int64_t full_at;   // Writing behind this byte fails with ENOSPC; 0: never.
    int64_t broken_at; // Reading from this byte on fails with EIO; 0: never.
    bool is_choppy;    // Transfers are short, and every third is interrupted.
    bool is_counting;  // Only lengths are kept, and the first 4096 bytes.
    uint64_t random;
    int n_calls;
    int n_closed;
    int n_synced;
    int64_t sync_result;
} memory_place;

static int64_t memory_chop(memory_place *m, int64_t n_bytes) {
    if (!m->is_choppy)
        return n_bytes;
    if (++m->n_calls % 3 == 0)
        return -EINTR;
    return n_bytes < 2 ? n_bytes : check_random_in(&m->random, 1, (uint32_t)n_bytes);
}

static int64_t memory_read(void *user, void *data, int64_t n_bytes) {
    memory_place *m = user;
    const int64_t end = m->broken_at > 0 && m->broken_at < m->n_bytes ? m->broken_at : m->n_bytes;
    int64_t n = m->position < end ? end - m->position : 0;
    if (n == 0)
        return m->broken_at > 0 && m->position >= m->broken_at ? -EIO : 0;
    n = memory_chop(m, n < n_bytes ? n : n_bytes);
    if (n > 0) {
        memcpy(data, m->bytes + m->position, (size_t)n);
        m->position += n;
    }
    return n;
}

static int64_t memory_write(void *user, const void *data, int64_t n_bytes) {
    memory_place *m = user;
    int64_t n = memory_chop(m, n_bytes);
    if (n < 0)
        return n;
    if (m->full_at > 0 && m->position + n > m->full_at)
        n = m->full_at - m->position;
    if (n <= 0)
        return -ENOSPC;
    const int64_t end = m->position + n;
    const int64_t kept = m->is_counting && end > 4096 ? 4096 : end;
    if (kept > m->n_room) {
        m->n_room = 2 * kept;
        m->bytes = realloc(m->bytes, (size_t)m->n_room);
    }
    if (kept > m->position)
        memcpy(m->bytes + m->position, data, (size_t)(kept - m->position));
    m->position = end;
    if (end > m->n_bytes)
        m->n_bytes = end;
    return n;
}

static int64_t memory_seek(void *user, int64_t position) {
    ((memory_place *)user)->position = position;
    return position;
}

static int64_t memory_length(void *user) {
    return ((memory_place *)user)->n_bytes;
}

// What a file grows by is zero.
static int64_t memory_truncate(void *user, int64_t n_bytes) {
    memory_place *m = user;
    if (n_bytes > m->n_room && !m->is_counting) {
        m->n_room = 2 * n_bytes;
        m->bytes = realloc(m->bytes, (size_t)m->n_room);
    }
    if (n_bytes > m->n_bytes && !m->is_counting)
        memset(m->bytes + m->n_bytes, 0, (size_t)(n_bytes - m->n_bytes));
    m->n_bytes = n_bytes;
    return 0;
}

static int64_t memory_close(void *user) {
    ++((memory_place *)user)->n_closed;
    return 0;
}

static int64_t memory_sync(void *user) {
    memory_place *m = user;
    return ++m->n_synced % 2 == 1 ? -EINTR : m->sync_result;
}

CHECK_UNUSED static const pst_io_functions memory_file = {
    memory_read,     memory_write, memory_seek, memory_length,
    memory_truncate, memory_close, memory_sync,
};
CHECK_UNUSED static const pst_io_functions memory_pipe = {
    memory_read, memory_write, NULL, NULL, NULL, memory_close, NULL,
};

CHECK_UNUSED static void memory_free(memory_place *m) {
    free(m->bytes);
    *m = (memory_place){0};
}

#endif
