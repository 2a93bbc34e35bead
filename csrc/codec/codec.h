// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_CODEC_H
#define PST_CODEC_CODEC_H

#include "codec/io.h"
#include "pastream/codec.h"

// What one codec does. decoder.c and encoder.c stand between it and the callers: they convert
// sample formats, keep positions and the first error, and refuse what is out of range; a codec
// only moves frames in a sample format of its own choice.

// ---- Reading ---------------------------------------------------------------------------------

typedef struct pst_decoder_setup {
    // Given:
    pst_io *io;         // Stands at start_byte.
    int64_t end_byte;   // Of the samples, if a container told it; 0: the end of the place.
    int64_t start_byte; // Behind tags of a foreign kind and junk before the file's own begin.
    pst_container container;
    pst_encoding encoding;      // As far as the first bytes tell; PST_ENCODING_DEFAULT: not known.
    const pst_file_format *raw; // NULL unless the container is PST_CONTAINER_RAW.
    pst_tags *tags;             // To add to. What is not fit for a tag is left out.
    pst_damage *damage;         // To add to, by pst_note_damage. Outlives the state.
    // To be filled:
    pst_decoder_info info;  // info.format.container and encoding are filled in already.
    int64_t claimed_frames; // That a pipe says it has; -1: it does not, or info.n_frames tells.
    int64_t skipped_frames; // That the codec leaves out at the start: the encoder's delay.
    pst_format native;      // What read gives.
} pst_decoder_setup;

typedef struct pst_decoder_ops {
    // Opens a file for reading. On failure it leaves nothing behind.
    //
    // A codec that finds what another one has to read leaves the state NULL, and the setup with
    // the container, the encoding and the start_byte for that one. For compressed samples in WAV
    // info.n_frames tells how many frames there are.
    // Returns as pst_decoder_open.
    pst_status (*open)(void **state, pst_decoder_setup *setup, pst_error *err);
    // Reads 1 to n_frames frames: where it would have to wait for more than the first, it gives
    // what it has. None at the end only. Returns PST_OK, or a failure after n_read.
    pst_status (*read)(void *state, void *data, uint64_t n_frames, uint64_t *n_read,
                       pst_error *err);
    // Goes to a frame that exists, or to the end. Only called if info.is_seekable.
    pst_status (*seek)(void *state, int64_t frame, pst_error *err);
    void (*close)(void *state);
} pst_decoder_ops;

// Copies tags. After a failure copy may have to be destroyed, too, unless it is NULL.
// Returns PST_OK; PST_NO_MEMORY.
PST_NODISCARD pst_status pst_tags_copy(pst_tags **copy, const pst_tags *tags, pst_error *err);

// What a stream is to be. 0: whatever its first bytes say.
typedef struct pst_kind {
    pst_container container;
    pst_encoding encoding;
    // To be filled: whether it is known what it is, or that it is nothing, however it may go on.
    bool is_certain;
} pst_kind;

// As pst_decoder_open, for what has to be of a certain kind.
PST_NODISCARD pst_status pst_decoder_open_kind(pst_decoder **decoder, pst_io *io,
                                               const pst_file_format *raw, pst_kind *kind,
                                               pst_error *err);

// Returns the format in which the codec gives samples.
pst_format pst_decoder_native(const pst_decoder *decoder);

// Returns how many frames the file has, or says that it has; -1: it does not say.
int64_t pst_decoder_claimed(const pst_decoder *decoder);

// Returns how many frames at the start are left out since they are the encoder's delay.
int64_t pst_decoder_skipped(const pst_decoder *decoder);

// Reads on as far as there is something without waiting, and at least one frame; none at the end.
// frames: gets where they lie, in the native format, until the next call. Returns as
// pst_decoder_read.
PST_NODISCARD pst_status pst_decoder_read_some(pst_decoder *decoder, const void **frames,
                                               uint64_t *n_read, pst_error *err);

// Takes the first pair with a key out of the tags: what is meant for decoders, nobody else needs.
// Returns whether there is one; value gets its text, perhaps cut.
bool pst_tags_take(pst_tags *tags, const char *key, char *value, size_t n_bytes);

// Adds to what is known to be wrong. frame: where, or -1. lost_frames: how many, 0 if unknown.
void pst_note_damage(pst_damage *damage, uint32_t flags, int64_t frame, int64_t lost_frames);

// ---- Writing ---------------------------------------------------------------------------------

enum { PST_EXTRADATA_BYTES = 64 };

// What whoever takes the encoded bytes in packets has to know of them.
typedef struct pst_encoder_stream {
    // Whether the codec ends packets, by pst_io_write_packet. False: it writes as it gets frames,
    // and the bytes may be cut anywhere.
    bool has_packets;
    uint32_t packet_frames; // That the codec takes at a time; 0: as many as come.
    // Frames that a decoder which knows nothing of the encoder gives before the first one.
    uint32_t delay_frames;
    // What a decoder has to know that gets the packets alone.
    uint8_t extradata[PST_EXTRADATA_BYTES];
    uint32_t n_extradata;
} pst_encoder_stream;

typedef struct pst_encoder_setup {
    // Given:
    pst_io *io;
    const pst_file_format *format;      // Checked, and with an encoding.
    const pst_encoder_options *options; // Never NULL; options->tags may be.
    // To be filled:
    pst_format native;    // What write takes.
    pst_format stored;    // What samples are rounded to before, for the counts to be true; the same
                          // as native if the codec does not round.
    uint32_t stored_bits; // Of an integer's, how many are kept, the uppermost; 0: all.
    int64_t max_frames;   // That the container can hold.
    pst_encoder_stream stream;
} pst_encoder_setup;

typedef struct pst_encoder_ops {
    // 0-terminated rates that the codec can store, rising; NULL: all from min_rate_hz to
    // max_rate_hz.
    const uint32_t *rates_hz;
    uint32_t min_rate_hz; // 0: 1.
    uint32_t max_rate_hz;
    uint32_t max_channels;
    // Which options the codec knows.
    bool has_bitrate;
    bool has_quality;
    bool has_tags;
    bool has_opus;           // pst_opus_options.
    int32_t max_compression; // -1: there is no such option.
    // Tells what else is wrong; see pst_encoder_check. NULL: nothing can be.
    pst_status (*check)(const pst_file_format *format, const pst_encoder_options *options,
                        pst_error *err);
    // Begins a file whose format and options were checked. On failure it leaves nothing behind.
    pst_status (*open)(void **state, pst_encoder_setup *setup, pst_error *err);
    // Appends frames. A codec that is not lossless gets finite samples only, none of them beyond
    // PST_ENCODER_LOUDEST. n_written: whole frames that were taken, also by a write that failed.
    pst_status (*write)(void *state, const void *data, uint64_t n_frames, uint64_t *n_written,
                        pst_error *err);
    // See pst_encoder_update.
    pst_status (*update)(void *state, pst_error *err);
    // Writes what is left and frees the state. The place stays open. After a failure the file is
    // to end with the last frame that can be read.
    pst_status (*finish)(void *state, pst_error *err);
} pst_encoder_ops;

// Returns what the codec said of the packets that it writes.
const pst_encoder_stream *pst_encoder_get_stream(const pst_encoder *encoder);

// LAME ends the process when it is given samples far beyond full scale.
#define PST_ENCODER_LOUDEST 8.0

// ---- All of them -----------------------------------------------------------------------------

typedef struct pst_codec {
    const char *name;
    pst_encoding encoding;
    uint32_t decodes; // Containers, as PST_IN bits.
    uint32_t encodes;
    bool is_lossless;
    // Writes what pst_codec_info.libraries is to say. NULL: nothing.
    void (*libraries)(char *text, size_t n_bytes);
    const pst_decoder_ops *decoder; // NULL: this codec cannot.
    const pst_encoder_ops *encoder;
    const struct pst_packet_codec_ops *packets; // Of bare packets, instead of a decoder.
} pst_codec;

#define PST_IN(container) (UINT32_C(1) << (container))

// Return the codec for a container and an encoding, NULL if this build has none that decodes, or
// encodes, it. PST_ENCODING_DEFAULT finds the usual one of the container.
const pst_codec *pst_decoding_codec(pst_container container, pst_encoding encoding);
const pst_codec *pst_encoding_codec(pst_container container, pst_encoding encoding);

// Returns the encoding that is usual in a container.
pst_encoding pst_usual_encoding(pst_container container);

// Tells from its first bytes what a file is, and leaves the place at start_byte. The texts of ID3
// tags before that are added to tags.
// Returns PST_OK; PST_BAD_FILE with a text that says what it looks like; PST_SYSTEM_ERROR.
// kind: what it is to be. Only that is looked for where frames are all there is; others are found
// as what they are.
pst_status pst_probe(pst_io *io, pst_tags *tags, pst_kind *kind, pst_container *container,
                     pst_encoding *encoding, int64_t *start_byte, pst_error *err);

// Return the names that users type, such as "WAV" and "OPUS"; "unknown".
const char *pst_container_name(pst_container container);
const char *pst_encoding_name(pst_encoding encoding);

#endif
