// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_AAC_SMPB_H
#define PST_CODEC_AAC_SMPB_H

#include "pastream/base.h"

// What iTunes notes about an encoder's delay, in a text called iTunSMPB of an ID3v2 tag.
typedef struct pst_smpb {
    int64_t delay_frames;
    int64_t padding_frames;
    int64_t n_frames; // 0: not known.
} pst_smpb;

enum { PST_SMPB_BYTES = 146 }; // The head of an ID3v2 tag, and such a note.

// Writes the head of an ID3v2 tag and a note; always of the same length. n_behind: how many bytes
// of the same tag follow, fewer than 2^28 - PST_SMPB_BYTES. There are readers that pass over one
// tag and no more.
void pst_smpb_build(uint8_t bytes[PST_SMPB_BYTES], const pst_smpb *smpb, size_t n_behind);

// Reads the text of such a note. Returns false if it makes no sense.
bool pst_smpb_parse(const char *text, pst_smpb *smpb);

#endif
