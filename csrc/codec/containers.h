// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_CONTAINERS_H
#define PST_CODEC_CONTAINERS_H

#include "pastream/codec.h"

// The containers of libsndfile that this library lets files have, in its numbers and ours.

// Returns libsndfile's number, 0 for a format that is out of range.
int pst_sndfile_format(const pst_file_format *format);

// Fills container, sample format and byte order from libsndfile's number. Returns false for what
// is not on the list.
bool pst_from_sndfile_format(int number, pst_file_format *format);

// Returns how many bytes of samples a container holds, INT64_MAX where files cannot grow so large.
int64_t pst_container_max_bytes(pst_container container);

#endif
