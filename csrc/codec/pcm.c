// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// PCM containers through libsndfile, which sees nothing but our byte I/O. It is only ever given
// samples that it stores without a change, since its own conversions wrap around and lose values.

#include <errno.h>
#include <sndfile.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "codec/containers.h"
#include "codec/registry.h"

typedef struct pcm {
    SNDFILE *file;
    pst_io *io;
    pst_format native;
    pst_file_format format;
    int64_t frame_bytes; // In the file.
    // Of a file that is written:
    int64_t data_start; // Where the first sample lies, once known.
    int64_t n_frames;
    bool is_pipe;
    bool is_mute;          // What libsndfile writes is dropped.
    int64_t pipe_position; // Where libsndfile believes the pipe to stand.
} pcm;

// The widest of these holds every sample of the others exactly.
static pst_format native_of(pst_format stored) {
    switch (stored) {
    case PST_FORMAT_F32:
    case PST_FORMAT_F64:
        return stored;
    case PST_FORMAT_I24:
    case PST_FORMAT_I32:
        return PST_FORMAT_I32;
    default:
        return PST_FORMAT_I16;
    }
}

static const char *libraries(void) {
    return sf_version_string();
}

// ---- What libsndfile calls -------------------------------------------------------------------

// The length of a file that is written ends with its last whole frame, whatever lies behind.
static sf_count_t get_length(void *user) {
    const pcm *p = user;
    return p->data_start > 0 && !p->is_pipe ? p->data_start + p->n_frames * p->frame_bytes
                                            : pst_io_length(p->io);
}

static sf_count_t get_position(void *user) {
    return pst_io_tell(((pcm *)user)->io);
}

static sf_count_t seek_to(sf_count_t offset, int whence, void *user) {
    pst_io *io = ((pcm *)user)->io;
    const int64_t base = whence == SEEK_CUR   ? pst_io_tell(io)
                         : whence == SEEK_END ? get_length(user)
                                              : 0;
    if (offset > 0 && base > INT64_MAX - offset)
        return -1;
    return pst_io_seek(io, base + offset);
}

static sf_count_t read_bytes(void *data, sf_count_t n_bytes, void *user) {
    const int64_t n = pst_io_read(((pcm *)user)->io, data, n_bytes);
    return n < 0 ? 0 : n;
}

static sf_count_t write_bytes(const void *data, sf_count_t n_bytes, void *user) {
    const pcm *p = user;
    return p->is_mute ? n_bytes : pst_io_write(p->io, data, n_bytes);
}

// ---- A pipe that is written ------------------------------------------------------------------

// libsndfile goes back to write the header again at the end, whatever seek says. In a pipe that
// would append it as sound. Here the pipe seems to obey, and what is written in its past is
// dropped.

static sf_count_t pipe_seek(sf_count_t offset, int whence, void *user) {
    pcm *p = user;
    const int64_t base = whence == SEEK_CUR   ? p->pipe_position
                         : whence == SEEK_END ? pst_io_length(p->io)
                                              : 0;
    p->pipe_position = base + offset;
    return p->pipe_position;
}

static sf_count_t pipe_position(void *user) {
    return ((pcm *)user)->pipe_position;
}

static sf_count_t pipe_write(const void *data, sf_count_t n_bytes, void *user) {
    enum { AU_SIZE_AT = 8, AU_HEADER_BYTES = 24 };
    pcm *p = user;
    if (p->pipe_position < pst_io_tell(p->io)) {
        p->pipe_position += n_bytes;
        return n_bytes;
    }
    int64_t n;
    if (p->format.container == PST_CONTAINER_AU && p->pipe_position == 0 &&
        n_bytes == AU_HEADER_BYTES) {
        // All ones in the size field: until the end of the file.
        uint8_t header[AU_HEADER_BYTES];
        memcpy(header, data, AU_HEADER_BYTES);
        memset(header + AU_SIZE_AT, 0xFF, 4);
        n = pst_io_write(p->io, header, n_bytes);
    } else {
        n = pst_io_write(p->io, data, n_bytes);
    }
    p->pipe_position += n;
    return n;
}

// ---- Reading ---------------------------------------------------------------------------------

static pst_status bad_file(const pcm *p, const char *text, pst_error *err) {
    if (pst_io_error(p->io) != 0)
        return pst_io_fail(p->io, err);
    return pst_fail(err, PST_BAD_FILE, 0, "The %s file cannot be read: %s",
                    pst_container_name(p->format.container), text);
}

static pst_status open_file(pcm *p, const pst_file_format *raw, pst_decoder_info *info,
                            pst_error *err) {
    SF_VIRTUAL_IO io = {get_length, seek_to, read_bytes, NULL, get_position};
    SF_INFO found = {0};
    if (raw != NULL)
        found =
            (SF_INFO){0, (int)raw->rate_hz, (int)raw->n_channels, pst_sndfile_format(raw), 0, 0};
    pst_io_peek(p->io, true);
    p->file = sf_open_virtual(&io, SFM_READ, &found, p);
    pst_io_peek(p->io, false);
    if (p->file == NULL)
        return bad_file(p, sf_strerror(NULL), err);
    if (found.channels < 1 || found.channels > PST_MAX_CHANNELS)
        return pst_fail(err, PST_BAD_FILE, 0,
                        "The file says that it has %d channels; 1 to %d can be read",
                        found.channels, (int)PST_MAX_CHANNELS);
    if (found.samplerate < 1 || found.samplerate > PST_FILE_MAX_RATE_HZ)
        return pst_fail(err, PST_BAD_FILE, 0,
                        "The file says that its sample rate is %d Hz; 1 to %d can be read",
                        found.samplerate, (int)PST_FILE_MAX_RATE_HZ);
    if (!pst_from_sndfile_format(found.format, &info->format))
        return bad_file(p, "its samples are compressed; PCM of 8 to 32 bits and floats can be read",
                        err);
    info->format.rate_hz = (uint32_t)found.samplerate;
    info->format.n_channels = (uint32_t)found.channels;
    // What the header claims counts only as far as the file goes.
    p->frame_bytes = (int64_t)pst_format_bytes(info->format.sample_format) * found.channels;
    info->is_seekable = pst_io_is_seekable(p->io);
    info->n_frames = info->is_seekable ? found.frames : -1;
    if (info->is_seekable && found.frames > pst_io_length(p->io) / p->frame_bytes)
        info->n_frames = pst_io_length(p->io) / p->frame_bytes;
    return PST_OK;
}

// libsndfile finds its way through these with the help of the file's length alone.
static bool needs_length(pst_container container) {
    return container == PST_CONTAINER_CAF || container == PST_CONTAINER_W64;
}

static pst_status pcm_open_decoder(void **state, pst_decoder_setup *setup, pst_error *err) {
    if (needs_length(setup->container) && !pst_io_is_seekable(setup->io))
        return pst_fail(err, PST_BAD_FILE, 0,
                        "%s files cannot be read from a pipe; WAV, RF64, AIFF, AU and RAW can",
                        pst_container_name(setup->container));
    pcm *p = pst_alloc(sizeof *p);
    if (p == NULL)
        return pst_fail_memory(err);
    p->io = setup->io;
    p->format.container = setup->container;
    const pst_status status = open_file(p, setup->raw, &setup->info, err);
    if (status != PST_OK) {
        if (p->file != NULL)
            sf_close(p->file);
        pst_free(p);
        return status;
    }
    p->format = setup->info.format;
    setup->native = p->native = native_of(p->format.sample_format);
    *state = p;
    return PST_OK;
}

static pst_status pcm_read(void *state, void *data, uint64_t n_frames, uint64_t *n_read,
                           pst_error *err) {
    pcm *p = state;
    const sf_count_t wanted = (sf_count_t)n_frames;
    sf_count_t n;
    switch (p->native) {
    case PST_FORMAT_F32:
        n = sf_readf_float(p->file, data, wanted);
        break;
    case PST_FORMAT_F64:
        n = sf_readf_double(p->file, data, wanted);
        break;
    case PST_FORMAT_I32:
        n = sf_readf_int(p->file, data, wanted);
        break;
    default:
        n = sf_readf_short(p->file, data, wanted);
    }
    *n_read = n > 0 ? (uint64_t)n : 0;
    return *n_read < n_frames && pst_io_error(p->io) != 0 ? pst_io_fail(p->io, err) : PST_OK;
}

static pst_status pcm_seek(void *state, int64_t frame, pst_error *err) {
    pcm *p = state;
    if (sf_seek(p->file, frame, SEEK_SET) != frame)
        return bad_file(p, "it cannot go to that frame", err);
    return PST_OK;
}

static void pcm_close_decoder(void *state) {
    pcm *p = state;
    sf_close(p->file);
    pst_free(p);
}

// ---- Writing ---------------------------------------------------------------------------------

static pst_status pcm_check(const pst_file_format *format, const pst_encoder_options *options,
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

static pst_status begin_file(pcm *p, pst_error *err) {
    SF_VIRTUAL_IO io = {get_length, seek_to, NULL, write_bytes, get_position};
    if (p->is_pipe)
        io = (SF_VIRTUAL_IO){get_length, pipe_seek, NULL, pipe_write, pipe_position};
    SF_INFO info = {
        0, (int)p->format.rate_hz, (int)p->format.n_channels, pst_sndfile_format(&p->format), 0, 0};
    p->file = sf_open_virtual(&io, SFM_WRITE, &info, p);
    if (p->file == NULL)
        return pst_io_error(p->io) != 0
                   ? pst_io_fail(p->io, err)
                   : pst_fail(err, PST_BAD_ARGUMENT, 0, "libsndfile refuses the format: %s",
                              sf_strerror(NULL));
    // A chunk of peaks would hold the time of day, and nothing that a reader needs.
    sf_command(p->file, SFC_SET_ADD_PEAK_CHUNK, NULL, SF_FALSE);
    if (!p->is_pipe) {
        // Without that chunk the header is shorter than the one that was written at first.
        sf_seek(p->file, 0, SEEK_SET);
        p->data_start = pst_io_tell(p->io);
        pst_io_truncate(p->io, p->data_start);
        sf_command(p->file, SFC_UPDATE_HEADER_NOW, NULL, 0);
        sf_seek(p->file, 0, SEEK_SET);
    }
    return pst_io_error(p->io) != 0 ? pst_io_fail(p->io, err) : PST_OK;
}

static pst_status pcm_open_encoder(void **state, pst_encoder_setup *setup, pst_error *err) {
    const pst_file_format *format = setup->format;
    const bool is_pipe = !pst_io_is_seekable(setup->io);
    if (is_pipe && format->container != PST_CONTAINER_AU && format->container != PST_CONTAINER_RAW)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "%s files need a place that can seek; AU and RAW can go to a pipe",
                        pst_container_name(format->container));
    pcm *p = pst_alloc(sizeof *p);
    if (p == NULL)
        return pst_fail_memory(err);
    p->io = setup->io;
    p->format = *format;
    p->frame_bytes = (int64_t)pst_format_bytes(format->sample_format) * format->n_channels;
    p->is_pipe = is_pipe;
    const pst_status status = begin_file(p, err);
    if (status != PST_OK) {
        if (p->file != NULL)
            sf_close(p->file);
        pst_free(p);
        return status;
    }
    setup->native = p->native = native_of(format->sample_format);
    setup->stored = format->sample_format;
    setup->max_frames = pst_container_max_bytes(format->container) / p->frame_bytes;
    *state = p;
    return PST_OK;
}

static pst_status pcm_write(void *state, const void *data, uint64_t n_frames, uint64_t *n_written,
                            pst_error *err) {
    pcm *p = state;
    const sf_count_t wanted = (sf_count_t)n_frames;
    sf_count_t n;
    switch (p->native) {
    case PST_FORMAT_F32:
        n = sf_writef_float(p->file, data, wanted);
        break;
    case PST_FORMAT_F64:
        n = sf_writef_double(p->file, data, wanted);
        break;
    case PST_FORMAT_I32:
        n = sf_writef_int(p->file, data, wanted);
        break;
    default:
        n = sf_writef_short(p->file, data, wanted);
    }
    *n_written = n > 0 ? (uint64_t)n : 0;
    p->n_frames += (int64_t)*n_written;
    if (pst_io_error(p->io) != 0)
        return pst_io_fail(p->io, err);
    if (*n_written < n_frames)
        return pst_fail(err, PST_SYSTEM_ERROR, EIO, "Could not write the sound file: %s",
                        sf_strerror(p->file));
    return PST_OK;
}

static pst_status pcm_update(void *state, pst_error *err) {
    pcm *p = state;
    if (!p->is_pipe)
        sf_command(p->file, SFC_UPDATE_HEADER_NOW, NULL, 0);
    return pst_io_error(p->io) != 0 ? pst_io_fail(p->io, err) : PST_OK;
}

// Ends an AIFF file whose samples are an odd number of bytes. Closing it, libsndfile would count
// the byte of padding as a sample.
static void finish_odd_aiff(pcm *p) {
    sf_command(p->file, SFC_UPDATE_HEADER_NOW, NULL, 0);
    p->is_mute = true;
    const int64_t end = get_length(p);
    const uint32_t size = (uint32_t)(end + 1 - 8);
    const uint8_t form_size[4] = {(uint8_t)(size >> 24), (uint8_t)(size >> 16),
                                  (uint8_t)(size >> 8), (uint8_t)size};
    pst_io_seek(p->io, end);
    if (pst_io_write(p->io, "", 1) == 1) {
        pst_io_seek(p->io, 4);
        pst_io_write(p->io, form_size, sizeof form_size);
    }
}

static pst_status pcm_finish(void *state, pst_error *err) {
    pcm *p = state;
    // A write that failed may have left half a frame.
    if (pst_io_error(p->io) != 0 && !p->is_pipe)
        pst_io_truncate(p->io, get_length(p));
    if (p->format.container == PST_CONTAINER_AIFF && get_length(p) % 2 == 1)
        finish_odd_aiff(p);
    sf_close(p->file);
    const pst_status status = pst_io_error(p->io) != 0 ? pst_io_fail(p->io, err) : PST_OK;
    pst_free(p);
    return status;
}

static const pst_decoder_ops decoder = {
    .open = pcm_open_decoder,
    .read = pcm_read,
    .seek = pcm_seek,
    .close = pcm_close_decoder,
};

static const pst_encoder_ops encoder = {
    .max_rate_hz = PST_FILE_MAX_RATE_HZ,
    .max_channels = PST_MAX_CHANNELS,
    .max_compression = -1,
    .check = pcm_check,
    .open = pcm_open_encoder,
    .write = pcm_write,
    .update = pcm_update,
    .finish = pcm_finish,
};

#define CONTAINERS                                                                                 \
    (PST_IN(PST_CONTAINER_WAV) | PST_IN(PST_CONTAINER_WAVEX) | PST_IN(PST_CONTAINER_RF64) |        \
     PST_IN(PST_CONTAINER_AIFF) | PST_IN(PST_CONTAINER_AU) | PST_IN(PST_CONTAINER_CAF) |           \
     PST_IN(PST_CONTAINER_W64) | PST_IN(PST_CONTAINER_RAW))

const pst_codec pst_pcm_codec = {
    .name = "pcm",
    .encoding = PST_ENCODING_PCM,
    .decodes = CONTAINERS,
    .encodes = CONTAINERS,
    .is_lossless = true,
    .libraries = libraries,
    .decoder = &decoder,
    .encoder = &encoder,
};
