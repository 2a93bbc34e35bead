// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/io.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "codec/io_private.h"

pst_status pst_io_make(pst_io **io, const pst_io_functions *functions, void *user, bool writes,
                       pst_error *err) {
    *io = NULL;
    pst_io *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    made->functions = *functions;
    made->user = user;
    made->writes = writes;
    if (!writes && functions->seek == NULL) {
        made->head = pst_alloc(PST_IO_HEAD_BYTES);
        if (made->head == NULL) {
            pst_free(made);
            return pst_fail_memory(err);
        }
    }
    *io = made;
    return PST_OK;
}

pst_status pst_io_open_user(pst_io **io, const pst_io_functions *functions, void *user,
                            pst_io_mode mode, pst_error *err) {
    *io = NULL;
    if (mode != PST_IO_READ && mode != PST_IO_WRITE)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "mode is %d; for functions it is PST_IO_READ or PST_IO_WRITE", (int)mode);
    if (mode == PST_IO_READ ? functions->read == NULL : functions->write == NULL)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "functions->%s is NULL; the mode needs it",
                        mode == PST_IO_READ ? "read" : "write");
    if (functions->seek != NULL && functions->length == NULL)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "functions->length is NULL; a place that can seek needs it");
    return pst_io_make(io, functions, user, mode == PST_IO_WRITE, err);
}

bool pst_io_is_seekable(const pst_io *io) PST_RT {
    return io->functions.seek != NULL;
}

int pst_io_error(const pst_io *io) PST_RT {
    return atomic_load_explicit(&io->error, memory_order_relaxed);
}

void pst_io_cancel(pst_io *io, bool cancelled) PST_RT {
    atomic_store(&io->is_cancelled, cancelled);
}

// Keeps the first error. Returns the failure.
static int64_t failed(pst_io *io, int64_t result) {
    int none = 0;
    atomic_compare_exchange_strong(&io->error, &none, result < 0 ? (int)-result : EIO);
    return result < 0 ? result : -EIO;
}

pst_status pst_io_fail(const pst_io *io, pst_error *err) {
    const int code = pst_io_error(io);
    return pst_fail_errno(err, code == 0 ? EIO : code,
                          io->writes ? "write the sound file" : "read the sound file");
}

pst_status pst_io_shut(pst_io *io, pst_error *err) {
    if (io->functions.close != NULL) {
        const int64_t result = io->functions.close(io->user);
        io->functions.close = NULL;
        if (result < 0)
            failed(io, result);
    }
    return pst_io_error(io) == 0 ? PST_OK : pst_io_fail(io, err);
}

pst_status pst_io_close(pst_io *io, pst_error *err) {
    if (io == NULL)
        return PST_OK;
    const pst_status status = pst_io_shut(io, err);
    pst_free(io->head);
    pst_free(io);
    return status;
}

// ---- Transfers -------------------------------------------------------------------------------

// Reads on from where the place really stands.
static int64_t read_on(pst_io *io, void *data, int64_t n_bytes) {
    uint8_t *to = data;
    int64_t n_done = 0;
    while (n_done < n_bytes) {
        const int64_t n = io->functions.read(io->user, to + n_done, n_bytes - n_done);
        if (n == -EINTR)
            continue;
        if (n < 0 || n > n_bytes - n_done) {
            failed(io, n);
            return n_done > 0 ? n_done : (n < 0 ? n : -EIO);
        }
        if (n == 0)
            break;
        n_done += n;
        if (io->unit > 0 && n_done % io->unit == 0)
            break;
    }
    return n_done;
}

// Reads a pipe into its head until that holds n_bytes, or as many as there are.
static int64_t fill_head(pst_io *io, int64_t n_bytes) {
    const int64_t wanted = n_bytes < PST_IO_HEAD_BYTES ? n_bytes : PST_IO_HEAD_BYTES;
    if (wanted <= io->n_head)
        return 0;
    const int64_t n = read_on(io, io->head + io->n_head, wanted - io->n_head);
    if (n < 0)
        return n;
    io->n_head += n;
    if (io->real_position < io->head_at + io->n_head)
        io->real_position = io->head_at + io->n_head;
    return 0;
}

static int64_t drop(pst_io *io, int64_t n_bytes) {
    uint8_t dropped[512];
    return read_on(io, dropped, n_bytes < 512 ? n_bytes : 512);
}

// Reads a pipe up to the position; what lies between is passed over. Returns 1, 0 if the pipe ended
// before, or a failure.
static int64_t pass_over(pst_io *io) {
    while (io->real_position < io->position) {
        const int64_t n = drop(io, io->position - io->real_position);
        if (n <= 0)
            return n;
        io->real_position += n;
    }
    return 1;
}

static int64_t read_pipe(pst_io *io, uint8_t *data, int64_t n_bytes) {
    int64_t n_done = 0;
    const int64_t at = io->position - io->head_at; // In the head.
    if (at < PST_IO_HEAD_BYTES) {
        const int64_t end = n_bytes < PST_IO_HEAD_BYTES - at ? at + n_bytes : PST_IO_HEAD_BYTES;
        const int64_t status = fill_head(io, end);
        n_done = (end < io->n_head ? end : io->n_head) - at;
        if (n_done <= 0)
            return status < 0 ? status : 0;
        memcpy(data, io->head + at, (size_t)n_done);
        io->position += n_done;
        // Fewer than asked for while the head has room: the pipe has ended.
        if (n_done == n_bytes || io->n_head < PST_IO_HEAD_BYTES)
            return n_done;
    }
    if (io->is_peeking)
        return n_done;
    const int64_t passed = pass_over(io);
    if (passed <= 0)
        return n_done > 0 ? n_done : passed;
    if (io->real_position > io->position)
        return n_done > 0 ? n_done : failed(io, -ESPIPE);
    int64_t n_more = n_bytes - n_done;
    if (io->unit > 0 && n_done > 0)
        n_more = (io->unit - n_done % io->unit) % io->unit;
    const int64_t n = read_on(io, data + n_done, n_more);
    if (n < 0)
        return n_done > 0 ? n_done : n;
    io->position += n;
    io->real_position += n;
    return n_done + n;
}

int64_t pst_io_read(pst_io *io, void *data, int64_t n_bytes) {
    if (n_bytes <= 0)
        return 0;
    if (io->functions.seek == NULL)
        return read_pipe(io, data, n_bytes);
    const int64_t n = read_on(io, data, n_bytes);
    if (n > 0)
        io->position += n;
    return n;
}

// Returns how many bytes of a pipe's head lie behind the position.
static int64_t count_ahead(const pst_io *io) {
    const int64_t n = io->head_at + io->n_head - io->position;
    return n > 0 ? n : 0;
}

int64_t pst_io_at_hand(const pst_io *io) {
    return io->at_hand == NULL ? -1 : count_ahead(io) + io->at_hand(io->user);
}

int64_t pst_io_read_some(pst_io *io, void *data, int64_t unit_bytes, int64_t n_bytes) {
    const int64_t n_ahead = count_ahead(io);
    const int64_t n_there = io->at_hand == NULL ? n_ahead : pst_io_at_hand(io);
    if (io->functions.seek != NULL)
        return pst_io_read(io, data, n_bytes);
    if (n_ahead == 0 && io->at_hand == NULL) {
        // The pipe gives what it has.
        io->unit = unit_bytes;
        const int64_t n = pst_io_read(io, data, n_bytes);
        io->unit = 0;
        return n;
    }
    const int64_t n = n_there < unit_bytes ? unit_bytes : n_there / unit_bytes * unit_bytes;
    return pst_io_read(io, data, n < n_bytes ? n : n_bytes);
}

int64_t pst_io_write(pst_io *io, const void *data, int64_t n_bytes) {
    const uint8_t *from = data;
    int64_t n_done = 0;
    while (n_done < n_bytes) {
        const int64_t n = io->functions.write(io->user, from + n_done, n_bytes - n_done);
        if (n == -EINTR)
            continue;
        if (n <= 0 || n > n_bytes - n_done) {
            failed(io, n);
            break;
        }
        n_done += n;
    }
    io->position += n_done;
    if (io->n_written < io->position)
        io->n_written = io->position;
    return n_done;
}

int64_t pst_io_write_packet(pst_io *io, const void *data, int64_t n_bytes, int64_t n_frames,
                            uint32_t flags) {
    const int64_t n_done = pst_io_write(io, data, n_bytes);
    if (io->end_packet == NULL || n_done < n_bytes)
        return n_done;
    const int64_t result = io->end_packet(io->user, n_frames, flags);
    return result < 0 ? failed(io, result) : n_done;
}

void pst_io_note_packet(pst_io *io) {
    ++io->n_packets;
}

int64_t pst_io_packets(const pst_io *io) {
    return io->n_packets;
}

bool pst_io_keeps_packets(const pst_io *io) {
    return io->end_packet != NULL;
}

// ---- Positions -------------------------------------------------------------------------------

int64_t pst_io_seek(pst_io *io, int64_t position) {
    if (position < 0)
        return -EINVAL;
    if (io->functions.seek != NULL) {
        const int64_t result = io->functions.seek(io->user, position);
        if (result != position)
            return failed(io, result);
    } else if (io->writes ? position != io->position
                          : position < io->head_at || (position < io->real_position &&
                                                       position > io->head_at + io->n_head)) {
        return -ESPIPE;
    }
    io->position = position;
    return position;
}

int64_t pst_io_tell(const pst_io *io) {
    return io->position;
}

int64_t pst_io_written(const pst_io *io) {
    return io->n_written;
}

int64_t pst_io_length(pst_io *io) {
    if (io->writes)
        return io->n_written;
    if (io->functions.seek == NULL)
        return INT64_MAX;
    const int64_t result = io->functions.length(io->user);
    return result < 0 ? failed(io, result) : result;
}

int64_t pst_io_truncate(pst_io *io, int64_t n_bytes) {
    if (io->functions.truncate == NULL)
        return -ENOTSUP;
    const int64_t result = io->functions.truncate(io->user, n_bytes);
    if (result < 0)
        return failed(io, result);
    io->n_written = n_bytes;
    return 0;
}

int64_t pst_io_rebase(pst_io *io) {
    if (io->functions.seek != NULL || io->writes)
        return 0;
    const int64_t at = io->position - io->head_at;
    if (at < io->n_head) {
        if (io->real_position > io->head_at + io->n_head)
            return -ESPIPE;
        memmove(io->head, io->head + at, (size_t)(io->n_head - at));
        io->n_head -= at;
    } else {
        const int64_t passed = pass_over(io);
        if (passed < 0)
            return passed;
        if (io->real_position > io->position)
            return -ESPIPE;
        io->n_head = 0;
    }
    io->head_at = io->position;
    return 0;
}

int64_t pst_io_sync(pst_io *io) {
    if (io->functions.sync == NULL)
        return 0;
    int64_t result;
    do
        result = io->functions.sync(io->user);
    while (result == -EINTR);
    return result < 0 ? failed(io, result) : 0;
}

void pst_io_peek(pst_io *io, bool on) {
    io->is_peeking = on;
}
