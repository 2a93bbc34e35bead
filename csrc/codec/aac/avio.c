// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/aac/avio.h"

#include <errno.h>

enum { BUFFER_BYTES = 32768 };

#if LIBAVFORMAT_VERSION_MAJOR >= 61
typedef const uint8_t written_byte;
#else
typedef uint8_t written_byte;
#endif

static int read_bytes(void *user, uint8_t *data, int n_bytes) {
    const int64_t n = pst_io_read(user, data, n_bytes);
    return n > 0 ? (int)n : n == 0 ? AVERROR_EOF : AVERROR(EIO);
}

static int write_bytes(void *user, written_byte *data, int n_bytes) {
    return pst_io_write(user, data, n_bytes) == n_bytes ? n_bytes : AVERROR(EIO);
}

static int64_t seek(void *user, int64_t offset, int whence) {
    pst_io *io = user;
    whence &= ~AVSEEK_FORCE;
    if (whence == AVSEEK_SIZE)
        return pst_io_length(io);
    const int64_t base = whence == SEEK_CUR   ? pst_io_tell(io)
                         : whence == SEEK_END ? pst_io_length(io)
                                              : 0;
    if (base < 0 || (offset > 0 && base > INT64_MAX - offset))
        return AVERROR(EINVAL);
    const int64_t at = pst_io_seek(io, base + offset);
    return at < 0 ? AVERROR(EIO) : at;
}

AVIOContext *pst_avio_open(pst_io *io, bool writes) {
    uint8_t *buffer = av_malloc(BUFFER_BYTES);
    if (buffer == NULL)
        return NULL;
    const bool is_seekable = pst_io_is_seekable(io);
    AVIOContext *avio =
        avio_alloc_context(buffer, BUFFER_BYTES, writes ? 1 : 0, io, writes ? NULL : read_bytes,
                           writes ? write_bytes : NULL, is_seekable ? seek : NULL);
    if (avio == NULL) {
        av_free(buffer);
        return NULL;
    }
    avio->seekable = is_seekable ? AVIO_SEEKABLE_NORMAL : 0;
    return avio;
}

void pst_avio_close(AVIOContext *avio) {
    if (avio == NULL)
        return;
    if (avio->write_flag)
        avio_flush(avio);
    av_freep(&avio->buffer);
    avio_context_free(&avio);
}
