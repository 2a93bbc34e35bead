// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/ogg/pages.h"

#include "base/error.h"

enum {
    HEADER_BYTES = 27, // Of a page, before its table of segments.
    N_SEGMENTS_AT = 26,
    READ_BYTES = 8192
};

void pst_ogg_pages_init(pst_ogg_pages *pages, pst_io *io) {
    *pages = (pst_ogg_pages){.io = io, .next_byte = pst_io_tell(io)};
    ogg_sync_init(&pages->sync);
}

void pst_ogg_pages_deinit(pst_ogg_pages *pages) {
    ogg_sync_clear(&pages->sync);
}

// Returns how many bytes are lacking for libogg to come to the next conclusion about a page.
static long lacking_bytes(const ogg_sync_state *sync) {
    const long n = sync->fill - sync->returned;
    if (sync->headerbytes > 0)
        return sync->headerbytes + sync->bodybytes - n;
    if (n < HEADER_BYTES)
        return HEADER_BYTES - n;
    return HEADER_BYTES + sync->data[sync->returned + N_SEGMENTS_AT] - n;
}

static pst_status read_more(pst_ogg_pages *pages, pst_error *err) {
    long n_bytes = lacking_bytes(&pages->sync);
    // From a pipe no byte is taken that has to be waited for.
    if (n_bytes < 1 || (n_bytes < READ_BYTES && pst_io_is_seekable(pages->io)))
        n_bytes = READ_BYTES;
    char *room = ogg_sync_buffer(&pages->sync, n_bytes);
    if (room == NULL)
        return pst_fail_memory(err);
    const int64_t n = pst_io_read(pages->io, room, n_bytes);
    if (pst_io_error(pages->io) != 0)
        return pst_io_fail(pages->io, err);
    if (n <= 0)
        return PST_END;
    ogg_sync_wrote(&pages->sync, (long)n);
    return PST_OK;
}

pst_status pst_ogg_pages_next(pst_ogg_pages *pages, int64_t limit_byte, ogg_page *page,
                              int64_t *page_byte, pst_error *err) {
    pages->n_passed_over = 0;
    while (pages->next_byte < limit_byte) {
        const long n = ogg_sync_pageseek(&pages->sync, page);
        if (n > 0) {
            *page_byte = pages->next_byte;
            pages->next_byte += n;
            return PST_OK;
        }
        if (n < 0) {
            pages->next_byte -= n;
            pages->n_passed_over -= n;
            continue;
        }
        const pst_status status = read_more(pages, err);
        if (status != PST_OK)
            return status;
    }
    return PST_END;
}

pst_status pst_ogg_pages_seek(pst_ogg_pages *pages, int64_t byte, pst_error *err) {
    ogg_sync_reset(&pages->sync);
    if (pst_io_seek(pages->io, byte) < 0)
        return pst_io_fail(pages->io, err);
    pages->next_byte = byte;
    return PST_OK;
}
