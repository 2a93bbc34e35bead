// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_CODEC_H
#define PASTREAM_CODEC_H

#include "pastream/base.h"
#include "pastream/format.h"
#include "pastream/io.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// Sound files, read by a decoder and written by an encoder. Each is used by one thread at a time,
// unless a function says otherwise.

typedef enum pst_container {
    PST_CONTAINER_WAV = 1,
    PST_CONTAINER_WAVEX = 2, // WAV that says which loudspeaker a channel is for.
    PST_CONTAINER_RF64 = 3,  // WAV without the limit of 4 GiB.
    PST_CONTAINER_AIFF = 4,
    PST_CONTAINER_AU = 5,
    PST_CONTAINER_CAF = 6,
    PST_CONTAINER_W64 = 7,
    PST_CONTAINER_RAW = 8 // Samples alone: rate, channels and format have to be told.
} pst_container;

typedef enum pst_byte_order {
    PST_BYTES_DEFAULT = 0, // As is usual in the container; the machine's own for RAW.
    PST_BYTES_LITTLE = 1,
    PST_BYTES_BIG = 2
} pst_byte_order;

enum { PST_FILE_MAX_RATE_HZ = 1000000 };

// What a sound file holds.
typedef struct pst_file_format {
    pst_container container;
    pst_format sample_format; // Of the samples in the file.
    pst_byte_order byte_order;
    uint32_t rate_hz;    // 1 to PST_FILE_MAX_RATE_HZ.
    uint32_t n_channels; // 1 to PST_MAX_CHANNELS.
} pst_file_format;

// Returns the version of the library that reads and writes the containers, such as
// "libsndfile-1.2.0".
// Thread: any. Realtime: no. Ownership: static text.
PST_API const char *pst_codec_version(void);

// ---- Reading -------------------------------------------------------------------------------

typedef struct pst_decoder pst_decoder;

typedef struct pst_decoder_info {
    pst_file_format format;
    int64_t n_frames; // -1 if only reading to the end can tell.
    bool is_seekable;
} pst_decoder_info;

// Opens a file for reading. What kind it is, its first bytes tell.
//
// raw: how to read a file without a header; NULL for all others.
// Returns PST_OK; PST_BAD_FILE (not a sound file of a known kind, or damaged; the text says
// what it looks like); PST_SYSTEM_ERROR (reading failed); PST_BAD_ARGUMENT (raw); PST_NO_MEMORY.
// Thread: any. Realtime: no (reads). Ownership: takes io if it returns PST_OK.
PST_API PST_NODISCARD pst_status pst_decoder_open(pst_decoder **decoder, pst_io *io,
                                                  const pst_file_format *raw, pst_error *err);

// Tells what the file holds. Thread: any. Realtime: yes (constants).
PST_API void pst_decoder_get_info(const pst_decoder *decoder, pst_decoder_info *info) PST_RT;

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

// Tells whether a file like this can be written, without touching one.
// Returns PST_OK or PST_BAD_ARGUMENT (the text names the limit).
// Thread: any. Realtime: no.
PST_API PST_NODISCARD pst_status pst_encoder_check(const pst_file_format *format, pst_error *err);

// Begins a file. From here on it is a valid one with 0 frames.
// Returns PST_OK; PST_BAD_ARGUMENT (as above, or a container that needs to seek in a place that
// cannot); PST_SYSTEM_ERROR; PST_NO_MEMORY.
// Thread: any. Realtime: no (writes). Ownership: takes io if it returns PST_OK.
PST_API PST_NODISCARD pst_status pst_encoder_open(pst_encoder **encoder, pst_io *io,
                                                  const pst_file_format *format, pst_error *err);

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

// Brings the sizes in the file's header up to date, so that what is written so far stays readable
// whatever happens to the process. Does nothing when that is so already.
// Returns as pst_encoder_write.
// Thread: worker. Realtime: no (writes).
PST_API PST_NODISCARD pst_status pst_encoder_update(pst_encoder *encoder, pst_error *err);

// Ends the file and closes it. After a failed write it ends with the last whole frame before.
// Idempotent.
// Returns PST_OK, or the first error that the file met with.
// Thread: worker. Realtime: no (writes).
PST_API pst_status pst_encoder_finish(pst_encoder *encoder, pst_error *err);

// Tells what was asked for at opening. Thread: any. Realtime: yes (constants).
PST_API void pst_encoder_get_format(const pst_encoder *encoder, pst_file_format *format) PST_RT;

// Returns how many frames the file holds. Thread: any. Realtime: yes.
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
