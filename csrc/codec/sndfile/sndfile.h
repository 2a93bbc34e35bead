// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_SNDFILE_SNDFILE_H
#define PST_CODEC_SNDFILE_SNDFILE_H

#include <sndfile.h>

#include "codec/codec.h"

// What this library leaves to libsndfile, which sees nothing but our byte I/O. It is only ever
// given samples that it stores without a change, since its own conversions wrap around and lose
// values.

typedef struct pst_sndfile {
    SNDFILE *file;
    pst_io *io;
    pst_format native;
    pst_file_format format;
    // Of a file that is read:
    int64_t start_byte;
    int64_t head_end;      // While it is opened, libsndfile sees nothing behind; 0: all.
    int64_t n_left;        // Frames that are still to come, INT64_MAX if nobody knows.
    int64_t n_frames_told; // By the header; -1: nobody knows.
    int64_t n_done;        // The next frame.
    pst_damage *damage;
    // Of a file that is written:
    int64_t frame_bytes; // In the file.
    int64_t data_start;  // Where the first sample lies, once known.
    int64_t n_frames;
    bool is_pipe;
    bool is_mute;          // What libsndfile writes is dropped.
    int64_t pipe_position; // Where libsndfile believes the pipe to stand.
} pst_sndfile;

extern const pst_decoder_ops pst_sndfile_decoder;
extern const pst_encoder_ops pst_sndfile_encoder;

// Returns libsndfile's number, 0 for a format that is out of range.
int pst_sndfile_format(const pst_file_format *format);

// Fills container, encoding, sample format and byte order from libsndfile's number. Returns false
// for what is not on the list.
bool pst_from_sndfile_format(int number, pst_file_format *format);

// Returns how many bytes of samples a container holds, INT64_MAX where files cannot grow so large.
int64_t pst_sndfile_max_bytes(pst_container container);

// Returns how many bytes a frame has in the file; 0 if frames are packed into blocks.
int64_t pst_sndfile_frame_bytes(const pst_file_format *format);

// Returns what libsndfile gives and takes for these samples without a change.
pst_format pst_sndfile_native(const pst_file_format *format);

// Notes as damage what the header claims beyond the end of the file. Leaves the place at its start.
void pst_sndfile_check_sizes(const pst_decoder_setup *setup);

// Returns where the samples of an AIFF file begin that comes from a pipe: libsndfile would wait for
// what is behind them. 0 if that cannot be told, or is of no use.
int64_t pst_sndfile_head_end(const pst_decoder_setup *setup);

// Go and tell, for libsndfile.
sf_count_t pst_sndfile_length(void *user);
sf_count_t pst_sndfile_seek(sf_count_t offset, int whence, void *user);
sf_count_t pst_sndfile_position(void *user);

#endif
