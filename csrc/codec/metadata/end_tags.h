// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_METADATA_END_TAGS_H
#define PST_CODEC_METADATA_END_TAGS_H

#include "codec/io.h"
#include "pastream/tags.h"

// Returns where the tags begin that a file without a container ends with: ID3 (1, and 2 with a
// footer), APE, Lyrics3, in any order; its length if it has none. The texts of ID3v1 are added to
// tags for which there are none yet. Moves the place, which can seek.
int64_t pst_end_tags_pass(pst_io *io, int64_t start_byte, pst_tags *tags);

#endif
