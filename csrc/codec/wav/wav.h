// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_WAV_WAV_H
#define PST_CODEC_WAV_WAV_H

#include "codec/codec.h"

// WAV files of all kinds: RIFF, RIFX (big-endian), RF64 and BW64 (sizes of 64 bits).
//
// A file is a list of chunks: a name of four characters, a size, and so many bytes, filled up to
// an even number. "fmt " says what the samples are, "data" holds them.

enum {
    PST_WAV_TAG_PCM = 0x0001,
    PST_WAV_TAG_MS_ADPCM = 0x0002,
    PST_WAV_TAG_FLOAT = 0x0003,
    PST_WAV_TAG_ALAW = 0x0006,
    PST_WAV_TAG_ULAW = 0x0007,
    PST_WAV_TAG_IMA_ADPCM = 0x0011,
    PST_WAV_TAG_GSM = 0x0031,
    PST_WAV_TAG_MPEG = 0x0050,
    PST_WAV_TAG_MP3 = 0x0055,
    PST_WAV_TAG_EXTENSIBLE = 0xFFFE
};

// "Until the end of the file."
#define PST_WAV_UNKNOWN_SIZE UINT32_C(0xFFFFFFFF)

// ---- Numbers of either byte order ------------------------------------------------------------

uint32_t pst_wav_get(const uint8_t *at, uint32_t n_bytes, bool is_big);
void pst_wav_put(uint8_t *at, uint64_t value, uint32_t n_bytes, bool is_big);
uint64_t pst_wav_get_u64(const uint8_t *at, bool is_big);

// Turns round the bytes of each sample, in place.
void pst_wav_swap(uint8_t *data, size_t n_samples, uint32_t sample_bytes);

// Whether samples of a file have to be turned round for this machine.
bool pst_wav_is_foreign(bool is_big);

// ---- Reading ---------------------------------------------------------------------------------

// What the chunks of a file say.
typedef struct pst_wav_header {
    pst_file_format format;
    bool is_big;
    uint32_t block_bytes;  // One frame, or a block of compressed ones.
    uint32_t block_frames; // 1, or how many a block holds.
    int64_t data_start;
    int64_t n_data_bytes; // INT64_MAX: until the pipe ends.
    bool is_told;         // Whether n_data_bytes is what the file says.
} pst_wav_header;

// Understands a "fmt " chunk; n_bytes may be more than there are, which are n_there. Fills format
// (but for a container that is RF64), block_bytes and block_frames. Repairs what can only be meant
// in one way, and says so in damage.
pst_status pst_wav_parse_fmt(pst_wav_header *header, const uint8_t *at, uint32_t n_there,
                             pst_damage *damage, pst_error *err);

// Walks through the chunks from start_byte on.
pst_status pst_wav_read_header(pst_wav_header *header, const pst_decoder_setup *setup,
                               pst_error *err);

// Adds what a LIST chunk of the type INFO, or a description in a bext chunk, says. The place
// stands behind the type, with n_bytes to come. Returns PST_OK, PST_NO_MEMORY, or a failure of the
// place.
pst_status pst_wav_read_info(pst_io *io, int64_t n_bytes, bool is_big, pst_tags *tags,
                             pst_error *err);
pst_status pst_wav_read_bext(pst_io *io, int64_t n_bytes, pst_tags *tags, pst_error *err);

// Adds what is not there yet. Returns PST_OK or PST_NO_MEMORY.
pst_status pst_wav_merge_tags(pst_tags *tags, const pst_tags *more, pst_error *err);

// ---- Writing ---------------------------------------------------------------------------------

// The header of a new file, and where in it the numbers lie that change.
typedef struct pst_wav_layout {
    uint8_t *bytes;
    uint32_t n_bytes;
    uint32_t spare_at; // A chunk that holds the place of sizes of 64 bits, and these; 0: none.
    uint32_t fact_at;  // 0: none.
    bool is_big;
    bool is_rf64;
} pst_wav_layout;

// Whether INFO has names for all keys of the tags.
bool pst_wav_info_holds(const pst_tags *tags);

// Returns how long the chunk would be that holds these tags; 0 if none of them has a place there.
uint32_t pst_wav_info_bytes(const pst_tags *tags);

// Writes that chunk.
void pst_wav_put_info(uint8_t *at, const pst_tags *tags, bool is_big);

// Makes the header of a file. has_spare: with room for sizes of 64 bits.
// Returns PST_OK or PST_NO_MEMORY. Ownership: layout->bytes is the caller's.
pst_status pst_wav_lay_out(pst_wav_layout *layout, const pst_file_format *format,
                           const pst_tags *tags, bool has_spare, pst_error *err);

// Writes the sizes into the header. n_data_bytes: negative if they are unknown (not in RF64).
// is_padded: whether a byte of padding follows.
void pst_wav_put_sizes(pst_wav_layout *layout, int64_t n_data_bytes, int64_t n_frames,
                       bool is_padded);

// Whether so many bytes of samples fit into sizes of 32 bits.
bool pst_wav_fits_riff(const pst_wav_layout *layout, int64_t n_data_bytes);

extern const pst_decoder_ops pst_wav_decoder;
extern const pst_encoder_ops pst_wav_encoder;

#endif
