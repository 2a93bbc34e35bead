// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// How long a file is, and where in it a frame lies.

#include "base/alloc.h"
#include "base/error.h"
#include "codec/ogg/reader.h"

enum {
    MAX_MARKS = 4096,
    // A file that is no longer than this is gone through; of others, so much at the end is.
    SMALL_BYTES = 1 << 20,
    TAIL_BYTES = 256 << 10,
    N_PROBES = 8, // Between the ends.
    // A search by halves goes on until so little is left.
    SPAN_BYTES = 32 << 10,
    // More frames there cannot be in a byte: Opus has packets of 120 ms in two.
    MAX_FRAMES_PER_BYTE = 2880
};

// ---- Marks -----------------------------------------------------------------------------------

pst_status pst_ogg_mark_page(pst_ogg_reader *r, int64_t byte, int64_t end_frame, pst_error *err) {
    if (r->marks == NULL) {
        r->marks = pst_alloc_array(MAX_MARKS, sizeof *r->marks);
        if (r->marks == NULL)
            return pst_fail_memory(err);
        r->mark_distance = 1;
    }
    if (++r->n_unmarked < r->mark_distance)
        return PST_OK;
    r->n_unmarked = 0;
    if (r->n_marks == MAX_MARKS) {
        for (uint32_t i = 0; i < MAX_MARKS / 2; ++i)
            r->marks[i] = r->marks[2 * i];
        r->n_marks = MAX_MARKS / 2;
        r->mark_distance *= 2;
    }
    r->marks[r->n_marks++] = (pst_ogg_mark){byte, end_frame, r->link};
    return PST_OK;
}

// ---- Lengths ---------------------------------------------------------------------------------

// Goes on to the end without decoding.
static pst_status run_dry(pst_ogg_reader *r, pst_error *err) {
    pst_status status;
    do {
        r->n_ready = 0;
        status = pst_ogg_step(r, err);
    } while (status == PST_OK);
    return status;
}

static int64_t frames_so_far(const pst_ogg_reader *r) {
    return r->first_frame + (r->position > 0 ? r->position : 0);
}

// Gets the next page that begins before limit_byte and can be begun with, and tells with which
// frame it ends.
static pst_status next_end(pst_ogg_reader *r, int64_t limit_byte, pst_ogg_mark *found,
                           pst_error *err) {
    for (;;) {
        ogg_page page;
        const pst_status status =
            pst_ogg_pages_next(&r->pages, limit_byte, &page, &found->byte, err);
        if (status != PST_OK)
            return status;
        const int64_t granule = ogg_page_granulepos(&page);
        found->end_frame = granule - r->links[0].shift;
        if (granule >= 0 && granule <= PST_OGG_MAX_GRANULE && ogg_page_eos(&page) == 0 &&
            ogg_page_serialno(&page) == (int)r->stream.serialno && pst_ogg_has_packet(&page))
            return PST_OK;
    }
}

// Looks into the file here and there, to see whether time goes on in it: the same stream might be
// in it twice.
static pst_status check_middle(pst_ogg_reader *r, bool *is_sure, pst_error *err) {
    const int64_t start = r->links[0].data_byte, n_bytes = pst_io_length(r->io) - start;
    int64_t last = 0;
    for (int i = 1; i <= N_PROBES && *is_sure; ++i) {
        pst_ogg_mark mark;
        pst_status status =
            pst_ogg_pages_seek(&r->pages, start + n_bytes / (N_PROBES + 1) * i, err);
        if (status == PST_OK)
            status = next_end(r, INT64_MAX, &mark, err);
        if (status < 0)
            return status;
        *is_sure = status == PST_OK && mark.end_frame >= last && mark.end_frame <= r->n_frames;
        last = mark.end_frame;
    }
    return PST_OK;
}

// Finds the length of a file of one stream by its first page and its last ones.
//
// is_sure: gets whether they fit together.
static pst_status measure_ends(pst_ogg_reader *r, bool *is_sure, pst_error *err) {
    const int64_t n_bytes = pst_io_length(r->io);
    *is_sure = false;
    pst_status status = pst_ogg_next_page(r, err);
    const int64_t tail = n_bytes - TAIL_BYTES;
    if (status != PST_OK || !r->has_shift || r->link != 0 || r->links[0].data_byte < 0 ||
        tail < r->pages.next_byte)
        return status;
    r->links[0].shift = r->shift;
    status = pst_ogg_pages_seek(&r->pages, tail, err);
    if (status != PST_OK)
        return status;
    ogg_stream_reset(&r->stream);
    pst_ogg_forget(r);
    r->sought_end = PST_OGG_BY_GRANULE;
    status = run_dry(r, err);
    r->n_frames = frames_so_far(r);
    *is_sure = status == PST_END && r->sought_end == -1 && r->link == 0 && !r->has_lied &&
               r->n_frames / MAX_FRAMES_PER_BYTE <= n_bytes;
    return *is_sure ? check_middle(r, is_sure, err) : status;
}

static pst_status measure_all(pst_ogg_reader *r, pst_error *err) {
    r->n_links = 1;
    r->is_marking = true;
    const pst_status status = run_dry(r, err);
    r->is_marking = false;
    r->n_frames = frames_so_far(r);
    r->is_whole = status == PST_END;
    return status;
}

// Whether reading came to an end that the file has, not to a failure of the machine.
static bool is_answer(pst_status status) {
    return status == PST_OK || status == PST_END || status == PST_BAD_FILE;
}

pst_status pst_ogg_measure(pst_ogg_reader *r, pst_error *err) {
    bool is_sure = false;
    pst_status status = PST_OK;
    r->is_dry = true;
    if (pst_io_length(r->io) - r->links[0].first_byte > SMALL_BYTES) {
        status = measure_ends(r, &is_sure, err);
        // The stream may have been replaced, or left in any state.
        r->failure.status = status == PST_BAD_FILE ? status : PST_OK;
        if (is_answer(status))
            status = pst_ogg_enter_link(r, 0, err);
    }
    if (status == PST_OK && !is_sure) {
        status = measure_all(r, err);
        r->failure.status = status == PST_BAD_FILE ? status : PST_OK;
        if (is_answer(status))
            status = pst_ogg_enter_link(r, 0, err);
    }
    r->is_dry = false;
    return status;
}

// ---- Pages -----------------------------------------------------------------------------------

// Finds a page by halves; a page that lies makes it find an earlier one, or a later one.
static pst_status bisect(pst_ogg_reader *r, int64_t frame, pst_ogg_mark *found, pst_error *err) {
    int64_t low = r->links[0].data_byte, high = pst_io_length(r->io);
    pst_ogg_mark mark;
    while (high - low > SPAN_BYTES) {
        const int64_t middle = low + (high - low) / 2;
        pst_status status = pst_ogg_pages_seek(&r->pages, middle, err);
        if (status == PST_OK)
            status = next_end(r, high, &mark, err);
        if (status < 0)
            return status;
        if (status == PST_OK && mark.end_frame <= frame) {
            *found = mark;
            low = mark.byte;
        } else {
            high = middle;
        }
    }
    pst_status status = pst_ogg_pages_seek(&r->pages, low, err);
    while (status == PST_OK) {
        status = next_end(r, high, &mark, err);
        if (status == PST_OK && mark.end_frame > frame)
            return PST_OK;
        if (status == PST_OK)
            *found = mark;
    }
    return status == PST_END ? PST_OK : status;
}

pst_status pst_ogg_find_page(pst_ogg_reader *r, uint32_t link, int64_t frame, pst_ogg_mark *found,
                             pst_error *err) {
    *found = (pst_ogg_mark){.byte = -1};
    if (frame <= 0 || (r->marks == NULL && r->links[0].data_byte < 0))
        return PST_OK;
    if (r->marks == NULL)
        return bisect(r, frame, found, err);
    for (uint32_t i = 0; i < r->n_marks; ++i)
        if (r->marks[i].link == link && r->marks[i].end_frame <= frame)
            *found = r->marks[i];
    return PST_OK;
}
