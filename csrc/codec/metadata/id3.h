// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_METADATA_ID3_H
#define PST_CODEC_METADATA_ID3_H

#include "codec/io.h"
#include "pastream/tags.h"

// ID3 tags, which MP3 files have, and others may have, too: version 2 before the sound (or in a
// chunk), version 1 behind it. Only texts are read; what is compressed, encrypted, too long or
// makes no sense is passed over.

enum { PST_ID3_HEADER_BYTES = 10, PST_ID3V1_BYTES = 128 };

// Returns how many bytes the ID3v2 tag has that PST_ID3_HEADER_BYTES bytes begin; 0 if they begin
// none. The file may be shorter than that.
int64_t pst_id3_bytes(const uint8_t *head);

// Adds the texts of the ID3v2 tag that begins where the place stands and has n_bytes bytes. Leaves
// the place somewhere in the tag. Failures of the place are kept by it.
// Returns PST_OK or PST_NO_MEMORY.
pst_status pst_id3_read(pst_io *io, int64_t n_bytes, pst_tags *tags);

// Adds the texts of an ID3v1 tag for which there are none yet.
void pst_id3v1_read(const uint8_t *tag, pst_tags *tags);

// Makes an ID3v2.4 tag. bytes: gets NULL if there is nothing to tell, else memory for pst_free.
// Returns PST_OK or PST_NO_MEMORY.
PST_NODISCARD pst_status pst_id3_make(const pst_tags *tags, uint8_t **bytes, size_t *n_bytes,
                                      pst_error *err);

// ---- Between the parts -----------------------------------------------------------------------

enum {
    PST_ID3_LATIN1 = 0,
    PST_ID3_UTF16 = 1, // Begins with a byte order mark.
    PST_ID3_UTF16_BIG = 2,
    PST_ID3_UTF8 = 3
};

// Writes the text that begins at data as UTF-8 with an end; a zero character or the end of the
// data ends it. room: at least 2 * n_bytes + 1.
// Returns how many bytes it took, with the zero character.
size_t pst_id3_text(const uint8_t *data, size_t n_bytes, int encoding, char *text, size_t room);

// Returns the key for the name of a frame of any version, NULL if there is none.
const char *pst_id3_key(const char *frame);

// Returns the name of the frame of ID3v2.4 for a key, NULL if it has none of its own.
const char *pst_id3_frame(const char *key);

// Returns the name of a genre, NULL for a number that has none.
const char *pst_id3_genre(unsigned number);

#endif
