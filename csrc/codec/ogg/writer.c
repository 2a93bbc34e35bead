// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/ogg/writer.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "pastream/packet.h"

enum { PAGES_PER_SECOND = 5 };

// Streams that come to lie in one file must not have the same number.
static int new_serial(const void *owner) {
    uint64_t x =
        (uint64_t)pst_now_ns() ^ (uint64_t)(uintptr_t)owner << 20 ^ (uint64_t)getpid() << 40;
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return (int)(x >> 33);
}

pst_status pst_ogg_writer_init(pst_ogg_writer *w, pst_io *io, uint32_t rate_hz, uint32_t granules,
                               pst_error *err) {
    *w = (pst_ogg_writer){
        .io = io,
        .page_frames = rate_hz / PAGES_PER_SECOND,
        .granules = granules,
    };
    return ogg_stream_init(&w->stream, new_serial(w)) == 0 ? PST_OK : pst_fail_memory(err);
}

void pst_ogg_writer_deinit(pst_ogg_writer *w) {
    if (pst_io_error(w->io) != 0)
        pst_io_truncate(w->io, w->end_byte);
    ogg_stream_clear(&w->stream);
}

// Returns how many frames of the encoder's end on a page.
static int64_t count_frames(pst_ogg_writer *w, ogg_page *page) {
    const int64_t granule = ogg_page_granulepos(page);
    if (granule < 0) // No packet ends on it.
        return 0;
    const int64_t n_granules = granule - w->sound_granule;
    w->sound_granule = granule;
    return n_granules / w->granules;
}

static pst_status write_page(pst_ogg_writer *w, ogg_page *page, uint32_t flags, pst_error *err) {
    const int64_t n_frames = count_frames(w, page);
    if (pst_io_write(w->io, page->header, page->header_len) < page->header_len ||
        pst_io_write_packet(w->io, page->body, page->body_len, n_frames, flags) < page->body_len)
        return pst_io_fail(w->io, err);
    w->end_byte = pst_io_tell(w->io);
    w->page_granule = w->packet_granule;
    return PST_OK;
}

static pst_status flush(pst_ogg_writer *w, uint32_t flags, pst_error *err) {
    ogg_page page;
    while (ogg_stream_flush(&w->stream, &page) != 0) {
        const pst_status status = write_page(w, &page, flags, err);
        if (status != PST_OK)
            return status;
    }
    return PST_OK;
}

pst_status pst_ogg_flush(pst_ogg_writer *w, pst_error *err) {
    return flush(w, 0, err);
}

static pst_status put(pst_ogg_writer *w, ogg_packet *packet, pst_error *err) {
    return ogg_stream_packetin(&w->stream, packet) == 0 ? PST_OK : pst_fail_memory(err);
}

pst_status pst_ogg_write_headers(pst_ogg_writer *w, ogg_packet *headers, int n_headers,
                                 pst_error *err) {
    pst_status status = PST_OK;
    for (int i = 0; i < n_headers && status == PST_OK; ++i) {
        status = put(w, &headers[i], err);
        if (status == PST_OK && (i == 0 || i == n_headers - 1))
            status = flush(w, PST_PACKET_HEADER, err);
    }
    return status;
}

pst_status pst_ogg_write_packet(pst_ogg_writer *w, ogg_packet *packet, pst_error *err) {
    const pst_status status = put(w, packet, err);
    pst_io_note_packet(w->io);
    const int64_t n_frames = packet->granulepos - w->packet_granule;
    w->packet_granule = packet->granulepos;
    // There is room for one more like this.
    if (status != PST_OK ||
        (packet->granulepos + n_frames - w->page_granule <= w->page_frames && packet->e_o_s == 0))
        return status;
    return pst_ogg_flush(w, err);
}
