// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_PUSH_PUSH_DECODER_H
#define PST_CODEC_PUSH_PUSH_DECODER_H

#include "codec/codec.h"
#include "codec/push/byte_queue.h"
#include "codec/push/feed_place.h"
#include "codec/push/push_times.h"
#include "pastream/push.h"

// A push decoder has an engine, which makes frames of what is brought. What becomes of the frames
// is the same for all of them: push_decoder.c cuts them, keeps them, and gives them away.

typedef struct pst_push_engine {
    // Makes ready for a new stream. On failure, and before the next begin, close is called.
    pst_status (*begin)(pst_push_decoder *decoder, pst_error *err);
    // As the functions of the same names. Whether a failure stays is theirs to say: then they
    // fill in decoder->failure.
    pst_status (*write)(pst_push_decoder *decoder, const void *data, uint64_t n_bytes,
                        pst_error *err);
    // The same with the packet's time, which is to be noted. NULL: that is done, and write called.
    pst_status (*write_packet)(pst_push_decoder *decoder, const pst_packet *packet, pst_error *err);
    pst_status (*end)(pst_push_decoder *decoder, pst_error *err);
    // Decodes what waits, as long as there is room. NULL: nothing ever waits.
    pst_status (*go_on)(pst_push_decoder *decoder, pst_error *err);
    // Fills in n_waiting and damage. NULL: there is nothing to add.
    void (*tell)(const pst_push_decoder *decoder, pst_push_decoder_info *info) PST_RT;
    void (*close)(pst_push_decoder *decoder);
} pst_push_engine;

// Streams, read by the decoders of files: push_stream.c.
extern const pst_push_engine pst_push_stream;
// Packets without a container; and Opus that is either: push_packets.c.
extern const pst_push_engine pst_push_packets;
extern const pst_push_engine pst_push_guess;

typedef struct pst_push_stream_state {
    pst_feed feed;
    pst_coroutine *coroutine;
    pst_io *io; // The decoder's as soon as there is one.
    pst_decoder *decoder;
    bool is_certain; // What it is, or that it is nothing.
} pst_push_stream_state;

typedef struct pst_push_packets_state {
    const struct pst_packet_codec_ops *ops; // NULL: there is no state.
    void *state;
    int64_t n_made; // Frames, with those at the start that are not meant to be heard.
} pst_push_packets_state;

struct pst_push_decoder {
    pst_push_decoder_config config; // What it points to is here:
    pst_file_format raw;
    uint8_t *extradata;
    const pst_push_engine *engine;
    pst_push_stream_state stream;
    pst_push_packets_state packets;
    uint32_t guess_bytes; // That came, and look like the begin of a page of Ogg.

    // Since the last reset:
    bool is_known;
    bool is_ended;
    bool is_over;
    pst_decoder_info info;
    int64_t skipped_frames;
    pst_format native;
    pst_damage damage;
    pst_error failure; // Its status is PST_OK until something failed for good.

    // Frames are counted from the first that was decoded.
    pst_byte_queue frames;
    size_t frame_bytes;
    int64_t n_decoded;
    int64_t n_kept; // Of these, those that were put into the queue.
    int64_t n_read; // Of these, those that were read.
    pst_push_times times;
};

// For engines: tells what the stream holds.
void pst_push_know(pst_push_decoder *decoder, const pst_decoder_info *info, pst_format native);

// Takes frames in the native format. Returns PST_OK or PST_NO_MEMORY.
pst_status pst_push_put(pst_push_decoder *decoder, const void *data, uint64_t n_frames,
                        pst_error *err);

// Returns PST_OK if more may be brought; what refuses it otherwise.
pst_status pst_push_check_open(const pst_push_decoder *decoder, pst_error *err);

// Whether so much waits to be read that decoding more had better wait.
bool pst_push_is_full(const pst_push_decoder *decoder);

#endif
