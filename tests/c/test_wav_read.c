// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// WAV files made by others: sizes, chunks and formats as they occur, and as nobody should write
// them.

#include <stdlib.h>

#include "check.h"
#include "failing_alloc.h"
#include "memory_place.h"
#include "wav_bytes.h"

enum { N = 100, PCM = 1 };
static int16_t data[N];

static void make_data(void) {
    for (int i = 0; i < N; ++i)
        data[i] = (int16_t)(i * 300 - 15000);
}

// ---- Sizes -----------------------------------------------------------------------------------

// Reads a mono file whose data chunk says that it has `size` bytes.
static void check_size(uint32_t size, const char *behind, int64_t n_frames, uint32_t flags,
                       uint32_t pipe_flags) {
    memory_place m = {0};
    wav_begin(&m, "RIFF");
    wav_fmt(&m, PCM, 1, 2, 16);
    wav_chunk(&m, "data", size, data, (int64_t)sizeof data);
    wav_put(&m, behind, (int64_t)strlen(behind));
    uint32_t found = 0;
    CHECK_EQ(wav_read_all(&m, false, data, &found), n_frames);
    CHECK_TEXT(found == flags, "size %u: damage %u", (unsigned)size, (unsigned)found);
    if (behind[0] == '\0') {
        CHECK_EQ(wav_read_all(&m, true, data, &found), n_frames);
        CHECK_TEXT(found == pipe_flags, "pipe, size %u: damage %u", (unsigned)size,
                   (unsigned)found);
    }
    memory_free(&m);
}

static void test_sizes_of_the_samples(void) {
    check_size(2 * N, "", N, 0, 0);
    check_size(2 * N - 2, "", N - 1, 0, 0);
    // What is behind is no sound.
    check_size(2 * N, "LIST\4\0\0\0INFO", N, 0, 0);
    check_size(2 * N, "abc", N, 0, 0);
    // Programs that write to a pipe do not know it.
    check_size(0xFFFFFFFF, "", N, 0, 0);
    check_size(0x7FFFF000, "", N, 0, 0);
    check_size(0x7FFFFFFF, "", N, 0, 0);
    // A program that was killed.
    check_size(0, "", N, PST_DAMAGE_HEADER, PST_DAMAGE_HEADER);
    // A file that was cut.
    check_size(2 * N + 2, "", N, PST_DAMAGE_TRUNCATED, PST_DAMAGE_TRUNCATED);
    check_size(0xFFFFFFF0, "", N, PST_DAMAGE_TRUNCATED, PST_DAMAGE_TRUNCATED);
    // Half a frame.
    check_size(2 * N - 1, "", N - 1, PST_DAMAGE_TRUNCATED, PST_DAMAGE_TRUNCATED);
}

static void test_a_file_without_sound_is_one(void) {
    memory_place m = {0};
    uint32_t flags = 0;
    wav_begin(&m, "RIFF");
    wav_fmt(&m, PCM, 1, 2, 16);
    wav_chunk(&m, "data", 0, NULL, 0);
    CHECK_EQ(wav_read_all(&m, false, data, &flags), 0);
    CHECK_EQ(flags, 0);
    wav_chunk(&m, "LIST", 4, "INFO", 4);
    for (int pipe = 0; pipe < 2; ++pipe) {
        CHECK_EQ(wav_read_all(&m, pipe == 1, data, &flags), 0);
        CHECK_EQ(flags, 0);
    }
    memory_free(&m);
}

static void test_long_sizes(void) {
    static const struct {
        const char *riff;
        uint64_t size;
        uint32_t short_size, flags;
    } cases[] = {
        {"RF64", sizeof data, 0xFFFFFFFF, 0},
        {"BW64", sizeof data, 0xFFFFFFFF, 0},
        {"RF64", 0, sizeof data, 0}, // The short size counts where it is one.
        {"RF64", 0, 0xFFFFFFFF, PST_DAMAGE_HEADER},
        {"RF64", UINT64_MAX - 7, 0xFFFFFFFF, PST_DAMAGE_HEADER},
        {"RF64", UINT64_MAX, 0xFFFFFFFF, 0},
        {"RF64", UINT64_C(1) << 40, 0xFFFFFFFF, PST_DAMAGE_TRUNCATED},
        {"RIFF", 4, 0xFFFFFFFF, 0}, // Where nothing says that sizes are long, they are not.
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        memory_place m = {0};
        uint32_t flags = 0;
        wav_begin(&m, cases[i].riff);
        wav_chunk(&m, "ds64", 28, NULL, 0);
        wav_number(&m, 0, 8);
        wav_number(&m, cases[i].size, 8);
        wav_number(&m, N, 8);
        wav_number(&m, 0xFFFFFFFF, 4); // A table that is not there.
        wav_fmt(&m, PCM, 1, 2, 16);
        wav_chunk(&m, "data", cases[i].short_size, data, (int64_t)sizeof data);
        for (int pipe = 0; pipe < 2; ++pipe) {
            CHECK_EQ(wav_read_all(&m, pipe == 1, data, &flags), N);
            CHECK_TEXT(flags == cases[i].flags, "case %d: damage %u", (int)i, (unsigned)flags);
        }
        memory_free(&m);
    }
}

// ---- Chunks ----------------------------------------------------------------------------------

static void test_samples_may_come_before_their_format(void) {
    static const uint8_t nothing[70000];
    memory_place m = {0};
    uint32_t flags = 0;
    wav_begin(&m, "RIFF");
    wav_chunk(&m, "data", sizeof data, data, (int64_t)sizeof data);
    wav_fmt(&m, PCM, 1, 2, 16);
    CHECK_EQ(wav_read_all(&m, false, data, &flags), N);
    CHECK_EQ(wav_read_all(&m, true, data, &flags), N);
    memory_free(&m);
    // Further than a pipe can come back.
    wav_begin(&m, "RIFF");
    wav_chunk(&m, "data", sizeof nothing, nothing, (int64_t)sizeof nothing);
    wav_fmt(&m, PCM, 1, 2, 16);
    pst_decoder *decoder = NULL;
    CHECK_EQ(wav_open(&decoder, &m, false, NULL), PST_OK);
    pst_decoder_release(decoder);
    CHECK_EQ(wav_open(&decoder, &m, true, NULL), PST_BAD_FILE);
    memory_free(&m);
}

static void test_padding_may_be_missing(void) {
    for (int padded = 0; padded < 2; ++padded) {
        memory_place m = {0};
        uint32_t flags = 0;
        wav_begin(&m, "RIFF");
        wav_chunk(&m, "PEAK", 3, "abc", 3 + padded);
        wav_fmt(&m, PCM, 1, 2, 16);
        wav_chunk(&m, "cue ", 5, "abcde", 5 + padded);
        wav_chunk(&m, "data", sizeof data, data, (int64_t)sizeof data);
        for (int pipe = 0; pipe < 2; ++pipe)
            CHECK_EQ(wav_read_all(&m, pipe == 1, data, &flags), N);
        memory_free(&m);
    }
}

static void test_a_long_way_to_the_samples(void) {
    static const uint8_t nothing[100000];
    memory_place m = {0};
    uint32_t flags = 0;
    wav_begin(&m, "RIFF");
    wav_chunk(&m, "JUNK", sizeof nothing, nothing, (int64_t)sizeof nothing);
    wav_fmt(&m, PCM, 1, 2, 16);
    wav_chunk(&m, "data", sizeof data, data, (int64_t)sizeof data);
    for (int pipe = 0; pipe < 2; ++pipe)
        CHECK_EQ(wav_read_all(&m, pipe == 1, data, &flags), N);
    memory_free(&m);
}

static int64_t read_behind_chunks(int n_chunks, bool is_pipe) {
    memory_place m = {0};
    uint32_t flags = 0;
    wav_begin(&m, "RIFF");
    for (int i = 0; i < n_chunks; ++i)
        wav_chunk(&m, "tiny", 0, NULL, 0);
    wav_fmt(&m, PCM, 1, 2, 16);
    wav_chunk(&m, "data", sizeof data, data, (int64_t)sizeof data);
    const int64_t n = wav_read_all(&m, is_pipe, data, &flags);
    memory_free(&m);
    return n;
}

static void test_many_chunks(void) {
    for (int pipe = 0; pipe < 2; ++pipe) {
        CHECK_EQ(read_behind_chunks(9990, pipe == 1), N);
        CHECK_EQ(read_behind_chunks(10001, pipe == 1), -1);
    }
}

static void test_chunks_that_are_missing(void) {
    memory_place m = {0};
    pst_decoder *decoder = NULL;
    pst_error err = {0};
    wav_begin(&m, "RIFF");
    CHECK_EQ(wav_open(&decoder, &m, false, &err), PST_BAD_FILE);
    CHECK(strstr(err.text, "no fmt chunk") != NULL);
    wav_fmt(&m, PCM, 1, 2, 16);
    CHECK_EQ(wav_open(&decoder, &m, false, &err), PST_BAD_FILE);
    CHECK(strstr(err.text, "no data chunk") != NULL);
    // A size that leads out of the file.
    wav_chunk(&m, "cue ", 0xFFFFFFFF, NULL, 0);
    wav_chunk(&m, "data", sizeof data, data, (int64_t)sizeof data);
    for (int pipe = 0; pipe < 2; ++pipe)
        CHECK_EQ(wav_open(&decoder, &m, pipe == 1, &err), PST_BAD_FILE);
    memory_free(&m);
}

// ---- Formats ---------------------------------------------------------------------------------

static pst_status open_fmt(uint32_t tag, uint32_t n_channels, uint32_t block_bytes, uint32_t n_bits,
                           const uint16_t *more, uint32_t n_more, pst_decoder_info *info,
                           uint32_t *flags) {
    memory_place m = {0};
    pst_decoder *decoder = NULL;
    pst_error err = {0};
    *info = (pst_decoder_info){0};
    *flags = 0;
    wav_begin(&m, "RIFF");
    wav_long_fmt(&m, tag, n_channels, block_bytes, n_bits, more, n_more);
    wav_chunk(&m, "data", sizeof data, data, (int64_t)sizeof data);
    const pst_status status = wav_open(&decoder, &m, false, &err);
    if (status == PST_OK) {
        pst_damage damage;
        pst_decoder_get_info(decoder, info);
        pst_decoder_get_damage(decoder, &damage);
        *flags = damage.flags;
        double got[N];
        uint64_t n_read = 0;
        CHECK_EQ(pst_decoder_read(decoder, got, PST_FORMAT_F64, 1, &n_read, NULL), PST_OK);
    } else {
        CHECK_EQ(status, PST_BAD_FILE);
        CHECK(err.text[0] != '\0');
    }
    pst_decoder_release(decoder);
    memory_free(&m);
    return status;
}

static void check_sample(uint32_t tag, uint32_t n_bits, uint32_t block_bytes, pst_format wanted) {
    pst_decoder_info info;
    uint32_t flags = 0;
    const pst_status status = open_fmt(tag, 1, block_bytes, n_bits, NULL, 0, &info, &flags);
    CHECK_TEXT(info.format.sample_format == wanted, "tag %u, %u bits in %u bytes: format %d",
               (unsigned)tag, (unsigned)n_bits, (unsigned)block_bytes,
               (int)info.format.sample_format);
    CHECK_EQ(status, wanted == 0 ? PST_BAD_FILE : PST_OK);
    CHECK_EQ(flags & PST_DAMAGE_HEADER, 0);
}

static void test_widths_of_samples(void) {
    check_sample(PCM, 8, 1, PST_FORMAT_U8);
    check_sample(PCM, 5, 1, PST_FORMAT_U8);
    check_sample(PCM, 12, 2, PST_FORMAT_I16);
    check_sample(PCM, 20, 3, PST_FORMAT_I24);
    check_sample(PCM, 24, 3, PST_FORMAT_I24);
    check_sample(PCM, 32, 4, PST_FORMAT_I32);
    check_sample(PCM, 24, 4, 0); // Nobody agrees on where the bits lie.
    check_sample(PCM, 0, 2, 0);
    check_sample(PCM, 33, 5, 0);
    check_sample(PCM, 65535, 2, 0);
    check_sample(3, 32, 4, PST_FORMAT_F32);
    check_sample(3, 64, 8, PST_FORMAT_F64);
    check_sample(3, 16, 2, 0);
    check_sample(6, 8, 1, PST_FORMAT_I16);
    check_sample(7, 8, 1, PST_FORMAT_I16);
    check_sample(0x55, 0, 1, 0); // MP3, which is not here.
    check_sample(0x1234, 16, 2, 0);
}

static void test_a_block_size_that_can_only_be_wrong_is_repaired(void) {
    pst_decoder_info info;
    uint32_t flags = 0;
    CHECK_EQ(open_fmt(PCM, 2, 0, 16, NULL, 0, &info, &flags), PST_OK);
    CHECK_EQ(info.n_frames, N / 2);
    CHECK_EQ(flags, PST_DAMAGE_HEADER);
    CHECK_EQ(open_fmt(PCM, 2, 65535, 16, NULL, 0, &info, &flags), PST_OK);
    CHECK_EQ(flags, PST_DAMAGE_HEADER);
}

static void test_formats_by_guid(void) {
    uint16_t more[12] = {22, 16, 3, 0, PCM, 0, 0, 0x0010, 0x0080, 0xAA00, 0x3800, 0x719B};
    pst_decoder_info info;
    uint32_t flags = 0;
    CHECK_EQ(open_fmt(0xFFFE, 2, 4, 16, more, 12, &info, &flags), PST_OK);
    CHECK_EQ(info.format.container, PST_CONTAINER_WAVEX);
    CHECK_EQ(info.format.sample_format, PST_FORMAT_I16);
    CHECK_EQ(open_fmt(0xFFFE, 2, 4, 16, more, 11, &info, &flags), PST_BAD_FILE);
    more[4] = 7;
    CHECK_EQ(open_fmt(0xFFFE, 2, 2, 8, more, 12, &info, &flags), PST_OK);
    CHECK_EQ(info.format.encoding, PST_ENCODING_ULAW);
    more[4] = 0xFFFE;
    CHECK_EQ(open_fmt(0xFFFE, 2, 2, 8, more, 12, &info, &flags), PST_BAD_FILE);
    more[4] = PCM, more[11] = 0x719C;
    CHECK_EQ(open_fmt(0xFFFE, 2, 4, 16, more, 12, &info, &flags), PST_BAD_FILE);
    const uint16_t ambisonic[12] = {22,     16,     0,      0,      PCM,    0,
                                    0x0721, 0x11D3, 0x4486, 0xC1C8, 0x00CA, 0};
    CHECK_EQ(open_fmt(0xFFFE, 4, 8, 16, ambisonic, 12, &info, &flags), PST_OK);
}

// libsndfile reads these; what it gets was looked through.
static void test_blocks_of_compressed_samples(void) {
    enum { MS = 2, IMA = 0x11, GSM = 0x31 };
    pst_decoder_info info;
    uint32_t flags = 0;
    const uint16_t ima[] = {2, 65}; // 4 + 32 bytes: a sample and 64 more.
    CHECK_EQ(open_fmt(IMA, 1, 36, 4, ima, 2, &info, &flags), PST_OK);
    CHECK_EQ(info.format.encoding, PST_ENCODING_IMA_ADPCM);
    CHECK_EQ(info.format.container, PST_CONTAINER_WAV);
    CHECK(info.is_seekable);
    // 200 bytes are five blocks and a part of one.
    CHECK_EQ(info.n_frames, 5 * 65);
    CHECK_EQ(flags, PST_DAMAGE_TRUNCATED);
    CHECK_EQ(open_fmt(IMA, 1, 0, 4, ima, 2, &info, &flags), PST_BAD_FILE);
    CHECK_EQ(open_fmt(IMA, 1, 35, 4, ima, 2, &info, &flags), PST_BAD_FILE);
    CHECK_EQ(open_fmt(IMA, 1, 40, 4, ima, 2, &info, &flags), PST_BAD_FILE);
    CHECK_EQ(open_fmt(IMA, 3, 108, 4, ima, 2, &info, &flags), PST_BAD_FILE);
    CHECK_EQ(open_fmt(IMA, 1, 36, 3, ima, 2, &info, &flags), PST_BAD_FILE);
    CHECK_EQ(open_fmt(IMA, 1, 36, 4, ima, 1, &info, &flags), PST_BAD_FILE);
    const uint16_t many[] = {2, 65535};
    CHECK_EQ(open_fmt(IMA, 1, 36, 4, many, 2, &info, &flags), PST_BAD_FILE);
    uint16_t ms[] = {32,  60, 7,   256, 0,   512,    0xFF00, 0,     0,
                     192, 64, 240, 0,   460, 0xFF30, 392,    0xFF18};
    CHECK_EQ(open_fmt(MS, 1, 36, 4, ms, 17, &info, &flags), PST_OK);
    CHECK_EQ(info.format.encoding, PST_ENCODING_MS_ADPCM);
    ms[2] = 65535;
    CHECK_EQ(open_fmt(MS, 1, 36, 4, ms, 17, &info, &flags), PST_BAD_FILE);
    ms[2] = 7, ms[1] = 61;
    CHECK_EQ(open_fmt(MS, 1, 36, 4, ms, 17, &info, &flags), PST_BAD_FILE);
    ms[1] = 2;
    CHECK_EQ(open_fmt(MS, 1, 7, 4, ms, 17, &info, &flags), PST_BAD_FILE);
    const uint16_t gsm[] = {2, 320};
    CHECK_EQ(open_fmt(GSM, 1, 65, 0, gsm, 2, &info, &flags), PST_OK);
    CHECK_EQ(info.format.encoding, PST_ENCODING_GSM);
    CHECK_EQ(open_fmt(GSM, 2, 65, 0, gsm, 2, &info, &flags), PST_BAD_FILE);
    CHECK_EQ(open_fmt(GSM, 1, 64, 0, gsm, 2, &info, &flags), PST_BAD_FILE);
}

static void test_compressed_samples_need_a_file(void) {
    const uint16_t more[] = {2, 65};
    memory_place m = {0};
    pst_decoder *decoder = NULL;
    pst_error err = {0};
    wav_begin(&m, "RIFF");
    wav_long_fmt(&m, 0x11, 1, 36, 4, more, 2);
    wav_chunk(&m, "data", 180, data, 180);
    CHECK_EQ(wav_open(&decoder, &m, true, &err), PST_BAD_FILE);
    CHECK(strstr(err.text, "pipe") != NULL);
    REQUIRE(wav_open(&decoder, &m, false, &err) == PST_OK);
    int16_t all[325], got[100];
    uint64_t n_read = 0;
    CHECK_EQ(pst_decoder_read(decoder, all, PST_FORMAT_I16, 325, &n_read, NULL), PST_OK);
    CHECK_EQ(pst_decoder_read(decoder, got, PST_FORMAT_I16, 1, &n_read, NULL), PST_END);
    CHECK_EQ(pst_decoder_seek(decoder, 101, NULL), PST_OK);
    CHECK_EQ(pst_decoder_read(decoder, got, PST_FORMAT_I16, 100, &n_read, NULL), PST_OK);
    CHECK(memcmp(got, all + 101, sizeof got) == 0);
    pst_decoder_release(decoder);
    memory_free(&m);
}

// ---- Tags ------------------------------------------------------------------------------------

static const char *find(const pst_tags *tags, const char *key) {
    for (uint32_t i = 0; i < pst_tags_count(tags); ++i)
        if (strcmp(pst_tags_key(tags, i), key) == 0)
            return pst_tags_value(tags, i);
    return "";
}

static void test_tags_of_others(void) {
    static const char info[] = "INFOINAM\6\0\0\0Caf\xE9 \0"    // Latin-1, blanks behind
                               "IART\5\0\0\0K\xC3\xB6ln\0"     // UTF-8, without the NUL, padded
                               "ICMT\4\0\0\0a\1b\0"            // a control character
                               "IXYZ\2\0\0\0x\0"               // nobody knows it
                               "LIST\4\0\0\0INFO"              // in a list
                               "IGNR\xFF\xFF\xFF\x7Fjazz\0\0"; // longer than its list
    memory_place m = {0};
    wav_begin(&m, "RIFF");
    wav_fmt(&m, PCM, 1, 2, 16);
    wav_chunk(&m, "LIST", sizeof info - 1, info, sizeof info - 1);
    wav_chunk(&m, "data", sizeof data, data, (int64_t)sizeof data);
    // Behind the samples, once more and with something new.
    wav_chunk(&m, "LIST", 30, "INFOIART\5\0\0\0K\xC3\xB6ln\0IPRD\4\0\0\0Blue", 30);
    pst_decoder *decoder = NULL;
    REQUIRE(wav_open(&decoder, &m, false, NULL) == PST_OK);
    const pst_tags *tags = pst_decoder_tags(decoder);
    CHECK_STR(find(tags, "title"), "Caf\xC3\xA9");
    CHECK_STR(find(tags, "artist"), "K\xC3\xB6ln");
    CHECK_STR(find(tags, "comment"), "a b");
    CHECK_STR(find(tags, "genre"), "jazz");
    CHECK_STR(find(tags, "album"), "Blue");
    CHECK_EQ(pst_tags_count(tags), 5);
    pst_decoder_release(decoder);
    memory_free(&m);
}

static void test_a_description_for_broadcast(void) {
    static char bext[602] = "Rain on a roof, caf\xE9";
    memory_place m = {0};
    wav_begin(&m, "RIFF");
    wav_chunk(&m, "bext", sizeof bext, bext, sizeof bext);
    wav_fmt(&m, PCM, 1, 2, 16);
    // Another one, too short to be one.
    wav_chunk(&m, "bext", 4, "Snow", 4);
    wav_chunk(&m, "data", sizeof data, data, (int64_t)sizeof data);
    for (int pipe = 0; pipe < 2; ++pipe) {
        pst_decoder *decoder = NULL;
        REQUIRE(wav_open(&decoder, &m, pipe == 1, NULL) == PST_OK);
        const pst_tags *tags = pst_decoder_tags(decoder);
        CHECK_EQ(pst_tags_count(tags), 1);
        CHECK_STR(find(tags, "description"), "Rain on a roof, caf\xC3\xA9");
        pst_decoder_release(decoder);
    }
    memory_free(&m);
}

// ---- Damage ----------------------------------------------------------------------------------

static void test_random_damage_does_no_harm(void) {
    static const char *const riffs[] = {"RIFF", "RF64", "RIFX"};
    static const uint32_t tags[] = {1, 3, 6, 7, 2, 0x11, 0x31, 0xFFFE};
    uint64_t random = 11;
    for (int i = 0; i < 4000; ++i) {
        memory_place m = {0};
        const uint16_t more[12] = {
            22, (uint16_t)(i % 2 ? 65 : 16), 3, 0, 1, 0, 0, 0x0010, 0x0080, 0xAA00, 0x3800, 0x719B};
        wav_begin(&m, riffs[i % 3]);
        wav_long_fmt(&m, tags[i / 3 % 8], 1, i % 2 ? 36 : 2, i % 2 ? 4 : 16, more, 12);
        wav_chunk(&m, "LIST", 14, "INFOINAM\2\0\0\0ab", 14);
        wav_chunk(&m, "data", sizeof data, data, (int64_t)sizeof data);
        for (int k = i % 4; k > 0; --k)
            m.bytes[check_random_in(&random, 4, 90)] = (uint8_t)check_random(&random);
        pst_decoder *decoder = NULL;
        if (wav_open(&decoder, &m, i % 5 == 0, NULL) == PST_OK) {
            pst_decoder_info info;
            pst_decoder_get_info(decoder, &info);
            CHECK(info.n_frames <= 5 * m.n_bytes);
            double *got = calloc(50, sizeof *got * info.format.n_channels);
            uint64_t n_read = 0;
            while (pst_decoder_read(decoder, got, PST_FORMAT_F64, 50, &n_read, NULL) == PST_OK)
                ;
            CHECK(pst_decoder_position(decoder) <= 5 * m.n_bytes);
            if (info.is_seekable)
                CHECK_EQ(pst_decoder_seek(decoder, 0, NULL), PST_OK);
            free(got);
            pst_decoder_release(decoder);
        }
        memory_free(&m);
    }
}

static void test_an_error_within_a_frame(void) {
    for (int pipe = 0; pipe < 2; ++pipe) {
        memory_place m = {0};
        wav_begin(&m, "RIFF");
        wav_fmt(&m, PCM, 2, 4, 16);
        wav_chunk(&m, "data", sizeof data, data, (int64_t)sizeof data);
        pst_decoder *decoder = NULL;
        REQUIRE(wav_open(&decoder, &m, pipe == 1, NULL) == PST_OK);
        int16_t got[N];
        uint64_t n_read = 0;
        // The head of the pipe has been read as far as was needed to open it.
        m.broken_at = m.n_bytes - (int64_t)sizeof data + 4 * 20 + 2;
        pst_status status = pst_decoder_read(decoder, got, PST_FORMAT_I16, 50, &n_read, NULL);
        if (status == PST_SYSTEM_ERROR) {
            CHECK_EQ(n_read, 20);
            CHECK(memcmp(got, data, 80) == 0);
            // A file goes on where it was, if it can be read again; a pipe has lost its place.
            m.broken_at = 0;
            status = pst_decoder_read(decoder, got, PST_FORMAT_I16, 30, &n_read, NULL);
            CHECK_EQ(status, pipe ? PST_SYSTEM_ERROR : PST_OK);
            CHECK_EQ(n_read, pipe ? 0 : 30);
            CHECK(pipe || memcmp(got, data + 40, 120) == 0);
        } else {
            CHECK(pipe);
        }
        pst_decoder_release(decoder);
        memory_free(&m);
    }
}

// Codes of eight bits are read into the second half of the memory for samples of 16.
static void test_a_law_that_ends_early(void) {
    static const uint8_t codes[] = {0xFF, 0x80, 0x00, 0x81};
    static const int16_t wanted[] = {0, 32124, -32124, 31100};
    memory_place m = {0};
    wav_begin(&m, "RIFF");
    wav_fmt(&m, 7, 2, 2, 8);
    wav_chunk(&m, "data", 100, codes, sizeof codes);
    for (int pipe = 0; pipe < 2; ++pipe) {
        pst_decoder *decoder = NULL;
        REQUIRE(wav_open(&decoder, &m, pipe == 1, NULL) == PST_OK);
        int16_t got[20];
        uint64_t n_read = 0;
        CHECK_EQ(pst_decoder_read(decoder, got, PST_FORMAT_I16, 10, &n_read, NULL), PST_END);
        CHECK_EQ(n_read, 2);
        CHECK(memcmp(got, wanted, sizeof wanted) == 0);
        pst_damage damage;
        pst_decoder_get_damage(decoder, &damage);
        CHECK_EQ(damage.flags, PST_DAMAGE_TRUNCATED);
        pst_decoder_release(decoder);
    }
    memory_free(&m);
}

static void test_a_file_that_becomes_shorter(void) {
    memory_place m = {0};
    wav_begin(&m, "RIFF");
    wav_fmt(&m, PCM, 1, 2, 16);
    wav_chunk(&m, "data", sizeof data, data, (int64_t)sizeof data);
    pst_decoder *decoder = NULL;
    REQUIRE(wav_open(&decoder, &m, false, NULL) == PST_OK);
    m.n_bytes -= 21;
    int16_t got[N];
    uint64_t n_read = 0;
    CHECK_EQ(pst_decoder_read(decoder, got, PST_FORMAT_I16, N, &n_read, NULL), PST_END);
    CHECK_EQ(n_read, N - 11);
    pst_damage damage;
    pst_decoder_get_damage(decoder, &damage);
    CHECK_EQ(damage.flags, PST_DAMAGE_TRUNCATED);
    CHECK_EQ(damage.first_frame, N - 11);
    pst_decoder_release(decoder);
    memory_free(&m);
}

static void test_every_allocation_failing_in_turn(void) {
    if (!failing_alloc_works()) {
        check_skip("needs an allocator of our own");
        return;
    }
    memory_place m = {0};
    wav_begin(&m, "RIFF");
    wav_fmt(&m, PCM, 1, 2, 16);
    wav_chunk(&m, "LIST", 14, "INFOINAM\2\0\0\0ab", 14);
    wav_chunk(&m, "data", sizeof data, data, (int64_t)sizeof data);
    for (long n = 1; n < 100; ++n) {
        pst_decoder *decoder = NULL;
        pst_io *io = NULL;
        failing_alloc_begin(n);
        m.position = 0;
        pst_status status = pst_io_open_user(&io, &memory_file, &m, PST_IO_READ, NULL);
        if (status == PST_OK) {
            status = pst_decoder_open(&decoder, io, NULL, NULL);
            if (status != PST_OK)
                pst_io_close(io, NULL);
            pst_decoder_release(decoder);
        }
        if (failing_alloc_end() < n) {
            CHECK_EQ(status, PST_OK);
            CHECK(n > 5);
            break;
        }
        CHECK_EQ(status, PST_NO_MEMORY);
        CHECK_EQ(failing_alloc_live(), 0);
    }
    memory_free(&m);
}

int main(void) {
    make_data();
    RUN(test_sizes_of_the_samples);
    RUN(test_a_file_without_sound_is_one);
    RUN(test_long_sizes);
    RUN(test_samples_may_come_before_their_format);
    RUN(test_padding_may_be_missing);
    RUN(test_a_long_way_to_the_samples);
    RUN(test_many_chunks);
    RUN(test_chunks_that_are_missing);
    RUN(test_widths_of_samples);
    RUN(test_a_block_size_that_can_only_be_wrong_is_repaired);
    RUN(test_formats_by_guid);
    RUN(test_blocks_of_compressed_samples);
    RUN(test_compressed_samples_need_a_file);
    RUN(test_tags_of_others);
    RUN(test_a_description_for_broadcast);
    RUN(test_random_damage_does_no_harm);
    RUN(test_an_error_within_a_frame);
    RUN(test_a_law_that_ends_early);
    RUN(test_a_file_that_becomes_shorter);
    RUN(test_every_allocation_failing_in_turn);
    return check_done();
}
