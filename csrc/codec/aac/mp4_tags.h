// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_AAC_MP4_TAGS_H
#define PST_CODEC_AAC_MP4_TAGS_H

#include "codec/aac/av.h"
#include "pastream/tags.h"

// Tags by libavformat's names and by ours.

// What is not fit for a tag is left out.
void pst_tags_from_dict(pst_tags *tags, const AVDictionary *dict);

// Returns false if there is no memory.
bool pst_tags_to_dict(const pst_tags *tags, AVDictionary **dict);

#endif
