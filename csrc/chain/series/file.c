// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "chain/series/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "codec/io.h"

// The descriptor of a path stays ours: what ends the file is told to the disk through it, and
// closing it is what tells of a disk that took a write and then could not keep it.

static bool is_no_file(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

static int open_path(const char *path, bool overwrites) {
    const int flags = O_CLOEXEC | O_WRONLY;
    const int fd = open(path, flags | O_CREAT | (overwrites ? O_TRUNC : O_EXCL), 0666);
    // A pipe or a device has nothing that could be lost.
    return fd < 0 && errno == EEXIST && is_no_file(path) ? open(path, flags) : fd;
}

pst_status pst_open_file_place(pst_open_file *file, pst_io *io, const pst_file_format *format,
                               const pst_encoder_options *options, pst_error *err) {
    *file = (pst_open_file){NULL, io, -1};
    return pst_encoder_open(&file->encoder, io, format, options, err);
}

pst_status pst_open_file_path(pst_open_file *file, const char *path, bool overwrites,
                              const pst_file_format *format, const pst_encoder_options *options,
                              pst_error *err) {
    *file = (pst_open_file){NULL, NULL, -1};
    // Nothing is touched for a file that cannot be.
    pst_status status = pst_encoder_check(format, options, err);
    if (status != PST_OK)
        return status;
    const int fd = open_path(path, overwrites);
    if (fd < 0)
        return pst_fail_errno(err, errno, "open the sound file");
    pst_io *io = NULL;
    status = pst_io_open_fd(&io, fd, false, PST_IO_WRITE, err);
    if (status == PST_OK)
        status = pst_open_file_place(file, io, format, options, err);
    if (status == PST_OK) {
        file->fd = fd;
        return PST_OK;
    }
    pst_io_close(io, NULL);
    close(fd);
    return status;
}

static pst_status sync_end(const pst_open_file *file, pst_error *err) {
    // Pipes and devices cannot, and need not.
    if (file->fd < 0 || fdatasync(file->fd) == 0 || errno == EINVAL || errno == EROFS)
        return PST_OK;
    return pst_fail_errno(err, errno, "write the sound file to the disk");
}

pst_status pst_open_file_end(pst_open_file *file, bool syncs, int64_t *n_bytes, pst_error *err) {
    pst_status status = pst_encoder_finish(file->encoder, err);
    *n_bytes = pst_io_written(file->io);
    if (status == PST_OK && syncs)
        status = sync_end(file, err);
    if (file->fd >= 0 && close(file->fd) != 0 && status == PST_OK)
        status = pst_fail_errno(err, errno, "close the sound file");
    pst_encoder_release(file->encoder);
    *file = (pst_open_file){NULL, NULL, -1};
    return status;
}
