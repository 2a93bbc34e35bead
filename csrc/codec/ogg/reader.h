// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_OGG_READER_H
#define PST_CODEC_OGG_READER_H

#include "codec/ogg/packets.h"
#include "codec/ogg/pages.h"

// How an Ogg file is read. Bytes become pages (pages.c); the pages of one stream become packets,
// each with its length and its place (reader.c); packets become frames (frames.c). A file may hold
// several streams one after another, here called links (links.c). How many there are, how long,
// and where their pages lie, a dry run finds out, which decodes nothing; of a large file with
// nothing unusual about it, only the ends are looked at (search.c).
//
// All places are counted by packets, not by what the pages say (their "granule position"): pages
// lie, and a page is only believed about how much is missing before it, and how much of the last
// packet counts.

enum {
    PST_OGG_MAX_PACKETS = 256, // That can end on a page, and one more.
    PST_OGG_BY_GRANULE = -2
};

// Granules beyond are none: so much sound has not been made yet.
#define PST_OGG_MAX_GRANULE (INT64_C(1) << 60)

typedef struct pst_ogg_link {
    int64_t first_byte;  // Of the page with its first header.
    int64_t data_byte;   // Of the first page behind its headers; -1: not the start of a page.
    int64_t first_frame; // Of the file, that it begins with.
    uint32_t next_page;  // The number of that page.
    int64_t shift;       // What granules are ahead of frames, if its pages do not lie.
} pst_ogg_link;

// Where a page lies, and with which frame of its link it ends.
typedef struct pst_ogg_mark {
    int64_t byte;
    int64_t end_frame;
    uint32_t link;
} pst_ogg_mark;

typedef struct pst_ogg_reader {
    const pst_ogg_codec *codec;
    pst_io *io;
    pst_damage *damage;
    int64_t next_damage; // Damage before this frame is known already.
    pst_ogg_pages pages;
    bool is_dry;       // Nothing is decoded, nor noted as damage.
    bool is_marking;   // Pages are remembered.
    pst_error failure; // What reading ended with; its status is PST_OK until then.

    // The link that is read:
    uint32_t link;
    int64_t first_frame; // Of the file, that the link begins with.
    void *state;         // The codec's.
    pst_ogg_stream_info info;
    ogg_stream_state stream;
    bool has_stream;
    bool has_ended; // Its last page has come.

    // Its page that is read:
    ogg_packet packets[PST_OGG_MAX_PACKETS];
    int32_t durations[PST_OGG_MAX_PACKETS];
    uint32_t n_packets;
    uint32_t next_packet;
    int64_t n_left;    // Frames that its packets still give.
    int64_t n_missing; // Frames that are missing before it, still to be given as silence.
    // The number that the next page should have, and the granule that its first packet begins with.
    uint32_t next_page;
    int64_t granule;
    bool has_lied;      // A page's granule was far from what it should have been.
    int32_t memory;     // See duration.
    int64_t position;   // Of the link, the next frame; negative in what is skipped.
    int64_t wanted;     // The first frame that is to be given.
    bool is_fresh;      // No page came since the headers.
    int64_t sought_end; // The frame that the first page after a seek ends with; -1: no seek;
                        // PST_OGG_BY_GRANULE: its granule tells.
    int64_t shift;      // What granules are ahead of frames, by the last page that had one.
    bool has_shift;

    // Frames that are decoded, and not given yet:
    float *frames;      // Room for a packet.
    const float *ready; // NULL: silence.
    uint32_t n_ready;

    // All links, and some of their pages:
    pst_ogg_link *links;
    uint32_t n_links;
    uint32_t links_room;
    pst_ogg_mark *marks;
    uint32_t n_marks;
    uint32_t mark_distance; // Pages from one mark to the next.
    uint32_t n_unmarked;    // Pages since the last one.
    int64_t n_frames;       // Of the file, as far as it can be read; -1: not known.
    bool is_whole;          // Whether it can be read to its end.
} pst_ogg_reader;

// ---- reader.c --------------------------------------------------------------------------------

// Loads the next page that has packets or something missing before it; begins the next link where
// this one has ended.
// Returns PST_OK; PST_END; PST_BAD_FILE (the next link cannot be read as part of this file);
// PST_SYSTEM_ERROR; PST_NO_MEMORY.
pst_status pst_ogg_next_page(pst_ogg_reader *reader, pst_error *err);

// Whether a packet lies on a page from its beginning to its end.
bool pst_ogg_has_packet(const ogg_page *page);

// Settles what the packets of the page mean: what is missing before them, and how many of their
// frames count.
//
// granule: what the page says to end with, negative if it says nothing.
void pst_ogg_count_page(pst_ogg_reader *reader, int64_t granule, bool is_last,
                        uint32_t n_lost_pages);

// Forgets the page that is read, and what the codec knows.
void pst_ogg_forget(pst_ogg_reader *reader);

// Notes damage at the position, see pst_note_damage.
void pst_ogg_note(pst_ogg_reader *reader, uint32_t flags, int64_t lost_frames);

// ---- links.c ---------------------------------------------------------------------------------

// Begins a link: reads pages until all headers of a stream are there. page: its first page, at
// page_byte, if that was read already; NULL: it is among the next ones.
// Returns as above.
pst_status pst_ogg_begin_link(pst_ogg_reader *reader, ogg_page *page, int64_t page_byte,
                              pst_tags *tags, pst_error *err);

// Goes to the start of a link that is known. Returns as above.
pst_status pst_ogg_enter_link(pst_ogg_reader *reader, uint32_t index, pst_error *err);

// Whether a page is the first one of a stream of the reader's codec.
bool pst_ogg_begins_stream(const pst_ogg_reader *reader, const ogg_page *page);

// Remembers a page of the link. Returns PST_OK or PST_NO_MEMORY.
pst_status pst_ogg_mark_page(pst_ogg_reader *reader, int64_t byte, int64_t end_frame,
                             pst_error *err);

// ---- search.c --------------------------------------------------------------------------------

// Finds out how long the file is, and goes back to its start: fills n_frames and is_whole, and if
// it has to go through the whole file, links and marks.
// Returns PST_OK, PST_SYSTEM_ERROR or PST_NO_MEMORY.
pst_status pst_ogg_measure(pst_ogg_reader *reader, pst_error *err);

// Finds the last page of a link that ends at or before a frame. found->byte: -1 if there is none.
// Returns PST_OK, PST_SYSTEM_ERROR or PST_NO_MEMORY.
pst_status pst_ogg_find_page(pst_ogg_reader *reader, uint32_t link, int64_t frame,
                             pst_ogg_mark *found, pst_error *err);

// ---- frames.c --------------------------------------------------------------------------------

// Makes the next frames ready. Returns as pst_ogg_next_page.
pst_status pst_ogg_step(pst_ogg_reader *reader, pst_error *err);

#endif
