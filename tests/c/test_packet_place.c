// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Packets keep their borders and their bytes until they are taken, however many are waiting.

#include "check.h"
#include "codec/push/packet_place.h"
#include "failing_alloc.h"
#include "memory_place.h"
#include "pastream/codec.h"
#include "pastream/packet.h"

static pst_packet_place *place;
static pst_io *io;

static void make(void) {
    REQUIRE(pst_packet_place_create(&place, &io, NULL) == PST_OK);
    CHECK(pst_io_keeps_packets(io));
    CHECK(!pst_io_is_seekable(io));
}

static void drop(void) {
    CHECK_EQ(pst_io_close(io, NULL), PST_OK);
    pst_packet_place_destroy(place);
}

static void check_next(const char *bytes, int64_t n_frames, uint32_t flags) {
    pst_placed_packet packet = {0};
    REQUIRE(pst_packet_place_take(place, &packet));
    CHECK_EQ(packet.n_bytes, strlen(bytes));
    CHECK(memcmp(packet.data, bytes, packet.n_bytes) == 0);
    CHECK_EQ(packet.n_frames, n_frames);
    CHECK_EQ(packet.flags, flags);
}

static void test_what_was_written_before_is_the_front_of_a_packet(void) {
    pst_placed_packet packet;
    make();
    CHECK(!pst_packet_place_take(place, &packet));
    CHECK_EQ(pst_io_write(io, "head", 4), 4);
    CHECK_EQ(pst_packet_place_open_bytes(place), 4);
    CHECK_EQ(pst_packet_place_count(place), 0);
    CHECK_EQ(pst_io_write_packet(io, "body", 4, 960, 0), 4);
    CHECK_EQ(pst_io_write_packet(io, "tail", 4, 0, PST_PACKET_HEADER), 4);
    CHECK_EQ(pst_packet_place_open_bytes(place), 0);
    CHECK_EQ(pst_packet_place_count(place), 2);
    CHECK_EQ(pst_io_tell(io), 12);
    check_next("headbody", 960, 0);
    check_next("tail", 0, PST_PACKET_HEADER);
    CHECK(!pst_packet_place_take(place, &packet));
    drop();
}

static void test_nothing_is_no_packet_and_its_frames_are_the_next_ones(void) {
    make();
    CHECK_EQ(pst_io_write_packet(io, NULL, 0, 5, 0), 0);
    CHECK_EQ(pst_packet_place_count(place), 0);
    CHECK_EQ(pst_io_write_packet(io, "a", 1, 6, 0), 1);
    CHECK_EQ(pst_io_write(io, "b", 1), 1);
    CHECK_EQ(pst_io_write_packet(io, NULL, 0, 7, 0), 0);
    check_next("a", 11, 0);
    check_next("b", 7, 0);
    drop();
}

// Packets of every size, some of them waiting; what is taken stays until the next write.
static void test_all_come_back_in_order(void) {
    enum { N = 3000, MOST = 700 };
    static uint8_t bytes[MOST];
    uint64_t seed = 3;
    make();
    int n_in = 0, n_out = 0;
    while (n_out < N) {
        const int n_more = (int)(check_random(&seed) % 40);
        for (int i = 0; i < n_more && n_in < N; ++i, ++n_in) {
            const int64_t n = 1 + n_in * 37 % MOST;
            memset(bytes, n_in & 255, (size_t)n);
            CHECK_EQ(pst_io_write_packet(io, bytes, n, n_in, 0), n);
        }
        pst_placed_packet first = {0}, packet;
        for (int n = (int)(check_random(&seed) % 40); n > 0 && n_out < n_in; --n, ++n_out) {
            REQUIRE(pst_packet_place_take(place, &packet));
            if (first.data == NULL)
                first = packet;
            CHECK_EQ(packet.n_frames, n_out);
            CHECK_EQ(packet.n_bytes, (size_t)(1 + n_out * 37 % MOST));
            CHECK_EQ(packet.data[0], n_out & 255);
            CHECK_EQ(packet.data[packet.n_bytes - 1], n_out & 255);
            CHECK_EQ(first.data[0], first.n_frames & 255);
        }
        CHECK_EQ(pst_packet_place_count(place), (uint64_t)(n_in - n_out));
    }
    drop();
}

static void test_a_place_without_memory_fails_and_leaves_nothing(void) {
    static const uint8_t bytes[10000];
    for (long n = 1; failing_alloc_works(); ++n) {
        failing_alloc_begin(n);
        pst_error err = {0};
        const pst_status status = pst_packet_place_create(&place, &io, &err);
        bool is_whole = status == PST_OK;
        for (int i = 0; i < 40 && is_whole; ++i)
            is_whole = pst_io_write_packet(io, bytes, sizeof bytes, 1, 0) == sizeof bytes &&
                       pst_packet_place_count(place) == (uint64_t)i + 1;
        pst_status closed = status;
        if (status == PST_OK) {
            closed = pst_io_close(io, &err);
            pst_packet_place_destroy(place);
        } else {
            CHECK(place == NULL && io == NULL);
        }
        if (failing_alloc_end() < n) {
            CHECK(is_whole && closed == PST_OK);
            break;
        }
        CHECK(!is_whole);
        CHECK_EQ(closed, PST_NO_MEMORY);
        CHECK_EQ(err.status, PST_NO_MEMORY);
        CHECK_EQ(failing_alloc_live(), 0);
    }
}

// Such packets are no file.
static void test_packets_are_refused_where_files_go(void) {
    static const pst_file_format format = {.container = PST_CONTAINER_PACKETS,
                                           .encoding = PST_ENCODING_OPUS,
                                           .sample_format = PST_FORMAT_F32,
                                           .rate_hz = 48000,
                                           .n_channels = 2};
    pst_error err = {0};
    memory_place m = {0};
    pst_io *file = NULL;
    pst_encoder *encoder = NULL;
    pst_decoder *decoder = NULL;
    REQUIRE(pst_io_open_user(&file, &memory_file, &m, PST_IO_WRITE, NULL) == PST_OK);
    CHECK(!pst_io_keeps_packets(file));
    CHECK_EQ(pst_io_write_packet(file, "abc", 3, 1, 0), 3);
    const pst_status status = pst_encoder_open(&encoder, file, &format, NULL, &err);
    CHECK(status == PST_BAD_ARGUMENT || status == PST_UNSUPPORTED);
    CHECK(strstr(err.text, "PACKETS") != NULL);
    CHECK_EQ(m.n_bytes, 3);
    pst_io_close(file, NULL);
    REQUIRE(pst_io_open_memory(&file, "abc", 3, NULL) == PST_OK);
    CHECK_EQ(pst_decoder_open(&decoder, file, &format, &err), PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "must be RAW") != NULL);
    pst_io_close(file, NULL);
    memory_free(&m);
}

int main(void) {
    RUN(test_what_was_written_before_is_the_front_of_a_packet);
    RUN(test_nothing_is_no_packet_and_its_frames_are_the_next_ones);
    RUN(test_all_come_back_in_order);
    RUN(test_a_place_without_memory_fails_and_leaves_nothing);
    RUN(test_packets_are_refused_where_files_go);
    return check_done();
}
