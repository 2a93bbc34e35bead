// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_FLAC_READER_H
#define PST_CODEC_FLAC_READER_H

#include "codec/flac/frames.h"

// A FLAC file that is read. Bytes (source.c) become frames of the codec (frames.c); flac_open.c
// finds out what there is; flac_read.c gives frames their places and hands them out; places.c finds
// places in the file.

enum { PST_FLAC_KNOWN_DAMAGES = 64 };

// How numbers in the headers of frames become places. Places count PCM frames from 0.
typedef struct pst_flac_places {
    uint32_t block_frames; // Of all blocks but the last, where these are numbered.
    int64_t origin;        // Number of the PCM frame at place 0.
    bool are_wrong;        // The numbers of this file do not tell places.
} pst_flac_places;

typedef struct pst_flac_reader {
    pst_flac_frames frames;
    pst_damage *damage;
    pst_file_format format;
    pst_format native;
    size_t frame_bytes;
    pst_flac_mark sound; // From here on there are frames of the codec.
    int64_t n_frames;    // As found by looking; -1: unknown.
    pst_flac_places first_places, places;
    int64_t damages[PST_FLAC_KNOWN_DAMAGES]; // Where some was noted already.
    uint32_t n_damages;
    int64_t last_damage; // The highest place of all of them.

    int64_t next;    // Place behind the last block; -1: only the next block will tell.
    int64_t wanted;  // What lies before is not given.
    uint64_t number; // Of the last block, and how long it was.
    uint32_t block_frames;
    bool is_at_end;
    bool has_changed; // The next block is of another format.
    pst_flac_header changed;

    uint8_t *out; // Room of the caller's.
    uint64_t n_room, n_out;
    uint64_t n_silent; // To be given first,
    uint8_t *rest;     // and then these frames.
    size_t rest_bytes;
    uint64_t rest_at, rest_end;
} pst_flac_reader;

// ---- flac_read.c -----------------------------------------------------------------------------

// Goes to a byte at which frames may begin, of which the first is to tell its place, unless it is
// the start of the sound.
void pst_flac_go(pst_flac_reader *reader, int64_t byte);

// Returns the place that a block says it has.
int64_t pst_flac_place(const pst_flac_places *places, const pst_flac_header *header);

// Whether a block is of the file's format.
bool pst_flac_is_same(const pst_file_format *format, const pst_flac_header *header);

// Notes what is wrong with the end of the file. end: its last place. n_skipped: bytes behind it.
// block_frames: of the last block.
void pst_flac_judge_end(pst_flac_reader *reader, int64_t end, int64_t n_skipped,
                        uint32_t block_frames);

// Takes a block that comes next: a pst_flac_block_taker, with a reader.
bool pst_flac_take_block(void *user, const pst_flac_block *block);

// See pst_decoder_ops.
pst_status pst_flac_read(void *state, void *data, uint64_t n_frames, uint64_t *n_read,
                         pst_error *err);
pst_status pst_flac_seek(void *state, int64_t frame, pst_error *err);

// ---- places.c --------------------------------------------------------------------------------

// Finds the end of the sound. Returns PST_OK, PST_SYSTEM_ERROR or PST_NO_MEMORY.
pst_status pst_flac_find_end(pst_flac_reader *reader, pst_error *err);

// Finds a byte from which a frame of the codec follows that is not behind the place.
// Returns as above.
pst_status pst_flac_find_place(pst_flac_reader *reader, int64_t place, int64_t *byte,
                               pst_error *err);

#endif
