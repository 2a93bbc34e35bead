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

// ---- Decoding ------------------------------------------------------------------------------

// A decoder that is brought a stream in pieces, cut wherever they happen to be: they make no
// difference to what comes out. A frame is there to be read as soon as its bytes are, and those
// behind it without which its codec could not tell that it is whole.
typedef struct pst_push_decoder pst_push_decoder;

typedef struct pst_push_decoder_config {
    // What is to come. Whichever is 0, the first bytes tell; what is not 0 they have to agree with.
    pst_container container;
    pst_encoding encoding;
    // How to read PST_CONTAINER_RAW. NULL for all others.
    const pst_file_format *raw;
    // What packets without a container do not say themselves: Opus's OpusHead, which may be
    // missing, AAC's AudioSpecificConfig; NULL: nothing. With it Opus and AAC come as such packets,
    // if no container is told; Opus may do so without, too, which the first four bytes tell.
    const void *extradata;
    uint64_t n_extradata;
    uint32_t n_channels; // Of such packets, where nothing tells it; 0: the first packet does.
    // Frames to leave out at the start, beyond what the stream itself says, and how many to give at
    // most behind them; -1: all.
    int64_t skip_frames;
    int64_t n_frames;
} pst_push_decoder_config;

typedef struct pst_push_decoder_info {
    bool is_known;          // Whether the stream has told what it holds; if not, this is 0:
    pst_file_format format; // what that is,
    pst_format native;      // what samples are decoded to, without loss,
    int64_t n_frames;       // how many frames it says it has, -1 if it does not,
    int64_t skipped_frames; // those at the start that it says are not meant to be heard,
    uint32_t bitrate_bps;   // and of a lossy one, its bitrate if it is known.
    uint64_t n_available;   // Frames to be read. While bytes wait, more than these.
    uint64_t n_waiting;     // Bytes that will be decoded when what is decoded has been read.
    int64_t position;       // Frames that were read.
    bool has_ended;         // Whether the end was told.
    bool is_over;           // Whether no frames will come but those that can be read.
    pst_damage damage;      // What was found to be wrong so far; frames count from the first.
} pst_push_decoder_info;

// Fills in the defaults: all of any stream. Thread: any. Realtime: yes.
PST_API void pst_push_decoder_config_default(pst_push_decoder_config *config) PST_RT;

// Makes a decoder. What config points to is copied.
// Returns PST_OK; PST_BAD_ARGUMENT (the text names the field); PST_UNSUPPORTED (this build lacks
// the codec); PST_NO_MEMORY; PST_SYSTEM_ERROR.
// Thread: any. Realtime: no. Ownership: the caller's, until pst_push_decoder_destroy.
PST_API PST_NODISCARD pst_status pst_push_decoder_create(pst_push_decoder **decoder,
                                                         const pst_push_decoder_config *config,
                                                         pst_error *err);

// Brings the next bytes of the stream, and decodes them.
//
// A failure stays: the same comes back from every call that brings more, until a reset. What was
// decoded before can still be read.
//
// Of packets without a container each write is one: of no bytes, it is a pause in sending, as long
// as the packet before, and concealed. A packet that is none gives PST_BAD_FILE, too, but that does
// not stay: it is as if it had not come. While very much waits to be read, PST_LIMIT refuses more.
//
// Returns PST_OK; PST_BAD_FILE (this is no such stream, or cannot be read on; the text tells);
// PST_CLOSED (the end was told); PST_UNSUPPORTED (a library cannot be loaded); PST_NO_MEMORY.
// Thread: worker. Realtime: no (decodes). Ownership: data is not kept.
PST_API PST_NODISCARD pst_status pst_push_decoder_write(pst_push_decoder *decoder, const void *data,
                                                        uint64_t n_bytes, pst_error *err);

// The same with the time of the first frame in it. From the first packet that tells one, frames
// are counted; a packet that does not begin where the one before it ends sets them anew, for what
// is decoded from then on. For that both have to tell how long they are.
// Returns as above; PST_BAD_ARGUMENT (a time base with a 0 in it).
// Thread: worker. Realtime: no (decodes). Ownership: the packet is not kept.
PST_API PST_NODISCARD pst_status pst_push_decoder_write_packet(pst_push_decoder *decoder,
                                                               const pst_packet *packet,
                                                               pst_error *err);

// Stands in for packets that did not come, so that what follows keeps its place: with sound that
// goes on from what was before, and fades; of Opus with in-band FEC, for the end of the gap, with
// what the next packet tells of the one before it. What is concealed counts as damage.
//
// n_frames: how long the gap is, in frames as they are read, at most PST_PUSH_MAX_CHUNK_FRAMES; 0:
// as long as the last packet. next: the packet behind the gap, if it is there; it is still to be
// written then. NULL: it is not.
// Returns PST_OK; PST_BAD_STATE (the stream has a container, or no packet has come yet);
// PST_BAD_FILE (next is no packet); PST_BAD_ARGUMENT; PST_LIMIT; PST_CLOSED; PST_NO_MEMORY.
// Thread: worker. Realtime: no (decodes). Ownership: next is not kept.
PST_API PST_NODISCARD pst_status pst_push_decoder_conceal(pst_push_decoder *decoder,
                                                          int64_t n_frames, const void *next,
                                                          uint64_t n_next, pst_error *err);

// Tells that nothing more will come, so that what was held back is decoded. Writing gives
// PST_CLOSED from then on. A stream that ends before it has told what it is has no frames, and
// counts as cut. Idempotent.
// Returns as pst_push_decoder_write.
// Thread: worker. Realtime: no (decodes).
PST_API PST_NODISCARD pst_status pst_push_decoder_end(pst_push_decoder *decoder, pst_error *err);

// Takes up to n_frames frames of what is decoded.
//
// data: room for n_frames, as samples of the wanted format. is_planar: the channels come one after
// another, with room for n_frames samples each; else interleaved. n_read: gets how many came: fewer
// if there are no more at the moment, or in front of a jump of the packets' times.
// pts: gets when the first of them is heard, in frames; from 0 on if no packet told a time. May be
// NULL.
// Returns PST_OK; PST_END if none came, and none will come; PST_BAD_ARGUMENT (the format); what
// writing failed with, if none came.
// Thread: worker. Realtime: no (may decode what waits).
PST_API PST_NODISCARD pst_status pst_push_decoder_read(pst_push_decoder *decoder, void *data,
                                                       pst_format format, bool is_planar,
                                                       uint64_t n_frames, uint64_t *n_read,
                                                       int64_t *pts, pst_error *err);

// Tells how things stand. Thread: as write. Realtime: yes.
PST_API void pst_push_decoder_get_info(const pst_push_decoder *decoder,
                                       pst_push_decoder_info *info) PST_RT;

// Returns what the stream says about itself so far: NULL until the format is known. Thread: as
// write. Realtime: yes. Ownership: the decoder's, until it is reset.
PST_API const pst_tags *pst_push_decoder_tags(const pst_push_decoder *decoder) PST_RT;

// Forgets all that was brought: a new stream may begin.
// Returns PST_OK, PST_NO_MEMORY or PST_SYSTEM_ERROR; after a failure it is to be tried again.
// Thread: worker. Realtime: no.
PST_API PST_NODISCARD pst_status pst_push_decoder_reset(pst_push_decoder *decoder, pst_error *err);

// Frees the decoder, at whatever point it is. NULL is allowed. Thread: any. Realtime: no.
PST_API void pst_push_decoder_destroy(pst_push_decoder *decoder);

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
