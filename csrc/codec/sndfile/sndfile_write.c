// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "codec/sndfile/sndfile.h"

static sf_count_t write_bytes(const void *data, sf_count_t n_bytes, void *user) {
    const pst_sndfile *s = user;
    return s->is_mute ? n_bytes : pst_io_write(s->io, data, n_bytes);
}

// ---- A pipe that is written ------------------------------------------------------------------

// libsndfile goes back to write the header again at the end, whatever seek says. In a pipe that
// would append it as sound. Here the pipe seems to obey, and what is written in its past is
// dropped.

static sf_count_t pipe_seek(sf_count_t offset, int whence, void *user) {
    pst_sndfile *s = user;
    const int64_t base = whence == SEEK_CUR   ? s->pipe_position
                         : whence == SEEK_END ? pst_io_length(s->io)
                                              : 0;
    s->pipe_position = base + offset;
    return s->pipe_position;
}

static sf_count_t pipe_position(void *user) {
    return ((pst_sndfile *)user)->pipe_position;
}

static sf_count_t pipe_write(const void *data, sf_count_t n_bytes, void *user) {
    enum { AU_SIZE_AT = 8, AU_HEADER_BYTES = 24 };
    pst_sndfile *s = user;
    if (s->pipe_position < pst_io_tell(s->io)) {
        s->pipe_position += n_bytes;
        return n_bytes;
    }
    int64_t n;
    if (s->format.container == PST_CONTAINER_AU && s->pipe_position == 0 &&
        n_bytes == AU_HEADER_BYTES) {
        // All ones in the size field: until the end of the file.
        uint8_t header[AU_HEADER_BYTES];
        memcpy(header, data, AU_HEADER_BYTES);
        memset(header + AU_SIZE_AT, 0xFF, 4);
        n = pst_io_write(s->io, header, n_bytes);
    } else {
        n = pst_io_write(s->io, data, n_bytes);
    }
    s->pipe_position += n;
    return n;
}

// ---- Writing ---------------------------------------------------------------------------------

static pst_status sndfile_check(const pst_file_format *format, const pst_encoder_options *options,
                                pst_error *err) {
    (void)options;
    const SF_INFO info = {
        0, (int)format->rate_hz, (int)format->n_channels, pst_sndfile_format(format), 0, 0};
    if (sf_format_check(&info))
        return PST_OK;
    pst_file_format plain = *format;
    plain.byte_order = PST_BYTES_DEFAULT;
    plain.rate_hz = 8000;
    plain.n_channels = 1;
    const SF_INFO plain_info = {0, 8000, 1, pst_sndfile_format(&plain), 0, 0};
    const char *name = pst_container_name(format->container);
    if (!sf_format_check(&plain_info))
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "%s files cannot hold %s samples", name,
                        pst_format_name(format->sample_format));
    return pst_fail(err, PST_BAD_ARGUMENT, 0,
                    "%s files cannot hold %u channels of %s at %u Hz in this byte order", name,
                    (unsigned)format->n_channels, pst_format_name(format->sample_format),
                    (unsigned)format->rate_hz);
}

static pst_status begin_file(pst_sndfile *s, pst_error *err) {
    SF_VIRTUAL_IO io = {pst_sndfile_length, pst_sndfile_seek, NULL, write_bytes,
                        pst_sndfile_position};
    if (s->is_pipe)
        io = (SF_VIRTUAL_IO){pst_sndfile_length, pipe_seek, NULL, pipe_write, pipe_position};
    SF_INFO info = {
        0, (int)s->format.rate_hz, (int)s->format.n_channels, pst_sndfile_format(&s->format), 0, 0};
    s->file = sf_open_virtual(&io, SFM_WRITE, &info, s);
    if (s->file == NULL)
        return pst_io_error(s->io) != 0
                   ? pst_io_fail(s->io, err)
                   : pst_fail(err, PST_BAD_ARGUMENT, 0, "libsndfile refuses the format: %s",
                              sf_strerror(NULL));
    // A chunk of peaks would hold the time of day, and nothing that a reader needs.
    sf_command(s->file, SFC_SET_ADD_PEAK_CHUNK, NULL, SF_FALSE);
    if (!s->is_pipe) {
        // Without that chunk the header is shorter than the one that was written at first.
        sf_seek(s->file, 0, SEEK_SET);
        s->data_start = pst_io_tell(s->io);
        pst_io_truncate(s->io, s->data_start);
        sf_command(s->file, SFC_UPDATE_HEADER_NOW, NULL, 0);
        sf_seek(s->file, 0, SEEK_SET);
    }
    return pst_io_error(s->io) != 0 ? pst_io_fail(s->io, err) : PST_OK;
}

static pst_status sndfile_begin(void **state, pst_encoder_setup *setup, pst_error *err) {
    const pst_file_format *format = setup->format;
    const bool is_pipe = !pst_io_is_seekable(setup->io);
    if (is_pipe && format->container != PST_CONTAINER_AU && format->container != PST_CONTAINER_RAW)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "%s files need a place that can seek; WAV, AU and RAW can go to a pipe",
                        pst_container_name(format->container));
    pst_sndfile *s = pst_alloc(sizeof *s);
    if (s == NULL)
        return pst_fail_memory(err);
    s->io = setup->io;
    s->format = *format;
    s->frame_bytes = pst_sndfile_frame_bytes(format);
    s->is_pipe = is_pipe;
    const pst_status status = begin_file(s, err);
    if (status != PST_OK) {
        if (s->file != NULL)
            sf_close(s->file);
        pst_free(s);
        return status;
    }
    setup->native = s->native = pst_sndfile_native(format);
    setup->stored = format->sample_format;
    setup->max_frames = pst_sndfile_max_bytes(format->container) / s->frame_bytes;
    *state = s;
    return PST_OK;
}

// Whether other programs look for chunks in samples that the header does not know of yet, and
// refuse the whole file of a process that was killed.
static bool minds_the_rest(pst_container container) {
    return container == PST_CONTAINER_W64 || container == PST_CONTAINER_CAF;
}

static pst_status sndfile_write(void *state, const void *data, uint64_t n_frames,
                                uint64_t *n_written, pst_error *err) {
    pst_sndfile *s = state;
    const sf_count_t wanted = (sf_count_t)n_frames;
    sf_count_t n;
    switch (s->native) {
    case PST_FORMAT_F32:
        n = sf_writef_float(s->file, data, wanted);
        break;
    case PST_FORMAT_F64:
        n = sf_writef_double(s->file, data, wanted);
        break;
    case PST_FORMAT_I32:
        n = sf_writef_int(s->file, data, wanted);
        break;
    default:
        n = sf_writef_short(s->file, data, wanted);
    }
    *n_written = n > 0 ? (uint64_t)n : 0;
    s->n_frames += (int64_t)*n_written;
    if (pst_io_error(s->io) != 0)
        return pst_io_fail(s->io, err);
    if (*n_written < n_frames)
        return pst_fail(err, PST_SYSTEM_ERROR, EIO, "Could not write the sound file: %s",
                        sf_strerror(s->file));
    if (!s->is_pipe && minds_the_rest(s->format.container))
        sf_command(s->file, SFC_UPDATE_HEADER_NOW, NULL, 0);
    return pst_io_error(s->io) != 0 ? pst_io_fail(s->io, err) : PST_OK;
}

static pst_status sndfile_update(void *state, pst_error *err) {
    pst_sndfile *s = state;
    if (!s->is_pipe)
        sf_command(s->file, SFC_UPDATE_HEADER_NOW, NULL, 0);
    return pst_io_error(s->io) != 0 ? pst_io_fail(s->io, err) : PST_OK;
}

// Ends an AIFF file whose samples are an odd number of bytes. Closing it, libsndfile would count
// the byte of padding as a sample.
static void finish_odd_aiff(pst_sndfile *s) {
    sf_command(s->file, SFC_UPDATE_HEADER_NOW, NULL, 0);
    s->is_mute = true;
    const int64_t end = pst_sndfile_length(s);
    const uint32_t size = (uint32_t)(end + 1 - 8);
    const uint8_t form_size[4] = {(uint8_t)(size >> 24), (uint8_t)(size >> 16),
                                  (uint8_t)(size >> 8), (uint8_t)size};
    pst_io_seek(s->io, end);
    if (pst_io_write(s->io, "", 1) == 1) {
        pst_io_seek(s->io, 4);
        pst_io_write(s->io, form_size, sizeof form_size);
    }
}

static pst_status sndfile_finish(void *state, pst_error *err) {
    pst_sndfile *s = state;
    // A write that failed may have left half a frame.
    if (pst_io_error(s->io) != 0 && !s->is_pipe)
        pst_io_truncate(s->io, pst_sndfile_length(s));
    if (s->format.container == PST_CONTAINER_AIFF && pst_sndfile_length(s) % 2 == 1)
        finish_odd_aiff(s);
    sf_close(s->file);
    const pst_status status = pst_io_error(s->io) != 0 ? pst_io_fail(s->io, err) : PST_OK;
    pst_free(s);
    return status;
}

const pst_encoder_ops pst_sndfile_encoder = {
    .max_rate_hz = PST_FILE_MAX_RATE_HZ,
    .max_channels = PST_MAX_CHANNELS,
    .max_compression = -1,
    .check = sndfile_check,
    .open = sndfile_begin,
    .write = sndfile_write,
    .update = sndfile_update,
    .finish = sndfile_finish,
};
