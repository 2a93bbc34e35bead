// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_MP3_INFO_FRAME_H
#define PST_CODEC_MP3_INFO_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "codec/mpeg_header.h"

// The first frame of most MP3 files: it sounds like nothing, and tells how many frames follow and
// how many samples of the first and the last of them are not to be heard.

enum {
    PST_MP3_DECODER_DELAY = 529, // Samples by which every decoder of layer III is late.
    PST_MP3_TOC_ENTRIES = 100
};

// What such a frame says; by itself, nothing of it is certain.
typedef struct pst_info_frame {
    bool is_variable; // "Xing", not "Info".
    bool is_vbri;     // Of that kind; its counts are one off in some files.
    bool has_frames;
    bool has_bytes;
    bool has_toc;
    bool has_delay;
    uint32_t n_frames; // Without this one.
    uint32_t n_bytes;  // With this one.
    uint8_t toc[PST_MP3_TOC_ENTRIES];
    uint32_t delay;   // Samples that the encoder put in front,
    uint32_t padding; // and behind.
    // Of new ones:
    const char *encoder;  // Nine characters count.
    uint8_t method;       // LAME's number of the bitrate mode.
    uint8_t bitrate_kbps; // 255: that or more.
    uint32_t lowpass_hz;
    uint16_t sound_checksum; // Of all frames behind this one.
} pst_info_frame;

// Reads the info frame that a whole frame of layer III may be: Xing's, LAME's or VBRI. Returns
// false if it is none.
bool pst_info_frame_read(const uint8_t *bytes, const pst_mpeg_header *header, pst_info_frame *info);

// Writes an info frame. head: the header of any other frame of the file; its bitrate is changed if
// that has too little room. bytes: room for PST_MPEG_MAX_FRAME_BYTES.
// Returns its size, the same for whatever info says.
uint32_t pst_info_frame_write(uint8_t *bytes, const uint8_t *head, const pst_info_frame *info);

// Adds bytes to a checksum as LAME's tag has it. It begins with 0.
uint16_t pst_info_checksum(uint16_t checksum, const uint8_t *bytes, uint32_t n_bytes);

#endif
