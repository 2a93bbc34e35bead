// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Files of MPEG audio that are damaged, cut, or put together: what is missing is told, and all the
// rest stays in its place.

#include <math.h>
#include <stdlib.h>

#include "check.h"
#include "codec/mp3/info_frame.h"
#include "failing_alloc.h"
#include "memory_place.h"
#include "pastream/codec.h"

enum { RATE = 44100, MOST_FRAMES = 100000, SPF = 1152 };

static float data[2 * MOST_FRAMES];

static void make_data(void) {
    uint64_t seed = 7;
    for (int i = 0; i < 2 * MOST_FRAMES; ++i)
        data[i] = (float)(0.4 * sin(i * 0.05) +
                          0.1 * (double)(int32_t)check_random(&seed) / 2147483648.0);
}

// ---- Writing and reading ---------------------------------------------------------------------

typedef struct settings {
    uint32_t rate_hz, n_channels, bitrate_bps;
    int64_t promised; // 0: nothing.
    const pst_io_functions *place;
} settings;

static const settings constant = {RATE, 2, 128000, 0, &memory_file};

// Returns the first status that is not PST_OK.
static pst_status write_mp3(memory_place *m, const settings *s, int64_t n_frames, pst_error *err) {
    pst_io *io = NULL;
    pst_encoder *encoder = NULL;
    pst_encoder_options options;
    pst_encoder_options_init(&options);
    options.bitrate_bps = s->bitrate_bps;
    options.n_frames = s->promised == 0 ? -1 : s->promised;
    const pst_file_format format = {.container = PST_CONTAINER_MP3,
                                    .sample_format = PST_FORMAT_F32,
                                    .rate_hz = s->rate_hz,
                                    .n_channels = s->n_channels};
    pst_status status = pst_io_open_user(&io, s->place, m, PST_IO_WRITE, err);
    if (status != PST_OK)
        return status;
    status = pst_encoder_open(&encoder, io, &format, &options, err);
    if (status != PST_OK) {
        pst_io_close(io, NULL);
        return status;
    }
    for (int64_t at = 0; at < n_frames && status == PST_OK; at += 1000)
        status = pst_encoder_write(encoder, data + at * s->n_channels, PST_FORMAT_F32,
                                   (uint64_t)(n_frames - at < 1000 ? n_frames - at : 1000), err);
    const pst_status finished = pst_encoder_finish(encoder, status == PST_OK ? err : NULL);
    CHECK(status == PST_OK || finished == status);
    pst_encoder_release(encoder);
    return status != PST_OK ? status : finished;
}

static pst_status open_mp3(pst_decoder **decoder, memory_place *m,
                           const pst_io_functions *functions) {
    pst_io *io = NULL;
    m->position = 0;
    pst_status status = pst_io_open_user(&io, functions, m, PST_IO_READ, NULL);
    if (status != PST_OK)
        return status;
    status = pst_decoder_open(decoder, io, NULL, NULL);
    if (status != PST_OK)
        pst_io_close(io, NULL);
    return status;
}

typedef struct sound {
    float samples[2 * (MOST_FRAMES + 4 * SPF)];
    int64_t n_frames;
    int64_t n_told;
    uint32_t n_tags;
    pst_damage damage;
    pst_status status; // Of opening, or of the last read.
} sound;

static sound clean, found;

// Reads all of a file.
static void read_mp3(sound *s, memory_place *m, const pst_io_functions *functions) {
    pst_decoder *decoder = NULL;
    s->n_frames = 0;
    s->status = open_mp3(&decoder, m, functions);
    if (s->status != PST_OK)
        return;
    pst_decoder_info info;
    pst_decoder_get_info(decoder, &info);
    s->n_told = info.n_frames;
    s->n_tags = pst_tags_count(pst_decoder_tags(decoder));
    do {
        uint64_t n = 0;
        if (!CHECK(s->n_frames <= MOST_FRAMES + 3 * SPF))
            break;
        s->status = pst_decoder_read(decoder, s->samples + s->n_frames * info.format.n_channels,
                                     PST_FORMAT_F32, 700, &n, NULL);
        s->n_frames += (int64_t)n;
    } while (s->status == PST_OK);
    pst_decoder_get_damage(decoder, &s->damage);
    pst_decoder_release(decoder);
}

static double difference(const sound *a, const sound *b, int64_t from, int64_t to) {
    double most = 0.0;
    for (int64_t i = 2 * from; i < 2 * to; ++i)
        most = fmax(most, fabs((double)a->samples[i] - (double)b->samples[i]));
    return most;
}

// Positions of the frames of a file, behind its info frame.
static int64_t frame_at(const memory_place *m, int number) {
    int64_t at = 0;
    pst_mpeg_header header;
    for (int i = 0; i <= number; ++i) {
        if (!CHECK(at + 4 <= m->n_bytes && pst_mpeg_header_read(m->bytes + at, &header)))
            return 0;
        at += header.n_bytes;
    }
    return at;
}

static void insert(memory_place *m, int64_t at, const void *bytes, int64_t n_bytes) {
    m->bytes = realloc(m->bytes, (size_t)(m->n_bytes + n_bytes));
    m->n_room = m->n_bytes + n_bytes;
    memmove(m->bytes + at + n_bytes, m->bytes + at, (size_t)(m->n_bytes - at));
    memcpy(m->bytes + at, bytes, (size_t)n_bytes);
    m->n_bytes += n_bytes;
}

// ---- Damage ----------------------------------------------------------------------------------

// Seeks everywhere have to give what reading on gave.
static void check_seeks(memory_place *m, const sound *whole) {
    pst_decoder *decoder = NULL;
    REQUIRE(open_mp3(&decoder, m, &memory_file) == PST_OK);
    uint64_t random = 3;
    for (int i = 0; i < 60; ++i) {
        const int64_t frame = check_random_in(&random, 0, (uint32_t)whole->n_frames - 1);
        float got[2 * 300];
        uint64_t n = 0;
        CHECK_EQ(pst_decoder_seek(decoder, frame, NULL), PST_OK);
        (void)!pst_decoder_read(decoder, got, PST_FORMAT_F32, 300, &n, NULL);
        CHECK_EQ(n, whole->n_frames - frame < 300 ? whole->n_frames - frame : 300);
        CHECK_TEXT(memcmp(got, whole->samples + 2 * frame, (size_t)n * 2 * sizeof(float)) == 0,
                   "at %lld", (long long)frame);
    }
    pst_decoder_release(decoder);
}

static void test_lost_frames_are_silent_and_the_others_stay(void) {
    enum { N = 60000, DAMAGED = 20, N_HIT = 600 };
    memory_place m = {0};
    REQUIRE(write_mp3(&m, &constant, N, NULL) == PST_OK);
    read_mp3(&clean, &m, &memory_file);
    CHECK_EQ(clean.n_frames, N);
    CHECK_EQ(clean.damage.flags, 0);
    check_seeks(&m, &clean);
    const int64_t at = frame_at(&m, DAMAGED);
    memset(m.bytes + at, 0x55, N_HIT);
    for (int pipe = 0; pipe < 2; ++pipe) {
        read_mp3(&found, &m, pipe ? &memory_pipe : &memory_file);
        CHECK_EQ(found.n_frames, N);
        CHECK_EQ(found.n_told, pipe ? -1 : N);
        CHECK_EQ(found.damage.flags, PST_DAMAGE_CORRUPT);
        CHECK(found.damage.lost_frames >= 2 * SPF && found.damage.lost_frames <= 6 * SPF);
        CHECK_EQ(found.damage.first_frame, DAMAGED * SPF - 1105);
        // The frame before the damage is the last that was decoded as it was.
        CHECK(difference(&clean, &found, 0, DAMAGED * SPF - 1105) == 0.0);
        CHECK(difference(&clean, &found, (DAMAGED + 9) * SPF, N) < 1e-5);
        double loudest = 0.0;
        for (int64_t i = 0; i < 2 * N; ++i)
            loudest = fmax(loudest, fabs((double)found.samples[i]));
        CHECK(loudest < 0.8);
    }
    read_mp3(&found, &m, &memory_file);
    check_seeks(&m, &found);
    memory_free(&m);
}

// Of variable bitrates, only the info frame tells how many frames are missing.
static void test_gaps_in_files_of_variable_bitrate(void) {
    enum { N = 60000, FIRST = 10, SECOND = 30 };
    static const settings variable = {RATE, 2, 0, 0, &memory_file};
    static sound whole;
    memory_place m = {0};
    REQUIRE(write_mp3(&m, &variable, N, NULL) == PST_OK);
    read_mp3(&whole, &m, &memory_file);
    const int64_t first_at = frame_at(&m, FIRST), second_at = frame_at(&m, SECOND);
    memset(m.bytes + first_at - 5, 0x55, 900);
    memset(m.bytes + second_at + 1, 0x55, 300);
    read_mp3(&found, &m, &memory_file);
    CHECK_EQ(found.n_frames, N);
    CHECK_EQ(found.n_told, N);
    CHECK_EQ(found.damage.flags, PST_DAMAGE_CORRUPT);
    CHECK(found.damage.lost_frames >= 2 * SPF);
    CHECK(difference(&whole, &found, 0, (FIRST - 1) * SPF - 1105) == 0.0);
    CHECK(difference(&whole, &found, (FIRST + 10) * SPF, SECOND * SPF - 1105) < 1e-5);
    CHECK(difference(&whole, &found, (SECOND + 10) * SPF, N) < 1e-5);
    check_seeks(&m, &found);
    memory_free(&m);
}

static void test_what_lies_between_frames_is_passed_over(void) {
    enum { N = 60000 };
    static const char tag[] = "ID3\4\0\0\0\0\0\5.....";
    uint8_t junk[300];
    memset(junk, 0xFF, sizeof junk);
    for (int has_tag = 0; has_tag < 2; ++has_tag)
        for (int pipe = 0; pipe < 2; ++pipe) {
            memory_place m = {0};
            REQUIRE(write_mp3(&m, &constant, N, NULL) == PST_OK);
            insert(&m, frame_at(&m, 25), has_tag ? (const void *)tag : junk,
                   has_tag ? (int64_t)sizeof tag - 1 : (int64_t)sizeof junk);
            read_mp3(&found, &m, pipe ? &memory_pipe : &memory_file);
            CHECK_EQ(found.n_frames, N);
            CHECK((found.damage.flags & PST_DAMAGE_CORRUPT) != 0 || has_tag);
            CHECK(difference(&clean, &found, 0, 25 * SPF - 1105) == 0.0);
            CHECK(difference(&clean, &found, 34 * SPF, N) < 1e-5);
            if (!pipe)
                check_seeks(&m, &found);
            memory_free(&m);
        }
}

static void test_files_cut_at_every_byte(void) {
    enum { N = 3000 };
    memory_place m = {0};
    REQUIRE(write_mp3(&m, &constant, N, NULL) == PST_OK);
    const int64_t whole = m.n_bytes;
    for (m.n_bytes = 0; m.n_bytes < whole; ++m.n_bytes)
        for (int pipe = 0; pipe < 2; ++pipe) {
            read_mp3(&found, &m, pipe ? &memory_pipe : &memory_file);
            if (found.status == PST_BAD_FILE)
                continue;
            CHECK_EQ(found.status, PST_END);
            CHECK_TEXT((found.damage.flags & PST_DAMAGE_TRUNCATED) != 0, "%lld of %lld, pipe %d",
                       (long long)m.n_bytes, (long long)whole, pipe);
            CHECK(found.n_told == (pipe ? -1 : found.n_frames));
            CHECK(found.n_frames <= N);
            CHECK(difference(&clean, &found, 0, found.n_frames) < 0.5);
        }
    memory_free(&m);
}

static void test_what_the_info_frame_says_is_not_believed(void) {
    enum { N = 30000, COUNT_AT = 4 + 32 + 8 };
    for (int i = 0; i < 4; ++i) {
        memory_place m = {0};
        REQUIRE(write_mp3(&m, &constant, N, NULL) == PST_OK);
        static const uint8_t counts[] = {0, 5, 26, 200};
        m.bytes[COUNT_AT + 3] = counts[i];
        for (int pipe = 0; pipe < 2; ++pipe) {
            read_mp3(&found, &m, pipe ? &memory_pipe : &memory_file);
            CHECK(found.n_frames >= N && found.n_frames < N + 2 * SPF);
            CHECK(pipe || found.damage.flags == PST_DAMAGE_HEADER);
            CHECK_EQ(found.damage.first_frame, -1);
        }
        memory_free(&m);
    }
}

// A stream that was joined in its middle, or has something before it; and what only looks like one.
static void test_what_comes_before_the_first_frame(void) {
    enum { N = 30000, MOST_JUNK = 70000 };
    static uint8_t junk[MOST_JUNK];
    uint64_t random = 5;
    for (int i = 0; i < MOST_JUNK; ++i)
        junk[i] = (uint8_t)(i % 5 == 0 ? 0xFF : check_random(&random));
    static const int lengths[] = {1, 100, 417, 5000, 60000, MOST_JUNK};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; ++i)
        for (int pipe = 0; pipe < 2; ++pipe) {
            memory_place m = {0};
            REQUIRE(write_mp3(&m, &constant, N, NULL) == PST_OK);
            insert(&m, 0, junk, lengths[i]);
            read_mp3(&found, &m, pipe ? &memory_pipe : &memory_file);
            CHECK_EQ(found.status, lengths[i] > PST_IO_HEAD_BYTES ? PST_BAD_FILE : PST_END);
            CHECK(found.status == PST_BAD_FILE || (found.n_frames == N && found.damage.flags == 0));
            memory_free(&m);
        }
    // From the middle of a frame on.
    memory_place m = {0};
    REQUIRE(write_mp3(&m, &constant, N, NULL) == PST_OK);
    const int64_t cut = frame_at(&m, 9) + 50;
    memmove(m.bytes, m.bytes + cut, (size_t)(m.n_bytes - cut));
    m.n_bytes -= cut;
    read_mp3(&found, &m, &memory_file);
    CHECK_EQ(found.n_frames, (int64_t)((N + 1105 + SPF) / SPF - 10) * SPF);
    CHECK_EQ(found.damage.flags, 0);
    memory_free(&m);

    static uint8_t flood[65536];
    for (int kind = 0; kind < 12; ++kind) {
        for (size_t i = 0; i < sizeof flood; i += 4)
            if (kind < 2)
                memcpy(flood + i, kind == 0 ? "\xFF\xFB\x90\x64" : "\xFF\xF1\x50\x80", 4);
            else
                for (size_t k = 0; k < 4; ++k)
                    flood[i + k] = (uint8_t)(check_random(&random) >> 7);
        memory_place f = {.bytes = flood, .n_bytes = sizeof flood};
        read_mp3(&found, &f, kind % 2 ? &memory_pipe : &memory_file);
        CHECK_EQ(found.status, PST_BAD_FILE);
    }
}

static void test_vbri(void) {
    enum { N = 30000, VBRI_AT = 36 };
    for (int n_off = -2; n_off <= 2; ++n_off) {
        memory_place m = {0};
        REQUIRE(write_mp3(&m, &constant, N, NULL) == PST_OK);
        const int n_frames = (N + 1105 + SPF) / SPF;
        uint8_t vbri[26] = "VBRI\0\1";
        for (int i = 0; i < 4; ++i)
            vbri[10 + i] = (uint8_t)(m.n_bytes >> (24 - 8 * i));
        vbri[17] = (uint8_t)(n_frames + n_off);
        memset(m.bytes + 4, 0, 413);
        memcpy(m.bytes + VBRI_AT, vbri, sizeof vbri);
        read_mp3(&found, &m, &memory_file);
        CHECK_EQ(found.n_frames, n_frames * SPF);
        CHECK_EQ(found.damage.flags == 0, abs(n_off) < 2);
        memory_free(&m);
    }
}

static void test_tags_at_the_end_are_no_sound(void) {
    enum { N = 30000 };
    static const char lyrics[] = "LYRICSBEGININD0000200000021LYRICS200";
    uint8_t ape[64] = "APETAGEX";
    ape[12] = 32;
    ape[23] = 0xA0; // The header of it; the footer says that there is one.
    memcpy(ape + 32, ape, 32);
    ape[32 + 23] = 0x80;
    uint8_t old[128] = "TAGfrom the end";
    memory_place m = {0};
    REQUIRE(write_mp3(&m, &constant, N, NULL) == PST_OK);
    insert(&m, m.n_bytes, ape, sizeof ape);
    insert(&m, m.n_bytes, lyrics, sizeof lyrics - 1);
    insert(&m, m.n_bytes, old, sizeof old);
    for (int pipe = 0; pipe < 2; ++pipe) {
        read_mp3(&found, &m, pipe ? &memory_pipe : &memory_file);
        CHECK_EQ(found.n_frames, N);
        CHECK_EQ(found.damage.flags, 0);
    }
    pst_decoder *decoder = NULL;
    REQUIRE(open_mp3(&decoder, &m, &memory_file) == PST_OK);
    const char *title = pst_tags_value(pst_decoder_tags(decoder), 0);
    CHECK(title != NULL && strcmp(title, "from the end") == 0);
    pst_decoder_release(decoder);
    memory_free(&m);
}

// Behind the sound of a WAV file there may be something else.
static void test_mp3_in_wav_files(void) {
    enum { N = 30000, N_FORMAT = 30, N_LIST = 2000 };
    static const uint8_t fmt[8 + N_FORMAT] = {
        'f', 'm', 't', ' ', N_FORMAT, 0,  0, 0, 0x55, 0, 2, 0, 0x44, 0xAC, 0, 0, 0x80, 0x3E, 0,
        0,   1,   0,   0,   0,        12, 0, 1, 0,    2, 0, 0, 0,    0xA1, 1, 1, 0,    0,    0};
    static uint8_t list[8 + N_LIST] = {'L', 'I', 'S', 'T', N_LIST & 255, N_LIST >> 8};
    uint8_t riff[12], head[8] = {0x64, 0x61, 0x74, 0x61}; // "data"
    memcpy(riff, "RIFF....WAVE", sizeof riff);
    memory_place m = {0};
    REQUIRE(write_mp3(&m, &constant, N, NULL) == PST_OK);
    if (m.n_bytes % 2 != 0)
        --m.n_bytes;
    for (int i = 0; i < 4; ++i)
        head[4 + i] = (uint8_t)(m.n_bytes >> 8 * i);
    insert(&m, 0, head, sizeof head);
    insert(&m, 0, fmt, sizeof fmt);
    insert(&m, m.n_bytes, list, sizeof list);
    for (int i = 0; i < 4; ++i)
        riff[4 + i] = (uint8_t)((m.n_bytes + 4) >> 8 * i);
    insert(&m, 0, riff, sizeof riff);
    read_mp3(&found, &m, &memory_file);
    CHECK_EQ(found.status, PST_END);
    CHECK(found.n_frames == N || found.n_frames == N / SPF * SPF + SPF - 1105);
    CHECK_EQ(found.damage.flags & PST_DAMAGE_CORRUPT, 0);
    CHECK(difference(&clean, &found, 0, found.n_frames - SPF) < 0.5);
    read_mp3(&found, &m, &memory_pipe);
    CHECK_EQ(found.status, PST_END);
    CHECK(found.n_frames >= N - SPF && found.n_frames <= N + 2 * SPF);
    memory_free(&m);
}

// A single header that was hit is no change of the format.
static void test_a_wrong_header_is_no_change(void) {
    enum { N = 60000, HIT = 20, MODE_AT = 3 };
    memory_place m = {0};
    REQUIRE(write_mp3(&m, &constant, N, NULL) == PST_OK);
    m.bytes[frame_at(&m, HIT) + MODE_AT] |= 0xC0; // Mono.
    read_mp3(&found, &m, &memory_file);
    CHECK_EQ(found.n_frames, N);
    CHECK_EQ(found.status, PST_END);
    CHECK_EQ(found.damage.flags, PST_DAMAGE_CORRUPT);
    CHECK(difference(&clean, &found, (HIT + 9) * SPF, N) < 1e-5);
    memory_free(&m);
}

static void test_random_damage_does_no_harm(void) {
    enum { N = 8000 };
    memory_place good = {0};
    REQUIRE(write_mp3(&good, &constant, N, NULL) == PST_OK);
    uint64_t random = 11;
    for (int i = 0; i < 400; ++i) {
        memory_place m = {0};
        insert(&m, 0, good.bytes, good.n_bytes);
        for (int k = 0; k < 1 + i % 20; ++k)
            m.bytes[check_random_in(&random, 0, (uint32_t)m.n_bytes - 1)] =
                (uint8_t)check_random(&random);
        read_mp3(&found, &m, &memory_file);
        const int64_t n_file = found.n_frames, n_lost = found.damage.lost_frames;
        const pst_status status = found.status;
        if (status == PST_END) {
            CHECK(found.n_told == n_file);
            CHECK(n_file <= N + 3 * SPF);
        }
        read_mp3(&found, &m, &memory_pipe);
        CHECK(status == PST_BAD_FILE || found.n_frames >= n_file - n_lost);
        memory_free(&m);
    }
    memory_free(&good);
}

// ---- Writing ---------------------------------------------------------------------------------

static void test_pipes_that_know_their_length(void) {
    static const int64_t lengths[] = {1, 47, 48, 49, 575, 576, 577, 1151, 1152, 1153, 20003};
    static const settings all[] = {{44100, 2, 128000, 0, NULL},
                                   {48000, 1, 0, 0, NULL},
                                   {22050, 2, 64000, 0, NULL},
                                   {8000, 1, 0, 0, NULL}};
    for (size_t k = 0; k < sizeof all / sizeof *all; ++k)
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; ++i) {
            settings s = all[k];
            s.promised = lengths[i];
            s.place = &memory_pipe;
            memory_place m = {0};
            CHECK_EQ(write_mp3(&m, &s, s.promised, NULL), PST_OK);
            for (int pipe = 0; pipe < 2; ++pipe) {
                read_mp3(&found, &m, pipe ? &memory_pipe : &memory_file);
                CHECK_EQ(found.n_frames, s.promised);
                CHECK_EQ(found.damage.flags, 0);
            }
            memory_free(&m);
        }
    memory_place m = {0};
    settings s = constant;
    s.promised = 5000;
    s.place = &memory_pipe;
    pst_error err = {0};
    CHECK_EQ(write_mp3(&m, &s, 4999, &err), PST_BAD_STATE);
    CHECK(strstr(err.text, "4999") != NULL);
    CHECK_EQ(write_mp3(&m, &s, 5001, &err), PST_LIMIT);
    CHECK(strstr(err.text, "5000") != NULL);
    memory_free(&m);
}

static void test_a_full_disk_leaves_whole_frames(void) {
    enum { N = 60000 };
    for (int64_t full_at = 900; full_at < 10000; full_at += 311) {
        memory_place m = {.full_at = full_at};
        pst_error err = {0};
        CHECK_EQ(write_mp3(&m, &constant, N, &err), PST_SYSTEM_ERROR);
        CHECK_EQ(err.native_code, ENOSPC);
        CHECK(m.n_bytes <= full_at && m.n_bytes > full_at - 419);
        read_mp3(&found, &m, &memory_file);
        CHECK_EQ(found.status, PST_END);
        CHECK_EQ(found.damage.flags, 0);
        CHECK_EQ((found.n_frames + 1105) % SPF, 0);
        CHECK(difference(&clean, &found, 0, found.n_frames) < 0.5);
        memory_free(&m);
    }
}

static void test_the_table_of_places_is_right(void) {
    enum { N = 100000 };
    memory_place m = {0};
    const settings variable = {RATE, 2, 0, 0, &memory_file};
    REQUIRE(write_mp3(&m, &variable, N, NULL) == PST_OK);
    pst_mpeg_header header;
    pst_info_frame info;
    REQUIRE(pst_mpeg_header_read(m.bytes, &header));
    REQUIRE(pst_info_frame_read(m.bytes, &header, &info));
    CHECK(info.has_toc && info.is_variable);
    CHECK_EQ(info.n_bytes, m.n_bytes);
    CHECK_EQ((int64_t)info.n_frames * SPF, N + info.delay + info.padding);
    for (int i = 0; i < PST_MP3_TOC_ENTRIES; ++i) {
        const int64_t at = frame_at(&m, (int)(info.n_frames * (uint32_t)i / 100));
        CHECK_EQ(info.toc[i], at * 256 / m.n_bytes);
    }
    uint16_t checksum =
        pst_info_checksum(0, m.bytes + header.n_bytes, (uint32_t)(m.n_bytes - header.n_bytes));
    const uint8_t *told = m.bytes + 4 + 32 + 16 + 100 + 32;
    CHECK_EQ(told[0] << 8 | told[1], checksum);
    memory_free(&m);
}

// Of reading: LAME 3.100 itself crashes when it gets no memory in its first frame.
static void test_every_allocation_failing_in_turn(void) {
    if (!failing_alloc_works()) {
        check_skip("needs an allocator of our own");
        return;
    }
    memory_place m = {0};
    REQUIRE(write_mp3(&m, &constant, 5000, NULL) == PST_OK);
    insert(&m, 0, "ID3\3\0\0\0\0\0\x10TRCK\0\0\0\5\0\0\0003/4X", 26);
    for (long n = 1; n < 100; ++n) {
        failing_alloc_begin(n);
        read_mp3(&found, &m, &memory_file);
        const bool is_done = failing_alloc_end() < n;
        // libmpg123 can do without some.
        const bool is_whole = found.status == PST_END && found.damage.flags == 0 &&
                              found.n_frames == 5000 && found.n_tags == 2;
        CHECK_TEXT(is_whole || found.status == PST_NO_MEMORY || found.status == PST_UNSUPPORTED,
                   "allocation %ld failed, and nobody said so", n);
        CHECK_EQ(failing_alloc_live(), 0);
        if (is_done) {
            CHECK(is_whole && n > 8);
            break;
        }
    }
    memory_free(&m);
}

int main(void) {
    make_data();
    RUN(test_lost_frames_are_silent_and_the_others_stay);
    RUN(test_gaps_in_files_of_variable_bitrate);
    RUN(test_what_lies_between_frames_is_passed_over);
    RUN(test_files_cut_at_every_byte);
    RUN(test_what_the_info_frame_says_is_not_believed);
    RUN(test_what_comes_before_the_first_frame);
    RUN(test_vbri);
    RUN(test_tags_at_the_end_are_no_sound);
    RUN(test_mp3_in_wav_files);
    RUN(test_a_wrong_header_is_no_change);
    RUN(test_random_damage_does_no_harm);
    RUN(test_pipes_that_know_their_length);
    RUN(test_a_full_disk_leaves_whole_frames);
    RUN(test_the_table_of_places_is_right);
    RUN(test_every_allocation_failing_in_turn);
    return check_done();
}
