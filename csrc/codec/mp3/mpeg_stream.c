// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/mp3/mpeg_stream.h"

#include <string.h>

#include "codec/metadata/id3.h"

// ---- Bytes -----------------------------------------------------------------------------------

// Reads on behind the window, so that it reaches to an end; less at the end of the file, or if the
// window is too small. Bytes before keep_at may go.
static void read_on(pst_mpeg_stream *s, int64_t keep_at, int64_t end) {
    const bool is_pipe = !pst_io_is_seekable(s->io);
    for (;;) {
        const int64_t window_end = s->window_at + (int64_t)s->n_window;
        if (window_end >= end)
            return;
        if (keep_at > s->window_at && keep_at <= window_end &&
            end - s->window_at > (int64_t)sizeof s->window) {
            const size_t n_gone = (size_t)(keep_at - s->window_at);
            memmove(s->window, s->window + n_gone, s->n_window - n_gone);
            s->n_window -= n_gone;
            s->window_at = keep_at;
        }
        // A pipe may be slow: no more is asked of it than is needed.
        int64_t wanted = (int64_t)(sizeof s->window - s->n_window);
        if (is_pipe && wanted > end - window_end)
            wanted = end - window_end;
        if (wanted > s->end - window_end)
            wanted = s->end - window_end;
        const int64_t n = wanted > 0 ? pst_io_read(s->io, s->window + s->n_window, wanted) : 0;
        if (n <= 0)
            return;
        s->n_window += (size_t)n;
    }
}

// Returns how many bytes from a position on are in the window, after trying to have n_bytes there.
static size_t look(pst_mpeg_stream *s, int64_t at, size_t n_bytes) {
    const bool is_behind = at > s->window_at + (int64_t)s->n_window;
    if (at < s->window_at || (is_behind && s->keep_at < 0)) {
        if (at >= s->end || pst_io_seek(s->io, at) < 0)
            return 0;
        s->window_at = at;
        s->n_window = 0;
    }
    read_on(s, s->keep_at >= 0 ? s->keep_at : at, at + (int64_t)n_bytes);
    const int64_t n = s->window_at + (int64_t)s->n_window - at;
    return n > 0 ? (size_t)n : 0;
}

static const uint8_t *bytes_at(const pst_mpeg_stream *s, int64_t at) {
    return s->window + (at - s->window_at);
}

// ---- Frames ----------------------------------------------------------------------------------

// Returns whether a frame of the stream's kind seems to begin here, and fills in its size.
static bool read_header(const pst_mpeg_stream *s, const uint8_t *bytes, pst_mpeg_header *header) {
    if (!pst_mpeg_header_read(bytes, header) || !pst_mpeg_is_alike(header, &s->kind) ||
        (header->bitrate_bps == 0) != (s->kind.bitrate_bps == 0))
        return false;
    if (header->bitrate_bps == 0)
        header->n_bytes = s->kind.n_bytes + header->n_padding_bytes;
    return true;
}

// Makes the window keep what lies behind a position. Returns what it kept before.
static int64_t keep(pst_mpeg_stream *s, int64_t at) {
    const int64_t before = s->keep_at;
    if (before < 0)
        s->keep_at = at;
    return before;
}

// Tells whether n_frames frames lie here one after another; the end of the file may come sooner.
static bool find_row(pst_mpeg_stream *s, int64_t at, int n_frames, pst_mpeg_header *first) {
    pst_mpeg_header header;
    for (int i = 0; i < n_frames; ++i) {
        const size_t n = look(s, at, PST_MPEG_HEADER_BYTES);
        if (n < PST_MPEG_HEADER_BYTES)
            return i > 0 && n == 0;
        if (!read_header(s, bytes_at(s, at), &header))
            return false;
        if (look(s, at, header.n_bytes) < header.n_bytes)
            return false;
        if (i == 0)
            *first = header;
        at += header.n_bytes;
    }
    return true;
}

static bool is_row(pst_mpeg_stream *s, int64_t at, int n_frames, pst_mpeg_header *first) {
    const int64_t kept = keep(s, at);
    const bool answer = find_row(s, at, n_frames, first);
    s->keep_at = kept;
    return answer;
}

// The same for frames of any other kind.
static bool find_row_of_others(pst_mpeg_stream *s, int64_t at, int n_frames) {
    pst_mpeg_header first, header;
    for (int i = 0; i < n_frames; ++i) {
        if (look(s, at, PST_MPEG_HEADER_BYTES) < PST_MPEG_HEADER_BYTES ||
            !pst_mpeg_header_read(bytes_at(s, at), &header) || header.bitrate_bps == 0)
            return false;
        if (i == 0)
            first = header;
        if (!pst_mpeg_is_alike(&header, &first) || pst_mpeg_is_alike(&header, &s->kind))
            return false;
        at += header.n_bytes;
    }
    return true;
}

static bool is_row_of_others(pst_mpeg_stream *s, int64_t at, int n_frames) {
    const int64_t kept = keep(s, at);
    const bool answer = find_row_of_others(s, at, n_frames);
    s->keep_at = kept;
    return answer;
}

// Returns how many bytes the tag has that begins here; 0 if there is none.
static int64_t tag_bytes(pst_mpeg_stream *s, int64_t at) {
    enum { LOOK = 32, APE_HEADER_BYTES = 32, SIZE_AT = 12 };
    const size_t n = look(s, at, LOOK);
    if (n == 0)
        return 0;
    const uint8_t *b = bytes_at(s, at);
    if (n >= PST_ID3_HEADER_BYTES && pst_id3_bytes(b) > 0)
        return pst_id3_bytes(b);
    if (n >= 3 && memcmp(b, "TAG", 3) == 0)
        return PST_ID3V1_BYTES;
    if (n >= APE_HEADER_BYTES && memcmp(b, "APETAGEX", 8) == 0)
        return APE_HEADER_BYTES + (int64_t)((uint32_t)b[SIZE_AT] | (uint32_t)b[SIZE_AT + 1] << 8 |
                                            (uint32_t)b[SIZE_AT + 2] << 16 |
                                            (uint32_t)b[SIZE_AT + 3] << 24);
    return 0;
}

// Returns how many frames n_bytes bytes are that were overwritten between two of the same bitrate;
// 0 if that is not certain.
static int64_t frames_in(const pst_mpeg_header *before, const pst_mpeg_header *behind,
                         int64_t n_bytes) {
    if (before->bitrate_bps != behind->bitrate_bps || n_bytes <= 0)
        return 0;
    if (before->bitrate_bps == 0) {
        const int64_t size = before->n_bytes - before->n_padding_bytes;
        const int64_t n = n_bytes / size;
        return n_bytes - n * size <= n ? n : 0;
    }
    const int64_t slot = before->layer == 1 ? 4 : 1;
    const double size = before->n_samples / 8.0 * before->bitrate_bps / before->rate_hz;
    const int64_t n = (int64_t)((double)n_bytes / size + 0.5);
    const double rest = (double)n_bytes - (double)n * size;
    return rest <= (double)slot && rest >= -(double)slot ? n : 0;
}

static pst_mpeg_next end_of_stream(pst_mpeg_stream *s, int64_t at, int64_t end,
                                   pst_mpeg_frame *frame) {
    pst_mpeg_header header;
    const size_t n = look(s, at, PST_MPEG_HEADER_BYTES);
    if (pst_io_error(s->io) != 0)
        return PST_MPEG_FAILED;
    if (n >= PST_MPEG_HEADER_BYTES && read_header(s, bytes_at(s, at), &header))
        frame->damage |= PST_DAMAGE_TRUNCATED;
    else if (!s->has_tags && s->has_last && end - at >= (int64_t)s->last.n_bytes)
        frame->damage |= PST_DAMAGE_CORRUPT;
    return PST_MPEG_END;
}

static pst_mpeg_next give(pst_mpeg_stream *s, int64_t at, const pst_mpeg_header *header,
                          pst_mpeg_frame *frame) {
    frame->header = *header;
    frame->at = at;
    frame->bytes = bytes_at(s, at);
    s->last = *header;
    s->has_last = true;
    s->has_tags = false;
    s->next_at = at + header->n_bytes;
    return PST_MPEG_FRAME;
}

// Finds the next frame behind what is none.
static pst_mpeg_next search(pst_mpeg_stream *s, int64_t from, pst_mpeg_frame *frame) {
    enum { ALIKE_IN_A_ROW = 2, OTHERS_IN_A_ROW = 3, STEP = 1024 };
    const int64_t truncated_at = from;
    int64_t at = from;
    for (;;) {
        const size_t n = look(s, at, STEP);
        if (pst_io_error(s->io) != 0)
            return PST_MPEG_FAILED;
        if (n == 0)
            break;
        const uint8_t *sync = memchr(bytes_at(s, at), 0xFF, n);
        if (sync == NULL) {
            at += (int64_t)n;
            continue;
        }
        at += sync - bytes_at(s, at);
        pst_mpeg_header header;
        if (is_row(s, at, ALIKE_IN_A_ROW, &header)) {
            (void)look(s, at, header.n_bytes);
            frame->is_cut_off = true;
            const bool is_hole = s->has_last && !s->has_tags;
            frame->n_lost = is_hole ? frames_in(&s->last, &header, at - from) : 0;
            frame->n_holed = is_hole && frame->n_lost == 0 ? at - from : 0;
            if (at > from)
                frame->damage |= PST_DAMAGE_CORRUPT;
            return give(s, at, &header, frame);
        }
        if (is_row_of_others(s, at, OTHERS_IN_A_ROW))
            return pst_io_error(s->io) != 0 ? PST_MPEG_FAILED : PST_MPEG_CHANGED;
        ++at;
    }
    // The window is beyond it; only a place that can seek can look again, or one with little left.
    if (!pst_io_is_seekable(s->io) && truncated_at < s->window_at) {
        if (!s->has_tags && s->has_last && at - from >= (int64_t)s->last.n_bytes)
            frame->damage |= PST_DAMAGE_CORRUPT;
        return PST_MPEG_END;
    }
    return end_of_stream(s, from, at, frame);
}

static bool begin_kind(pst_mpeg_stream *s, int64_t at) {
    // Free format: the next header tells the size, and the one behind it that this is true.
    enum { LOOK = 2 * PST_MPEG_MAX_FRAME_BYTES + PST_MPEG_HEADER_BYTES };
    size_t n = look(s, at, PST_MPEG_HEADER_BYTES);
    if (n < PST_MPEG_HEADER_BYTES || !pst_mpeg_header_read(bytes_at(s, at), &s->kind))
        return false;
    if (s->kind.bitrate_bps == 0) {
        n = look(s, at, LOOK);
        if (pst_mpeg_confirm(bytes_at(s, at), n, n < LOOK, &s->kind) != 1)
            return false;
        s->kind.n_bytes -= s->kind.n_padding_bytes;
    }
    return true;
}

void pst_mpeg_stream_init(pst_mpeg_stream *stream, pst_io *io, int64_t start_byte, int64_t end) {
    stream->io = io;
    stream->end = end;
    stream->next_at = start_byte;
    stream->window_at = start_byte;
    stream->n_window = 0;
    stream->keep_at = -1;
    stream->has_last = false;
    stream->has_tags = false;
    stream->has_kind = pst_io_seek(io, start_byte) >= 0 && begin_kind(stream, start_byte);
}

pst_mpeg_next pst_mpeg_stream_next(pst_mpeg_stream *stream, pst_mpeg_frame *frame) {
    *frame = (pst_mpeg_frame){0};
    if (!stream->has_kind)
        return pst_io_error(stream->io) != 0 ? PST_MPEG_FAILED : PST_MPEG_END;
    int64_t at = stream->next_at;
    for (;;) {
        const size_t n = look(stream, at, PST_MPEG_HEADER_BYTES);
        if (pst_io_error(stream->io) != 0)
            return PST_MPEG_FAILED;
        pst_mpeg_header header;
        if (n >= PST_MPEG_HEADER_BYTES && read_header(stream, bytes_at(stream, at), &header) &&
            look(stream, at, header.n_bytes) >= header.n_bytes)
            return give(stream, at, &header, frame);
        const int64_t passed = tag_bytes(stream, at);
        if (passed == 0 || passed > stream->end - at)
            break;
        stream->has_tags = true;
        frame->is_cut_off = true;
        at += passed;
    }
    return search(stream, at, frame);
}

void pst_mpeg_stream_goto(pst_mpeg_stream *stream, int64_t at) {
    stream->next_at = at;
    stream->has_last = false;
    stream->has_tags = false;
}

void pst_mpeg_stream_begin_again(pst_mpeg_stream *stream) {
    const int64_t at = stream->next_at;
    if (is_row_of_others(stream, at, 2))
        (void)begin_kind(stream, at);
    stream->has_last = false;
}

bool pst_mpeg_stream_ends_after(pst_mpeg_stream *stream, int64_t n_frames) {
    enum { MOST = 32 };
    const int64_t next_at = stream->next_at;
    const pst_mpeg_header last = stream->last;
    const bool has_last = stream->has_last, has_tags = stream->has_tags;
    stream->keep_at = next_at;
    pst_mpeg_frame frame;
    int64_t n = 0;
    pst_mpeg_next next = PST_MPEG_FRAME;
    while (n <= n_frames && n <= MOST && next == PST_MPEG_FRAME) {
        next = pst_mpeg_stream_next(stream, &frame);
        n += next == PST_MPEG_FRAME;
    }
    stream->keep_at = -1;
    stream->next_at = next_at;
    stream->last = last;
    stream->has_last = has_last;
    stream->has_tags = has_tags;
    return next == PST_MPEG_END && n == n_frames;
}
