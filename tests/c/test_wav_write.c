// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// WAV files of ours: their headers byte by byte, files beyond 4 GiB, pipes, tags, and the two laws
// of eight bits.

#include <stdlib.h>

#include "check.h"
#include "codec/g711.h"
#include "memory_place.h"
#include "wav_bytes.h"

// Where things lie in a plain file.
enum {
    SPARE_AT = 12,
    FMT_AT = 48,
    PLAIN_BYTES = 80,
    RF64_RIFF_AT = 20,
    RF64_DATA_AT = 28,
    RF64_FRAMES_AT = 36
};

static uint64_t number_at(const memory_place *m, int at, int n_bytes) {
    uint64_t value = 0;
    for (int i = 0; i < n_bytes; ++i)
        value |= (uint64_t)m->bytes[at + i] << 8 * i;
    return value;
}

static pst_status begin(pst_encoder **encoder, memory_place *m, const pst_file_format *format,
                        const pst_encoder_options *options, bool is_pipe, pst_error *err) {
    pst_io *io = NULL;
    *encoder = NULL;
    CHECK_EQ(pst_io_open_user(&io, is_pipe ? &memory_pipe : &memory_file, m, PST_IO_WRITE, NULL),
             PST_OK);
    const pst_status status = pst_encoder_open(encoder, io, format, options, err);
    if (status != PST_OK)
        pst_io_close(io, NULL);
    return status;
}

static pst_file_format format_of(pst_container container, pst_format sample, uint32_t n_channels) {
    return (pst_file_format){
        container, sample, PST_BYTES_DEFAULT, 8000, n_channels, PST_ENCODING_DEFAULT, 0};
}

// ---- Headers ---------------------------------------------------------------------------------

static void check_header(const pst_file_format *format, uint32_t tag, uint32_t fmt_bytes,
                         int64_t header_bytes) {
    memory_place m = {0};
    pst_encoder *encoder = NULL;
    REQUIRE(begin(&encoder, &m, format, NULL, false, NULL) == PST_OK);
    CHECK_EQ(m.n_bytes, header_bytes);
    CHECK(memcmp(m.bytes, "RIFF", 4) == 0 && memcmp(m.bytes + 8, "WAVEJUNK\x1C\0\0\0", 12) == 0);
    CHECK_EQ(number_at(&m, 4, 4), (uint64_t)header_bytes - 8);
    CHECK(memcmp(m.bytes + FMT_AT, "fmt ", 4) == 0);
    CHECK_EQ(number_at(&m, FMT_AT + 4, 4), fmt_bytes);
    CHECK_EQ(number_at(&m, FMT_AT + 8, 2), tag);
    CHECK_EQ(number_at(&m, FMT_AT + 10, 2), format->n_channels);
    CHECK_EQ(number_at(&m, FMT_AT + 12, 4), 8000);
    const uint64_t block = number_at(&m, FMT_AT + 20, 2);
    CHECK_EQ(number_at(&m, FMT_AT + 16, 4), 8000 * block);
    CHECK_EQ(number_at(&m, FMT_AT + 22, 2), 8 * block / format->n_channels);
    CHECK(memcmp(m.bytes + header_bytes - 8, "data\0\0\0\0", 8) == 0);
    pst_encoder_release(encoder);
    memory_free(&m);
}

static void test_headers(void) {
    pst_file_format format = format_of(PST_CONTAINER_WAV, PST_FORMAT_I16, 2);
    check_header(&format, 1, 16, PLAIN_BYTES);
    format = format_of(PST_CONTAINER_WAV, PST_FORMAT_I24, 1);
    check_header(&format, 1, 16, PLAIN_BYTES);
    // All others have a chunk with the number of frames.
    format = format_of(PST_CONTAINER_WAV, PST_FORMAT_F32, 2);
    check_header(&format, 3, 18, PLAIN_BYTES + 2 + 12);
    format.encoding = PST_ENCODING_ULAW;
    check_header(&format, 7, 18, PLAIN_BYTES + 2 + 12);
    format.encoding = PST_ENCODING_ALAW;
    check_header(&format, 6, 18, PLAIN_BYTES + 2 + 12);
    // More than two channels are for certain loudspeakers.
    format = format_of(PST_CONTAINER_WAV, PST_FORMAT_I16, 6);
    check_header(&format, 0xFFFE, 40, PLAIN_BYTES + 24);
    format = format_of(PST_CONTAINER_WAVEX, PST_FORMAT_I16, 1);
    check_header(&format, 0xFFFE, 40, PLAIN_BYTES + 24);
}

static void test_loudspeakers(void) {
    static const uint32_t masks[] = {0, 0x4, 0x3, 0x7, 0x33, 0x37, 0x3F, 0x13F, 0x63F, 0};
    static const uint8_t tail[] = {0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71};
    for (uint32_t n = 1; n <= 9; ++n) {
        const pst_file_format format = format_of(PST_CONTAINER_WAVEX, PST_FORMAT_F32, n);
        memory_place m = {0};
        pst_encoder *encoder = NULL;
        REQUIRE(begin(&encoder, &m, &format, NULL, false, NULL) == PST_OK);
        CHECK_EQ(number_at(&m, FMT_AT + 8 + 16, 2), 22);
        CHECK_EQ(number_at(&m, FMT_AT + 8 + 18, 2), 32);
        CHECK_EQ(number_at(&m, FMT_AT + 8 + 20, 4), masks[n]);
        CHECK_EQ(number_at(&m, FMT_AT + 8 + 24, 2), 3);
        CHECK(memcmp(m.bytes + FMT_AT + 8 + 26, tail, sizeof tail) == 0);
        pst_encoder_release(encoder);
        memory_free(&m);
    }
}

static void test_padding_and_frames(void) {
    const pst_file_format format = {
        PST_CONTAINER_WAV, PST_FORMAT_I16, PST_BYTES_DEFAULT, 8000, 1, PST_ENCODING_ULAW, 0};
    const int16_t data[3] = {0, 100, -100};
    memory_place m = {0};
    pst_encoder *encoder = NULL;
    REQUIRE(begin(&encoder, &m, &format, NULL, false, NULL) == PST_OK);
    CHECK_EQ(pst_encoder_write(encoder, data, PST_FORMAT_I16, 3, NULL), PST_OK);
    CHECK_EQ(pst_encoder_finish(encoder, NULL), PST_OK);
    pst_encoder_release(encoder);
    enum { HEADER = PLAIN_BYTES + 14 };
    CHECK_EQ(m.n_bytes, HEADER + 4);
    CHECK_EQ(number_at(&m, 4, 4), HEADER + 4 - 8);
    CHECK_EQ(number_at(&m, HEADER - 4, 4), 3);
    CHECK_EQ(number_at(&m, HEADER - 12, 4), 3); // The chunk "fact".
    memory_free(&m);
}

// ---- Beyond 4 GiB ----------------------------------------------------------------------------

enum {
    BIG_FRAMES = 1 << 20,
    BIG_CHANNELS = 8,
    BIG_BLOCK = 2 * BIG_CHANNELS,
    BIG_HEADER = PLAIN_BYTES + 24
};

static void write_big(pst_encoder *encoder, const int16_t *data, int64_t n_frames) {
    while (n_frames > 0) {
        const int64_t n = n_frames < BIG_FRAMES ? n_frames : BIG_FRAMES;
        REQUIRE(pst_encoder_write(encoder, data, PST_FORMAT_I16, (uint64_t)n, NULL) == PST_OK);
        n_frames -= n;
    }
}

static void test_a_file_that_outgrows_its_sizes(void) {
    int16_t *data = calloc(BIG_FRAMES, BIG_BLOCK);
    const pst_file_format format = format_of(PST_CONTAINER_WAV, PST_FORMAT_I16, BIG_CHANNELS);
    memory_place m = {.is_counting = true};
    pst_encoder *encoder = NULL;
    REQUIRE(begin(&encoder, &m, &format, NULL, false, NULL) == PST_OK);
    // As much as sizes of 32 bits can tell.
    const int64_t most = (INT64_C(0xFFFFFFFF) - BIG_HEADER - 1) / BIG_BLOCK;
    write_big(encoder, data, most);
    CHECK_EQ(pst_encoder_update(encoder, NULL), PST_OK);
    CHECK(memcmp(m.bytes, "RIFF", 4) == 0 && memcmp(m.bytes + SPARE_AT, "JUNK", 4) == 0);
    CHECK_EQ(number_at(&m, BIG_HEADER - 4, 4), (uint64_t)most * BIG_BLOCK);
    CHECK_EQ(number_at(&m, 4, 4), (uint64_t)m.n_bytes - 8);
    // One frame more, and no update: what was there at that moment can be read.
    write_big(encoder, data, 1);
    CHECK(memcmp(m.bytes, "RF64\xFF\xFF\xFF\xFFWAVE", 12) == 0);
    CHECK(memcmp(m.bytes + SPARE_AT, "ds64\x1C\0\0\0", 8) == 0);
    CHECK_EQ(number_at(&m, BIG_HEADER - 4, 4), 0xFFFFFFFF);
    CHECK_EQ(number_at(&m, RF64_DATA_AT, 8), (uint64_t)most * BIG_BLOCK);
    CHECK_EQ(number_at(&m, RF64_FRAMES_AT, 8), (uint64_t)most);
    // And to 5 GiB.
    const int64_t n_frames = (INT64_C(5) << 30) / BIG_BLOCK;
    write_big(encoder, data, n_frames - most - 1);
    CHECK_EQ(pst_encoder_frames(encoder), n_frames);
    CHECK_EQ(pst_encoder_finish(encoder, NULL), PST_OK);
    CHECK_EQ(m.n_bytes, BIG_HEADER + n_frames * BIG_BLOCK);
    CHECK_EQ(number_at(&m, RF64_RIFF_AT, 8), (uint64_t)m.n_bytes - 8);
    CHECK_EQ(number_at(&m, RF64_DATA_AT, 8), (uint64_t)n_frames * BIG_BLOCK);
    CHECK_EQ(number_at(&m, RF64_FRAMES_AT, 8), (uint64_t)n_frames);
    CHECK_EQ(number_at(&m, BIG_HEADER - 4, 4), 0xFFFFFFFF);
    pst_encoder_release(encoder);
    memory_free(&m);
    free(data);
}

static void test_big_endian_files_end_at_4_gib(void) {
    int16_t *data = calloc(BIG_FRAMES, BIG_BLOCK);
    pst_file_format format = format_of(PST_CONTAINER_WAV, PST_FORMAT_U8, 2 * BIG_CHANNELS);
    format.byte_order = PST_BYTES_BIG;
    memory_place m = {.is_counting = true};
    pst_encoder *encoder = NULL;
    REQUIRE(begin(&encoder, &m, &format, NULL, false, NULL) == PST_OK);
    CHECK(memcmp(m.bytes, "RIFX", 4) == 0);
    pst_status status = PST_OK;
    for (int i = 0; i < 257 && status == PST_OK; ++i)
        status = pst_encoder_write(encoder, data, PST_FORMAT_U8, BIG_FRAMES, NULL);
    CHECK_EQ(status, PST_LIMIT);
    CHECK_EQ(pst_encoder_finish(encoder, NULL), PST_LIMIT);
    CHECK(m.n_bytes - 8 < INT64_C(0xFFFFFFFF) && m.n_bytes > INT64_C(0xFFFFFFFF) - 2 * BIG_BLOCK);
    pst_encoder_release(encoder);
    format.container = PST_CONTAINER_RF64;
    CHECK_EQ(pst_encoder_check(&format, NULL, NULL), PST_BAD_ARGUMENT);
    memory_free(&m);
    free(data);
}

// ---- Pipes -----------------------------------------------------------------------------------

static const uint8_t bytes[5] = {1, 2, 3, 4, 5};

// Writes 8-bit frames to a pipe that is told how many come. Returns how the file ended.
static pst_status write_pipe(memory_place *m, int64_t n_told, uint64_t n_frames, pst_error *err) {
    const pst_file_format format = format_of(PST_CONTAINER_WAV, PST_FORMAT_U8, 1);
    pst_encoder_options options;
    pst_encoder_options_init(&options);
    options.n_frames = n_told;
    pst_encoder *encoder = NULL;
    pst_status status = begin(&encoder, m, &format, &options, true, err);
    if (status != PST_OK)
        return status;
    status = pst_encoder_write(encoder, bytes, PST_FORMAT_U8, n_frames, err);
    CHECK_EQ(pst_encoder_update(encoder, NULL), status);
    const pst_status finished = pst_encoder_finish(encoder, err);
    CHECK(status == PST_OK || finished == status);
    pst_encoder_release(encoder);
    return finished;
}

static void test_a_pipe_is_told_what_is_known(void) {
    enum { HEADER = 44 }; // Nothing is kept: the sizes are known, or never will be.
    memory_place m = {0};
    CHECK_EQ(write_pipe(&m, -1, 5, NULL), PST_OK);
    CHECK_EQ(m.n_bytes, HEADER + 5); // A byte of padding would be a sample.
    CHECK_EQ(number_at(&m, 4, 4), 0xFFFFFFFF);
    CHECK_EQ(number_at(&m, HEADER - 4, 4), 0xFFFFFFFF);
    memory_free(&m);
    CHECK_EQ(write_pipe(&m, 5, 5, NULL), PST_OK);
    CHECK_EQ(m.n_bytes, HEADER + 6);
    CHECK_EQ(number_at(&m, 4, 4), HEADER + 6 - 8);
    CHECK_EQ(number_at(&m, HEADER - 4, 4), 5);
    memory_free(&m);
    pst_error err = {0};
    CHECK_EQ(write_pipe(&m, 4, 5, &err), PST_LIMIT);
    CHECK(strstr(err.text, "n_frames was 4") != NULL);
    CHECK_EQ(m.n_bytes, HEADER);
    memory_free(&m);
    CHECK_EQ(write_pipe(&m, 5, 3, &err), PST_BAD_STATE);
    CHECK(strstr(err.text, "n_frames was 5, but 3 came") != NULL);
    memory_free(&m);
    // Long sizes from the start.
    CHECK_EQ(write_pipe(&m, INT64_C(5) << 30, 1, &err), PST_BAD_STATE);
    CHECK(memcmp(m.bytes, "RF64", 4) == 0);
    CHECK_EQ(number_at(&m, RF64_DATA_AT, 8), UINT64_C(5) << 30);
    memory_free(&m);
    CHECK_EQ(write_pipe(&m, INT64_MAX, 1, &err), PST_BAD_ARGUMENT);
    CHECK_EQ(m.n_bytes, 0);
}

static void test_rf64_in_a_pipe_needs_a_length(void) {
    const pst_file_format format = format_of(PST_CONTAINER_RF64, PST_FORMAT_U8, 1);
    pst_encoder_options options;
    pst_encoder_options_init(&options);
    memory_place m = {0};
    pst_encoder *encoder = NULL;
    pst_error err = {0};
    CHECK_EQ(begin(&encoder, &m, &format, &options, true, &err), PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "n_frames") != NULL);
    CHECK_EQ(m.n_bytes, 0);
    options.n_frames = 5;
    REQUIRE(begin(&encoder, &m, &format, &options, true, &err) == PST_OK);
    CHECK_EQ(pst_encoder_write(encoder, bytes, PST_FORMAT_U8, 5, NULL), PST_OK);
    CHECK_EQ(pst_encoder_finish(encoder, NULL), PST_OK);
    pst_encoder_release(encoder);
    CHECK_EQ(number_at(&m, RF64_DATA_AT, 8), 5);
    memory_free(&m);
}

// ---- Tags ------------------------------------------------------------------------------------

static pst_tags *tags_of(const char *const *pairs, int n_pairs) {
    pst_tags *tags = NULL;
    CHECK_EQ(pst_tags_create(&tags, NULL), PST_OK);
    for (int i = 0; i < n_pairs; ++i)
        CHECK_EQ(pst_tags_add(tags, pairs[2 * i], pairs[2 * i + 1], NULL), PST_OK);
    return tags;
}

// Writes a file with tags, and checks that the same ones are read, in whatever order.
static void check_tags(const char *const *pairs, int n_pairs, pst_byte_order order,
                       const char *chunk) {
    pst_tags *tags = tags_of(pairs, n_pairs);
    pst_encoder_options options;
    pst_encoder_options_init(&options);
    options.tags = tags;
    pst_file_format format = format_of(PST_CONTAINER_WAV, PST_FORMAT_I16, 1);
    format.byte_order = order;
    static const int16_t data[3] = {1, 2, 3};
    memory_place m = {0};
    pst_encoder *encoder = NULL;
    REQUIRE(begin(&encoder, &m, &format, &options, false, NULL) == PST_OK);
    pst_tags_destroy(tags);
    CHECK_EQ(pst_encoder_write(encoder, data, PST_FORMAT_I16, 3, NULL), PST_OK);
    CHECK_EQ(pst_encoder_update(encoder, NULL), PST_OK);
    CHECK(memmem(m.bytes, (size_t)m.n_bytes, chunk, 4) != NULL);
    pst_encoder_release(encoder);
    for (int pipe = 0; pipe < 2; ++pipe) {
        pst_decoder *decoder = NULL;
        REQUIRE(wav_open(&decoder, &m, pipe == 1, NULL) == PST_OK);
        const pst_tags *found = pst_decoder_tags(decoder);
        CHECK_EQ(pst_tags_count(found), n_pairs);
        for (int i = 0; i < n_pairs; ++i) {
            bool is_there = false;
            for (uint32_t k = 0; k < pst_tags_count(found); ++k)
                is_there = is_there || (strcmp(pst_tags_key(found, k), pairs[2 * i]) == 0 &&
                                        strcmp(pst_tags_value(found, k), pairs[2 * i + 1]) == 0);
            CHECK_TEXT(is_there, "%s is not there", pairs[2 * i]);
        }
        int16_t got[4];
        uint64_t n_read = 0;
        CHECK_EQ(pst_decoder_read(decoder, got, PST_FORMAT_I16, 4, &n_read, NULL), PST_END);
        CHECK_EQ(n_read, 3);
        CHECK(memcmp(got, data, sizeof data) == 0);
        pst_decoder_release(decoder);
    }
    memory_free(&m);
}

static void test_tags(void) {
    static const char *const known[] = {
        "title", "Night \xC3\xA9", "artist",     "Ann",         "artist",
        "Bob",   "date",           "2026-01-02", "tracknumber", "7"};
    static const char *const more[] = {"title", "Night", "albumartist",
                                       "Bob",   "isrc",  "XY1234567890"};
    static char text[20000]; // Long tags lie between the numbers that change.
    memset(text, 'a', sizeof text - 1);
    const char *const large[] = {"comment", text};
    check_tags(known, 5, PST_BYTES_DEFAULT, "LIST");
    check_tags(known, 5, PST_BYTES_BIG, "LIST");
    check_tags(more, 3, PST_BYTES_DEFAULT, "id3 ");
    check_tags(large, 1, PST_BYTES_DEFAULT, "LIST");
}

// ---- The two laws ----------------------------------------------------------------------------

// The codes' samples lie in the middle of their steps, which are 1 << shift wide in the segment.
static void check_law(int16_t (*decode)(uint8_t), uint8_t (*encode)(int16_t), int shift,
                      const char *name) {
    for (int code = 0; code < 256; ++code) {
        const uint8_t again = encode(decode((uint8_t)code));
        // Zero has two codes in mu-law.
        CHECK_TEXT(again == code || decode(again) == decode((uint8_t)code), "%s: %d becomes %d",
                   name, code, (int)again);
    }
    for (int sample = -32768, last = -32768; sample <= 32767; ++sample) {
        const int kept = decode(encode((int16_t)sample));
        const int size = abs(sample) + (shift == 3 ? 132 : 0);
        int step = shift == 3 ? 8 : 16;
        for (int border = 2 * 128 << (shift == 3 ? 0 : 1); border <= size; border *= 2)
            step *= 2;
        CHECK_TEXT(2 * abs(kept - sample) <= step + 264 * (abs(sample) > 32635),
                   "%s: %d becomes %d", name, sample, kept);
        CHECK_TEXT(kept >= last, "%s: %d becomes %d, one less %d", name, sample, kept, last);
        last = kept;
    }
}

static void test_the_two_laws(void) {
    check_law(pst_ulaw_decode, pst_ulaw_encode, 3, "mu-law");
    check_law(pst_alaw_decode, pst_alaw_encode, 4, "A-law");
    // From the tables of ITU-T G.711.
    CHECK_EQ(pst_ulaw_decode(0x00), -32124);
    CHECK_EQ(pst_ulaw_decode(0x80), 32124);
    CHECK_EQ(pst_ulaw_decode(0xFF), 0);
    CHECK_EQ(pst_ulaw_encode(0), 0xFF);
    CHECK_EQ(pst_alaw_decode(0x2A), -32256);
    CHECK_EQ(pst_alaw_decode(0xAA), 32256);
    CHECK_EQ(pst_alaw_decode(0xD5), 8);
    CHECK_EQ(pst_alaw_encode(-1), 0x55);
}

static void test_laws_in_all_containers(void) {
    static const pst_container containers[] = {
        PST_CONTAINER_WAV, PST_CONTAINER_WAVEX, PST_CONTAINER_RF64, PST_CONTAINER_AIFF,
        PST_CONTAINER_AU,  PST_CONTAINER_CAF,   PST_CONTAINER_W64,  PST_CONTAINER_RAW};
    static int16_t data[2 * 5000], got[2 * 5000];
    for (size_t c = 0; c < sizeof containers / sizeof *containers; ++c)
        for (int law = PST_ENCODING_ULAW; law <= PST_ENCODING_ALAW; ++law) {
            for (int i = 0; i < 10000; ++i)
                data[i] = law == PST_ENCODING_ULAW ? pst_ulaw_decode((uint8_t)i)
                                                   : pst_alaw_decode((uint8_t)i);
            pst_file_format format = format_of(containers[c], PST_FORMAT_I16, 2);
            format.encoding = (pst_encoding)law;
            memory_place m = {0};
            pst_encoder *encoder = NULL;
            pst_decoder *decoder = NULL;
            pst_error err = {0};
            if (!CHECK_TEXT(begin(&encoder, &m, &format, NULL, false, &err) == PST_OK, "%s",
                            err.text))
                continue;
            CHECK_EQ(pst_encoder_write(encoder, data, PST_FORMAT_I16, 5000, NULL), PST_OK);
            CHECK_EQ(pst_encoder_finish(encoder, NULL), PST_OK);
            pst_encoder_release(encoder);
            pst_io *io = NULL;
            m.position = 0;
            CHECK_EQ(pst_io_open_user(&io, &memory_file, &m, PST_IO_READ, NULL), PST_OK);
            const bool is_raw = containers[c] == PST_CONTAINER_RAW;
            REQUIRE(pst_decoder_open(&decoder, io, is_raw ? &format : NULL, NULL) == PST_OK);
            pst_decoder_info info;
            pst_decoder_get_info(decoder, &info);
            CHECK_EQ(info.format.encoding, law);
            CHECK_EQ(info.format.container, containers[c]);
            CHECK_EQ(info.n_frames, 5000);
            uint64_t n_read = 0;
            CHECK_EQ(pst_decoder_read(decoder, got, PST_FORMAT_I16, 5000, &n_read, NULL), PST_OK);
            CHECK_TEXT(memcmp(got, data, sizeof data) == 0, "container %d, encoding %d",
                       (int)containers[c], law);
            pst_decoder_release(decoder);
            memory_free(&m);
        }
}

int main(void) {
    RUN(test_headers);
    RUN(test_loudspeakers);
    RUN(test_padding_and_frames);
    RUN(test_a_file_that_outgrows_its_sizes);
    RUN(test_big_endian_files_end_at_4_gib);
    RUN(test_a_pipe_is_told_what_is_known);
    RUN(test_rf64_in_a_pipe_needs_a_length);
    RUN(test_tags);
    RUN(test_the_two_laws);
    RUN(test_laws_in_all_containers);
    return check_done();
}
