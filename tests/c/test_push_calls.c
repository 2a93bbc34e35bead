// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// What the calls of push decoders do besides: ends, errors, times, cuts, formats, and memory.

#include "base/thread.h"
#include "failing_alloc.h"
#include "push_rig.h"

enum { RATE = 48000, N_FRAMES = 5000 };

static const pst_file_format wav = {.container = PST_CONTAINER_WAV,
                                    .encoding = PST_ENCODING_PCM,
                                    .sample_format = PST_FORMAT_I16,
                                    .rate_hz = RATE,
                                    .n_channels = 2};
static const pst_file_format flac = {.container = PST_CONTAINER_FLAC,
                                     .encoding = PST_ENCODING_FLAC,
                                     .sample_format = PST_FORMAT_I16,
                                     .rate_hz = RATE,
                                     .n_channels = 2};

static pst_push_decoder *make(pst_container container, pst_encoding encoding) {
    pst_push_decoder_config config;
    pst_push_decoder_config_default(&config);
    config.container = container;
    config.encoding = encoding;
    pst_push_decoder *decoder = NULL;
    CHECK_EQ(pst_push_decoder_create(&decoder, &config, NULL), PST_OK);
    return decoder;
}

static pst_push_decoder_info info_of(const pst_push_decoder *decoder) {
    pst_push_decoder_info info;
    pst_push_decoder_get_info(decoder, &info);
    return info;
}

static pst_status write_bytes(pst_push_decoder *decoder, const memory_place *m, size_t from,
                              size_t to) {
    return pst_push_decoder_write(decoder, m->bytes + from, to - from, NULL);
}

// ---- Ends ------------------------------------------------------------------------------------

static void test_after_the_end_nothing_can_be_written(void) {
    memory_place m = {0};
    CHECK(push_make(&m, &wav, N_FRAMES, true));
    pst_push_decoder *decoder = make(0, 0);
    pst_error err = {0};
    int16_t frames[2 * N_FRAMES];
    uint64_t n = 0;
    CHECK_EQ(pst_push_decoder_read(decoder, frames, PST_FORMAT_I16, false, 10, &n, NULL, NULL),
             PST_OK);
    CHECK_EQ(n, 0);
    CHECK(pst_push_decoder_tags(decoder) == NULL);
    CHECK_EQ(write_bytes(decoder, &m, 0, (size_t)m.n_bytes), PST_OK);
    CHECK(pst_push_decoder_tags(decoder) != NULL);
    CHECK_EQ(pst_push_decoder_end(decoder, NULL), PST_OK);
    CHECK_EQ(pst_push_decoder_end(decoder, NULL), PST_OK);
    CHECK_EQ(pst_push_decoder_write(decoder, m.bytes, 1, &err), PST_CLOSED);
    CHECK_TEXT(strstr(err.text, "reset") != NULL, "%s", err.text);
    CHECK_EQ(
        pst_push_decoder_read(decoder, frames, PST_FORMAT_I16, false, N_FRAMES, &n, NULL, NULL),
        PST_OK);
    CHECK_EQ(n, N_FRAMES);
    CHECK_EQ(pst_push_decoder_read(decoder, frames, PST_FORMAT_I16, false, 1, &n, NULL, NULL),
             PST_END);
    CHECK_EQ(pst_push_decoder_reset(decoder, NULL), PST_OK);
    CHECK(!info_of(decoder).is_known && !info_of(decoder).has_ended);
    CHECK_EQ(write_bytes(decoder, &m, 0, 444), PST_OK);
    CHECK_EQ(info_of(decoder).n_available, 100);
    pst_push_decoder_destroy(decoder);
    memory_free(&m);
}

static void test_what_lies_behind_the_sound_is_passed_over(void) {
    memory_place m = {0};
    CHECK(push_make(&m, &wav, N_FRAMES, false));
    pst_push_decoder *decoder = make(0, 0);
    CHECK_EQ(write_bytes(decoder, &m, 0, (size_t)m.n_bytes), PST_OK);
    for (int i = 0; i < 10; ++i)
        CHECK_EQ(pst_push_decoder_write(decoder, "LIST\4\0\0\0abcd", 12, NULL), PST_OK);
    CHECK_EQ(info_of(decoder).n_available, N_FRAMES);
    CHECK_EQ(info_of(decoder).n_waiting, 0);
    CHECK_EQ(pst_push_decoder_end(decoder, NULL), PST_OK);
    CHECK_EQ(info_of(decoder).damage.flags, 0);
    pst_push_decoder_destroy(decoder);
    memory_free(&m);
}

static void test_a_stream_that_ends_too_soon_has_no_frames(void) {
    static const char *const begins[] = {"", "R", "RIFF", "fLa", "OggS\0\2", "ID3\4", "\xFF"};
    pst_push_decoder *decoder = make(0, 0);
    for (size_t i = 0; i < sizeof begins / sizeof *begins; ++i) {
        CHECK_EQ(pst_push_decoder_reset(decoder, NULL), PST_OK);
        CHECK_EQ(pst_push_decoder_write(decoder, begins[i], strlen(begins[i]), NULL), PST_OK);
        CHECK(!info_of(decoder).is_over);
        pst_error err = {0};
        CHECK_TEXT(pst_push_decoder_end(decoder, &err) == PST_OK, "%s: %s", begins[i], err.text);
        const pst_push_decoder_info info = info_of(decoder);
        CHECK(!info.is_known && info.is_over);
        CHECK_EQ(info.n_available, 0);
        CHECK_EQ(info.damage.flags, PST_DAMAGE_TRUNCATED);
    }
    pst_push_decoder_destroy(decoder);
}

// ---- Errors ----------------------------------------------------------------------------------

static void test_what_is_no_stream_is_refused(void) {
    static const struct {
        pst_container container;
        pst_encoding encoding;
        const char *bytes;
        const char *word;
    } cases[] = {
        {0, PST_ENCODING_FLAC, "This is no sound.", "nothing that is known"},
        {PST_CONTAINER_WAV, 0, "This is no sound.", "nothing that is known"},
        {PST_CONTAINER_WAV, 0, "fLaC\0\0\0\42\20\0\20\0\0\0\0\0", "FLAC, not WAV"},
        {0, PST_ENCODING_MP3, "OggS\0\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\10OpusHead",
         "OGG"},
        {0, PST_ENCODING_VORBIS, "OggS\0\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\10OpusHead",
         "OPUS, not VORBIS"},
        {PST_CONTAINER_MP3, 0, "RIFF\0\0\0\0WAVE    ", "WAV, not MP3"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        pst_push_decoder *decoder = make(cases[i].container, cases[i].encoding);
        pst_error err = {0}, again = {0};
        const size_t n = i == 3 || i == 4 ? 36 : 16;
        CHECK_EQ(pst_push_decoder_write(decoder, cases[i].bytes, n - 1, NULL), PST_OK);
        CHECK_EQ(pst_push_decoder_write(decoder, cases[i].bytes + n - 1, 1, &err), PST_BAD_FILE);
        CHECK_TEXT(strstr(err.text, cases[i].word) != NULL, "%s", err.text);
        CHECK_EQ(pst_push_decoder_write(decoder, "more", 4, &again), PST_BAD_FILE);
        CHECK(strcmp(err.text, again.text) == 0);
        CHECK_EQ(pst_push_decoder_end(decoder, &again), PST_BAD_FILE);
        uint64_t n_read;
        float frame[2];
        CHECK_EQ(
            pst_push_decoder_read(decoder, frame, PST_FORMAT_F32, false, 1, &n_read, NULL, &again),
            PST_BAD_FILE);
        CHECK(strcmp(err.text, again.text) == 0);
        CHECK_EQ(pst_push_decoder_reset(decoder, NULL), PST_OK);
        CHECK_EQ(pst_push_decoder_write(decoder, "", 0, NULL), PST_OK);
        pst_push_decoder_destroy(decoder);
    }
}

static void test_short_nonsense_is_told_at_the_end(void) {
    pst_push_decoder *decoder = make(0, 0);
    pst_error err = {0};
    CHECK_EQ(pst_push_decoder_write(decoder, "404 Not Found", 13, NULL), PST_OK);
    CHECK_EQ(pst_push_decoder_end(decoder, &err), PST_BAD_FILE);
    CHECK_TEXT(strstr(err.text, "nothing that is known") != NULL, "%s", err.text);
    pst_push_decoder_destroy(decoder);
}

static void test_wrong_configs_are_refused(void) {
    const pst_file_format bad_raw = {.container = PST_CONTAINER_RAW,
                                     .sample_format = PST_FORMAT_I16,
                                     .rate_hz = RATE,
                                     .n_channels = 0};
    const struct {
        pst_push_decoder_config config;
        pst_status status;
        const char *word;
    } cases[] = {
        {{.container = 99, .n_frames = -1}, PST_BAD_ARGUMENT, "container is 99"},
        {{.encoding = 99, .n_frames = -1}, PST_BAD_ARGUMENT, "encoding is 99"},
        {{.container = PST_CONTAINER_RAW, .n_frames = -1}, PST_BAD_ARGUMENT, "raw"},
        {{.raw = &wav, .n_frames = -1}, PST_BAD_ARGUMENT, "raw"},
        {{.container = PST_CONTAINER_RAW, .raw = &wav, .n_frames = -1}, PST_BAD_ARGUMENT, "raw"},
        {{.container = PST_CONTAINER_RAW, .raw = &bad_raw, .n_frames = -1},
         PST_BAD_ARGUMENT,
         "channels"},
        {{.skip_frames = -1, .n_frames = -1}, PST_BAD_ARGUMENT, "skip_frames is -1"},
        {{.n_frames = -2}, PST_BAD_ARGUMENT, "n_frames is -2"},
        {{.container = PST_CONTAINER_WAV, .encoding = PST_ENCODING_OPUS, .n_frames = -1},
         PST_UNSUPPORTED,
         "OPUS in WAV"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        pst_push_decoder *decoder = NULL;
        pst_error err = {0};
        CHECK_EQ(pst_push_decoder_create(&decoder, &cases[i].config, &err), cases[i].status);
        CHECK_TEXT(strstr(err.text, cases[i].word) != NULL, "%s", err.text);
        CHECK(decoder == NULL);
    }
}

// ---- Destroyed and reset anywhere ------------------------------------------------------------

static void test_it_can_go_at_any_moment(void) {
    memory_place m = {0};
    pst_codec_info info;
    for (uint32_t i = 0; pst_codec_get_info(i, &info) == PST_OK; ++i)
        for (int container = 1; container < PST_CONTAINER_PACKETS; ++container) {
            if (((info.encodes & info.decodes) >> container & 1) == 0 ||
                container == PST_CONTAINER_RAW)
                continue;
            pst_file_format format = wav;
            format.container = (pst_container)container;
            format.encoding = info.encoding;
            CHECK(push_make(&m, &format, N_FRAMES, false));
            for (size_t n = 0; n < (size_t)m.n_bytes; n += n < 100 ? 9 : (size_t)m.n_bytes / 9) {
                pst_push_decoder *decoder = push_decoder(NULL);
                const pst_status status = pst_push_decoder_write(decoder, m.bytes, n, NULL);
                CHECK(status == PST_OK || status == PST_BAD_FILE); // CAF needs to seek.
                if (n % 2 == 0)
                    CHECK_EQ(pst_push_decoder_reset(decoder, NULL), PST_OK);
                pst_push_decoder_destroy(decoder);
            }
            memory_free(&m);
        }
    pst_push_decoder_destroy(NULL);
}

// ---- Formats, planes and cuts ----------------------------------------------------------------

static void test_samples_come_in_any_format(void) {
    memory_place m = {0};
    CHECK(push_make(&m, &wav, N_FRAMES, true));
    pst_push_decoder *decoder = make(0, 0);
    static float planes[2][N_FRAMES], frames[N_FRAMES][2];
    uint64_t n = 0;
    CHECK_EQ(write_bytes(decoder, &m, 0, (size_t)m.n_bytes), PST_OK);
    CHECK_EQ(info_of(decoder).native, PST_FORMAT_I16);
    CHECK_EQ(pst_push_decoder_read(decoder, planes, PST_FORMAT_F32, true, N_FRAMES, &n, NULL, NULL),
             PST_OK);
    CHECK_EQ(n, N_FRAMES);
    CHECK_EQ(pst_push_decoder_reset(decoder, NULL), PST_OK);
    CHECK_EQ(write_bytes(decoder, &m, 0, (size_t)m.n_bytes), PST_OK);
    CHECK_EQ(
        pst_push_decoder_read(decoder, frames, PST_FORMAT_F32, false, N_FRAMES, &n, NULL, NULL),
        PST_OK);
    const uint8_t *first = m.bytes + m.n_bytes - (size_t)N_FRAMES * 4;
    int n_wrong = 0;
    for (int i = 0; i < N_FRAMES; ++i)
        for (int c = 0; c < 2; ++c) {
            int16_t sample;
            memcpy(&sample, first + 4 * i + 2 * c, 2);
            n_wrong += planes[c][i] != (float)sample / 32768.0f || frames[i][c] != planes[c][i];
        }
    CHECK_EQ(n_wrong, 0);
    // Fewer than there is room for: planes stay where they are.
    CHECK_EQ(pst_push_decoder_reset(decoder, NULL), PST_OK);
    CHECK_EQ(write_bytes(decoder, &m, 0, 444), PST_OK);
    static float some[2][300];
    CHECK_EQ(pst_push_decoder_read(decoder, some, PST_FORMAT_F32, true, 300, &n, NULL, NULL),
             PST_OK);
    CHECK_EQ(n, 100);
    CHECK(memcmp(some[0], planes[0], 400) == 0 && memcmp(some[1], planes[1], 400) == 0);
    CHECK_EQ(pst_push_decoder_read(decoder, some, (pst_format)77, true, 300, &n, NULL, NULL),
             PST_BAD_ARGUMENT);
    pst_push_decoder_destroy(decoder);
    memory_free(&m);
}

static void test_frames_are_cut_as_asked(void) {
    memory_place m = {0};
    CHECK(push_make(&m, &flac, N_FRAMES, true));
    static int16_t all[N_FRAMES][2], some[N_FRAMES][2];
    uint64_t n = 0;
    for (int i = 0; i < 5; ++i) {
        pst_push_decoder_config config;
        pst_push_decoder_config_default(&config);
        config.skip_frames = i == 0 ? 0 : i == 4 ? N_FRAMES + 10 : 4500;
        config.n_frames = i < 2 ? -1 : i == 2 ? 123 : 0;
        pst_push_decoder *decoder = NULL;
        CHECK_EQ(pst_push_decoder_create(&decoder, &config, NULL), PST_OK);
        for (int64_t at = 0; at < m.n_bytes; at += 501) {
            const int64_t end = at + 501 < m.n_bytes ? at + 501 : m.n_bytes;
            CHECK_EQ(write_bytes(decoder, &m, (size_t)at, (size_t)end), PST_OK);
        }
        CHECK_EQ(pst_push_decoder_end(decoder, NULL), PST_OK);
        int64_t pts = -1;
        const pst_status status = pst_push_decoder_read(
            decoder, i == 0 ? all : some, PST_FORMAT_I16, false, N_FRAMES, &n, &pts, NULL);
        const uint64_t due = i == 0 ? N_FRAMES : i == 1 ? 500 : i == 2 ? 123 : 0;
        CHECK_EQ(n, due);
        CHECK_EQ(status, due > 0 ? PST_OK : PST_END);
        CHECK_EQ(pts, config.skip_frames);
        CHECK_EQ(info_of(decoder).position, due);
        CHECK(i == 0 || memcmp(some, all[4500], (size_t)n * 4) == 0);
        pst_push_decoder_destroy(decoder);
    }
    memory_free(&m);
}

// ---- Times -----------------------------------------------------------------------------------

static void check_time(pst_push_decoder *decoder, uint64_t n_most, uint64_t n_due,
                       int64_t pts_due) {
    static int16_t frames[2 * N_FRAMES];
    uint64_t n = 0;
    int64_t pts = -1;
    CHECK_EQ(pst_push_decoder_read(decoder, frames, PST_FORMAT_I16, false, n_most, &n, &pts, NULL),
             PST_OK);
    CHECK_EQ(n, n_due);
    CHECK_EQ(pts, pts_due);
}

static void test_times_are_those_of_the_packets(void) {
    memory_place m = {0};
    CHECK(push_make(&m, &wav, N_FRAMES, true));
    pst_push_decoder *decoder = make(0, 0);
    // In milliseconds, of which each has 48 frames; the header goes with the first.
    pst_packet packet = {.data = m.bytes,
                         .n_bytes = 44 + 480 * 4,
                         .pts = 1000,
                         .dts = 1000,
                         .duration = 10,
                         .time_base_num = 1,
                         .time_base_den = 1000};
    CHECK_EQ(pst_push_decoder_write_packet(decoder, &packet, NULL), PST_OK);
    check_time(decoder, 100, 100, 48000);
    packet.data += packet.n_bytes;
    packet.n_bytes = 480 * 4;
    packet.pts = 1011; // Rounded somewhere: no jump.
    CHECK_EQ(pst_push_decoder_write_packet(decoder, &packet, NULL), PST_OK);
    packet.data += packet.n_bytes;
    packet.pts = 1121; // A tenth of a second later.
    CHECK_EQ(pst_push_decoder_write_packet(decoder, &packet, NULL), PST_OK);
    packet.data += packet.n_bytes;
    packet.pts = PST_NO_PTS; // It follows.
    CHECK_EQ(pst_push_decoder_write_packet(decoder, &packet, NULL), PST_OK);
    check_time(decoder, N_FRAMES, 860, 48100);
    check_time(decoder, 10, 10, 48960 + 4800);
    check_time(decoder, N_FRAMES, 950, 48970 + 4800);
    packet.time_base_den = 0;
    pst_error err = {0};
    CHECK_EQ(pst_push_decoder_write_packet(decoder, &packet, &err), PST_BAD_ARGUMENT);
    CHECK_TEXT(strstr(err.text, "1/0") != NULL, "%s", err.text);
    // Without them, frames count from 0 on, after a reset too.
    CHECK_EQ(pst_push_decoder_reset(decoder, NULL), PST_OK);
    CHECK_EQ(write_bytes(decoder, &m, 0, 1044), PST_OK);
    check_time(decoder, N_FRAMES, 250, 0);
    CHECK_EQ(write_bytes(decoder, &m, 1044, 1444), PST_OK);
    check_time(decoder, N_FRAMES, 100, 250);
    pst_push_decoder_destroy(decoder);
    memory_free(&m);
}

static void test_times_at_the_end_of_numbers_do_no_harm(void) {
    static const int64_t times[] = {INT64_MAX, INT64_MIN + 1, 0, INT64_MAX - 1, 5};
    memory_place m = {0};
    CHECK(push_make(&m, &wav, N_FRAMES, true));
    pst_push_decoder *decoder = make(0, 0);
    CHECK_EQ(write_bytes(decoder, &m, 0, 44), PST_OK);
    for (int i = 0; i < 5; ++i) {
        const pst_packet packet = {.data = m.bytes + 44,
                                   .n_bytes = 40,
                                   .pts = times[i],
                                   .duration = i % 2 == 0 ? INT64_MAX : 7,
                                   .time_base_num = UINT32_MAX,
                                   .time_base_den = 1};
        CHECK_EQ(pst_push_decoder_write_packet(decoder, &packet, NULL), PST_OK);
    }
    uint64_t n = 1, n_all = 0;
    int16_t frames[200];
    for (int i = 0; i < 10; ++i) {
        CHECK_EQ(pst_push_decoder_read(decoder, frames, PST_FORMAT_I16, false, 50, &n, NULL, NULL),
                 PST_OK);
        n_all += n;
    }
    CHECK_EQ(n_all, 50);
    pst_push_decoder_destroy(decoder);
    memory_free(&m);
}

// ---- Memory ----------------------------------------------------------------------------------

// Hours of silence in a few bytes do not become gigabytes.
static void test_decoding_waits_while_much_is_to_be_read(void) {
    enum { MOST_BYTES = 80 << 20 };
    memory_place m = {0};
    CHECK(push_make(&m, &flac, 0, false));
    // The silent block of an encoder, again and again with its own number.
    pst_push_encoder_config config;
    pst_push_encoder_config_default(&config);
    config.format = flac;
    config.format.n_channels = 8;
    pst_push_encoder *encoder = NULL;
    CHECK_EQ(pst_push_encoder_create(&encoder, &config, NULL), PST_OK);
    static int16_t silence[4096 * 8];
    pst_push_decoder *decoder = make(0, 0);
    int64_t n_pushed = 0;
    uint64_t n_bytes = 0;
    for (int i = 0; i < 1500; ++i) {
        CHECK_EQ(
            pst_push_encoder_write(encoder, silence, PST_FORMAT_I16, 4096, false, PST_NO_PTS, NULL),
            PST_OK);
        pst_packet packet;
        while (pst_push_encoder_next(encoder, &packet) == PST_OK) {
            CHECK_EQ(pst_push_decoder_write(decoder, packet.data, packet.n_bytes, NULL), PST_OK);
            n_pushed += packet.duration;
            n_bytes += packet.n_bytes;
        }
    }
    pst_push_encoder_destroy(encoder);
    const pst_push_decoder_info info = info_of(decoder);
    CHECK(n_pushed > 1400 * 4096);
    CHECK(info.n_available * 16 < MOST_BYTES);
    CHECK(info.n_waiting > 0 && info.n_waiting < n_bytes);
    CHECK_EQ(pst_push_decoder_end(decoder, NULL), PST_OK);
    int64_t n_all = 0;
    static int16_t frames[8 * 10000];
    for (uint64_t n = 1; n > 0; n_all += (int64_t)n)
        CHECK(pst_push_decoder_read(decoder, frames, PST_FORMAT_I16, false, 10000, &n, NULL,
                                    NULL) >= PST_OK);
    CHECK_EQ(n_all, n_pushed);
    CHECK(info_of(decoder).is_over);
    CHECK_EQ(info_of(decoder).n_waiting, 0);
    pst_push_decoder_destroy(decoder);
    memory_free(&m);
}

static void test_without_memory_nothing_is_left_behind(void) {
    const pst_file_format *const formats[] = {&wav, &flac};
    for (int i = 0; i < 2 && failing_alloc_works(); ++i) {
        memory_place m = {0};
        CHECK(push_make(&m, formats[i], 200, true));
        for (long at = 1; at < 500; ++at) {
            failing_alloc_begin(at);
            pst_push_decoder_config config;
            pst_push_decoder_config_default(&config);
            pst_push_decoder *decoder = NULL;
            pst_status status = pst_push_decoder_create(&decoder, &config, NULL);
            if (status == PST_OK)
                status = pst_push_decoder_write(decoder, m.bytes, (size_t)m.n_bytes, NULL);
            if (status == PST_OK)
                status = pst_push_decoder_end(decoder, NULL);
            pst_push_decoder_destroy(decoder);
            const bool is_over = failing_alloc_end() < at;
            CHECK_EQ(failing_alloc_live(), 0);
            CHECK_EQ(status, is_over ? PST_OK : PST_NO_MEMORY);
            if (is_over)
                break;
        }
        memory_free(&m);
    }
}

// ---- Threads ---------------------------------------------------------------------------------

typedef struct turn {
    pst_push_decoder *decoder;
    const uint8_t *bytes;
    size_t n_bytes;
} turn;

static void write_in_thread(void *arg) {
    const turn *t = arg;
    CHECK_EQ(pst_push_decoder_write(t->decoder, t->bytes, t->n_bytes, NULL), PST_OK);
}

static void test_any_thread_may_write_next(void) {
    memory_place m = {0};
    CHECK(push_make(&m, &flac, N_FRAMES, true));
    pst_push_decoder *decoder = make(0, 0);
    push_result result = {.hash = UINT64_C(14695981039346656037), .damage = {0, 0, -1}};
    for (size_t at = 0; at < (size_t)m.n_bytes; at += 700) {
        const size_t left = (size_t)m.n_bytes - at;
        turn t = {decoder, m.bytes + at, left < 700 ? left : 700};
        pst_thread thread;
        REQUIRE(pst_thread_start(&thread, "writer", write_in_thread, &t, NULL) == PST_OK);
        pst_thread_join(&thread);
        push_take(decoder, &result);
    }
    CHECK_EQ(pst_push_decoder_end(decoder, NULL), PST_OK);
    push_take(decoder, &result);
    pst_push_decoder_destroy(decoder);
    const push_result pulled = push_pull(m.bytes, (size_t)m.n_bytes, NULL, PST_FORMAT_I16);
    push_compare(&pulled, &result, "threads");
    memory_free(&m);
}

int main(void) {
    RUN(test_after_the_end_nothing_can_be_written);
    RUN(test_what_lies_behind_the_sound_is_passed_over);
    RUN(test_a_stream_that_ends_too_soon_has_no_frames);
    RUN(test_what_is_no_stream_is_refused);
    RUN(test_short_nonsense_is_told_at_the_end);
    RUN(test_wrong_configs_are_refused);
    RUN(test_it_can_go_at_any_moment);
    RUN(test_samples_come_in_any_format);
    RUN(test_frames_are_cut_as_asked);
    RUN(test_times_are_those_of_the_packets);
    RUN(test_times_at_the_end_of_numbers_do_no_harm);
    RUN(test_decoding_waits_while_much_is_to_be_read);
    RUN(test_without_memory_nothing_is_left_behind);
    RUN(test_any_thread_may_write_next);
    return check_done();
}
