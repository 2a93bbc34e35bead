// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/alloc.h"
#include "base/error.h"
#include "codec/sndfile/sndfile.h"

// No block of compressed samples has more frames in a byte than this (GSM: 320 in 65).
enum { MOST_FRAMES_PER_BYTE = 5 };

// ---- What libsndfile calls -------------------------------------------------------------------

// The length of a file that is written ends with its last whole frame, whatever lies behind.
sf_count_t pst_sndfile_length(void *user) {
    const pst_sndfile *s = user;
    return s->data_start > 0 && !s->is_pipe ? s->data_start + s->n_frames * s->frame_bytes
                                            : pst_io_length(s->io);
}

sf_count_t pst_sndfile_position(void *user) {
    return pst_io_tell(((pst_sndfile *)user)->io);
}

sf_count_t pst_sndfile_seek(sf_count_t offset, int whence, void *user) {
    pst_io *io = ((pst_sndfile *)user)->io;
    const int64_t base = whence == SEEK_CUR   ? pst_io_tell(io)
                         : whence == SEEK_END ? pst_sndfile_length(user)
                                              : 0;
    if (offset > 0 && base > INT64_MAX - offset)
        return -1;
    return pst_io_seek(io, base + offset);
}

static sf_count_t read_bytes(void *data, sf_count_t n_bytes, void *user) {
    const pst_sndfile *s = user;
    const int64_t left = s->head_end > 0 ? s->head_end - pst_io_tell(s->io) : n_bytes;
    const int64_t n = pst_io_read(s->io, data, left < n_bytes ? left : n_bytes);
    return n < 0 ? 0 : n;
}

// ---- Opening ---------------------------------------------------------------------------------

static pst_status bad_file(const pst_sndfile *s, const char *text, pst_error *err) {
    if (pst_io_error(s->io) != 0)
        return pst_io_fail(s->io, err);
    return pst_fail(err, PST_BAD_FILE, 0, "The %s file cannot be read: %s",
                    pst_container_name(s->format.container), text);
}

static pst_status check_found(const pst_sndfile *s, const SF_INFO *found, pst_error *err) {
    if (found->channels < 1 || found->channels > PST_MAX_CHANNELS)
        return pst_fail(err, PST_BAD_FILE, 0,
                        "The file says that it has %d channels; 1 to %d can be read",
                        found->channels, (int)PST_MAX_CHANNELS);
    if (found->samplerate < 1 || found->samplerate > PST_FILE_MAX_RATE_HZ)
        return pst_fail(err, PST_BAD_FILE, 0,
                        "The file says that its sample rate is %d Hz; 1 to %d can be read",
                        found->samplerate, (int)PST_FILE_MAX_RATE_HZ);
    if (found->frames < 0)
        return bad_file(s, "its length makes no sense", err);
    return PST_OK;
}

// Returns how many frames there can be: what the header claims counts only as far as the file
// goes.
static int64_t believable_frames(const pst_sndfile *s, int64_t claimed) {
    const int64_t length = pst_io_length(s->io);
    const int64_t most = s->frame_bytes > 0                          ? length / s->frame_bytes
                         : length < INT64_MAX / MOST_FRAMES_PER_BYTE ? length * MOST_FRAMES_PER_BYTE
                                                                     : INT64_MAX;
    return claimed < most ? claimed : most;
}

static SNDFILE *open_library(pst_sndfile *s, SF_INFO *found) {
    SF_VIRTUAL_IO io = {pst_sndfile_length, pst_sndfile_seek, read_bytes, NULL,
                        pst_sndfile_position};
    pst_io_peek(s->io, true);
    SNDFILE *file = sf_open_virtual(&io, SFM_READ, found, s);
    pst_io_peek(s->io, false);
    return file;
}

static pst_status open_file(pst_sndfile *s, const pst_file_format *raw, pst_decoder_info *info,
                            pst_error *err) {
    SF_INFO found = {0};
    if (raw != NULL)
        found =
            (SF_INFO){0, (int)raw->rate_hz, (int)raw->n_channels, pst_sndfile_format(raw), 0, 0};
    s->file = open_library(s, &found);
    if (s->file == NULL)
        return bad_file(s, sf_strerror(NULL), err);
    const pst_status status = check_found(s, &found, err);
    if (status != PST_OK)
        return status;
    const pst_encoding wanted = info->format.encoding;
    const bool is_known = pst_from_sndfile_format(found.format, &info->format);
    // The codec that was asked for opens what it is called; PCM stands for all that may be there.
    if (!is_known || (wanted != PST_ENCODING_PCM && wanted != info->format.encoding) ||
        pst_decoding_codec(info->format.container, info->format.encoding) == NULL)
        return bad_file(s, "its samples are compressed in a way that this build cannot read", err);
    info->format.rate_hz = (uint32_t)found.samplerate;
    info->format.n_channels = (uint32_t)found.channels;
    s->frame_bytes = pst_sndfile_frame_bytes(&info->format);
    info->is_seekable = pst_io_is_seekable(s->io);
    // libsndfile fills up what is missing of a block with noise, and tells nobody.
    if (s->frame_bytes == 0 && !info->is_seekable)
        return pst_fail(err, PST_BAD_FILE, 0, "%s samples cannot be read from a pipe",
                        pst_encoding_name(info->format.encoding));
    int64_t n_frames = believable_frames(s, found.frames);
    // Of these the whole blocks have been counted.
    if (info->format.container == PST_CONTAINER_WAV && info->n_frames < n_frames)
        n_frames = info->n_frames;
    info->n_frames = info->is_seekable ? n_frames : -1;
    s->n_left = info->is_seekable ? n_frames : INT64_MAX;
    // In a pipe libsndfile makes a number beyond all files of a size that is not known.
    s->n_frames_told = info->is_seekable || n_frames <= UINT32_MAX ? n_frames : -1;
    return PST_OK;
}

// libsndfile finds its way through these with the help of the file's length alone.
static bool needs_length(const pst_decoder_setup *setup) {
    return setup->container == PST_CONTAINER_CAF || setup->container == PST_CONTAINER_W64;
}

static pst_status sndfile_open(void **state, pst_decoder_setup *setup, pst_error *err) {
    if (needs_length(setup) && !pst_io_is_seekable(setup->io))
        return pst_fail(err, PST_BAD_FILE, 0,
                        "%s files cannot be read from a pipe; WAV, RF64, AIFF, AU and RAW can",
                        pst_container_name(setup->container));
    pst_sndfile *s = pst_alloc(sizeof *s);
    if (s == NULL)
        return pst_fail_memory(err);
    s->io = setup->io;
    s->damage = setup->damage;
    s->start_byte = setup->start_byte;
    pst_sndfile_check_sizes(setup);
    s->format.container = setup->container;
    s->head_end = pst_sndfile_head_end(setup);
    const pst_status status = open_file(s, setup->raw, &setup->info, err);
    s->head_end = 0;
    if (status != PST_OK) {
        if (s->file != NULL)
            sf_close(s->file);
        pst_free(s);
        return status;
    }
    s->format = setup->info.format;
    setup->claimed_frames = s->n_frames_told;
    setup->native = s->native = pst_sndfile_native(&s->format);
    *state = s;
    return PST_OK;
}

// ---- Reading ---------------------------------------------------------------------------------

static sf_count_t read_frames(const pst_sndfile *s, void *data, sf_count_t n_frames) {
    switch (s->native) {
    case PST_FORMAT_F32:
        return sf_readf_float(s->file, data, n_frames);
    case PST_FORMAT_F64:
        return sf_readf_double(s->file, data, n_frames);
    case PST_FORMAT_I32:
        return sf_readf_int(s->file, data, n_frames);
    default:
        return sf_readf_short(s->file, data, n_frames);
    }
}

static pst_status sndfile_read(void *state, void *data, uint64_t n_frames, uint64_t *n_read,
                               pst_error *err) {
    pst_sndfile *s = state;
    uint64_t wanted = n_frames < (uint64_t)s->n_left ? n_frames : (uint64_t)s->n_left;
    const int64_t n_there = pst_io_at_hand(s->io);
    if (n_there >= 0 && wanted > 1 && (uint64_t)(n_there / s->frame_bytes) < wanted)
        wanted = n_there < s->frame_bytes ? 1 : (uint64_t)(n_there / s->frame_bytes);
    const sf_count_t n = wanted == 0 ? 0 : read_frames(s, data, (sf_count_t)wanted);
    *n_read = n > 0 ? (uint64_t)n : 0;
    if (s->n_left != INT64_MAX)
        s->n_left -= (int64_t)*n_read;
    s->n_done += (int64_t)*n_read;
    if (*n_read == n_frames || (n_there >= 0 && *n_read > 0))
        return PST_OK;
    if (pst_io_error(s->io) != 0)
        return pst_io_fail(s->io, err);
    if (s->n_done < s->n_frames_told)
        pst_note_damage(s->damage, PST_DAMAGE_TRUNCATED, s->n_done, 0);
    return PST_OK;
}

// Reads from the start up to a frame. GSM remembers what came before, so that libsndfile refuses
// to go anywhere.
static bool read_up_to(pst_sndfile *s, int64_t frame) {
    enum { PIECE_SAMPLES = 512 };
    int16_t passed[PIECE_SAMPLES];
    const int64_t piece = PIECE_SAMPLES / s->format.n_channels;
    SF_INFO found = {0};
    SNDFILE *again = pst_io_seek(s->io, s->start_byte) < 0 ? NULL : open_library(s, &found);
    if (again == NULL)
        return false;
    sf_close(s->file);
    s->file = again;
    while (frame > 0) {
        const sf_count_t n = sf_readf_short(s->file, passed, frame < piece ? frame : piece);
        if (n <= 0)
            return false;
        frame -= n;
    }
    return true;
}

static pst_status sndfile_seek(void *state, int64_t frame, pst_error *err) {
    pst_sndfile *s = state;
    const bool is_there = s->format.encoding == PST_ENCODING_GSM
                              ? read_up_to(s, frame)
                              : sf_seek(s->file, frame, SEEK_SET) == frame;
    if (!is_there)
        return bad_file(s, "it cannot go to that frame", err);
    s->n_left = s->n_frames_told - frame;
    s->n_done = frame;
    return PST_OK;
}

static void sndfile_close(void *state) {
    pst_sndfile *s = state;
    sf_close(s->file);
    pst_free(s);
}

const pst_decoder_ops pst_sndfile_decoder = {
    .open = sndfile_open,
    .read = sndfile_read,
    .seek = sndfile_seek,
    .close = sndfile_close,
};
