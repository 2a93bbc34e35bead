// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_PUSH_H
#define PASTREAM_PUSH_H

#include "pastream/codec.h"
#include "pastream/packet.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// Codecs without files: frames are put into an encoder and packets taken out of it, bytes are put
// into a decoder and frames taken out. Nobody waits, and there are no threads: each call does its
// work and returns. Each object is used by one thread at a time.

// ---- Encoding ------------------------------------------------------------------------------

typedef struct pst_push_encoder pst_push_encoder;

enum { PST_PUSH_MAX_CHUNK_FRAMES = 1 << 24 };

typedef struct pst_push_encoder_config {
    // Containers that need to seek are refused: AIFF, CAF, W64, MP4; and RF64 without
    // options.n_frames. The packets of all others, one behind the other, are a stream that files
    // and sockets may carry; with PST_CONTAINER_PACKETS each has to be kept apart.
    pst_file_format format;
    pst_encoder_options options; // options.tags: copied.
    // Frames that are given to the codec together, 1 to PST_PUSH_MAX_CHUNK_FRAMES; until so many
    // are there they wait. 0: as many as the codec takes at a time, or 1024.
    //
    // What the packets of FLAC, MP3, AAC and Opus are does not depend on it. In Ogg a page goes out
    // for every fifth of a second; with a number here also for every chunk, which costs some 28
    // bytes a page. Samples as they are (PCM and its like) are one packet for a chunk.
    uint32_t chunk_frames;
} pst_push_encoder_config;

typedef struct pst_push_encoder_info {
    pst_file_format format; // As asked for, with the encoding that was taken.
    uint32_t chunk_frames;
    uint32_t packet_frames;  // That the codec takes at a time; 0: as many as come.
    uint64_t n_packets;      // That can be taken now.
    uint64_t pending_frames; // That wait for a chunk to be full.
    int64_t n_frames;        // That were put in, with these.
    // What a decoder that knows of no end and no beginning makes of all packets is longer: it gives
    // delay_frames frames, then the sound, then padding_frames frames.
    int64_t delay_frames;
    int64_t padding_frames; // -1 until pst_push_encoder_end.
    // What a decoder of packets without a container has to know: OpusHead, AudioSpecificConfig,
    // STREAMINFO. NULL: nothing. Valid as long as the encoder and until pst_push_encoder_reset.
    const uint8_t *extradata;
    uint32_t n_extradata;
    bool has_ended;
    pst_convert_counts counts; // What the conversion to the codec's samples had to change.
} pst_push_encoder_info;

// Fills in: WAV of int16 at 48 kHz, 2 channels, the default options, the codec's own chunks.
// Thread: any. Realtime: yes.
PST_API void pst_push_encoder_config_default(pst_push_encoder_config *config) PST_RT;

// Makes an encoder. The config is copied.
// Returns as pst_encoder_open.
// Thread: any. Realtime: no. Ownership: the caller's, until pst_push_encoder_destroy.
PST_API PST_NODISCARD pst_status pst_push_encoder_create(pst_push_encoder **encoder,
                                                         const pst_push_encoder_config *config,
                                                         pst_error *err);

// NULL is allowed. Thread: any. Realtime: no.
PST_API void pst_push_encoder_destroy(pst_push_encoder *encoder);

// Puts n_frames frames in, and encodes all full chunks. How they are cut into writes does not show
// in the packets.
//
// is_planar: the channels come one after another, n_frames samples of each; else interleaved.
// pts: when the first frame is heard, in frames; PST_NO_PTS: right behind the ones before, or at 0.
// Packets tell these times.
// After a failure other than of arguments nothing more goes in: the same error comes back.
// Returns PST_OK; PST_BAD_ARGUMENT (format, pts); PST_CLOSED (after pst_push_encoder_end);
// PST_LIMIT (more than options.n_frames, or than the container can hold); PST_NO_MEMORY;
// PST_SYSTEM_ERROR (the codec failed).
// Thread: one at a time. Realtime: no.
PST_API PST_NODISCARD pst_status pst_push_encoder_write(pst_push_encoder *encoder, const void *data,
                                                        pst_format format, uint64_t n_frames,
                                                        bool is_planar, int64_t pts,
                                                        pst_error *err);

// Gives the codec the frames that wait for a full chunk, and takes from it all that it can part
// with while the stream goes on. Costs some bytes; what codecs need to see ahead, they keep.
// Returns as pst_push_encoder_write.
// Thread: one at a time. Realtime: no.
PST_API PST_NODISCARD pst_status pst_push_encoder_flush(pst_push_encoder *encoder, pst_error *err);

// Ends the stream: the codec gives all that it still holds. Idempotent.
// Returns PST_OK; PST_BAD_STATE if options.n_frames was another number; or the first error that the
// stream met with.
// Thread: one at a time. Realtime: no.
PST_API PST_NODISCARD pst_status pst_push_encoder_end(pst_push_encoder *encoder, pst_error *err);

// Takes the next packet, whose times count in frames: a unit is 1 / rate_hz. The first frame of the
// first one is delay_frames earlier than the first frame that was put in. Those that hold no sound
// have no pts and a duration of 0.
// Returns PST_OK; PST_END: there is none at the moment (at all, after pst_push_encoder_end).
// Thread: one at a time. Realtime: no. Ownership: the encoder's, until its next write, flush, end,
// reset or destruction.
PST_API PST_NODISCARD pst_status pst_push_encoder_next(pst_push_encoder *encoder,
                                                       pst_packet *packet);

// Makes the encoder as new: what is in it is lost, packets that were not taken included. Only the
// number of an Ogg stream is another one then, as it has to be.
// Returns PST_OK; PST_NO_MEMORY (nothing has changed then).
// Thread: one at a time. Realtime: no.
PST_API PST_NODISCARD pst_status pst_push_encoder_reset(pst_push_encoder *encoder, pst_error *err);

// Tells how the encoder stands. Thread: one at a time. Realtime: yes.
PST_API void pst_push_encoder_get_info(const pst_push_encoder *encoder,
                                       pst_push_encoder_info *info) PST_RT;

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
