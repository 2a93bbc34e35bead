// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Memory of the caller's, to be read.

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "pastream/io.h"

typedef struct memory {
    const uint8_t *data;
    int64_t n_bytes;
    int64_t position;
} memory;

static int64_t memory_read(void *user, void *data, int64_t n_bytes) {
    memory *m = user;
    const int64_t left = m->position < m->n_bytes ? m->n_bytes - m->position : 0;
    const int64_t n = n_bytes < left ? n_bytes : left;
    if (n > 0)
        memcpy(data, m->data + m->position, (size_t)n);
    m->position += n;
    return n;
}

static int64_t memory_seek(void *user, int64_t position) {
    memory *m = user;
    if (position < 0)
        return -EINVAL;
    m->position = position;
    return position;
}

static int64_t memory_length(void *user) {
    return ((const memory *)user)->n_bytes;
}

static int64_t memory_close(void *user) {
    pst_free(user);
    return 0;
}

pst_status pst_io_open_memory(pst_io **io, const void *data, uint64_t n_bytes, pst_error *err) {
    static const pst_io_functions functions = {
        .read = memory_read,
        .seek = memory_seek,
        .length = memory_length,
        .close = memory_close,
    };
    *io = NULL;
    if (n_bytes > INT64_MAX)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "n_bytes is %llu; no memory is so large",
                        (unsigned long long)n_bytes);
    memory *m = pst_alloc(sizeof *m);
    if (m == NULL)
        return pst_fail_memory(err);
    *m = (memory){data, (int64_t)n_bytes, 0};
    const pst_status status = pst_io_open_user(io, &functions, m, PST_IO_READ, err);
    if (status != PST_OK)
        pst_free(m);
    return status;
}
