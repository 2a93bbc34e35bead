// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_OGG_WRITER_H
#define PST_CODEC_OGG_WRITER_H

#include <ogg/ogg.h>

#include "codec/io.h"

// Writes an Ogg file of one stream, forward only. Each page is a packet of the place. One goes out
// for every fifth of a second: that is the most that is lost when the process is killed.

typedef struct pst_ogg_writer {
    pst_io *io;
    ogg_stream_state stream;
    int64_t page_frames;    // That a page may hold.
    int64_t page_granule;   // That the last page ended with,
    int64_t packet_granule; // and the last packet.
    int64_t sound_granule;  // That the last page ended with on which a packet ends.
    uint32_t granules;      // Of a frame of the encoder's.
    int64_t end_byte;       // Of the last page that was written as a whole.
} pst_ogg_writer;

// Begins a stream whose granules count frames at rate_hz, as many for each frame of the encoder's,
// and gives it a number that others hardly have.
// Returns PST_OK or PST_NO_MEMORY.
pst_status pst_ogg_writer_init(pst_ogg_writer *writer, pst_io *io, uint32_t rate_hz,
                               uint32_t granules, pst_error *err);

// Frees the stream; after a failure it cuts off the page that is not complete.
void pst_ogg_writer_deinit(pst_ogg_writer *writer);

// Writes the headers: the first on a page of its own, the others on the next ones.
// Returns PST_OK, PST_NO_MEMORY or PST_SYSTEM_ERROR.
pst_status pst_ogg_write_headers(pst_ogg_writer *writer, ogg_packet *headers, int n_headers,
                                 pst_error *err);

// Appends a packet of sound, whose granule and end-of-stream mark are those of its end. Returns as
// above.
pst_status pst_ogg_write_packet(pst_ogg_writer *writer, ogg_packet *packet, pst_error *err);

// Writes the page that was begun. Returns as above.
pst_status pst_ogg_flush(pst_ogg_writer *writer, pst_error *err);

#endif
