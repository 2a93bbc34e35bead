// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_CODEC_H
#define PASTREAM_CODEC_H

#include "pastream/base.h"
#include "pastream/format.h"
#include "pastream/io.h"
#include "pastream/tags.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// Sound files, read by a decoder and written by an encoder. Each is used by one thread at a time,
// unless a function says otherwise.

// What lies around the samples of a file.
typedef enum pst_container {
    PST_CONTAINER_WAV = 1,
    PST_CONTAINER_WAVEX = 2, // WAV that says which loudspeaker a channel is for.
    PST_CONTAINER_RF64 = 3,  // WAV without the limit of 4 GiB.
    PST_CONTAINER_AIFF = 4,
    PST_CONTAINER_AU = 5,
    PST_CONTAINER_CAF = 6,
    PST_CONTAINER_W64 = 7,
    PST_CONTAINER_RAW = 8, // Samples alone: rate, channels and format have to be told.
    PST_CONTAINER_FLAC = 9,
    PST_CONTAINER_OGG = 10,
    PST_CONTAINER_MP3 = 11,  // Frames of MPEG audio one after another: an MP3 file.
    PST_CONTAINER_ADTS = 12, // Frames of AAC one after another.
    PST_CONTAINER_MP4 = 13,  // Also called M4A.
    // Each packet by itself, with nothing around it. No file: only pst_push_encoder and
    // pst_push_decoder know it.
    PST_CONTAINER_PACKETS = 14
} pst_container;

// How the samples are stored.
typedef enum pst_encoding {
    PST_ENCODING_DEFAULT = 0, // For new files: the usual one of the container.
    PST_ENCODING_PCM = 1,     // As they are; sample_format tells more.
    PST_ENCODING_FLAC = 2,    // Smaller, without a change.
    PST_ENCODING_MP3 = 3,     // MPEG audio; layers I and II can be read, too.
    PST_ENCODING_OPUS = 4,
    PST_ENCODING_VORBIS = 5,
    PST_ENCODING_AAC = 6,
    PST_ENCODING_ULAW = 7,
    PST_ENCODING_ALAW = 8,
    PST_ENCODING_IMA_ADPCM = 9, // From here on: only read.
    PST_ENCODING_MS_ADPCM = 10,
    PST_ENCODING_GSM = 11
} pst_encoding;

typedef enum pst_byte_order {
    PST_BYTES_DEFAULT = 0, // As is usual in the container; the machine's own for RAW.
    PST_BYTES_LITTLE = 1,
    PST_BYTES_BIG = 2
} pst_byte_order;

enum { PST_FILE_MAX_RATE_HZ = 1000000 };

// What a sound file holds.
typedef struct pst_file_format {
    pst_container container;
    // Of PCM and FLAC: the samples in the file, the smallest format that holds them. Of others:
    // what they become without loss (float32, or int16 where no more is in them); ignored for new
    // files.
    pst_format sample_format;
    pst_byte_order byte_order; // Of PCM.
    uint32_t rate_hz;          // 1 to PST_FILE_MAX_RATE_HZ.
    uint32_t n_channels;       // 1 to PST_MAX_CHANNELS.
    pst_encoding encoding;
    uint32_t
        n_bits; // Of FLAC, 4 to 32: bits of a sample, at most those of sample_format; 0: those.
} pst_file_format;

// What a codec of this build can do.
typedef struct pst_codec_info {
    const char *name;    // Such as "flac".
    char libraries[128]; // Such as "libFLAC 1.4.2"; "" for the library's own code.
    pst_encoding encoding;
    uint32_t decodes; // Containers, as bits: 1 << pst_container.
    uint32_t encodes;
    bool is_lossless;
} pst_codec_info;

// Fills info about one of the codecs of this build, which are numbered from 0.
// Returns PST_OK, or PST_END behind the last one.
// Thread: any. Realtime: no. Ownership: static texts.
PST_API pst_status pst_codec_get_info(uint32_t index, pst_codec_info *info);

// ---- Reading -------------------------------------------------------------------------------

typedef struct pst_decoder pst_decoder;

typedef struct pst_decoder_info {
    pst_file_format format;
    int64_t n_frames; // -1 if only reading to the end can tell.
    bool is_seekable;
    uint32_t bitrate_bps; // Of a lossy file, on average or by its own word; 0: unknown.
} pst_decoder_info;

// What was found to be wrong with a file. Frames that are known to be missing or damaged are given
// as silence, so that all others keep their places.
typedef enum pst_damage_flags {
    PST_DAMAGE_TRUNCATED = 1, // It ends before its time, or within a frame of the codec.
    PST_DAMAGE_CORRUPT = 2,   // Parts failed their checks, or made no sense, and were left out.
    PST_DAMAGE_MISSING = 4,   // Parts are missing between others.
    PST_DAMAGE_CHECKSUM = 8,  // All was read, but the checksum over the whole file is another.
    PST_DAMAGE_HEADER = 16    // The header says what is not so, and was not believed.
} pst_damage_flags;

typedef struct pst_damage {
    uint32_t flags;      // pst_damage_flags; 0: nothing so far.
    int64_t lost_frames; // How many are known to be lost. Others may be, too.
    int64_t first_frame; // About where the first damage lies; -1: not at a certain frame.
} pst_damage;

// Opens a file for reading. What kind it is, its first bytes tell.
//
// raw: how to read a file without a header; NULL for all others.
// Returns PST_OK; PST_BAD_FILE (not a sound file of a known kind, or damaged; the text says
// what it looks like); PST_SYSTEM_ERROR (reading failed); PST_BAD_ARGUMENT (raw); PST_NO_MEMORY;
// PST_UNSUPPORTED (a library that the codec needs cannot be loaded).
// Thread: any. Realtime: no (reads). Ownership: takes io if it returns PST_OK.
PST_API PST_NODISCARD pst_status pst_decoder_open(pst_decoder **decoder, pst_io *io,
                                                  const pst_file_format *raw, pst_error *err);

// Tells what the file holds. Thread: any. Realtime: yes (constants).
PST_API void pst_decoder_get_info(const pst_decoder *decoder, pst_decoder_info *info) PST_RT;

// Returns what the file says about itself: never NULL. Thread: any. Realtime: yes (constant).
// Ownership: the decoder's.
PST_API const pst_tags *pst_decoder_tags(const pst_decoder *decoder) PST_RT;

// Tells what was found to be wrong so far; after the read that gave PST_END, all of it.
// Thread: as read. Realtime: yes.
PST_API void pst_decoder_get_damage(const pst_decoder *decoder, pst_damage *damage) PST_RT;

// Reads n_frames frames into data, as interleaved samples of the wanted format.
//
// n_read: gets how many came; also of a read that failed.
// Returns PST_OK; PST_END if the file ended before (what came is whole); PST_SYSTEM_ERROR;
// PST_BAD_FILE; PST_CLOSED.
// Thread: worker. Realtime: no (reads).
PST_API PST_NODISCARD pst_status pst_decoder_read(pst_decoder *decoder, void *data,
                                                  pst_format format, uint64_t n_frames,
                                                  uint64_t *n_read, pst_error *err);

// Goes to a frame, from 0 to the number of frames.
// Returns PST_OK; PST_BAD_STATE (the file cannot seek); PST_BAD_ARGUMENT; PST_SYSTEM_ERROR.
// Thread: worker. Realtime: no (seeks).
PST_API PST_NODISCARD pst_status pst_decoder_seek(pst_decoder *decoder, int64_t frame,
                                                  pst_error *err);

// Returns the next frame to be read. Thread: any. Realtime: yes.
PST_API int64_t pst_decoder_position(const pst_decoder *decoder) PST_RT;

// Makes a read that waits for a pipe fail, see pst_io_cancel. Thread: any. Realtime: yes.
PST_API void pst_decoder_cancel(pst_decoder *decoder, bool cancelled) PST_RT;

// Closes the file; reading and seeking give PST_CLOSED from then on. Idempotent.
// Thread: worker. Realtime: no.
PST_API void pst_decoder_close(pst_decoder *decoder);

// Adds a reference; the first one is the opener's. Thread: any. Realtime: yes.
PST_API void pst_decoder_retain(pst_decoder *decoder) PST_RT;

// Drops a reference; the last one closes the file and frees the decoder. NULL is allowed.
// Thread: any. Realtime: no.
PST_API void pst_decoder_release(pst_decoder *decoder);

// ---- Writing -------------------------------------------------------------------------------

typedef struct pst_encoder pst_encoder;

typedef enum pst_bitrate_mode {
    PST_BITRATE_DEFAULT = 0,  // As is usual with the codec.
    PST_BITRATE_VARIABLE = 1, // What the sound needs.
    PST_BITRATE_CONSTANT = 2, // The same for each frame of the codec.
    PST_BITRATE_AVERAGE = 3   // Variable, towards the given one.
} pst_bitrate_mode;

typedef enum pst_dither {
    PST_DITHER_NONE = 0,
    PST_DITHER_TPDF = 1 // Triangular noise of two steps, where samples lose bits.
} pst_dither;

// What an Opus encoder is to be good at.
typedef enum pst_opus_application {
    PST_OPUS_AUDIO = 0,   // Any sound, as it is.
    PST_OPUS_VOIP = 1,    // Speech, to be understood.
    PST_OPUS_LOWDELAY = 2 // Any sound, 4 ms earlier; without what is made for speech.
} pst_opus_application;

// Choices that only Opus offers.
typedef struct pst_opus_options {
    pst_opus_application application;
    uint32_t packet_us; // 2500, 5000, 10000, 20000, 40000 or 60000: microseconds; 0: 20000.
    // Packets of speech carry a coarse copy of the one before, for those who lost that, where there
    // are bits to spare; not with PST_OPUS_LOWDELAY, nor in packets below 10 ms.
    bool has_fec;
    uint32_t expected_loss_percent; // Of packets, 0 to 100; 0 with has_fec: 10.
    bool has_dtx; // In silence most packets have 1 or 2 bytes, and need not be sent.
} pst_opus_options;

// How to write a file. What a codec has no use for is refused, not ignored.
typedef struct pst_encoder_options {
    uint32_t bitrate_bps; // Of all channels together; 0: the codec's default, or by quality.
    pst_bitrate_mode bitrate_mode;
    double quality;      // 0 (smallest) to 1 (best), instead of a bitrate; negative: not given.
    int32_t compression; // Effort from 0 to the codec's most (FLAC 8, MP3 9, Opus 10); -1: default.
    int64_t n_frames;    // If it is known how many will come; -1: not. A promise to be kept.
    pst_dither dither;
    const pst_tags *tags; // Copied. NULL: none.
    pst_opus_options opus;
} pst_encoder_options;

// Fills in the defaults. Thread: any. Realtime: yes.
PST_API void pst_encoder_options_init(pst_encoder_options *options) PST_RT;

// Tells whether a file like this can be written, without touching one. options: NULL means the
// defaults.
// Returns PST_OK, PST_BAD_ARGUMENT (the text names the limit), or PST_UNSUPPORTED (this build lacks
// the codec; the text names the library).
// Thread: any. Realtime: no.
PST_API PST_NODISCARD pst_status pst_encoder_check(const pst_file_format *format,
                                                   const pst_encoder_options *options,
                                                   pst_error *err);

// Returns the sample rate that the format's codec can store and that serves rate_hz best: itself,
// the next higher, or the highest.
// Thread: any. Realtime: no.
PST_API uint32_t pst_encoder_fit_rate(const pst_file_format *format);

// Begins a file. From here on it is a valid one with 0 frames. options: NULL means the defaults.
// Returns PST_OK; PST_BAD_ARGUMENT (as above, or a container that needs to seek in a place that
// cannot); PST_SYSTEM_ERROR; PST_NO_MEMORY.
// Thread: any. Realtime: no (writes). Ownership: takes io if it returns PST_OK.
PST_API PST_NODISCARD pst_status pst_encoder_open(pst_encoder **encoder, pst_io *io,
                                                  const pst_file_format *format,
                                                  const pst_encoder_options *options,
                                                  pst_error *err);

// Appends n_frames frames of interleaved samples. They are converted as by pst_convert; frames in
// the file's own format are stored as they are.
//
// After a failure nothing more is written; the same error comes back from every call, the one
// that finishes the file included.
// Returns PST_OK; PST_SYSTEM_ERROR (a full disk, a closed pipe, ...); PST_LIMIT (the container
// cannot hold more); PST_CLOSED after pst_encoder_finish.
// Thread: worker. Realtime: no (writes).
PST_API PST_NODISCARD pst_status pst_encoder_write(pst_encoder *encoder, const void *data,
                                                   pst_format format, uint64_t n_frames,
                                                   pst_error *err);

// Brings the sizes in the file's header up to date, and writes what the codec can part with, so
// that what is written so far stays readable whatever happens to the process. Does nothing when
// that is so already.
// Returns as pst_encoder_write.
// Thread: worker. Realtime: no (writes).
PST_API PST_NODISCARD pst_status pst_encoder_update(pst_encoder *encoder, pst_error *err);

// As pst_encoder_update, and waits until the disk has it all, so that it survives a power cut, too.
// Returns as pst_encoder_write.
// Thread: worker. Realtime: no (waits for the disk).
PST_API PST_NODISCARD pst_status pst_encoder_sync(pst_encoder *encoder, pst_error *err);

// Ends the file and closes it. After a failed write it ends with the last whole frame before.
// Idempotent.
// Returns PST_OK, or the first error that the file met with.
// Thread: worker. Realtime: no (writes).
PST_API pst_status pst_encoder_finish(pst_encoder *encoder, pst_error *err);

// Tells what was asked for at opening, with the encoding that was taken.
// Thread: any. Realtime: yes (constants).
PST_API void pst_encoder_get_format(const pst_encoder *encoder, pst_file_format *format) PST_RT;

// Returns how many frames were written. A codec may still hold the last of them back, until
// pst_encoder_update or the end. Thread: any. Realtime: yes.
PST_API int64_t pst_encoder_frames(const pst_encoder *encoder) PST_RT;

// Tells what the conversions into the file's format had to change.
// Thread: any. Realtime: yes.
PST_API void pst_encoder_get_counts(const pst_encoder *encoder, pst_convert_counts *counts) PST_RT;

// Makes a write that waits for a pipe fail, see pst_io_cancel. Thread: any. Realtime: yes.
PST_API void pst_encoder_cancel(pst_encoder *encoder, bool cancelled) PST_RT;

// Adds a reference; the first one is the opener's. Thread: any. Realtime: yes.
PST_API void pst_encoder_retain(pst_encoder *encoder) PST_RT;

// Drops a reference; the last one finishes the file if that has not been done, and frees the
// encoder. NULL is allowed. In a forked child it does nothing: the file is the parent's.
// Thread: any. Realtime: no.
PST_API void pst_encoder_release(pst_encoder *encoder);

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
