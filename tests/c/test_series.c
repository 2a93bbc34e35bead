// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Files one after another: together they hold every frame, and nothing else.

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chain/series/name.h"
#include "chain/series/sink.h"
#include "base/clock.h"
#include "check.h"
#include "failing_alloc.h"
#include "folder.h"
#include "memory_place.h"

enum { N_FRAMES = 50000 };
#define PATIENCE_NS INT64_C(30000000000)

static int16_t data[N_FRAMES];
static char folder[FOLDER_CHARS];
static char first[300], next[300];

static void make_all(void) {
    for (int i = 0; i < N_FRAMES; ++i)
        data[i] = (int16_t)i;
    folder_make(folder, "pst-series");
    (void)snprintf(first, sizeof first, "%s/{index:3}.wav", folder);
    (void)snprintf(next, sizeof next, "%s", first);
}

static pst_series a_series(void) {
    pst_series series;
    pst_series_default(&series);
    series.first = first;
    series.next = next;
    series.format = (pst_file_format){
        PST_CONTAINER_WAV, PST_FORMAT_I16, PST_BYTES_DEFAULT, 8000, 1, PST_ENCODING_DEFAULT, 0};
    return series;
}

static pst_sink *make_sink(const pst_series *series) {
    pst_sink *sink = NULL;
    pst_error err = {.status = PST_OK};
    const pst_status status = pst_sink_series(&sink, series, PST_FORMAT_I16, &err);
    CHECK_TEXT(status == PST_OK, "%s", err.text);
    return sink;
}

// Pushes frames of the data, piece by piece.
static pst_status push(pst_sink *sink, uint64_t from, uint64_t to, uint64_t piece_frames,
                       pst_error *err) {
    while (from < to) {
        pst_piece piece = {.data = (const uint8_t *)(data + from),
                           .n_frames = to - from < piece_frames ? to - from : piece_frames,
                           .frame = (int64_t)from};
        uint64_t n_taken = 0;
        const pst_status status = sink->ops->push(sink, &piece, &n_taken, err);
        if (status != PST_OK)
            return status;
        CHECK(n_taken > 0 && n_taken <= piece.n_frames);
        from += n_taken;
    }
    return PST_OK;
}

static pst_series_file file_of(pst_sink *sink, int64_t index, char *path, size_t n_bytes) {
    pst_series_file file = {0};
    CHECK(pst_series_get_file(sink, index, &file, path, n_bytes));
    return file;
}

// Reads a file and checks that it holds the data from a frame on. Returns how many frames.
static int64_t check_file(const char *path, int64_t frame) {
    static int16_t got[N_FRAMES];
    pst_io *io = NULL;
    pst_decoder *decoder = NULL;
    uint64_t n_read = 0;
    if (pst_io_open_path(&io, path, PST_IO_READ, NULL) != PST_OK)
        return -1;
    if (pst_decoder_open(&decoder, io, NULL, NULL) != PST_OK) {
        pst_io_close(io, NULL);
        return -1;
    }
    CHECK_EQ(pst_decoder_read(decoder, got, PST_FORMAT_I16, N_FRAMES, &n_read, NULL),
             n_read == N_FRAMES ? PST_OK : PST_END);
    CHECK(memcmp(got, data + frame, n_read * sizeof *got) == 0);
    pst_decoder_release(decoder);
    return (int64_t)n_read;
}

// All files together hold n_frames frames. Returns how many files there are.
static int64_t check_all(pst_sink *sink, int64_t n_frames) {
    pst_series_info info;
    char path[400];
    int64_t at = 0;
    pst_series_look(sink, &info);
    for (int64_t i = 0; i < info.n_files; ++i) {
        const pst_series_file file = file_of(sink, i, path, sizeof path);
        struct stat on_disk;
        CHECK_EQ(file.frame, at);
        CHECK_EQ(check_file(path, at), file.n_frames);
        CHECK(stat(path, &on_disk) == 0);
        CHECK_EQ(file.n_bytes, on_disk.st_size);
        CHECK(file.is_complete);
        CHECK(file.opened_s > 1.6e9);
        at += file.n_frames;
    }
    CHECK_EQ(at, n_frames);
    CHECK_EQ(info.n_frames, n_frames);
    return info.n_files;
}

static void test_names(void) {
    static const struct {
        const char *template;
        const char *path; // NULL: refused.
    } cases[] = {
        {"plain.wav", "plain.wav"},
        {"a{index}b{index:4}", "a7b0007"},
        {"{other}{}{indexes}{index", "{other}{}{indexes}{index"},
        {"100%.wav", "100%.wav"},
        {"{time:%Y}{time:%%}", "1970%"},
        {"{time}", "19700102-000000"},
        {"{index:0}", NULL},
        {"{index:12}", NULL},
        {"{index:4", NULL},
        {"{time:%D}", NULL}, // Has slashes.
        {"{time:}", "19700102-000000"},
    };
    char path[64];
    pst_error err;
    setenv("TZ", "UTC", 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        const pst_status status =
            pst_series_name(path, sizeof path, cases[i].template, 7, 86400, &err);
        CHECK_EQ(status, cases[i].path == NULL ? PST_BAD_ARGUMENT : PST_OK);
        if (cases[i].path != NULL)
            CHECK_TEXT(strcmp(path, cases[i].path) == 0, "%s", path);
        else
            CHECK(strstr(err.text, cases[i].template) != NULL);
    }
    CHECK_EQ(pst_series_name(path, 10, "123456789", 1, 0, &err), PST_OK);
    CHECK_EQ(pst_series_name(path, 10, "1234567890", 1, 0, &err), PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "too long") != NULL);
}

static void test_files_end_at_their_frame(void) {
    for (uint64_t piece = 1000; piece < 40000; piece += 7919) {
        pst_series series = a_series();
        series.max_frames = 4096;
        pst_sink *sink = make_sink(&series);
        CHECK_EQ(push(sink, 0, N_FRAMES, piece, NULL), PST_OK);
        CHECK_EQ(sink->ops->end(sink, PST_ENDING_COMPLETE, NULL), PST_OK);
        CHECK_EQ(check_all(sink, N_FRAMES), (N_FRAMES + 4095) / 4096);
        pst_sink_destroy(sink);
        folder_sweep(folder, true);
    }
}

static void test_files_end_by_their_size(void) {
    pst_series series = a_series();
    series.max_bytes = 10000;
    pst_sink *sink = make_sink(&series);
    CHECK_EQ(push(sink, 0, N_FRAMES, 100, NULL), PST_OK);
    CHECK_EQ(sink->ops->end(sink, PST_ENDING_COMPLETE, NULL), PST_OK);
    const int64_t n_files = check_all(sink, N_FRAMES);
    CHECK_EQ(n_files, (2 * N_FRAMES + 9999) / 10000);
    for (int64_t i = 0; i < n_files - 1; ++i) {
        char path[400];
        const int64_t n_bytes = file_of(sink, i, path, sizeof path).n_bytes;
        CHECK(n_bytes >= 10000 && n_bytes < 10200);
    }
    pst_sink_destroy(sink);
    folder_sweep(folder, true);
}

static void test_a_split_is_where_it_was_wanted(void) {
    pst_series series = a_series();
    pst_sink *sink = make_sink(&series);
    char path[400];
    pst_series_split(sink, 0); // The file is new.
    CHECK_EQ(push(sink, 0, 1000, 300, NULL), PST_OK);
    pst_series_split(sink, 20000);
    pst_series_split(sink, 12345);
    CHECK_EQ(push(sink, 1000, 30000, 8000, NULL), PST_OK);
    pst_series_split(sink, 5); // At once.
    CHECK_EQ(push(sink, 30000, N_FRAMES, 8000, NULL), PST_OK);
    CHECK_EQ(sink->ops->end(sink, PST_ENDING_COMPLETE, NULL), PST_OK);
    CHECK_EQ(check_all(sink, N_FRAMES), 3);
    CHECK_EQ(file_of(sink, 1, path, sizeof path).frame, 12345);
    CHECK_EQ(file_of(sink, 2, path, sizeof path).frame, 30000);
    pst_series_file none;
    CHECK(!pst_series_get_file(sink, 3, &none, path, sizeof path));
    CHECK(!pst_series_get_file(sink, -1, &none, path, sizeof path));
    pst_series_info info;
    pst_series_look(sink, &info);
    CHECK(info.peak > 0.99 && info.peak <= 1.0);
    pst_sink_destroy(sink);
    folder_sweep(folder, true);
}

static void test_what_is_there_stays(void) {
    pst_series series = a_series();
    series.max_frames = 100;
    pst_sink *sink = make_sink(&series);
    CHECK_EQ(push(sink, 0, 300, 300, NULL), PST_OK);
    CHECK_EQ(sink->ops->end(sink, PST_ENDING_COMPLETE, NULL), PST_OK);
    pst_sink_destroy(sink);
    pst_error err;
    pst_sink *other = NULL;
    CHECK_EQ(pst_sink_series(&other, &series, PST_FORMAT_I16, &err), PST_SYSTEM_ERROR);
    CHECK_EQ(err.native_code, EEXIST);
    CHECK(strstr(err.text, "001.wav") != NULL);
    // In the middle of a series it is found, too, and what came before is complete.
    char path[300];
    (void)snprintf(path, sizeof path, "%s/001.wav", folder);
    CHECK(unlink(path) == 0);
    sink = make_sink(&series);
    CHECK_EQ(push(sink, 0, 300, 300, &err), PST_SYSTEM_ERROR);
    CHECK_EQ(err.native_code, EEXIST);
    CHECK_EQ(sink->ops->end(sink, PST_ENDING_BROKEN, NULL), PST_OK);
    CHECK_EQ(check_all(sink, 100), 1);
    pst_sink_destroy(sink);
    series.overwrites = true;
    sink = make_sink(&series);
    CHECK_EQ(push(sink, 0, 300, 300, NULL), PST_OK);
    CHECK_EQ(sink->ops->end(sink, PST_ENDING_COMPLETE, NULL), PST_OK);
    CHECK_EQ(check_all(sink, 300), 3);
    pst_sink_destroy(sink);
    // But never by the same series.
    series.first = series.next = path;
    sink = make_sink(&series);
    CHECK_EQ(push(sink, 0, 300, 300, &err), PST_SYSTEM_ERROR);
    CHECK_EQ(err.native_code, EEXIST);
    CHECK_EQ(sink->ops->end(sink, PST_ENDING_BROKEN, NULL), PST_OK);
    CHECK_EQ(check_all(sink, 100), 1);
    pst_sink_destroy(sink);
    (void)snprintf(path, sizeof path, "%s/002.wav", folder);
    unlink(path);
    (void)snprintf(path, sizeof path, "%s/003.wav", folder);
    unlink(path);
    folder_sweep(folder, true);
}

static void test_a_full_disk_ends_it(void) {
    pst_series series = a_series();
    series.first = "/dev/full";
    series.format.container = PST_CONTAINER_RAW;
    pst_sink *sink = make_sink(&series);
    pst_error err;
    CHECK_EQ(push(sink, 0, N_FRAMES, 1000, &err), PST_SYSTEM_ERROR);
    CHECK_EQ(err.native_code, ENOSPC);
    CHECK(strstr(err.text, "/dev/full") != NULL);
    CHECK_EQ(sink->ops->end(sink, PST_ENDING_BROKEN, NULL), PST_SYSTEM_ERROR);
    pst_series_info info;
    pst_series_look(sink, &info);
    CHECK_EQ(info.error_code, ENOSPC);
    CHECK_EQ(info.n_failures, 1);
    CHECK_EQ(info.left_frames, 0);
    pst_sink_destroy(sink);
}

// Where the user wants it, the rest is recorded once there is room again.
static void test_a_full_disk_is_waited_for(void) {
    pst_series series = a_series();
    series.first = "/dev/full";
    series.format.container = PST_CONTAINER_RAW;
    series.on_disk_full = PST_DISK_FULL_CONTINUE;
    pst_sink *sink = make_sink(&series);
    pst_series_info info;
    int64_t at = 0;
    const int64_t deadline_ns = pst_now_ns() + PATIENCE_NS;
    do {
        CHECK_EQ(push(sink, (uint64_t)at, (uint64_t)at + 10, 10, NULL), PST_OK);
        at += 10;
        pst_series_look(sink, &info);
        usleep(2000);
    } while (info.n_files < 2 && at < 40000 && pst_now_ns() < deadline_ns);
    CHECK_EQ(push(sink, (uint64_t)at, N_FRAMES, 1000, NULL), PST_OK);
    CHECK_EQ(sink->ops->end(sink, PST_ENDING_COMPLETE, NULL), PST_OK);
    char path[400];
    pst_series_look(sink, &info);
    CHECK_EQ(info.n_files, 2);
    CHECK_EQ(file_of(sink, 0, path, sizeof path).error_code, ENOSPC);
    const pst_series_file second = file_of(sink, 1, path, sizeof path);
    CHECK_EQ(info.left_frames + info.n_frames, N_FRAMES);
    CHECK_EQ(second.n_frames, N_FRAMES - second.frame);
    struct stat on_disk;
    CHECK(stat(path, &on_disk) == 0);
    CHECK_EQ(on_disk.st_size, 2 * second.n_frames);
    pst_sink_destroy(sink);
    unlink(path);
}

static void test_a_place(void) {
    memory_place m = {0};
    pst_io *io = NULL;
    pst_tags *tags = NULL;
    pst_encoder_options options;
    pst_encoder_options_init(&options);
    CHECK_EQ(pst_tags_create(&tags, NULL), PST_OK);
    options.tags = tags;
    CHECK_EQ(pst_io_open_user(&io, &memory_file, &m, PST_IO_WRITE, NULL), PST_OK);
    pst_series series = a_series();
    series.first = series.next = NULL;
    series.place = io;
    series.options = &options;
    pst_sink *sink = make_sink(&series);
    pst_tags_destroy(tags);
    CHECK(!pst_series_can_split(sink));
    CHECK_EQ(push(sink, 0, 1000, 300, NULL), PST_OK);
    CHECK_EQ(sink->ops->end(sink, PST_ENDING_COMPLETE, NULL), PST_OK);
    char path[10] = "x";
    CHECK_EQ(file_of(sink, 0, path, sizeof path).n_frames, 1000);
    CHECK(path[0] == '\0');
    CHECK_EQ(file_of(sink, 0, path, sizeof path).n_bytes, m.n_bytes);
    pst_sink_destroy(sink);
    memory_free(&m);
}

static void test_the_disk_is_told_to_keep_it(void) {
    for (int k = 0; k < 2; ++k) {
        memory_place m = {0};
        pst_io *io = NULL;
        CHECK_EQ(pst_io_open_user(&io, &memory_file, &m, PST_IO_WRITE, NULL), PST_OK);
        pst_series series = a_series();
        series.first = series.next = NULL;
        series.place = io;
        series.sync_every_ns = k == 0 ? 0 : 1;
        pst_sink *sink = make_sink(&series);
        CHECK_EQ(push(sink, 0, 1000, 100, NULL), PST_OK);
        CHECK(k == 0 ? m.n_synced == 0 : m.n_synced >= 10);
        CHECK_EQ(sink->ops->end(sink, PST_ENDING_COMPLETE, NULL), PST_OK);
        pst_sink_destroy(sink);
        memory_free(&m);
    }
}

static void test_segments_have_files_of_their_own(void) {
    for (int k = 0; k < 2; ++k) {
        pst_series series = a_series();
        series.splits_segments = k == 1;
        pst_sink *sink = make_sink(&series);
        for (int i = 0; i < 5; ++i) {
            const pst_piece piece = {.data = (const uint8_t *)(data + 100 * i),
                                     .n_frames = 100,
                                     .frame = 100 * i,
                                     .begins = i % 2 == 0};
            uint64_t n_taken = 0;
            CHECK_EQ(sink->ops->push(sink, &piece, &n_taken, NULL), PST_OK);
            CHECK_EQ(n_taken, 100);
        }
        CHECK_EQ(sink->ops->end(sink, PST_ENDING_COMPLETE, NULL), PST_OK);
        CHECK_EQ(check_all(sink, 500), k == 1 ? 3 : 1);
        pst_sink_destroy(sink);
        folder_sweep(folder, true);
    }
}

static void test_bad_arguments(void) {
    const pst_series good = a_series();
    pst_series cases[8];
    static const char *const words[8] = {"first",    "max_frames", "max_bytes", "sync_every_ns",
                                         "on_disk_", "next",       "{index:0}", "n_channels"};
    for (int i = 0; i < 8; ++i)
        cases[i] = good;
    cases[0].first = NULL;
    cases[1].max_frames = 0;
    cases[2].max_bytes = -2;
    cases[3].sync_every_ns = -1;
    cases[4].on_disk_full = (pst_disk_full)7;
    cases[5].next = NULL;
    cases[5].max_frames = 10;
    cases[6].next = "{index:0}";
    cases[7].format.n_channels = 0;
    for (int i = 0; i < 8; ++i) {
        pst_sink *sink = NULL;
        pst_error err = {.status = PST_OK};
        CHECK_EQ(pst_sink_series(&sink, &cases[i], PST_FORMAT_I16, &err), PST_BAD_ARGUMENT);
        CHECK_TEXT(strstr(err.text, words[i]) != NULL, "%s", err.text);
    }
    char path[300];
    (void)snprintf(path, sizeof path, "%s/001.wav", folder);
    CHECK(access(path, F_OK) != 0);
}

static void test_every_allocation_failing_in_turn(void) {
    if (!failing_alloc_works()) {
        check_skip("needs an allocator of our own");
        return;
    }
    for (long n = 1; n < 1000; ++n) {
        pst_series series = a_series();
        series.max_frames = 100;
        pst_sink *sink = NULL;
        const int n_fds = failing_alloc_count_fds();
        failing_alloc_begin(n);
        pst_status status = pst_sink_series(&sink, &series, PST_FORMAT_I16, NULL);
        if (status == PST_OK) {
            status = push(sink, 0, 2000, 1000, NULL);
            sink->ops->end(sink, PST_ENDING_BROKEN, NULL);
            pst_sink_destroy(sink);
        }
        const bool is_done = failing_alloc_end() < n;
        folder_sweep(folder, true);
        CHECK_EQ(failing_alloc_count_fds(), n_fds);
        if (is_done) {
            CHECK_EQ(status, PST_OK);
            break;
        }
        CHECK_EQ(failing_alloc_live(), 0);
    }
}

int main(void) {
    make_all();
    RUN(test_names);
    RUN(test_files_end_at_their_frame);
    RUN(test_files_end_by_their_size);
    RUN(test_a_split_is_where_it_was_wanted);
    RUN(test_what_is_there_stays);
    RUN(test_a_full_disk_ends_it);
    RUN(test_a_full_disk_is_waited_for);
    RUN(test_a_place);
    RUN(test_the_disk_is_told_to_keep_it);
    RUN(test_segments_have_files_of_their_own);
    RUN(test_bad_arguments);
    RUN(test_every_allocation_failing_in_turn);
    rmdir(folder);
    return check_done();
}
