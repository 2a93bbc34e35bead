// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Ogg files that are written: their pages, crashes, full disks, and no memory.

#include "failing_alloc.h"
#include "ogg_rig.h"

static const pst_encoding encodings[] = {PST_ENCODING_OPUS, PST_ENCODING_VORBIS};
enum { N_ENCODINGS = 2, RATE = 48000 };

static int64_t skipped(pst_encoding encoding) {
    return encoding == PST_ENCODING_OPUS ? 312 : 0;
}

static void test_pages_hold_a_fifth_of_a_second_at_most(void) {
    for (int e = 0; e < N_ENCODINGS; ++e) {
        memory_place m = {0};
        ogg_make(&m, encodings[e], 2, 2 * RATE);
        const ogg_pages_of pages = ogg_find_pages(&m);
        int64_t last = 0;
        for (int i = 0; i < pages.n; ++i) {
            ogg_page page = pages.all[i];
            CHECK_EQ(ogg_page_bos(&page) != 0, i == 0);
            CHECK_EQ(ogg_page_eos(&page) != 0, i == pages.n - 1);
            CHECK_EQ(ogg_page_continued(&page), 0);
            CHECK_EQ(ogg_page_pageno(&page), i);
            CHECK_EQ(ogg_page_serialno(&page), ogg_page_serialno(&pages.all[0]));
            const int64_t granule = ogg_page_granulepos(&page);
            CHECK(granule - last <= RATE / 5 && granule >= last);
            // Not many more than are needed, either.
            CHECK(i < 3 || i == pages.n - 1 || granule - last > RATE / 6);
            last = granule;
        }
        CHECK_EQ(last, 2 * RATE + skipped(encodings[e]));
        memory_free(&m);
    }
}

static void test_two_files_have_two_numbers(void) {
    memory_place a = {0}, b = {0};
    ogg_make(&a, PST_ENCODING_OPUS, 1, 10);
    ogg_make(&b, PST_ENCODING_OPUS, 1, 10);
    CHECK(ogg_page_serialno(&ogg_find_pages(&a).all[0]) !=
          ogg_page_serialno(&ogg_find_pages(&b).all[0]));
    memory_free(&a);
    memory_free(&b);
}

// What lies on the disk after each call, when the process is killed there.
static void test_what_is_there_is_readable_at_any_time(void) {
    for (int e = 0; e < N_ENCODINGS; ++e) {
        const pst_file_format format = ogg_format(encodings[e], RATE, 1);
        memory_place m = {0};
        pst_encoder *encoder = NULL;
        REQUIRE(ogg_begin(&encoder, &m, &memory_file, &format, NULL) == PST_OK);
        const int64_t held_back = RATE / 5 + 1024 + 2048;
        for (int64_t n = 0; n < RATE; n += 700) {
            const int64_t position = m.position;
            ogg_sound got = ogg_read(&m, false);
            CHECK_EQ(got.status, PST_END);
            CHECK(got.n_frames <= n && got.n_frames >= n - held_back);
            ogg_free(&got);
            m.position = position;
            CHECK_EQ(ogg_write_frames(encoder, n, 700, 1, NULL), PST_OK);
        }
        CHECK_EQ(ogg_write_frames(encoder, 48300, 3000, 1, NULL), PST_OK);
        const int64_t n_bytes = m.n_bytes;
        CHECK_EQ(pst_encoder_update(encoder, NULL), PST_OK);
        CHECK(m.n_bytes > n_bytes);
        ogg_sound got = ogg_read(&m, false);
        m.position = m.n_bytes;
        CHECK(got.n_frames >= pst_encoder_frames(encoder) - 1024 - 2048);
        ogg_free(&got);
        CHECK_EQ(pst_encoder_finish(encoder, NULL), PST_OK);
        got = ogg_read(&m, false);
        CHECK_EQ(got.n_frames, pst_encoder_frames(encoder));
        CHECK_EQ(got.damage.flags, 0);
        ogg_free(&got);
        pst_encoder_release(encoder);
        memory_free(&m);
    }
}

static void test_a_full_disk_is_told_and_leaves_whole_pages(void) {
    for (int e = 0; e < N_ENCODINGS; ++e) {
        const pst_file_format format = ogg_format(encodings[e], RATE, 2);
        memory_place whole = {0};
        ogg_make(&whole, encodings[e], 2, RATE);
        for (int64_t full_at = 20; full_at < whole.n_bytes; full_at += 379) {
            memory_place m = {.full_at = full_at};
            pst_encoder *encoder = NULL;
            pst_error err = {0};
            pst_status status = ogg_begin(&encoder, &m, &memory_file, &format, &err);
            if (status == PST_OK) {
                status = ogg_write_frames(encoder, 0, RATE, 2, &err);
                if (status != PST_OK)
                    m.full_at = 0; // There is room again, too late.
                const pst_status ended = pst_encoder_finish(encoder, &err);
                CHECK(status == PST_OK || status == ended);
                status = ended;
                pst_encoder_release(encoder);
                ogg_sound got = ogg_read(&m, false);
                CHECK_EQ(got.status, PST_END);
                CHECK(got.damage.flags == PST_DAMAGE_TRUNCATED && got.n_frames < RATE);
                ogg_free(&got);
            }
            CHECK_EQ(status, PST_SYSTEM_ERROR);
            CHECK_EQ(err.native_code, ENOSPC);
            // What there is, is pages.
            const ogg_pages_of pages = ogg_find_pages(&m);
            int64_t n_bytes = 0;
            for (int i = 0; i < pages.n; ++i)
                n_bytes += ogg_page_bytes(&pages.all[i]);
            CHECK_EQ(n_bytes, m.n_bytes);
            memory_free(&m);
        }
        memory_free(&whole);
    }
}

// libvorbis does not bear it, and cannot be made to.
static void test_every_allocation_failing_in_turn(void) {
    if (!failing_alloc_works()) {
        check_skip("needs an allocator of our own");
        return;
    }
    const pst_file_format format = ogg_format(PST_ENCODING_OPUS, RATE, 6);
    static float frames[6 * 3000];
    memory_place source = {0};
    ogg_make(&source, PST_ENCODING_OPUS, 6, 3000);
    for (long n = 1; n < 200; ++n) {
        static uint8_t room[65536];
        memory_place m = {.bytes = room, .n_room = sizeof room};
        pst_encoder *encoder = NULL;
        pst_decoder *decoder = NULL;
        uint64_t n_read = 0;
        failing_alloc_begin(n);
        pst_status written = ogg_begin(&encoder, &m, &memory_file, &format, NULL);
        if (written == PST_OK)
            written = pst_encoder_write(encoder, frames, PST_FORMAT_F32, 3000, NULL);
        if (encoder != NULL) {
            const pst_status ended = pst_encoder_finish(encoder, NULL);
            written = written == PST_OK ? ended : written;
        }
        pst_encoder_release(encoder);
        pst_status read = ogg_open(&decoder, &source, false, NULL);
        if (read == PST_OK)
            read = pst_decoder_seek(decoder, 100, NULL);
        if (read == PST_OK)
            read = pst_decoder_read(decoder, frames, PST_FORMAT_F32, 3000, &n_read, NULL);
        pst_decoder_release(decoder);
        if (failing_alloc_end() < n) {
            CHECK_EQ(written, PST_OK);
            CHECK_EQ(read, PST_END);
            CHECK_EQ(n_read, 2900);
            CHECK(n > 20);
            break;
        }
        CHECK_TEXT(written < 0 || read < 0 || n_read < 2900, "allocation %ld failed unseen", n);
        CHECK_EQ(failing_alloc_live(), 0);
    }
    memory_free(&source);
}

int main(void) {
    RUN(test_pages_hold_a_fifth_of_a_second_at_most);
    RUN(test_two_files_have_two_numbers);
    RUN(test_what_is_there_is_readable_at_any_time);
    RUN(test_a_full_disk_is_told_and_leaves_whole_pages);
    RUN(test_every_allocation_failing_in_turn);
    return check_done();
}
