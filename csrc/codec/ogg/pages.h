// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_OGG_PAGES_H
#define PST_CODEC_OGG_PAGES_H

#include <ogg/ogg.h>

#include "codec/io.h"

// The pages of an Ogg file, one after another. Only pages whose checksum is right come out; what
// lies between them is passed over.

typedef struct pst_ogg_pages {
    pst_io *io;
    ogg_sync_state sync;
    int64_t next_byte;     // Where the next byte that libogg has not given out lies in the file.
    int64_t n_passed_over; // Bytes between the last two pages that came.
} pst_ogg_pages;

// Begins at the place's position.
void pst_ogg_pages_init(pst_ogg_pages *pages, pst_io *io);
void pst_ogg_pages_deinit(pst_ogg_pages *pages);

// Gets the next page that begins before limit_byte. It is good until the next call.
//
// page_byte: gets where in the file it begins.
// Returns PST_OK, PST_END, PST_SYSTEM_ERROR or PST_NO_MEMORY.
pst_status pst_ogg_pages_next(pst_ogg_pages *pages, int64_t limit_byte, ogg_page *page,
                              int64_t *page_byte, pst_error *err);

// Goes to any byte of the file. Returns PST_OK or PST_SYSTEM_ERROR.
pst_status pst_ogg_pages_seek(pst_ogg_pages *pages, int64_t byte, pst_error *err);

#endif
