// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Where bytes come from and go to: memory, pipes whose other end is slow or gone, disks that fail
// late.

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "codec/io.h"
#include "folder.h"
#include "memory_place.h"
#include "pastream/codec.h"

static const pst_file_format wav = {
    PST_CONTAINER_WAV, PST_FORMAT_I16, PST_BYTES_DEFAULT, 8000, 2, PST_ENCODING_DEFAULT, 0};

enum { N_FRAMES = 100000 };
static int16_t data[2 * N_FRAMES];

static void make_data(void) {
    for (int i = 0; i < 2 * N_FRAMES; ++i)
        data[i] = (int16_t)(i * 7);
}

// ---- Pipes that give what they have ----------------------------------------------------------

static void test_whole_units_come_as_a_pipe_gives_them(void) {
    enum { N_BYTES = 3 * PST_IO_HEAD_BYTES + 5, MOST_UNITS = 2000 };
    memory_place m = {.is_choppy = true, .n_bytes = N_BYTES, .random = 3};
    m.bytes = malloc(N_BYTES);
    for (int i = 0; i < N_BYTES; ++i)
        m.bytes[i] = (uint8_t)(i * 7 + i / 251);
    pst_io *io = NULL;
    REQUIRE(pst_io_open_user(&io, &memory_pipe, &m, PST_IO_READ, NULL) == PST_OK);
    CHECK_EQ(pst_io_at_hand(io), -1);
    static uint8_t got[8 * MOST_UNITS];
    uint64_t seed = 9;
    int64_t at = 0;
    for (int i = 0; at < N_BYTES; ++i) {
        if (i == 3) // Back into the head, which gives what it has.
            at = pst_io_seek(io, 100);
        const int64_t unit = check_random_in(&seed, 1, 8);
        const int64_t wanted = unit * check_random_in(&seed, 1, MOST_UNITS);
        const int64_t n = pst_io_read_some(io, got, unit, wanted);
        if (!CHECK(n > 0 && n <= wanted && (n % unit == 0 || at + n == N_BYTES)))
            break;
        CHECK(memcmp(got, m.bytes + at, (size_t)n) == 0);
        at += n;
        CHECK_EQ(pst_io_tell(io), at);
    }
    CHECK_EQ(pst_io_read_some(io, got, 1, 10), 0);
    pst_io_close(io, NULL);
    // No more is waited for than a unit.
    m.is_choppy = false;
    m.position = 0;
    m.broken_at = 10;
    REQUIRE(pst_io_open_user(&io, &memory_pipe, &m, PST_IO_READ, NULL) == PST_OK);
    CHECK_EQ(pst_io_read_some(io, got, 5, 5000), 10);
    CHECK_EQ(pst_io_error(io), 0);
    CHECK_EQ(pst_io_read_some(io, got, 5, 5000), -EIO);
    pst_io_close(io, NULL);
    memory_free(&m);
}

// ---- Memory ----------------------------------------------------------------------------------

static void test_memory(void) {
    static const uint8_t bytes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    pst_io *io = NULL;
    uint8_t got[20];
    REQUIRE(pst_io_open_memory(&io, bytes, sizeof bytes, NULL) == PST_OK);
    CHECK(pst_io_is_seekable(io));
    CHECK_EQ(pst_io_length(io), 10);
    CHECK_EQ(pst_io_read(io, got, 4), 4);
    CHECK(memcmp(got, bytes, 4) == 0);
    CHECK_EQ(pst_io_tell(io), 4);
    CHECK_EQ(pst_io_read(io, got, 20), 6);
    CHECK(memcmp(got, bytes + 4, 6) == 0);
    CHECK_EQ(pst_io_read(io, got, 20), 0);
    CHECK_EQ(pst_io_seek(io, 9), 9);
    CHECK_EQ(pst_io_read(io, got, 20), 1);
    CHECK_EQ(got[0], 9);
    // Behind the end there is nothing, however far.
    CHECK_EQ(pst_io_seek(io, INT64_MAX), INT64_MAX);
    CHECK_EQ(pst_io_read(io, got, 20), 0);
    CHECK_EQ(pst_io_seek(io, -1), -EINVAL);
    CHECK_EQ(pst_io_error(io), 0);
    CHECK_EQ(pst_io_sync(io), 0);
    CHECK_EQ(pst_io_close(io, NULL), PST_OK);
    CHECK_EQ(pst_io_open_memory(&io, bytes, UINT64_MAX, NULL), PST_BAD_ARGUMENT);
    CHECK(io == NULL);
    REQUIRE(pst_io_open_memory(&io, NULL, 0, NULL) == PST_OK);
    CHECK_EQ(pst_io_read(io, got, 1), 0);
    pst_io_close(io, NULL);
}

static void test_a_file_in_memory(void) {
    memory_place m = {0};
    pst_io *io = NULL;
    pst_encoder *encoder = NULL;
    REQUIRE(pst_io_open_user(&io, &memory_file, &m, PST_IO_WRITE, NULL) == PST_OK);
    REQUIRE(pst_encoder_open(&encoder, io, &wav, NULL, NULL) == PST_OK);
    CHECK_EQ(pst_encoder_write(encoder, data, PST_FORMAT_I16, 1000, NULL), PST_OK);
    pst_encoder_release(encoder);
    pst_decoder *decoder = NULL;
    REQUIRE(pst_io_open_memory(&io, m.bytes, (uint64_t)m.n_bytes, NULL) == PST_OK);
    REQUIRE(pst_decoder_open(&decoder, io, NULL, NULL) == PST_OK);
    static int16_t got[2000];
    uint64_t n_read = 0;
    CHECK_EQ(pst_decoder_read(decoder, got, PST_FORMAT_I16, 1000, &n_read, NULL), PST_OK);
    CHECK(memcmp(got, data, sizeof got) == 0);
    pst_decoder_release(decoder);
    memory_free(&m);
}

// ---- Disks -----------------------------------------------------------------------------------

static pst_encoder *begin(memory_place *m, const pst_io_functions *functions) {
    pst_io *io = NULL;
    pst_encoder *encoder = NULL;
    CHECK_EQ(pst_io_open_user(&io, functions, m, PST_IO_WRITE, NULL), PST_OK);
    CHECK_EQ(pst_encoder_open(&encoder, io, &wav, NULL, NULL), PST_OK);
    return encoder;
}

static void test_sync_brings_all_to_the_disk(void) {
    memory_place m = {0};
    pst_encoder *encoder = begin(&m, &memory_file);
    REQUIRE(encoder != NULL);
    CHECK_EQ(pst_encoder_write(encoder, data, PST_FORMAT_I16, 100, NULL), PST_OK);
    CHECK_EQ(pst_encoder_sync(encoder, NULL), PST_OK);
    CHECK_EQ(m.n_synced, 2);                       // It was interrupted at first.
    CHECK_EQ(m.bytes[76] | m.bytes[77] << 8, 400); // The header was brought up to date before.
    // Also if there is nothing new for the header.
    CHECK_EQ(pst_encoder_sync(encoder, NULL), PST_OK);
    CHECK_EQ(m.n_synced, 4);
    m.sync_result = -EIO;
    pst_error err = {0};
    CHECK_EQ(pst_encoder_sync(encoder, &err), PST_SYSTEM_ERROR);
    CHECK_EQ(err.native_code, EIO);
    m.sync_result = 0;
    CHECK_EQ(pst_encoder_sync(encoder, &err), PST_SYSTEM_ERROR);
    err = (pst_error){0};
    CHECK_EQ(pst_encoder_finish(encoder, &err), PST_SYSTEM_ERROR);
    CHECK_EQ(err.native_code, EIO);
    pst_encoder_release(encoder);
    memory_free(&m);
    encoder = begin(&m, &memory_pipe);
    REQUIRE(encoder != NULL);
    CHECK_EQ(pst_encoder_sync(encoder, NULL), PST_OK);
    CHECK_EQ(pst_encoder_finish(encoder, NULL), PST_OK);
    CHECK_EQ(pst_encoder_sync(encoder, NULL), PST_CLOSED);
    pst_encoder_release(encoder);
    memory_free(&m);
}

static int n_writes;

static int64_t fail_once(void *user, const void *bytes, int64_t n_bytes) {
    return ++n_writes == 3 ? -EIO : memory_write(user, bytes, n_bytes);
}

static void test_one_failure_is_not_forgotten(void) {
    memory_place m = {0};
    pst_io_functions functions = memory_file;
    functions.write = fail_once;
    n_writes = 0;
    pst_encoder *encoder = begin(&m, &functions);
    REQUIRE(encoder != NULL);
    pst_error err = {0};
    CHECK_EQ(pst_encoder_write(encoder, data, PST_FORMAT_I16, 10, &err), PST_OK);
    CHECK_EQ(pst_encoder_write(encoder, data, PST_FORMAT_I16, 10, &err), PST_SYSTEM_ERROR);
    CHECK_EQ(pst_encoder_write(encoder, data, PST_FORMAT_I16, 10, &err), PST_SYSTEM_ERROR);
    CHECK_EQ(pst_encoder_frames(encoder), 10);
    err = (pst_error){0};
    CHECK_EQ(pst_encoder_finish(encoder, &err), PST_SYSTEM_ERROR);
    CHECK_EQ(err.native_code, EIO);
    pst_encoder_release(encoder);
    CHECK_EQ(m.bytes[76], 40);
    memory_free(&m);
}

static void *create(void *path) {
    pst_io *io = NULL;
    const pst_status status = pst_io_open_path(&io, path, PST_IO_CREATE, NULL);
    pst_io_close(io, NULL);
    return status == PST_OK ? path : NULL;
}

static void test_a_file_is_created_by_one_alone(void) {
    enum { N = 4 };
    char folder[FOLDER_CHARS], path[FOLDER_CHARS + 20];
    folder_make(folder, "pastream-io");
    snprintf(path, sizeof path, "%s/a.wav", folder);
    for (int i = 0; i < 20; ++i) {
        pthread_t threads[N];
        int n_created = 0;
        for (int k = 0; k < N; ++k)
            REQUIRE(pthread_create(&threads[k], NULL, create, path) == 0);
        for (int k = 0; k < N; ++k) {
            void *created = NULL;
            pthread_join(threads[k], &created);
            n_created += created != NULL;
        }
        CHECK_EQ(n_created, 1);
        unlink(path);
    }
    // A real disk can be waited for.
    pst_io *io = NULL;
    REQUIRE(pst_io_open_path(&io, path, PST_IO_WRITE, NULL) == PST_OK);
    CHECK_EQ(pst_io_write(io, "abc", 3), 3);
    CHECK_EQ(pst_io_sync(io), 0);
    CHECK_EQ(pst_io_close(io, NULL), PST_OK);
    unlink(path);
    rmdir(folder);
}

static void test_a_file_that_appends_is_written_like_a_pipe(void) {
    FILE *file = tmpfile();
    REQUIRE(file != NULL);
    const int fd = fileno(file);
    CHECK_EQ(write(fd, "before", 6), 6);
    CHECK_EQ(fcntl(fd, F_SETFL, O_APPEND), 0);
    pst_io *io = NULL;
    pst_encoder *encoder = NULL;
    REQUIRE(pst_io_open_fd(&io, fd, false, PST_IO_WRITE, NULL) == PST_OK);
    CHECK(!pst_io_is_seekable(io));
    REQUIRE(pst_encoder_open(&encoder, io, &wav, NULL, NULL) == PST_OK);
    CHECK_EQ(pst_encoder_write(encoder, data, PST_FORMAT_I16, 100, NULL), PST_OK);
    CHECK_EQ(pst_encoder_finish(encoder, NULL), PST_OK);
    pst_encoder_release(encoder);
    CHECK_EQ(lseek(fd, 6, SEEK_SET), 6);
    // To be read it is a file as any other.
    pst_decoder *decoder = NULL;
    REQUIRE(pst_io_open_fd(&io, fd, false, PST_IO_READ, NULL) == PST_OK);
    CHECK(pst_io_is_seekable(io));
    REQUIRE(pst_decoder_open(&decoder, io, NULL, NULL) == PST_OK);
    static int16_t got[202];
    uint64_t n_read = 0;
    CHECK_EQ(pst_decoder_read(decoder, got, PST_FORMAT_I16, 101, &n_read, NULL), PST_END);
    CHECK_EQ(n_read, 100);
    CHECK(memcmp(got, data, 400) == 0);
    pst_decoder_release(decoder);
    fclose(file);
}

// ---- Pipes -----------------------------------------------------------------------------------

static volatile sig_atomic_t n_signals;

static void count_signal(int number) {
    (void)number;
    ++n_signals;
}

// Writes to a pipe that nobody reads.
static void check_closed_pipe(void) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    close(ends[0]);
    pst_io *io = NULL;
    pst_encoder *encoder = NULL;
    pst_error err = {0};
    REQUIRE(pst_io_open_fd(&io, ends[1], true, PST_IO_WRITE, NULL) == PST_OK);
    CHECK_EQ(pst_encoder_open(&encoder, io, &wav, NULL, &err), PST_SYSTEM_ERROR);
    CHECK_EQ(err.native_code, EPIPE);
    CHECK_EQ(pst_io_close(io, NULL), PST_SYSTEM_ERROR);
}

static bool is_waiting(void) {
    sigset_t waiting;
    sigpending(&waiting);
    return sigismember(&waiting, SIGPIPE) == 1;
}

static void test_a_pipe_that_nobody_reads_ends_no_process(void) {
    // This would be the end.
    signal(SIGPIPE, SIG_DFL);
    check_closed_pipe();
    signal(SIGPIPE, count_signal);
    check_closed_pipe();
    CHECK_EQ(n_signals, 0);
    CHECK(!is_waiting());
    // A signal of somebody else's stays.
    sigset_t pipe_only, before;
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
    raise(SIGPIPE);
    check_closed_pipe();
    CHECK(is_waiting());
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    CHECK_EQ(n_signals, 1);
    signal(SIGPIPE, SIG_IGN);
    check_closed_pipe();
    signal(SIGPIPE, SIG_DFL);
}

static void *write_all(void *arg) {
    pst_io *io = NULL;
    pst_encoder *encoder = NULL;
    CHECK_EQ(pst_io_open_fd(&io, *(int *)arg, true, PST_IO_WRITE, NULL), PST_OK);
    CHECK_EQ(pst_encoder_open(&encoder, io, &wav, NULL, NULL), PST_OK);
    CHECK_EQ(pst_encoder_write(encoder, data, PST_FORMAT_I16, N_FRAMES, NULL), PST_OK);
    CHECK_EQ(pst_encoder_finish(encoder, NULL), PST_OK);
    pst_encoder_release(encoder);
    return NULL;
}

static void test_pipes_that_do_not_wait_are_waited_for(void) {
    for (int flags = 0; flags <= O_NONBLOCK; flags += O_NONBLOCK) {
        int ends[2];
        REQUIRE(pipe(ends) == 0);
        fcntl(ends[0], F_SETFL, flags);
        fcntl(ends[1], F_SETFL, flags);
        pthread_t thread;
        REQUIRE(pthread_create(&thread, NULL, write_all, &ends[1]) == 0);
        pst_io *io = NULL;
        pst_decoder *decoder = NULL;
        static int16_t got[2 * N_FRAMES];
        uint64_t n_read = 0;
        REQUIRE(pst_io_open_fd(&io, ends[0], true, PST_IO_READ, NULL) == PST_OK);
        REQUIRE(pst_decoder_open(&decoder, io, NULL, NULL) == PST_OK);
        CHECK_EQ(pst_decoder_read(decoder, got, PST_FORMAT_I16, N_FRAMES, &n_read, NULL), PST_OK);
        CHECK(memcmp(got, data, sizeof data) == 0);
        CHECK_EQ(pst_decoder_read(decoder, got, PST_FORMAT_I16, 1, &n_read, NULL), PST_END);
        pthread_join(thread, NULL);
        pst_decoder_release(decoder);
    }
}

int main(void) {
    make_data();
    RUN(test_whole_units_come_as_a_pipe_gives_them);
    RUN(test_memory);
    RUN(test_a_file_in_memory);
    RUN(test_sync_brings_all_to_the_disk);
    RUN(test_one_failure_is_not_forgotten);
    RUN(test_a_file_is_created_by_one_alone);
    RUN(test_a_file_that_appends_is_written_like_a_pipe);
    RUN(test_a_pipe_that_nobody_reads_ends_no_process);
    RUN(test_pipes_that_do_not_wait_are_waited_for);
    return check_done();
}
