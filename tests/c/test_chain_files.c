// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Sound files as ends of a chain: what is in the file arrives, and what arrives is in the file.

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "failing_alloc.h"
#include "memory_place.h"
#include "pastream/chain.h"
#include "stream_fixture.h"

// In front of the samples of a plain WAV file.
enum { WAV_HEADER_BYTES = 80 };

static const pst_file_format wav = {
    PST_CONTAINER_WAV, PST_FORMAT_I16, PST_BYTES_DEFAULT, 8000, 2, PST_ENCODING_DEFAULT, 0};

enum { N_FRAMES = 30000 };
static int16_t data[2 * N_FRAMES];

static void make_data(void) {
    for (int i = 0; i < 2 * N_FRAMES; ++i)
        data[i] = (int16_t)(i * 7);
}

static pst_encoder *new_file(memory_place *m, const pst_file_format *format) {
    pst_io *io = NULL;
    pst_encoder *encoder = NULL;
    CHECK_EQ(pst_io_open_user(&io, &memory_file, m, PST_IO_WRITE, NULL), PST_OK);
    CHECK_EQ(pst_encoder_open(&encoder, io, format, NULL, NULL), PST_OK);
    return encoder;
}

static void write_file(memory_place *m, uint64_t n_frames) {
    pst_encoder *encoder = new_file(m, &wav);
    CHECK_EQ(pst_encoder_write(encoder, data, PST_FORMAT_I16, n_frames, NULL), PST_OK);
    pst_encoder_release(encoder);
}

static pst_decoder *open_file(memory_place *m, const pst_io_functions *functions) {
    pst_io *io = NULL;
    pst_decoder *decoder = NULL;
    m->position = 0;
    CHECK_EQ(pst_io_open_user(&io, functions, m, PST_IO_READ, NULL), PST_OK);
    CHECK_EQ(pst_decoder_open(&decoder, io, NULL, NULL), PST_OK);
    return decoder;
}

static pst_source *file_source(pst_decoder *decoder, bool loops) {
    pst_source *source = NULL;
    CHECK_EQ(pst_source_file(&source, decoder, PST_FORMAT_I16, loops, NULL), PST_OK);
    return source;
}

static pst_ring *make_ring(uint64_t capacity_frames) {
    pst_ring *ring = NULL;
    const pst_ring_config config = {.capacity_frames = capacity_frames, .frame_bytes = 4};
    CHECK_EQ(pst_ring_create(&ring, &config, NULL), PST_OK);
    return ring;
}

static pst_chain *start_into_ring(pst_source *source, pst_ring *ring) {
    pst_sink *sink = NULL;
    pst_chain *chain = NULL;
    CHECK_EQ(pst_sink_ring(&sink, ring, NULL, PST_FORMAT_I16, 2, NULL), PST_OK);
    CHECK_EQ(pst_chain_create(&chain, NULL, source, sink, NULL), PST_OK);
    CHECK_EQ(pst_chain_start(chain, NULL), PST_OK);
    return chain;
}

// Reads n_frames from the ring and checks that they are the file's, from frame `first` on.
static void check_frames(pst_ring *ring, uint64_t first, uint64_t n_frames, uint64_t n_in_file) {
    int n_wrong = 0;
    for (uint64_t i = 0; i < n_frames; ++i) {
        int16_t frame[2] = {0};
        if (pst_ring_read(ring, 0, frame, 1) == 0) {
            REQUIRE(pst_ring_wait_readable(ring, 0, 1, PATIENCE_NS) == PST_OK);
            CHECK_EQ(pst_ring_read(ring, 0, frame, 1), 1);
        }
        n_wrong += memcmp(frame, data + 2 * ((first + i) % n_in_file), sizeof frame) != 0;
    }
    CHECK_EQ(n_wrong, 0);
}

static void test_a_file_is_played_into_a_ring(void) {
    memory_place m = {0};
    write_file(&m, N_FRAMES);
    pst_decoder *decoder = open_file(&m, &memory_file);
    pst_ring *ring = make_ring(1000);
    CHECK_EQ(pst_decoder_seek(decoder, 10, NULL), PST_OK);
    pst_chain *chain = start_into_ring(file_source(decoder, false), ring);
    check_frames(ring, 10, N_FRAMES - 10, N_FRAMES);
    CHECK_EQ(pst_chain_wait(chain, PATIENCE_NS, NULL), PST_OK);
    CHECK(pst_ring_ended(ring));
    CHECK_EQ(pst_ring_readable(ring, 0), 0);
    pst_chain_release(chain);
    pst_decoder_release(decoder);
    pst_ring_release(ring);
    memory_free(&m);
}

static void test_a_loop_has_no_gap(void) {
    static const uint64_t lengths[] = {1, 7, 8191, 8192, 8193, 20000};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; ++i) {
        memory_place m = {0};
        write_file(&m, lengths[i]);
        pst_decoder *decoder = open_file(&m, &memory_file);
        pst_ring *ring = make_ring(5000);
        pst_chain *chain = start_into_ring(file_source(decoder, true), ring);
        check_frames(ring, 0, 2 * lengths[i] + 20000, lengths[i]);
        pst_chain_cancel(chain);
        CHECK_EQ(pst_chain_wait(chain, PATIENCE_NS, NULL), PST_OK);
        pst_chain_release(chain);
        pst_decoder_release(decoder);
        pst_ring_release(ring);
        memory_free(&m);
    }
}

static void test_loops_that_cannot_be(void) {
    memory_place m = {0};
    write_file(&m, 100);
    pst_source *source = NULL;
    pst_error err = {.status = PST_OK};
    pst_decoder *pipe = open_file(&m, &memory_pipe);
    CHECK_EQ(pst_source_file(&source, pipe, PST_FORMAT_I16, true, &err), PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "pipe") != NULL);
    pst_decoder_release(pipe);
    memory_free(&m);
    write_file(&m, 0);
    pst_decoder *empty = open_file(&m, &memory_file);
    CHECK_EQ(pst_source_file(&source, empty, PST_FORMAT_I16, true, &err), PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "no frames") != NULL);
    CHECK_EQ(pst_source_file(&source, empty, (pst_format)0, false, &err), PST_BAD_ARGUMENT);
    pst_decoder_release(empty);
    memory_free(&m);
}

// The header claims frames that the file no longer has.
static void test_a_loop_over_a_file_that_has_become_empty_ends(void) {
    memory_place m = {0};
    write_file(&m, 100);
    pst_decoder *decoder = open_file(&m, &memory_file);
    pst_source *source = file_source(decoder, true);
    m.n_bytes = WAV_HEADER_BYTES;
    pst_ring *ring = make_ring(1000);
    pst_chain *chain = start_into_ring(source, ring);
    CHECK_EQ(pst_chain_wait(chain, PATIENCE_NS, NULL), PST_BAD_FILE);
    CHECK(pst_ring_ended(ring));
    pst_chain_release(chain);
    pst_decoder_release(decoder);
    pst_ring_release(ring);
    memory_free(&m);
}

static void test_a_read_error_comes_after_what_was_read(void) {
    memory_place m = {0};
    write_file(&m, N_FRAMES);
    m.broken_at = WAV_HEADER_BYTES + 4 * 20000;
    pst_decoder *decoder = open_file(&m, &memory_file);
    pst_ring *ring = make_ring(N_FRAMES);
    pst_chain *chain = start_into_ring(file_source(decoder, false), ring);
    pst_error err = {.status = PST_OK};
    CHECK_EQ(pst_chain_wait(chain, PATIENCE_NS, &err), PST_SYSTEM_ERROR);
    CHECK_EQ(err.native_code, EIO);
    CHECK_EQ(pst_ring_readable(ring, 0), 20000);
    check_frames(ring, 0, 20000, N_FRAMES);
    pst_chain_release(chain);
    pst_decoder_release(decoder);
    pst_ring_release(ring);
    memory_free(&m);
}

// ---- Recording -------------------------------------------------------------------------------

static pst_chain *start_into_file(pst_ring *ring, pst_encoder *encoder) {
    pst_source *source = NULL;
    pst_sink *sink = NULL;
    pst_chain *chain = NULL;
    CHECK_EQ(pst_source_ring_lent(&source, ring, 0, PST_FORMAT_I16, 2, NULL), PST_OK);
    CHECK_EQ(pst_sink_file(&sink, encoder, NULL, PST_FORMAT_I16, NULL), PST_OK);
    CHECK_EQ(pst_chain_create(&chain, NULL, source, sink, NULL), PST_OK);
    CHECK_EQ(pst_chain_start(chain, NULL), PST_OK);
    return chain;
}

static void test_a_ring_is_recorded_into_a_file(void) {
    memory_place m = {0};
    pst_encoder *encoder = new_file(&m, &wav);
    pst_ring *ring = make_ring(N_FRAMES);
    pst_chain *chain = start_into_file(ring, encoder);
    CHECK_EQ(pst_ring_write(ring, data, N_FRAMES), N_FRAMES);
    pst_ring_end(ring);
    CHECK_EQ(pst_chain_wait(chain, PATIENCE_NS, NULL), PST_OK);
    pst_chain_release(chain);
    CHECK_EQ(pst_encoder_frames(encoder), N_FRAMES);
    // The reader is the caller's again, and nothing keeps it from waiting.
    pst_ring_restart(ring);
    CHECK_EQ(pst_ring_write(ring, data, 1), 1);
    CHECK_EQ(pst_ring_wait_readable(ring, 0, 1, 0), PST_OK);
    CHECK_EQ(pst_ring_wait_readable(ring, 0, 2, 0), PST_TIMEOUT);
    // Not finished, and whole all the same.
    pst_decoder *decoder = open_file(&m, &memory_file);
    static int16_t got[2 * N_FRAMES + 2];
    uint64_t n_read = 0;
    CHECK_EQ(pst_decoder_read(decoder, got, PST_FORMAT_I16, N_FRAMES + 1, &n_read, NULL), PST_END);
    CHECK_EQ(n_read, N_FRAMES);
    CHECK(memcmp(got, data, sizeof data) == 0);
    pst_decoder_release(decoder);
    pst_encoder_release(encoder);
    pst_ring_release(ring);
    memory_free(&m);
}

static void test_a_recording_that_is_stopped_gives_its_reader_back(void) {
    memory_place m = {0};
    pst_encoder *encoder = new_file(&m, &wav);
    pst_ring *ring = make_ring(N_FRAMES);
    for (int i = 0; i < 20; ++i) {
        pst_chain *chain = start_into_file(ring, encoder);
        CHECK_EQ(pst_ring_write(ring, data, 100), 100);
        pst_chain_stop(chain);
        CHECK_EQ(pst_chain_wait(chain, PATIENCE_NS, NULL), PST_OK);
        pst_chain_release(chain);
        CHECK_EQ(pst_encoder_frames(encoder), 100 * (i + 1));
        CHECK_EQ(pst_ring_wait_readable(ring, 0, 1, 0), PST_TIMEOUT);
    }
    pst_encoder_release(encoder);
    pst_ring_release(ring);
    memory_free(&m);
}

static void test_a_full_disk_ends_the_chain(void) {
    memory_place m = {0};
    pst_encoder *encoder = new_file(&m, &wav);
    m.full_at = WAV_HEADER_BYTES + 4 * 5000 + 2;
    pst_ring *ring = make_ring(N_FRAMES);
    pst_chain *chain = start_into_file(ring, encoder);
    CHECK_EQ(pst_ring_write(ring, data, N_FRAMES), N_FRAMES);
    pst_error err = {.status = PST_OK};
    CHECK_EQ(pst_chain_wait(chain, PATIENCE_NS, &err), PST_SYSTEM_ERROR);
    CHECK_EQ(err.native_code, ENOSPC);
    CHECK_EQ(pst_encoder_frames(encoder), 5000);
    pst_chain_release(chain);
    pst_encoder_release(encoder);
    pst_ring_release(ring);
    memory_free(&m);
}

static void test_a_full_disk_stops_the_stream(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, false);
    pst_stream *stream = open_stream(system, &setup);
    memory_place m = {0};
    pst_file_format mono = wav;
    mono.n_channels = 1;
    pst_encoder *encoder = new_file(&m, &mono);
    m.full_at = m.n_bytes + 2 * 5000 + 1;
    start_stream(stream);
    pst_source *source = NULL;
    pst_sink *sink = NULL;
    pst_chain *chain = NULL;
    pst_ring *ring = pst_stream_input_ring(stream);
    CHECK_EQ(pst_source_ring(&source, ring, 0, PST_FORMAT_I32, 1, NULL), PST_OK);
    CHECK_EQ(pst_sink_file(&sink, encoder, stream, PST_FORMAT_I32, NULL), PST_OK);
    CHECK_EQ(pst_chain_create(&chain, system, source, sink, NULL), PST_OK);
    CHECK_EQ(pst_chain_start(chain, NULL), PST_OK);
    CHECK_EQ(pst_chain_wait(chain, PATIENCE_NS, NULL), PST_SYSTEM_ERROR);
    wait_state(stream, PST_STATE_ABORTED);
    CHECK_EQ(pst_encoder_frames(encoder), 5000);
    pst_chain_release(chain);
    pst_encoder_release(encoder);
    end_stream(stream);
    pst_system_release(system);
    memory_free(&m);
}

// ---- Memory ----------------------------------------------------------------------------------

// Nobody reads it.
static void cancel_a_full_pipe(pst_stream *stream) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    pst_file_format raw = wav;
    raw.container = PST_CONTAINER_RAW;
    pst_io *io = NULL;
    pst_encoder *encoder = NULL;
    pst_source *source = NULL;
    pst_sink *sink = NULL;
    pst_chain *chain = NULL;
    CHECK_EQ(pst_io_open_fd(&io, ends[1], true, PST_IO_WRITE, NULL), PST_OK);
    CHECK_EQ(pst_encoder_open(&encoder, io, &raw, NULL, NULL), PST_OK);
    CHECK_EQ(pst_source_memory(&source, data, N_FRAMES, PST_FORMAT_I16, 2, NULL), PST_OK);
    CHECK_EQ(pst_sink_file(&sink, encoder, stream, PST_FORMAT_I16, NULL), PST_OK);
    CHECK_EQ(pst_chain_create(&chain, NULL, source, sink, NULL), PST_OK);
    CHECK_EQ(pst_chain_start(chain, NULL), PST_OK);
    CHECK_EQ(pst_chain_wait(chain, 20 * PST_NS_PER_MS, NULL), PST_TIMEOUT);
    pst_chain_cancel(chain);
    CHECK_EQ(pst_chain_wait(chain, PATIENCE_NS, NULL), PST_OK);
    pst_chain_progress progress;
    pst_chain_get_progress(chain, &progress);
    CHECK_EQ(progress.state, PST_CHAIN_CANCELLED);
    // The file is not what it should be, and its owner is told.
    CHECK(pst_encoder_finish(encoder, NULL) < 0);
    pst_chain_release(chain);
    pst_encoder_release(encoder);
    close(ends[0]);
}

// Whoever cancels does not want to hear that it did not work. Nor is it the stream's end.
static void test_a_write_that_waits_for_a_pipe_is_cancelled(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, false);
    pst_stream *stream = open_stream(system, &setup);
    start_stream(stream);
    cancel_a_full_pipe(stream);
    CHECK_EQ(pst_stream_state(stream), PST_STATE_RUNNING);
    end_stream(stream);
    pst_system_release(system);
}

static void test_every_allocation_failing_in_turn(void) {
    if (!failing_alloc_works()) {
        check_skip("needs an allocator of our own");
        return;
    }
    memory_place m = {0}, target = {0};
    write_file(&m, 100);
    pst_decoder *decoder = open_file(&m, &memory_file);
    pst_encoder *encoder = new_file(&target, &wav);
    for (long n = 1; n < 50; ++n) {
        pst_source *source = NULL;
        pst_sink *sink = NULL;
        failing_alloc_begin(n);
        const pst_status read = pst_source_file(&source, decoder, PST_FORMAT_F32, true, NULL);
        const pst_status written = pst_sink_file(&sink, encoder, NULL, PST_FORMAT_F32, NULL);
        pst_source_destroy(source);
        pst_sink_destroy(sink);
        if (failing_alloc_end() < n) {
            CHECK_EQ(read, PST_OK);
            CHECK_EQ(written, PST_OK);
            CHECK_EQ(n, 4);
            break;
        }
        CHECK(read == PST_NO_MEMORY || written == PST_NO_MEMORY);
        CHECK_EQ(failing_alloc_live(), 0);
    }
    pst_decoder_release(decoder);
    pst_encoder_release(encoder);
    memory_free(&m);
    memory_free(&target);
}

int main(void) {
    make_data();
    RUN(test_a_file_is_played_into_a_ring);
    RUN(test_a_loop_has_no_gap);
    RUN(test_loops_that_cannot_be);
    RUN(test_a_loop_over_a_file_that_has_become_empty_ends);
    RUN(test_a_read_error_comes_after_what_was_read);
    RUN(test_a_ring_is_recorded_into_a_file);
    RUN(test_a_recording_that_is_stopped_gives_its_reader_back);
    RUN(test_a_full_disk_ends_the_chain);
    RUN(test_a_full_disk_stops_the_stream);
    RUN(test_a_write_that_waits_for_a_pipe_is_cancelled);
    RUN(test_every_allocation_failing_in_turn);
    return check_done();
}
