// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/mp3/mpeg_decode.h"

#include <mpg123.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

// libmpg123 only sees whole frames of one kind, one at a time. What it could do besides (to find
// frames, seek, cut, resample, read tags) has had its weak points, or is not exact.

struct pst_mpeg_decode {
    mpg123_handle *handle;
    pst_mpeg_header kind;
    bool is_open;
    uint8_t bitrate_bits; // To be written into the headers; 0: none.
    uint8_t frame[PST_MPEG_MAX_FRAME_BYTES];
};

// libmpg123 takes frames of layer II in free format for those of a much lower bitrate. So it is
// told the one that has frames of the same size. Returns its bits in the header, or 0 if there is
// none.
static uint8_t bits_of_size(const pst_mpeg_header *kind) {
    enum { LAST = 14 };
    static const uint8_t rates[3] = {0, 4, 8}; // Bits of 44100, 48000 and 32000 Hz, and so on.
    for (unsigned i = 1; i <= LAST; ++i)
        for (size_t k = 0; k < sizeof rates; ++k) {
            const uint8_t version = kind->version == PST_MPEG_1 ? 0xFC : 0xF4;
            const uint8_t bytes[PST_MPEG_HEADER_BYTES] = {0xFF, version,
                                                          (uint8_t)(i << 4 | rates[k]), 0};
            pst_mpeg_header header;
            if (pst_mpeg_header_read(bytes, &header) && header.rate_hz == kind->rate_hz &&
                header.n_bytes == kind->n_bytes)
                return (uint8_t)(i << 4);
        }
    return 0;
}

static bool set_up(mpg123_handle *handle, const pst_mpeg_header *kind) {
    const long added = MPG123_QUIET | MPG123_FORCE_FLOAT | MPG123_SKIP_ID3V2 |
                       MPG123_IGNORE_STREAMLENGTH | MPG123_IGNORE_INFOFRAME | MPG123_NO_READAHEAD |
                       MPG123_NO_FRANKENSTEIN;
    const long removed = MPG123_GAPLESS | MPG123_AUTO_RESAMPLE;
    const int n_channels = kind->n_channels == 1 ? MPG123_MONO : MPG123_STEREO;
    const bool is_free = kind->bitrate_bps == 0 && kind->layer != 2;
    const long free_bytes = is_free ? (long)kind->n_bytes - PST_MPEG_HEADER_BYTES : -1;
    return mpg123_param(handle, MPG123_ADD_FLAGS, added, 0.0) == MPG123_OK &&
           mpg123_param(handle, MPG123_REMOVE_FLAGS, removed, 0.0) == MPG123_OK &&
           mpg123_param(handle, MPG123_RVA, MPG123_RVA_OFF, 0.0) == MPG123_OK &&
           mpg123_param(handle, MPG123_FREEFORMAT_SIZE, free_bytes, 0.0) == MPG123_OK &&
           mpg123_format_none(handle) == MPG123_OK &&
           mpg123_format(handle, (long)kind->rate_hz, n_channels, MPG123_ENC_FLOAT_32) == MPG123_OK;
}

// Makes a handle that prints nothing, not even while it is made.
static mpg123_handle *new_handle(int *code) {
    (void)mpg123_init(); // Before 1.27 it makes tables: always the same, whoever else makes them.
    mpg123_pars *pars = mpg123_new_pars(code);
    if (pars == NULL)
        return NULL;
    mpg123_handle *handle = NULL;
    *code = mpg123_par(pars, MPG123_ADD_FLAGS, MPG123_QUIET, 0.0);
    if (*code == MPG123_OK)
        handle = mpg123_parnew(pars, NULL, code);
    mpg123_delete_pars(pars);
    return handle;
}

pst_status pst_mpeg_decode_open(pst_mpeg_decode **decode, const pst_mpeg_header *kind,
                                pst_error *err) {
    *decode = NULL;
    const bool is_disguised = kind->bitrate_bps == 0 && kind->layer == 2;
    if (is_disguised && bits_of_size(kind) == 0)
        return pst_fail(err, PST_BAD_FILE, 0,
                        "The file has frames of MPEG layer II in free format, %u bytes each; "
                        "libmpg123 only gets those right that have the size of another bitrate",
                        (unsigned)kind->n_bytes);
    pst_mpeg_decode *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    made->kind = *kind;
    made->bitrate_bits = is_disguised ? bits_of_size(kind) : 0;
    int code = MPG123_OK;
    made->handle = new_handle(&code);
    if (made->handle == NULL || !set_up(made->handle, kind)) {
        const char *text =
            made->handle == NULL ? mpg123_plain_strerror(code) : mpg123_strerror(made->handle);
        pst_fail(err, PST_UNSUPPORTED, code, "libmpg123 cannot begin: %s", text);
        pst_mpeg_decode_close(made);
        return code == MPG123_OUT_OF_MEM ? pst_fail_memory(err) : PST_UNSUPPORTED;
    }
    pst_mpeg_decode_reset(made);
    if (!made->is_open) {
        pst_mpeg_decode_close(made);
        return pst_fail_memory(err);
    }
    *decode = made;
    return PST_OK;
}

void pst_mpeg_decode_reset(pst_mpeg_decode *decode) {
    decode->is_open = mpg123_open_feed(decode->handle) == MPG123_OK;
}

const float *pst_mpeg_decode_frame(pst_mpeg_decode *decode, const uint8_t *bytes,
                                   const pst_mpeg_header *header) {
    if (decode->bitrate_bits != 0) {
        memcpy(decode->frame, bytes, header->n_bytes);
        decode->frame[2] |= decode->bitrate_bits;
        bytes = decode->frame;
    }
    if (!decode->is_open || mpg123_feed(decode->handle, bytes, header->n_bytes) != MPG123_OK)
        return NULL;
    const size_t wanted = sizeof(float) * header->n_samples * header->n_channels;
    unsigned char *audio = NULL;
    size_t n_bytes = 0;
    off_t number = 0;
    int code = mpg123_decode_frame(decode->handle, &number, &audio, &n_bytes);
    if (code == MPG123_NEW_FORMAT)
        code = mpg123_decode_frame(decode->handle, &number, &audio, &n_bytes);
    return code == MPG123_OK && audio != NULL && n_bytes == wanted ? (const float *)(void *)audio
                                                                   : NULL;
}

bool pst_mpeg_decode_lacks_memory(const pst_mpeg_decode *decode) {
    const int code = mpg123_errcode(decode->handle);
    return !decode->is_open || code == MPG123_OUT_OF_MEM || code == MPG123_NO_BUFFERS ||
           code == MPG123_BUFFERFILL;
}

void pst_mpeg_decode_close(pst_mpeg_decode *decode) {
    if (decode == NULL)
        return;
    mpg123_delete(decode->handle);
    pst_free(decode);
}
