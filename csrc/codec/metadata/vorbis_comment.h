// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_METADATA_VORBIS_COMMENT_H
#define PST_CODEC_METADATA_VORBIS_COMMENT_H

#include "pastream/tags.h"

// Vorbis comments, which FLAC, Opus and Vorbis files have: a text that names the program, and
// texts "KEY=value". What the files put around them (a block, "OpusTags", a framing bit) is the
// codecs' own affair.

// Appends one comment of n_bytes bytes to the tags. Left out is what is not fit for them, and
// pictures in disguise.
// Returns PST_OK or PST_NO_MEMORY.
pst_status pst_add_vorbis_comment(pst_tags *tags, const char *comment, size_t n_bytes,
                                  pst_error *err);

// Appends all comments that n_bytes bytes of a file hold, from the length of the program's name
// on. Neither a length nor a count is believed beyond the bytes that there are.
//
// is_whole: gets whether everything was where the lengths say. NULL is allowed.
// Returns PST_OK or PST_NO_MEMORY.
pst_status pst_read_vorbis_comments(pst_tags *tags, const uint8_t *data, size_t n_bytes,
                                    bool *is_whole, pst_error *err);

// Refuses tags that no comment can hold. tags: NULL means none.
// Returns PST_OK or PST_BAD_ARGUMENT (the text names the key).
pst_status pst_check_vorbis_comments(const pst_tags *tags, pst_error *err);

// Returns what pst_read_vorbis_comments reads: the program's name and the tags, their keys in
// upper case; NULL if memory is short. tags: NULL means none.
// Ownership: the caller's, given back by pst_free.
uint8_t *pst_make_vorbis_comments(const pst_tags *tags, const char *program, size_t *n_bytes);

#endif
