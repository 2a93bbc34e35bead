// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Reads whatever bytes libFuzzer makes as a sound file, from a place that can seek and from a pipe,
// and looks at everything that a user can look at. By push the same has to come out as of a pipe.
// PST_FUZZ_KIND names the kind of file; inputs of other kinds are not worth keeping.

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kinds.h"
#include "ogg_checksums.h"
#include "pastream/codec.h"
#include "pushed.h"

enum { PIECE_FRAMES = 997, MOST_FRAMES = 1 << 17 };

static void demand(bool holds, const char *what) {
    if (holds)
        return;
    fprintf(stderr, "broken promise: %s\n", what);
    abort();
}
#define DEMAND(condition) demand(condition, #condition)

typedef struct pipe_place {
    const uint8_t *data;
    int64_t n_left;
} pipe_place;

static int64_t read_pipe(void *user, void *data, int64_t n_bytes) {
    pipe_place *p = user;
    const int64_t n = n_bytes < p->n_left ? n_bytes : p->n_left;
    if (n > 0)
        memcpy(data, p->data, (size_t)n);
    p->data += n;
    p->n_left -= n;
    return n;
}

// Reads on to the end, or until it is enough. Returns the frames.
static int64_t read_on(pst_decoder *decoder, pst_format format) {
    static double piece[PIECE_FRAMES * PST_MAX_CHANNELS];
    int64_t n_frames = 0;
    for (;;) {
        uint64_t n = 0;
        pst_error err = {0};
        const pst_status status = pst_decoder_read(decoder, piece, format, PIECE_FRAMES, &n, &err);
        n_frames += (int64_t)n;
        DEMAND(n <= PIECE_FRAMES);
        DEMAND(status != PST_OK || n == PIECE_FRAMES);
        DEMAND(status >= 0 || (err.status == status && err.text[0] != '\0'));
        if (status != PST_OK || n_frames >= MOST_FRAMES)
            return n_frames;
    }
}

static void look_at(pst_decoder *decoder, uint64_t seed) {
    pst_decoder_info info;
    pst_decoder_get_info(decoder, &info);
    DEMAND(info.format.rate_hz >= 1 && info.format.rate_hz <= PST_FILE_MAX_RATE_HZ);
    DEMAND(info.format.n_channels >= 1 && info.format.n_channels <= PST_MAX_CHANNELS);
    DEMAND(pst_format_bytes(info.format.sample_format) > 0);
    DEMAND(info.n_frames >= -1);
    const pst_tags *tags = pst_decoder_tags(decoder);
    for (uint32_t i = 0; i < pst_tags_count(tags); ++i)
        DEMAND(pst_tags_key(tags, i)[0] != '\0' && pst_tags_value(tags, i) != NULL);
    const int64_t n_frames = read_on(decoder, PST_FORMAT_F32);
    DEMAND(pst_decoder_position(decoder) == n_frames);
    if (info.is_seekable && info.n_frames > 0) {
        const int64_t frame = (int64_t)(seed % (uint64_t)info.n_frames);
        if (pst_decoder_seek(decoder, frame, NULL) == PST_OK)
            (void)read_on(decoder, PST_FORMAT_I16);
    }
    pst_damage damage;
    pst_decoder_get_damage(decoder, &damage);
    DEMAND(damage.lost_frames >= 0 && damage.first_frame >= -1);
}

static outcome pull_all(const uint8_t *data, size_t n_bytes, float *piece) {
    static const pst_io_functions pipe_functions = {.read = read_pipe};
    pipe_place pipe = {data, (int64_t)n_bytes};
    outcome o = {PST_OK, 0, 0, false, false};
    pst_io *io = NULL;
    pst_decoder *decoder = NULL;
    DEMAND(pst_io_open_user(&io, &pipe_functions, &pipe, PST_IO_READ, NULL) == PST_OK);
    o.status = pst_decoder_open(&decoder, io, NULL, NULL);
    if (o.status != PST_OK) {
        pst_io_close(io, NULL);
        return o;
    }
    pst_decoder_info info;
    pst_decoder_get_info(decoder, &info);
    o.is_known = true;
    while (o.status == PST_OK && !o.goes_on) {
        uint64_t n = 0;
        o.status = pst_decoder_read(decoder, piece, PST_FORMAT_F32, PIECE_FRAMES, &n, NULL);
        add_up(&o, piece, n, info.format.n_channels);
        o.goes_on = o.n_frames >= MOST_FRAMES;
    }
    o.status = o.status == PST_END ? PST_OK : o.status;
    pst_decoder_release(decoder);
    return o;
}

static void compare_with_push(const uint8_t *data, size_t n_bytes) {
    static float piece[PIECE_FRAMES * PST_MAX_CHANNELS];
    const outcome pulled = pull_all(data, n_bytes, piece);
    const outcome pushed = push_all(data, n_bytes, piece, PIECE_FRAMES, MOST_FRAMES);
    if (pulled.goes_on || pushed.goes_on)
        return; // They stopped in different places.
    DEMAND(pulled.is_known == pushed.is_known);
    DEMAND(pulled.n_frames == pushed.n_frames && pulled.sum == pushed.sum);
    // What ends before it can be known is no failure by push.
    DEMAND(pulled.status == pushed.status || (!pulled.is_known && pushed.status == PST_OK));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

// Reads an input both ways. Returns whether it was a file of that kind.
static bool read_both_ways(const fuzz_kind *kind, const uint8_t *data, size_t n_bytes) {
    bool is_one = false;
    compare_with_push(data, n_bytes);
    for (int from_pipe = 0; from_pipe < 2; ++from_pipe) {
        static const pst_io_functions pipe_functions = {.read = read_pipe};
        pipe_place pipe = {data, (int64_t)n_bytes};
        pst_io *io = NULL;
        pst_decoder *decoder = NULL;
        pst_error err = {0};
        const pst_status placed =
            from_pipe == 1 ? pst_io_open_user(&io, &pipe_functions, &pipe, PST_IO_READ, NULL)
                           : pst_io_open_memory(&io, data, n_bytes, NULL);
        DEMAND(placed == PST_OK);
        const pst_status status = pst_decoder_open(&decoder, io, NULL, &err);
        if (status != PST_OK) {
            DEMAND(err.status == status && err.text[0] != '\0');
            pst_io_close(io, NULL);
            continue;
        }
        pst_decoder_info info;
        pst_decoder_get_info(decoder, &info);
        is_one = is_one || info.format.container == kind->container;
        look_at(decoder, n_bytes * UINT64_C(2654435761));
        pst_decoder_release(decoder);
    }
    return is_one;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    const fuzz_kind *kind = find_kind(PST_FUZZ_KIND);
    // A few keep their wrong checksums.
    if (kind->container != PST_CONTAINER_OGG || n_bytes % 8 == 0)
        return read_both_ways(kind, data, n_bytes) ? 0 : -1;
    uint8_t *repaired = malloc(n_bytes);
    DEMAND(repaired != NULL);
    memcpy(repaired, data, n_bytes);
    set_ogg_checksums(repaired, n_bytes);
    const bool is_one = read_both_ways(kind, repaired, n_bytes);
    free(repaired);
    return is_one ? 0 : -1;
}
