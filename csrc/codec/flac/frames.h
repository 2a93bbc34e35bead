// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_FLAC_FRAMES_H
#define PST_CODEC_FLAC_FRAMES_H

#include <FLAC/stream_decoder.h>

#include "codec/codec.h"
#include "codec/flac/frame_header.h"
#include "codec/flac/metadata.h"
#include "codec/flac/source.h"

// FLAC frames, one after another. libFLAC decodes them, but is never left to look for them itself:
// where damage begins it would read on into what follows. Each frame's header is found and checked
// here; only what libFLAC then finds to be right, up to the checksum behind the frame, is a frame.

// One block of sound. It is good until the next call.
typedef struct pst_flac_block {
    pst_flac_header header; // Rate and bits are filled in.
    const FLAC__int32 *const *channels;
    int64_t n_skipped; // Bytes before it that are no frame.
} pst_flac_block;

// What becomes of a block. Returns false if memory is short.
typedef bool pst_flac_block_taker(void *user, const pst_flac_block *block);

typedef struct pst_flac_frames {
    pst_flac_source source;
    pst_flac_info info; // What frames refer to; all 0 where nothing is known.
    FLAC__StreamDecoder *libflac;
    uint8_t head[4 + 4 + PST_FLAC_STREAMINFO_BYTES]; // What libFLAC is given before the frames.
    size_t n_head_given;
    uint32_t head_block_frames; // What that says of the length of blocks.
    size_t n_given;             // Bytes of the source's window that libFLAC has been given.
    uint64_t begin_byte;        // Of the window, as libFLAC counts bytes.
    size_t max_bytes;           // That the frame can have which libFLAC is given now.
    size_t n_slice;             // How many bytes it gets next, at most.
    int64_t n_wasted;           // Bytes of what was tried and was no frame.
    int64_t n_passed_over;      // Bytes that belong to no frame.
    bool needs_begin;           // libFLAC has to be made ready first,
    bool wants_sum;             // and is to sum up the sound from then on.
    bool is_summed;             // It has, so far without a gap.
    bool has_failed;            // What looked like a frame is none.
    bool has_block;
    bool lacks_memory;
    bool is_cut; // What was passed over last began like a frame,
    bool is_tag; // or as tags do that stand behind the sound.
    pst_flac_block block;
    pst_flac_block_taker *taker;
    void *user;
} pst_flac_frames;

// Returns PST_OK or PST_NO_MEMORY.
pst_status pst_flac_frames_init(pst_flac_frames *frames, pst_io *io, bool is_ogg, pst_error *err);
void pst_flac_frames_deinit(pst_flac_frames *frames);

// Begins at the source's position. sums: all frames of the file follow, and are summed up.
void pst_flac_frames_begin(pst_flac_frames *frames, bool sums);

// Gives the next frame that there is to the taker.
//
// max_skipped: how many bytes may be passed over for it.
// n_skipped: gets how many were. Returns PST_OK; PST_END; PST_SYSTEM_ERROR; PST_NO_MEMORY.
pst_status pst_flac_next_frame(pst_flac_frames *frames, pst_flac_block_taker *taker, void *user,
                               int64_t max_skipped, int64_t *n_skipped, pst_error *err);

// Whether all frames since the beginning make the sum that the file tells. True if it tells none,
// or if they were not all of the file.
bool pst_flac_sum_is_right(pst_flac_frames *frames);

#endif
