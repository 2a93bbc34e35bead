// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Files and pipes of the operating system.

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "codec/io_private.h"

enum {
    PIPE_SLICE_MS = 50,         // How long a cancel may go unnoticed.
    PIPE_PIECE_BYTES = PIPE_BUF // A pipe that polls as writable takes so much without waiting.
};

typedef struct file {
    int fd;
    bool owns_fd;
    bool may_wait; // A pipe, a terminal, a socket: no call may block in it for long.
    int64_t base;  // Position 0 of the place.
    pst_io *io;
} file;

// Waits until the descriptor is ready. Returns 0 or a negative errno.
static int64_t wait_ready(const file *f, short events) {
    for (;;) {
        if (atomic_load_explicit(&f->io->is_cancelled, memory_order_relaxed))
            return -ECANCELED;
        struct pollfd ask = {f->fd, events, 0};
        const int n = poll(&ask, 1, PIPE_SLICE_MS);
        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return -errno;
    }
}

// Returns the failure of a transfer. Where somebody else has emptied or filled the pipe since it
// was ready, one waits again.
static int64_t failure(const file *f) {
    return f->may_wait && (errno == EAGAIN || errno == EWOULDBLOCK) ? -EINTR : -errno;
}

static int64_t file_read(void *user, void *data, int64_t n_bytes) {
    const file *f = user;
    const int64_t status = f->may_wait ? wait_ready(f, POLLIN) : 0;
    if (status < 0)
        return status;
    const ssize_t n = read(f->fd, data, (size_t)n_bytes);
    return n < 0 ? failure(f) : n;
}

// Writes to a pipe. If nobody reads it, that is an error, and not the end of the process: its
// signal is held back, and taken away.
static ssize_t write_pipe(const file *f, const void *data, size_t n_bytes) {
    struct sigaction action;
    if (sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
        return write(f->fd, data, n_bytes);
    sigset_t pipe_only, before, waiting;
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    sigpending(&waiting);
    const bool was_waiting = sigismember(&waiting, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
    const ssize_t n = write(f->fd, data, n_bytes);
    const int code = errno;
    if (n < 0 && code == EPIPE && !was_waiting) {
        int taken;
        sigpending(&waiting);
        if (sigismember(&waiting, SIGPIPE) == 1)
            sigwait(&pipe_only, &taken);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = code;
    return n;
}

static int64_t file_write(void *user, const void *data, int64_t n_bytes) {
    const file *f = user;
    const int64_t status = f->may_wait ? wait_ready(f, POLLOUT) : 0;
    if (status < 0)
        return status;
    if (f->may_wait && n_bytes > PIPE_PIECE_BYTES)
        n_bytes = PIPE_PIECE_BYTES;
    const ssize_t n =
        f->may_wait ? write_pipe(f, data, (size_t)n_bytes) : write(f->fd, data, (size_t)n_bytes);
    return n < 0 ? failure(f) : n;
}

static int64_t file_seek(void *user, int64_t position) {
    const file *f = user;
    if (position > INT64_MAX - f->base)
        return -EINVAL; // As for every other place that no file reaches.
    const off_t at = lseek(f->fd, (off_t)(f->base + position), SEEK_SET);
    return at < 0 ? -errno : at - f->base;
}

static int64_t file_length(void *user) {
    const file *f = user;
    struct stat info;
    if (fstat(f->fd, &info) != 0)
        return -errno;
    return info.st_size > f->base ? info.st_size - f->base : 0;
}

static int64_t file_truncate(void *user, int64_t n_bytes) {
    const file *f = user;
    return ftruncate(f->fd, (off_t)(f->base + n_bytes)) != 0 ? -errno : 0;
}

static int64_t file_sync(void *user) {
    const file *f = user;
#if defined(F_FULLFSYNC)
    // On macOS fsync leaves it to the disk when to write.
    if (fcntl(f->fd, F_FULLFSYNC) == 0)
        return 0;
    return fsync(f->fd) != 0 ? -errno : 0;
#else
    return fdatasync(f->fd) != 0 ? -errno : 0;
#endif
}

static int64_t file_close(void *user) {
    file *f = user;
    const int64_t result = f->owns_fd && close(f->fd) != 0 ? -errno : 0;
    pst_free(f);
    return result;
}

pst_status pst_io_open_fd(pst_io **io, int fd, bool owns_fd, pst_io_mode mode, pst_error *err) {
    *io = NULL;
    if (mode != PST_IO_READ && mode != PST_IO_WRITE)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "mode is %d; for a descriptor it is PST_IO_READ or PST_IO_WRITE",
                        (int)mode);
    struct stat info;
    if (fstat(fd, &info) != 0)
        return pst_fail_errno(err, errno, "use the file descriptor");
    if (S_ISDIR(info.st_mode))
        return pst_fail_errno(err, EISDIR, "use the file descriptor");
    file *f = pst_alloc(sizeof *f);
    if (f == NULL)
        return pst_fail_memory(err);
    // Only the positions of regular files mean what they should: a terminal has some, too. What is
    // written to a file that is open for appending goes to its end, wherever one has gone before.
    const bool appends = mode == PST_IO_WRITE && (fcntl(fd, F_GETFL) & O_APPEND) != 0;
    const off_t base = S_ISREG(info.st_mode) && !appends ? lseek(fd, 0, SEEK_CUR) : -1;
    *f = (file){fd, owns_fd, !S_ISREG(info.st_mode), base < 0 ? 0 : base, NULL};
    const pst_io_functions functions = {
        .read = file_read,
        .write = file_write,
        .seek = base < 0 ? NULL : file_seek,
        .length = base < 0 ? NULL : file_length,
        .truncate = base < 0 ? NULL : file_truncate,
        .close = file_close,
        .sync = base < 0 || mode == PST_IO_READ ? NULL : file_sync,
    };
    const pst_status status = pst_io_make(io, &functions, f, mode == PST_IO_WRITE, err);
    if (status != PST_OK) {
        pst_free(f);
        return status;
    }
    f->io = *io;
    return PST_OK;
}

pst_status pst_io_open_path(pst_io **io, const char *path, pst_io_mode mode, pst_error *err) {
    *io = NULL;
    int flags = O_CLOEXEC;
    switch (mode) {
    case PST_IO_READ:
        flags |= O_RDONLY;
        break;
    case PST_IO_WRITE:
        flags |= O_WRONLY | O_CREAT | O_TRUNC;
        break;
    case PST_IO_CREATE:
        flags |= O_WRONLY | O_CREAT | O_EXCL;
        break;
    default:
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "mode is %d; it must be PST_IO_READ, PST_IO_WRITE or PST_IO_CREATE",
                        (int)mode);
    }
    // A named pipe waits here for its other end; EINTR lets the caller look at its signals.
    const int fd = open(path, flags, 0666);
    if (fd < 0)
        return pst_fail_errno(err, errno, "open the sound file");
    const pst_status status =
        pst_io_open_fd(io, fd, true, mode == PST_IO_READ ? PST_IO_READ : PST_IO_WRITE, err);
    if (status != PST_OK)
        close(fd);
    return status;
}
