// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Sound files that are cut, that lie, or that are none; places that fail; and real files.

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "failing_alloc.h"
#include "folder.h"
#include "memory_place.h"
#include "pastream/codec.h"

#define N_OF(table) (sizeof(table) / sizeof *(table))

static const pst_file_format wav = {
    PST_CONTAINER_WAV, PST_FORMAT_I16, PST_BYTES_DEFAULT, 8000, 2, PST_ENCODING_DEFAULT, 0};

enum { N_FRAMES = 100 };
static int16_t data[2 * N_FRAMES];

static void make_data(void) {
    for (int i = 0; i < 2 * N_FRAMES; ++i)
        data[i] = (int16_t)(i * 300 - 30000);
}

static pst_status open_place(pst_decoder **decoder, memory_place *m,
                             const pst_io_functions *functions, const pst_file_format *raw,
                             pst_error *err) {
    pst_io *io = NULL;
    m->position = 0;
    pst_status status = pst_io_open_user(&io, functions, m, PST_IO_READ, err);
    if (status != PST_OK)
        return status;
    status = pst_decoder_open(decoder, io, raw, err);
    if (status != PST_OK)
        pst_io_close(io, NULL);
    return status;
}

static pst_status write_place(memory_place *m, const pst_file_format *format, pst_error *err) {
    pst_io *io = NULL;
    pst_status status = pst_io_open_user(&io, &memory_file, m, PST_IO_WRITE, err);
    if (status != PST_OK)
        return status;
    pst_encoder *encoder = NULL;
    status = pst_encoder_open(&encoder, io, format, NULL, err);
    if (status != PST_OK) {
        pst_io_close(io, NULL);
        return status;
    }
    status = pst_encoder_write(encoder, data, PST_FORMAT_I16, N_FRAMES, err);
    const pst_status finished = pst_encoder_finish(encoder, err);
    pst_encoder_release(encoder);
    return status != PST_OK ? status : finished;
}

// ---- Hostile files ---------------------------------------------------------------------------

static void check_no_file(const void *bytes, int64_t n_bytes, const char *word) {
    memory_place m = {.bytes = (uint8_t *)bytes, .n_bytes = n_bytes};
    for (int pipe = 0; pipe < 2; ++pipe) {
        pst_decoder *decoder = NULL;
        pst_error err = {0};
        CHECK_EQ(open_place(&decoder, &m, pipe ? &memory_pipe : &memory_file, NULL, &err),
                 PST_BAD_FILE);
        CHECK(decoder == NULL);
        CHECK_TEXT(strstr(err.text, word) != NULL, "\"%s\" does not say \"%s\"", err.text, word);
    }
}

static void test_what_is_no_sound_file_is_named(void) {
    check_no_file("", 0, "an empty file");
    check_no_file("R", 1, "nothing that is known");
    check_no_file("fLaC................", 20, "FLAC");
    check_no_file("OggS................", 20, "O");
    check_no_file("ID3.................", 20, "an ID3 tag");
    check_no_file("ID3\4\0\0\0\0\0\2..", 12, "an ID3 tag");
    check_no_file("\xFF\xFB\x90................", 20, "nothing that is known");
    check_no_file("\xFF\xF1\x90................", 20, "nothing that is known");
    check_no_file("....ftypM4A ........", 20, "MP4");
    check_no_file("RIFF....AVI ........", 20, "nothing that is known");
    check_no_file("MATLAB 5.0 MAT-file.", 20, "nothing that is known");
}

static void test_a_file_cut_at_every_byte(void) {
    static const pst_container containers[] = {
        PST_CONTAINER_WAV, PST_CONTAINER_WAVEX, PST_CONTAINER_RF64, PST_CONTAINER_AIFF,
        PST_CONTAINER_AU,  PST_CONTAINER_CAF,   PST_CONTAINER_W64,
    };
    for (size_t c = 0; c < N_OF(containers); ++c) {
        pst_file_format format = wav;
        format.container = containers[c];
        memory_place m = {0};
        REQUIRE(write_place(&m, &format, NULL) == PST_OK);
        const int64_t whole = m.n_bytes;
        const int64_t header = whole - N_FRAMES * 4;
        for (m.n_bytes = 0; m.n_bytes < whole; m.n_bytes += m.n_bytes < 100 ? 1 : 13)
            for (int pipe = 0; pipe < 2; ++pipe) {
                // Of these two a pipe is refused.
                if (pipe &&
                    (containers[c] == PST_CONTAINER_CAF || containers[c] == PST_CONTAINER_W64))
                    continue;
                pst_decoder *decoder = NULL;
                const pst_status status =
                    open_place(&decoder, &m, pipe ? &memory_pipe : &memory_file, NULL, NULL);
                if (status != PST_OK) {
                    CHECK_EQ(status, PST_BAD_FILE);
                    continue;
                }
                int16_t got[2 * N_FRAMES];
                uint64_t n_read = 0;
                CHECK_EQ(pst_decoder_read(decoder, got, PST_FORMAT_I16, N_FRAMES, &n_read, NULL),
                         PST_END);
                const int64_t there = m.n_bytes > header ? (m.n_bytes - header) / 4 : 0;
                // libsndfile takes the end of a cut CAF file for two or three frames earlier.
                const int64_t least = containers[c] == PST_CONTAINER_CAF ? there - 3 : there;
                CHECK_TEXT((int64_t)n_read <= there && (int64_t)n_read >= least,
                           "container %d, %lld of %lld bytes: %d frames", (int)containers[c],
                           (long long)m.n_bytes, (long long)whole, (int)n_read);
                CHECK(memcmp(got, data, (size_t)n_read * 4) == 0);
                // All of these headers say how long the file should be, and most of it is there.
                pst_damage damage;
                pst_decoder_get_damage(decoder, &damage);
                CHECK_TEXT(m.n_bytes <= header || (damage.flags & PST_DAMAGE_TRUNCATED) != 0,
                           "container %d, %lld of %lld bytes, pipe %d: no damage",
                           (int)containers[c], (long long)m.n_bytes, (long long)whole, pipe);
                pst_decoder_release(decoder);
            }
        memory_free(&m);
    }
}

// Where things lie in a plain WAV file of ours: behind 36 bytes that are kept for RF64.
enum {
    RIFF_SIZE_AT = 4,
    TAG_AT = 56,
    CHANNELS_AT = 58,
    RATE_AT = 60,
    DATA_SIZE_AT = 76,
    HEADER_BYTES = 80
};

static void set_u32(memory_place *m, int at, uint32_t value) {
    for (int i = 0; i < 4; ++i)
        m->bytes[at + i] = (uint8_t)(value >> 8 * i);
}

static void test_sizes_that_lie(void) {
    memory_place m = {0};
    REQUIRE(write_place(&m, &wav, NULL) == PST_OK);
    static const uint32_t sizes[] = {0x7FFFFFFF, 0xFFFFFFF0, 0xFFFFFFFF, 402};
    for (size_t i = 0; i < N_OF(sizes); ++i) {
        set_u32(&m, DATA_SIZE_AT, sizes[i]);
        set_u32(&m, RIFF_SIZE_AT, sizes[i] + 36);
        pst_decoder *decoder = NULL;
        REQUIRE(open_place(&decoder, &m, &memory_file, NULL, NULL) == PST_OK);
        pst_decoder_info info;
        pst_decoder_get_info(decoder, &info);
        CHECK_EQ(info.n_frames, N_FRAMES);
        int16_t got[2 * N_FRAMES + 2];
        uint64_t n_read = 0;
        CHECK_EQ(pst_decoder_read(decoder, got, PST_FORMAT_I16, N_FRAMES + 1, &n_read, NULL),
                 PST_END);
        CHECK_EQ(n_read, N_FRAMES);
        CHECK(memcmp(got, data, sizeof data) == 0);
        pst_decoder_release(decoder);
    }
    memory_free(&m);
}

// Writes a value of two or four bytes into a good header, and expects a refusal.
static void check_field_refused(int at, int n_bytes, uint32_t value) {
    memory_place m = {0};
    REQUIRE(write_place(&m, &wav, NULL) == PST_OK);
    for (int i = 0; i < n_bytes; ++i)
        m.bytes[at + i] = (uint8_t)(value >> 8 * i);
    pst_decoder *decoder = NULL;
    CHECK_EQ(open_place(&decoder, &m, &memory_file, NULL, NULL), PST_BAD_FILE);
    pst_decoder_release(decoder);
    memory_free(&m);
}

static void test_absurd_formats_are_refused(void) {
    check_field_refused(CHANNELS_AT, 2, 0);
    check_field_refused(CHANNELS_AT, 2, 257);
    check_field_refused(CHANNELS_AT, 2, 65535);
    check_field_refused(RATE_AT, 4, 0);
    check_field_refused(RATE_AT, 4, 1000001);
    check_field_refused(RATE_AT, 4, 0x7FFFFFFF);
    check_field_refused(RATE_AT, 4, 0xFFFFFFFF);
    check_field_refused(TAG_AT, 2, 0x1234);
}

static void test_random_damage_does_no_harm(void) {
    static const pst_container containers[] = {
        PST_CONTAINER_WAV, PST_CONTAINER_RF64, PST_CONTAINER_AIFF,
        PST_CONTAINER_AU,  PST_CONTAINER_CAF,  PST_CONTAINER_W64,
    };
    uint64_t random = 5;
    for (int i = 0; i < 3000; ++i) {
        pst_file_format format = wav;
        format.container = containers[(size_t)i % N_OF(containers)];
        memory_place m = {0};
        REQUIRE(write_place(&m, &format, NULL) == PST_OK);
        for (int k = 0; k < 3; ++k)
            m.bytes[check_random_in(&random, 4, 90)] = (uint8_t)check_random(&random);
        pst_decoder *decoder = NULL;
        if (open_place(&decoder, &m, i % 2 ? &memory_pipe : &memory_file, NULL, NULL) == PST_OK) {
            pst_decoder_info info;
            pst_decoder_get_info(decoder, &info);
            CHECK(info.n_frames <= m.n_bytes);
            double *got = calloc(50, sizeof *got * info.format.n_channels);
            uint64_t n_read = 0;
            while (pst_decoder_read(decoder, got, PST_FORMAT_F64, 50, &n_read, NULL) == PST_OK)
                ;
            CHECK(pst_decoder_position(decoder) <= m.n_bytes);
            free(got);
            pst_decoder_release(decoder);
        }
        memory_free(&m);
    }
}

// ---- Failing places --------------------------------------------------------------------------

static void test_a_read_error_is_no_end(void) {
    memory_place m = {0};
    REQUIRE(write_place(&m, &wav, NULL) == PST_OK);
    for (int pipe = 0; pipe < 2; ++pipe) {
        m.broken_at = m.n_bytes - 40 * 4;
        pst_decoder *decoder = NULL;
        // The head of a pipe is read ahead of what is asked for.
        const pst_status opened =
            open_place(&decoder, &m, pipe ? &memory_pipe : &memory_file, NULL, NULL);
        REQUIRE(opened == PST_OK || opened == PST_SYSTEM_ERROR);
        if (opened != PST_OK)
            continue;
        int16_t got[2 * N_FRAMES];
        uint64_t n_read = 0;
        pst_error err = {0};
        CHECK_EQ(pst_decoder_read(decoder, got, PST_FORMAT_I16, N_FRAMES, &n_read, &err),
                 PST_SYSTEM_ERROR);
        CHECK_EQ(err.native_code, EIO);
        CHECK_EQ(n_read, N_FRAMES - 40);
        CHECK(memcmp(got, data, (size_t)n_read * 4) == 0);
        pst_decoder_release(decoder);
        m.broken_at = 3;
        CHECK_EQ(open_place(&decoder, &m, pipe ? &memory_pipe : &memory_file, NULL, &err),
                 PST_SYSTEM_ERROR);
    }
    memory_free(&m);
}

static int64_t fail_to_close(void *user) {
    (void)user;
    return -EDQUOT;
}

static void test_an_error_of_closing_is_told(void) {
    memory_place m = {0};
    pst_io_functions functions = memory_file;
    functions.close = fail_to_close;
    pst_io *io = NULL;
    pst_encoder *encoder = NULL;
    REQUIRE(pst_io_open_user(&io, &functions, &m, PST_IO_WRITE, NULL) == PST_OK);
    REQUIRE(pst_encoder_open(&encoder, io, &wav, NULL, NULL) == PST_OK);
    pst_error err = {0};
    CHECK_EQ(pst_encoder_finish(encoder, &err), PST_SYSTEM_ERROR);
    CHECK_EQ(err.native_code, EDQUOT);
    pst_encoder_release(encoder);
    memory_free(&m);
}

static void test_a_disk_that_is_full_from_the_start(void) {
    for (int64_t full_at = 1; full_at < HEADER_BYTES; full_at += 7) {
        memory_place m = {.full_at = full_at};
        pst_error err = {0};
        CHECK_EQ(write_place(&m, &wav, &err), PST_SYSTEM_ERROR);
        CHECK_EQ(err.native_code, ENOSPC);
        memory_free(&m);
    }
}

static void test_functions_that_are_missing(void) {
    memory_place m = {0};
    pst_io *io = NULL;
    pst_io_functions functions = memory_file;
    functions.read = NULL;
    CHECK_EQ(pst_io_open_user(&io, &functions, &m, PST_IO_READ, NULL), PST_BAD_ARGUMENT);
    functions = memory_file;
    functions.write = NULL;
    CHECK_EQ(pst_io_open_user(&io, &functions, &m, PST_IO_WRITE, NULL), PST_BAD_ARGUMENT);
    functions = memory_file;
    functions.length = NULL;
    CHECK_EQ(pst_io_open_user(&io, &functions, &m, PST_IO_READ, NULL), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_io_open_user(&io, &memory_file, &m, PST_IO_CREATE, NULL), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_io_close(NULL, NULL), PST_OK);
    pst_encoder_release(NULL);
    pst_decoder_release(NULL);
}

// ---- Real files ------------------------------------------------------------------------------

static void test_a_file_of_the_file_system(void) {
    char folder[FOLDER_CHARS], path[FOLDER_CHARS + 20];
    folder_make(folder, "pastream-codec");
    snprintf(path, sizeof path, "%s/a.wav", folder);
    pst_io *io = NULL;
    pst_error err = {0};
    CHECK_EQ(pst_io_open_path(&io, path, PST_IO_READ, &err), PST_SYSTEM_ERROR);
    CHECK_EQ(err.native_code, ENOENT);
    CHECK_EQ(pst_io_open_path(&io, folder, PST_IO_WRITE, &err), PST_SYSTEM_ERROR);
    CHECK_EQ(err.native_code, EISDIR);
    CHECK_EQ(pst_io_open_path(&io, folder, PST_IO_READ, &err), PST_SYSTEM_ERROR);
    CHECK_EQ(err.native_code, EISDIR);
    CHECK_EQ(pst_io_open_path(&io, path, (pst_io_mode)9, &err), PST_BAD_ARGUMENT);

    REQUIRE(pst_io_open_path(&io, path, PST_IO_CREATE, &err) == PST_OK);
    pst_encoder *encoder = NULL;
    REQUIRE(pst_encoder_open(&encoder, io, &wav, NULL, &err) == PST_OK);
    CHECK_EQ(pst_encoder_write(encoder, data, PST_FORMAT_I16, N_FRAMES, &err), PST_OK);
    CHECK_EQ(pst_encoder_finish(encoder, &err), PST_OK);
    pst_encoder_release(encoder);
    CHECK_EQ(pst_io_open_path(&io, path, PST_IO_CREATE, &err), PST_SYSTEM_ERROR);
    CHECK_EQ(err.native_code, EEXIST);

    // Behind ten bytes of something else, through a descriptor that stays open.
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    uint8_t bytes[HEADER_BYTES + 4 * N_FRAMES];
    CHECK_EQ(read(fd, bytes, sizeof bytes), (long long)sizeof bytes);
    close(fd);
    const int inside = open(path, O_RDWR | O_CLOEXEC | O_TRUNC);
    CHECK_EQ(write(inside, "0123456789", 10), 10);
    CHECK_EQ(write(inside, bytes, sizeof bytes), (long long)sizeof bytes);
    CHECK_EQ(lseek(inside, 10, SEEK_SET), 10);
    REQUIRE(pst_io_open_fd(&io, inside, false, PST_IO_READ, &err) == PST_OK);
    pst_decoder *decoder = NULL;
    REQUIRE(pst_decoder_open(&decoder, io, NULL, &err) == PST_OK);
    int16_t got[2 * N_FRAMES];
    uint64_t n_read = 0;
    CHECK_EQ(pst_decoder_read(decoder, got, PST_FORMAT_I16, N_FRAMES, &n_read, &err), PST_OK);
    CHECK(memcmp(got, data, sizeof data) == 0);
    pst_decoder_release(decoder);
    CHECK_EQ(fcntl(inside, F_GETFD), FD_CLOEXEC);
    close(inside);
    CHECK_EQ(pst_io_open_fd(&io, inside, false, PST_IO_READ, &err), PST_SYSTEM_ERROR);
    CHECK_EQ(err.native_code, EBADF);
    unlink(path);
    rmdir(folder);
}

static void *read_to_the_end(void *arg) {
    static int16_t got[2 * N_FRAMES];
    static pst_status status;
    uint64_t n_read = 0;
    status = pst_decoder_read(arg, got, PST_FORMAT_I16, N_FRAMES, &n_read, NULL);
    return &status;
}

static void test_a_read_that_waits_for_a_pipe_can_be_cancelled(void) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    pst_file_format raw = wav;
    raw.container = PST_CONTAINER_RAW;
    pst_io *io = NULL;
    pst_decoder *decoder = NULL;
    CHECK_EQ(write(ends[1], data, 40), 40);
    REQUIRE(pst_io_open_fd(&io, ends[0], true, PST_IO_READ, NULL) == PST_OK);
    REQUIRE(pst_decoder_open(&decoder, io, &raw, NULL) == PST_OK);
    pthread_t thread;
    REQUIRE(pthread_create(&thread, NULL, read_to_the_end, decoder) == 0);
    pst_decoder_cancel(decoder, true);
    void *result = NULL;
    pthread_join(thread, &result);
    CHECK_EQ(*(pst_status *)result, PST_SYSTEM_ERROR);
    pst_decoder_release(decoder);
    close(ends[1]);
}

// ---- Memory ----------------------------------------------------------------------------------

static void test_every_allocation_failing_in_turn(void) {
    if (!failing_alloc_works()) {
        check_skip("needs an allocator of our own");
        return;
    }
    memory_place m = {0};
    REQUIRE(write_place(&m, &wav, NULL) == PST_OK);
    for (long n = 1; n < 100; ++n) {
        static uint8_t room[65536];
        memory_place target = {.bytes = room, .n_room = sizeof room};
        pst_decoder *decoder = NULL;
        pst_error err = {0};
        failing_alloc_begin(n);
        const pst_status written = write_place(&target, &wav, &err);
        const pst_status opened = open_place(&decoder, &m, &memory_pipe, NULL, &err);
        pst_decoder_release(decoder);
        if (failing_alloc_end() < n) {
            CHECK_EQ(written, PST_OK);
            CHECK_EQ(opened, PST_OK);
            CHECK(n > 5);
            break;
        }
        CHECK_TEXT(written < 0 || opened < 0, "allocation %ld failed, and nobody said so", n);
        CHECK_EQ(failing_alloc_live(), 0);
    }
    memory_free(&m);
}

int main(void) {
    make_data();
    RUN(test_what_is_no_sound_file_is_named);
    RUN(test_a_file_cut_at_every_byte);
    RUN(test_sizes_that_lie);
    RUN(test_absurd_formats_are_refused);
    RUN(test_random_damage_does_no_harm);
    RUN(test_a_read_error_is_no_end);
    RUN(test_an_error_of_closing_is_told);
    RUN(test_a_disk_that_is_full_from_the_start);
    RUN(test_functions_that_are_missing);
    RUN(test_a_file_of_the_file_system);
    RUN(test_a_read_that_waits_for_a_pipe_can_be_cancelled);
    RUN(test_every_allocation_failing_in_turn);
    return check_done();
}
