// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// ID3 tags: what is written is read, and so is what other programs write, or what nobody should.

#include "base/alloc.h"
#include "check.h"
#include "codec/metadata/id3.h"
#include "memory_place.h"
#include "pastream/codec.h"

static const char *value_of(const pst_tags *tags, const char *key) {
    for (uint32_t i = 0; i < pst_tags_count(tags); ++i)
        if (strcmp(pst_tags_key(tags, i), key) == 0)
            return pst_tags_value(tags, i);
    return "(none)";
}

static void check_value(const pst_tags *tags, const char *key, const char *wanted) {
    const char *value = value_of(tags, key);
    CHECK_TEXT(strcmp(value, wanted) == 0, "%s is \"%s\", not \"%s\"", key, value, wanted);
}

static pst_tags *read_tag(const void *bytes, size_t n_bytes, int64_t claimed) {
    memory_place m = {.bytes = (uint8_t *)bytes, .n_bytes = (int64_t)n_bytes};
    pst_tags *tags = NULL;
    pst_io *io = NULL;
    CHECK_EQ(pst_tags_create(&tags, NULL), PST_OK);
    CHECK_EQ(pst_io_open_user(&io, &memory_file, &m, PST_IO_READ, NULL), PST_OK);
    pst_id3_read(io, claimed, tags);
    CHECK_EQ(pst_io_close(io, NULL), PST_OK);
    return tags;
}

// A tag that is put together by hand.
typedef struct maker {
    uint8_t bytes[5 << 20];
    size_t n;
} maker;

static maker tag;

static void begin_tag(int version, int flags) {
    memcpy(tag.bytes, "ID3\0\0\0\0\0\0\0", 10);
    tag.bytes[3] = (uint8_t)version;
    tag.bytes[5] = (uint8_t)flags;
    tag.n = 10;
}

static void add_bytes(const void *data, size_t n_bytes) {
    memcpy(tag.bytes + tag.n, data, n_bytes);
    tag.n += n_bytes;
}

static void add_frame(const char *name, int flags, const void *data, size_t n_bytes) {
    add_bytes(name, strlen(name));
    uint8_t rest[6] = {0};
    const int bits = tag.bytes[3] == 4 ? 7 : 8, n_size = tag.bytes[3] == 2 ? 3 : 4;
    for (int i = 0; i < n_size; ++i)
        rest[i] = (uint8_t)(n_bytes >> bits * (n_size - 1 - i) & ((1u << bits) - 1));
    rest[5] = (uint8_t)flags;
    add_bytes(rest, tag.bytes[3] == 2 ? 3 : 6);
    add_bytes(data, n_bytes);
}

static pst_tags *end_tag(void) {
    for (int i = 0; i < 4; ++i)
        tag.bytes[6 + i] = (uint8_t)((tag.n - 10) >> (21 - 7 * i) & 0x7F);
    CHECK_EQ(pst_id3_bytes(tag.bytes), (int64_t)tag.n);
    return read_tag(tag.bytes, tag.n, (int64_t)tag.n);
}

static void test_what_is_written_is_read(void) {
    static const char *const pairs[][2] = {
        {"title", "L\xC3\xA9gende \xF0\x9F\x8E\xB5"},
        {"artist", "One"},
        {"artist", "Two"},
        {"album", "A"},
        {"albumartist", "B"},
        {"composer", "C"},
        {"date", "2026-11-21"},
        {"tracknumber", "3"},
        {"tracktotal", "12"},
        {"discnumber", "1"},
        {"genre", "Speech"},
        {"comment", "first\nline"},
        {"comment", "second"},
        {"copyright", "D"},
        {"encoder", "E"},
        {"isrc", "F"},
        {"lyrics", "G"},
        {"disctotal", "2"},
        {"my own key", "H"},
        {"my own key", "I"},
    };
    enum { N_PAIRS = sizeof pairs / sizeof *pairs };
    pst_tags *tags = NULL;
    REQUIRE(pst_tags_create(&tags, NULL) == PST_OK);
    for (size_t i = 0; i < N_PAIRS; ++i)
        REQUIRE(pst_tags_add(tags, pairs[i][0], pairs[i][1], NULL) == PST_OK);
    uint8_t *bytes = NULL;
    size_t n_bytes = 0;
    REQUIRE(pst_id3_make(tags, &bytes, &n_bytes, NULL) == PST_OK);
    CHECK_EQ(pst_id3_bytes(bytes), (int64_t)n_bytes);
    pst_tags *got = read_tag(bytes, n_bytes, (int64_t)n_bytes);
    CHECK_EQ(pst_tags_count(got), N_PAIRS);
    for (size_t i = 0; i < N_PAIRS; ++i) {
        bool is_there = false;
        for (uint32_t k = 0; k < pst_tags_count(got); ++k)
            is_there = is_there || (strcmp(pst_tags_key(got, k), pairs[i][0]) == 0 &&
                                    strcmp(pst_tags_value(got, k), pairs[i][1]) == 0);
        CHECK_TEXT(is_there, "%s=%s is lost", pairs[i][0], pairs[i][1]);
    }
    pst_tags_destroy(got);
    // Every shorter file is read as far as it goes.
    for (size_t n = 0; n < n_bytes; ++n)
        pst_tags_destroy(read_tag(bytes, n, (int64_t)n_bytes));
    pst_free(bytes);
    pst_tags_destroy(tags);
    CHECK_EQ(pst_id3_make(NULL, &bytes, &n_bytes, NULL), PST_OK);
    CHECK(bytes == NULL && n_bytes == 0);
}

static void test_the_four_encodings(void) {
    begin_tag(3, 0);
    add_frame("TIT2", 0, "\0H\xF6r\xE4", 5);
    add_frame("TPE1", 0, "\1\xFF\xFEH\0\xF6\0<\xD8\xB5\xDF", 11);
    add_frame("TALB", 0, "\1\xFE\xFF\0H\0\xF6", 7);
    add_frame("TPE2", 0, "\2\0H\0\xF6", 5);
    add_frame("TCOM", 0, "\3H\xC3\xB6", 4);
    add_frame("TSRC", 0, "\1\xFF\xFE<\xD8H\0", 7); // Half a pair.
    add_frame("COMM", 0, "\1deu\xFF\xFEx\0\0\0\xFF\xFEy\0", 14);
    add_frame("TXXX", 0, "\0Key\0Value", 10);
    pst_tags *tags = end_tag();
    check_value(tags, "title", "H\xC3\xB6r\xC3\xA4");
    check_value(tags, "artist", "H\xC3\xB6\xF0\x9F\x8E\xB5");
    check_value(tags, "album", "H\xC3\xB6");
    check_value(tags, "albumartist", "H\xC3\xB6");
    check_value(tags, "composer", "H\xC3\xB6");
    check_value(tags, "isrc", "\xEF\xBF\xBDH");
    check_value(tags, "comment", "y");
    check_value(tags, "key", "Value");
    pst_tags_destroy(tags);
}

static void test_versions_and_what_is_done_to_frames(void) {
    begin_tag(2, 0x80);
    add_frame("TT2", 0, "\0abc", 4);
    add_frame("PIC", 0, "\xFF\0\0\xFF\0", 3); // Three bytes, as five.
    add_bytes("\xFF\0", 2);
    add_frame("TRK", 0, "\0003/12", 5);
    add_frame("TCO", 0, "\0(17)", 5);
    pst_tags *tags = end_tag();
    check_value(tags, "title", "abc");
    check_value(tags, "tracknumber", "3");
    check_value(tags, "tracktotal", "12");
    check_value(tags, "genre", "Rock");
    pst_tags_destroy(tags);

    begin_tag(4, 0x40);
    add_bytes("\0\0\0\6\1\0", 6);
    add_frame("TIT2", 0x03, "\0\0\0\5\3a\xFF\0b", 9);
    add_frame("TPE1", 0x08, "\0\0\0\5....", 8); // Compressed.
    add_frame("TALB", 0x40, "\x80\3A", 3);      // Of a group.
    add_frame("TCON", 0, "\3(17)Rock\0Own\00018", 16);
    add_frame("TDRC", 0, "\0032026", 5);
    add_frame("TYER", 0, "\0031999", 5);
    tags = end_tag();
    check_value(tags, "title", "(none)"); // 0xFF is never UTF-8.
    check_value(tags, "artist", "(none)");
    check_value(tags, "album", "A");
    check_value(tags, "date", "2026");
    CHECK_EQ(pst_tags_count(tags), 5);
    check_value(tags, "genre", "Rock");
    pst_tags_destroy(tags);
}

static void test_what_lies_is_passed_over(void) {
    begin_tag(3, 0);
    add_frame("TIT2", 0, "\0good", 5);
    add_bytes("TPE1\xFF\xFF\xFF\xF0\0\0\0bad", 14);
    pst_tags *tags = end_tag();
    check_value(tags, "title", "good");
    CHECK_EQ(pst_tags_count(tags), 1);
    pst_tags_destroy(tags);

    // A picture between texts, and a text that is too long.
    static uint8_t large[2 * PST_MAX_TAG_BYTES + 100];
    memset(large + 1, 'x', sizeof large - 1);
    begin_tag(3, 0);
    add_frame("APIC", 0, large, sizeof large);
    add_frame("TIT2", 0, large, sizeof large);
    add_frame("TPE1", 0, "\0me", 3);
    tags = end_tag();
    check_value(tags, "title", "(none)");
    check_value(tags, "artist", "me");
    pst_tags_destroy(tags);

    uint64_t random = 3;
    static uint8_t noise[300];
    for (int i = 0; i < 5000; ++i) {
        for (size_t k = 0; k < sizeof noise; ++k)
            noise[k] = (uint8_t)(check_random(&random) % (i % 2 ? 256 : 8));
        memcpy(noise, "ID3", 3);
        noise[3] = (uint8_t)(2 + i % 3);
        noise[5] = (uint8_t)check_random(&random);
        memcpy(noise + 10, noise[3] == 2 ? "TXX" : "COMM", 4);
        pst_tags_destroy(read_tag(noise, sizeof noise, 300 + i % 2 * 1000000));
    }
}

// Letters of Latin-1 take twice the room in UTF-8. Sizes are of the frame's content.
static void test_long_texts(void) {
    static const size_t sizes[] = {4095, 4096, 4097, 8192, 8193, 65536, 65537, 150000};
    static uint8_t data[150000];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
        memset(data, 0xE9, sizeof data);
        data[0] = 0;
        begin_tag(4, 0);
        add_frame("TPE1", 0, "\3Ann", 4);
        add_frame("TIT2", 0, data, sizes[i]);
        add_frame("TALB", 0, "\3Night", 6);
        pst_tags *tags = end_tag();
        const char *title = value_of(tags, "title");
        CHECK_EQ(strlen(title), 2 * (sizes[i] - 1));
        for (size_t at = 0; title[at] != '\0' && title[at + 1] != '\0'; at += 2)
            REQUIRE(memcmp(title + at, "\xC3\xA9", 2) == 0);
        check_value(tags, "artist", "Ann");
        check_value(tags, "album", "Night");
        pst_tags_destroy(tags);
    }
}

static void test_version_1(void) {
    uint8_t old[PST_ID3V1_BYTES] = "TAGtitle   ";
    memcpy(old + 33, "012345678901234567890123456789", 30);
    memcpy(old + 93, "1987", 4);
    old[126] = 7;
    old[127] = 8;
    pst_tags *tags = NULL;
    REQUIRE(pst_tags_create(&tags, NULL) == PST_OK);
    REQUIRE(pst_tags_add(tags, "genre", "Own", NULL) == PST_OK);
    pst_id3v1_read(old, tags);
    check_value(tags, "title", "title");
    check_value(tags, "artist", "012345678901234567890123456789");
    check_value(tags, "album", "(none)");
    check_value(tags, "date", "1987");
    check_value(tags, "tracknumber", "7");
    check_value(tags, "genre", "Own");
    CHECK_EQ(pst_tags_count(tags), 5);
    pst_tags_destroy(tags);
}

// Behind tags that are longer than a pipe's head, other kinds of files are found, too.
static void test_tags_before_a_file(void) {
    enum { N_FRAMES = 20000 };
    static int16_t data[N_FRAMES], got[N_FRAMES + 1];
    for (int i = 0; i < N_FRAMES; ++i)
        data[i] = (int16_t)(i * 7);
    memory_place m = {0};
    static uint8_t picture[90000];
    for (int i = 0; i < 3; ++i) {
        begin_tag(3, 0);
        add_frame(i == 1 ? "TIT2" : "TPE1", 0, "\0name", 5);
        add_frame("APIC", 0, picture, i == 2 ? 11 : sizeof picture);
        pst_tags_destroy(end_tag());
        memory_write(&m, tag.bytes, (int64_t)tag.n);
    }
    const int64_t start = m.n_bytes;
    pst_io *io = NULL;
    pst_encoder *encoder = NULL;
    pst_decoder *decoder = NULL;
    memory_place file = {0};
    const pst_file_format format = {.container = PST_CONTAINER_AU,
                                    .sample_format = PST_FORMAT_I16,
                                    .rate_hz = 8000,
                                    .n_channels = 1};
    REQUIRE(pst_io_open_user(&io, &memory_file, &file, PST_IO_WRITE, NULL) == PST_OK);
    REQUIRE(pst_encoder_open(&encoder, io, &format, NULL, NULL) == PST_OK);
    CHECK_EQ(pst_encoder_write(encoder, data, PST_FORMAT_I16, N_FRAMES, NULL), PST_OK);
    CHECK_EQ(pst_encoder_finish(encoder, NULL), PST_OK);
    pst_encoder_release(encoder);
    m.position = start;
    memory_write(&m, file.bytes, file.n_bytes);
    for (int pipe = 0; pipe < 2; ++pipe) {
        m.position = 0;
        pst_error err = {0};
        REQUIRE(pst_io_open_user(&io, pipe ? &memory_pipe : &memory_file, &m, PST_IO_READ, NULL) ==
                PST_OK);
        const pst_status status = pst_decoder_open(&decoder, io, NULL, &err);
        REQUIRE(CHECK_TEXT(status == PST_OK, "pipe %d: %s", pipe, err.text));
        check_value(pst_decoder_tags(decoder), "title", "name");
        uint64_t n_read = 0;
        CHECK_EQ(pst_decoder_read(decoder, got, PST_FORMAT_I16, N_FRAMES + 1, &n_read, NULL),
                 PST_END);
        CHECK_EQ(n_read, N_FRAMES);
        CHECK(memcmp(got, data, sizeof data) == 0);
        pst_decoder_release(decoder);
    }
    memory_free(&file);
    memory_free(&m);
}

int main(void) {
    RUN(test_what_is_written_is_read);
    RUN(test_the_four_encodings);
    RUN(test_versions_and_what_is_done_to_frames);
    RUN(test_what_lies_is_passed_over);
    RUN(test_long_texts);
    RUN(test_version_1);
    RUN(test_tags_before_a_file);
    return check_done();
}
