// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Ogg files whose pages are lost, lie, or come in several streams.

#include "ogg_rig.h"

static const pst_encoding encodings[] = {PST_ENCODING_OPUS, PST_ENCODING_VORBIS};
enum { N_ENCODINGS = 2, N_FRAMES = 60000 };

// What a page before the sound is, and how far a decoder has to find back after a loss.
static int n_header_pages(pst_encoding encoding) {
    (void)encoding;
    return 2;
}

static int64_t roll_in(pst_encoding encoding) {
    return encoding == PST_ENCODING_OPUS ? 24000 : 2048;
}

static double tolerance(pst_encoding encoding) {
    return encoding == PST_ENCODING_OPUS ? 2e-3 : 1e-6;
}

// ---- Cuts ------------------------------------------------------------------------------------

static void test_a_file_cut_at_every_byte(void) {
    for (int e = 0; e < N_ENCODINGS; ++e) {
        memory_place m = {0};
        ogg_make(&m, encodings[e], 1, 12000);
        const ogg_pages_of pages = ogg_find_pages(&m);
        REQUIRE(pages.n > 3);
        ogg_sound whole = ogg_read(&m, false);
        CHECK_EQ(whole.n_frames, 12000);
        const int64_t n_bytes = m.n_bytes;
        const int64_t skipped = encodings[e] == PST_ENCODING_OPUS ? 312 : 0;
        int64_t sound_at = 0;
        for (int i = 0; i < n_header_pages(encodings[e]); ++i)
            sound_at += ogg_page_bytes(&pages.all[i]);
        for (m.n_bytes = 0; m.n_bytes < n_bytes; ++m.n_bytes) {
            const bool is_pipe = m.n_bytes % 2 == 1;
            ogg_sound cut = ogg_read(&m, is_pipe);
            if (m.n_bytes < sound_at) {
                CHECK_EQ(cut.status, PST_BAD_FILE);
                continue;
            }
            int64_t wanted = 0, end = 0;
            for (int i = 0; i < pages.n; ++i) {
                end += ogg_page_bytes(&pages.all[i]);
                if (end <= m.n_bytes && ogg_page_granulepos(&pages.all[i]) > skipped)
                    wanted = ogg_page_granulepos(&pages.all[i]) - skipped;
            }
            CHECK_EQ(cut.status, PST_END);
            CHECK_EQ(cut.n_frames, wanted);
            CHECK_EQ(cut.told_frames, is_pipe ? -1 : wanted);
            CHECK_EQ(cut.damage.flags, PST_DAMAGE_TRUNCATED);
            CHECK(ogg_difference(&cut, &whole, 0, wanted) < 1e-9);
            ogg_free(&cut);
        }
        ogg_free(&whole);
        memory_free(&m);
    }
}

// ---- Losses ----------------------------------------------------------------------------------

// Reads a file of which one page was lost or broken, and compares it with the whole.
static void check_loss(memory_place *m, pst_encoding encoding, const ogg_sound *whole,
                       int64_t page_end, uint32_t flags) {
    for (int is_pipe = 0; is_pipe < 2; ++is_pipe) {
        ogg_sound got = ogg_read(m, is_pipe);
        CHECK_EQ(got.status, PST_END);
        CHECK_EQ(got.n_frames, N_FRAMES);
        CHECK_EQ(got.damage.flags, flags);
        CHECK(got.damage.lost_frames > 5000 && got.damage.lost_frames < 12500);
        const int64_t first = got.damage.first_frame;
        CHECK_TEXT(llabs(first + got.damage.lost_frames - page_end) < 2048, "lost %lld from %lld",
                   (long long)got.damage.lost_frames, (long long)first);
        CHECK(ogg_difference(&got, whole, 0, first) < 1e-9);
        for (int64_t i = first; i < first + got.damage.lost_frames; ++i)
            if (got.frames[i] != 0.0F) {
                FAIL("frame %lld is not silent", (long long)i);
                break;
            }
        const int64_t back = first + got.damage.lost_frames + roll_in(encoding);
        CHECK(ogg_difference(&got, whole, back, N_FRAMES) < tolerance(encoding));
        ogg_free(&got);
    }
}

static void test_lost_and_broken_pages_are_silent(void) {
    for (int e = 0; e < N_ENCODINGS; ++e) {
        memory_place m = {0}, without = {0};
        ogg_make(&m, encodings[e], 1, N_FRAMES);
        ogg_sound whole = ogg_read(&m, false);
        const ogg_pages_of pages = ogg_find_pages(&m);
        const int lost = n_header_pages(encodings[e]) + 1;
        const int64_t skipped = encodings[e] == PST_ENCODING_OPUS ? 312 : 0;
        const int64_t end = ogg_page_granulepos(&pages.all[lost]) - skipped;
        for (int i = 0; i < pages.n; ++i)
            if (i != lost)
                ogg_append_page(&without, &pages.all[i]);
        check_loss(&without, encodings[e], &whole, end, PST_DAMAGE_MISSING);
        pages.all[lost].body[5] ^= 1;
        check_loss(&m, encodings[e], &whole, end, PST_DAMAGE_MISSING | PST_DAMAGE_CORRUPT);
        memory_free(&without);
        memory_free(&m);
        ogg_free(&whole);
    }
}

static void test_the_last_page_may_be_the_one_after_a_loss(void) {
    for (int e = 0; e < N_ENCODINGS; ++e) {
        memory_place m = {0}, without = {0};
        ogg_make(&m, encodings[e], 1, N_FRAMES);
        const ogg_pages_of pages = ogg_find_pages(&m);
        for (int i = 0; i < pages.n; ++i)
            if (i != pages.n - 2)
                ogg_append_page(&without, &pages.all[i]);
        ogg_sound got = ogg_read(&without, false);
        CHECK_EQ(got.n_frames, N_FRAMES);
        CHECK_EQ(got.damage.flags, PST_DAMAGE_MISSING);
        ogg_free(&got);
        memory_free(&without);
        memory_free(&m);
    }
}

static void test_the_last_page_may_hold_but_the_end_of_a_lost_packet(void) {
    for (int e = 0; e < N_ENCODINGS; ++e) {
        memory_place m = {0}, without = {0};
        ogg_make(&m, encodings[e], 1, N_FRAMES);
        const ogg_pages_of pages = ogg_find_pages(&m);
        for (int i = 0; i < pages.n - 2; ++i)
            ogg_append_page(&without, &pages.all[i]);
        uint8_t body[10] = {0}, header[28];
        memcpy(header, pages.all[pages.n - 1].header, sizeof header);
        header[5] = 1 | 4; // A continuation, and the end.
        header[26] = 1;
        header[27] = sizeof body;
        ogg_page last = {header, sizeof header, body, sizeof body};
        ogg_page_checksum_set(&last);
        ogg_append_page(&without, &last);
        for (int is_pipe = 0; is_pipe < 2; ++is_pipe) {
            ogg_sound got = ogg_read(&without, is_pipe);
            CHECK_EQ(got.n_frames, N_FRAMES);
            CHECK_EQ(got.told_frames, is_pipe ? -1 : N_FRAMES);
            CHECK_EQ(got.damage.flags, PST_DAMAGE_MISSING);
            ogg_free(&got);
        }
        memory_free(&without);
        memory_free(&m);
    }
}

static void test_wrong_numbers_of_pages_lose_nothing(void) {
    for (int e = 0; e < N_ENCODINGS; ++e) {
        memory_place m = {0};
        ogg_make(&m, encodings[e], 1, N_FRAMES);
        ogg_sound whole = ogg_read(&m, false);
        ogg_pages_of pages = ogg_find_pages(&m);
        for (int i = n_header_pages(encodings[e]); i < pages.n; ++i)
            ogg_set(&pages.all[i], 18, 4, i == 4 ? -1 : 7 * i);
        ogg_sound got = ogg_read(&m, false);
        CHECK_EQ(got.n_frames, N_FRAMES);
        CHECK(ogg_difference(&got, &whole, 0, N_FRAMES) < 1e-9);
        ogg_free(&got);
        ogg_free(&whole);
        memory_free(&m);
    }
}

// ---- Granules --------------------------------------------------------------------------------

typedef int64_t (*granule_lie)(int64_t granule, int number);

static int64_t lie_nothing(int64_t granule, int number) {
    return number >= 0 ? -1 : granule;
}
static int64_t lie_zero(int64_t granule, int number) {
    return number >= 0 ? 0 : granule;
}
static int64_t lie_negative(int64_t granule, int number) {
    return number >= 0 ? -granule : 0;
}
static int64_t lie_huge(int64_t granule, int number) {
    return number == 3 ? INT64_MAX : granule;
}
static int64_t lie_last(int64_t granule, int number) {
    return granule > N_FRAMES - 100 ? INT64_C(1) << 62 : granule + 0 * number;
}
static int64_t lie_backwards(int64_t granule, int number) {
    return (INT64_C(1) << 40) - granule + 0 * number;
}
static int64_t lie_shifted(int64_t granule, int number) {
    return granule + 1000000 + 0 * number;
}

// Whatever pages say: nothing is read twice or left out, but for the last packets' overhang, and
// every frame is found where it was.
static void test_granules_that_lie(void) {
    static const granule_lie lies[] = {lie_nothing, lie_zero,      lie_negative, lie_huge,
                                       lie_last,    lie_backwards, lie_shifted};
    for (int e = 0; e < N_ENCODINGS; ++e)
        for (size_t l = 0; l < sizeof lies / sizeof *lies; ++l) {
            memory_place m = {0};
            ogg_make(&m, encodings[e], 1, N_FRAMES);
            ogg_sound whole = ogg_read(&m, false);
            ogg_pages_of pages = ogg_find_pages(&m);
            const int first = n_header_pages(encodings[e]);
            for (int i = first; i < pages.n; ++i)
                ogg_set_granule(&pages.all[i],
                                lies[l](ogg_page_granulepos(&pages.all[i]), i - first));
            ogg_sound got = ogg_read(&m, false);
            CHECK_EQ(got.status, PST_END);
            CHECK_EQ(got.told_frames, got.n_frames);
            CHECK_TEXT(got.n_frames >= N_FRAMES - 2048 && got.n_frames <= N_FRAMES + 2048,
                       "lie %d: %lld frames", (int)l, (long long)got.n_frames);
            const int64_t n = got.n_frames < N_FRAMES ? got.n_frames : N_FRAMES;
            CHECK(ogg_difference(&got, &whole, 0, n) < 1e-9);
            pst_decoder *decoder = NULL;
            float frame;
            pst_status status;
            REQUIRE(ogg_open(&decoder, &m, false, NULL) == PST_OK);
            CHECK_EQ(pst_decoder_seek(decoder, 40000, NULL), PST_OK);
            CHECK_EQ(ogg_read_on(decoder, &frame, 1, &status, NULL), 1);
            CHECK(fabs((double)frame - (double)got.frames[40000]) < tolerance(encodings[e]));
            pst_decoder_release(decoder);
            ogg_free(&got);
            ogg_free(&whole);
            memory_free(&m);
        }
}

// ---- Several streams -------------------------------------------------------------------------

static void test_streams_one_after_another_are_one_file(void) {
    for (int e = 0; e < N_ENCODINGS; ++e) {
        memory_place m = {0}, other = {0};
        ogg_make(&m, encodings[e], 2, 30000);
        ogg_make(&other, encodings[e], 2, 20001);
        ogg_sound first = ogg_read(&m, false), second = ogg_read(&other, false);
        ogg_append(&m, other.bytes, other.n_bytes);
        // The same one again, number and all, which the format forbids.
        ogg_append(&m, other.bytes, other.n_bytes);
        for (int is_pipe = 0; is_pipe < 2; ++is_pipe) {
            ogg_sound got = ogg_read(&m, is_pipe);
            CHECK_EQ(got.n_frames, 70002);
            CHECK_EQ(got.told_frames, is_pipe ? -1 : 70002);
            CHECK_EQ(got.damage.flags, 0);
            CHECK(ogg_difference(&got, &first, 0, 30000) < 1e-9);
            for (int i = 0; i < 2; ++i) {
                ogg_sound part = got;
                part.frames += (size_t)(30000 + i * 20001) * 2;
                CHECK(ogg_difference(&part, &second, 0, 20001) < 1e-9);
            }
            if (!is_pipe) {
                static const int64_t places[] = {60000, 10, 29999, 30000, 50000, 50001, 70001};
                pst_decoder *decoder = NULL;
                float frame[2];
                pst_status status;
                REQUIRE(ogg_open(&decoder, &m, false, NULL) == PST_OK);
                for (size_t i = 0; i < sizeof places / sizeof *places; ++i) {
                    CHECK_EQ(pst_decoder_seek(decoder, places[i], NULL), PST_OK);
                    CHECK_EQ(ogg_read_on(decoder, frame, 1, &status, NULL), 1);
                    CHECK(fabs((double)frame[1] - (double)got.frames[2 * places[i] + 1]) <
                          tolerance(encodings[e]));
                }
                pst_decoder_release(decoder);
            }
            ogg_free(&got);
        }
        ogg_free(&first);
        ogg_free(&second);
        memory_free(&other);
        memory_free(&m);
    }
}

static void test_a_file_that_changes_is_read_up_to_there(void) {
    for (int e = 0; e < N_ENCODINGS; ++e)
        for (int kind = 0; kind < 2; ++kind) {
            memory_place m = {0}, other = {0};
            ogg_make(&m, encodings[e], 2, 30000);
            ogg_make(&other, encodings[kind == 0 ? e : 1 - e], 1, 1000);
            ogg_append(&m, other.bytes, other.n_bytes);
            for (int is_pipe = 0; is_pipe < 2; ++is_pipe) {
                ogg_sound got = ogg_read(&m, is_pipe);
                CHECK_EQ(got.status, PST_BAD_FILE);
                CHECK_EQ(got.n_frames, 30000);
                CHECK_EQ(got.told_frames, -1);
                CHECK(strstr(got.err.text, kind == 0 ? "from 2 channels at 48000 Hz to 1"
                                                     : "another encoding") != NULL);
                CHECK(strstr(got.err.text, "30000") != NULL);
                ogg_free(&got);
            }
            pst_decoder *decoder = NULL;
            REQUIRE(ogg_open(&decoder, &m, false, NULL) == PST_OK);
            float frames[2];
            pst_status status;
            CHECK_EQ(pst_decoder_seek(decoder, 30001, NULL), PST_BAD_ARGUMENT);
            CHECK_EQ(pst_decoder_seek(decoder, 30000, NULL), PST_OK);
            CHECK_EQ(ogg_read_on(decoder, frames, 1, &status, NULL), 0);
            CHECK_EQ(status, PST_BAD_FILE);
            CHECK_EQ(pst_decoder_seek(decoder, 29999, NULL), PST_OK);
            CHECK_EQ(ogg_read_on(decoder, frames, 1, &status, NULL), 1);
            pst_decoder_release(decoder);
            memory_free(&other);
            memory_free(&m);
        }
}

// Appends a page of another stream, which is no sound.
static void append_foreign(memory_place *m, int number, int flags) {
    static uint8_t body[200] = "fishead";
    uint8_t header[28] = "OggS";
    ogg_page page = {header, sizeof header, body, sizeof body};
    header[5] = (uint8_t)flags;
    header[26] = 1;
    header[27] = sizeof body;
    ogg_set(&page, 18, 4, number);
    ogg_set_serial(&page, 99);
    ogg_append_page(m, &page);
}

static void test_other_streams_are_left_alone(void) {
    for (int e = 0; e < N_ENCODINGS; ++e) {
        memory_place m = {0}, film = {0}, beside = {0};
        ogg_make(&m, encodings[e], 2, N_FRAMES);
        ogg_make(&beside, encodings[e], 1, 1000);
        ogg_sound whole = ogg_read(&m, false);
        const ogg_pages_of pages = ogg_find_pages(&m), others = ogg_find_pages(&beside);
        append_foreign(&film, 0, 2);
        for (int i = 0; i < pages.n; ++i) {
            ogg_append_page(&film, &pages.all[i]);
            if (i < others.n) // The first sound counts, not this one.
                ogg_append_page(&film, &others.all[i]);
            append_foreign(&film, i + 1, i == pages.n - 1 ? 4 : 0);
        }
        ogg_append(&film, "TAG and other things behind the end", 35);
        for (int is_pipe = 0; is_pipe < 2; ++is_pipe) {
            ogg_sound got = ogg_read(&film, is_pipe);
            CHECK_EQ(got.n_frames, N_FRAMES);
            CHECK_EQ(got.damage.flags, 0);
            CHECK(ogg_difference(&got, &whole, 0, N_FRAMES) < 1e-9);
            ogg_free(&got);
        }
        ogg_free(&whole);
        memory_free(&beside);
        memory_free(&film);
        memory_free(&m);
    }
}

// ---- Hostile pages ---------------------------------------------------------------------------

static void test_a_packet_without_an_end(void) {
    for (int e = 0; e < N_ENCODINGS; ++e) {
        memory_place m = {0};
        ogg_make(&m, encodings[e], 1, 1000);
        ogg_pages_of pages = ogg_find_pages(&m);
        const int serial = ogg_page_serialno(&pages.all[0]);
        m.n_bytes = pages.all[2].header - m.bytes;
        static uint8_t body[255 * 255];
        uint8_t header[27 + 255] = "OggS";
        memset(header + 27, 255, 255);
        header[26] = 255;
        ogg_page page = {header, sizeof header, body, sizeof body};
        for (int i = 0; i < 100; ++i) {
            header[5] = i > 0; // A continuation.
            ogg_set(&page, 18, 4, 2 + i);
            ogg_set_serial(&page, serial);
            ogg_append_page(&m, &page);
        }
        ogg_sound got = ogg_read(&m, false);
        CHECK_EQ(got.n_frames, 0);
        CHECK((got.damage.flags & PST_DAMAGE_CORRUPT) != 0);
        ogg_free(&got);
        memory_free(&m);
    }
}

// Bytes are changed behind the back of the checksums.
static void test_random_damage_under_right_checksums(void) {
    uint64_t seed = 11;
    for (int e = 0; e < N_ENCODINGS; ++e) {
        memory_place m = {0};
        ogg_make(&m, encodings[e], 2, 15000);
        uint8_t *original = malloc((size_t)m.n_bytes);
        memcpy(original, m.bytes, (size_t)m.n_bytes);
        for (int round = 0; round < 300; ++round) {
            memcpy(m.bytes, original, (size_t)m.n_bytes);
            ogg_pages_of pages = ogg_find_pages(&m);
            for (uint32_t n = check_random_in(&seed, 1, 4); n > 0; --n) {
                ogg_page *page = &pages.all[check_random_in(&seed, 0, (uint32_t)pages.n - 1)];
                if (check_random_in(&seed, 0, 3) == 0)
                    page->header[check_random_in(&seed, 4, 21)] ^= (uint8_t)check_random(&seed);
                else
                    page->body[check_random_in(&seed, 0, (uint32_t)page->body_len - 1)] ^=
                        (uint8_t)(1U << check_random_in(&seed, 0, 7));
                ogg_page_checksum_set(page);
            }
            ogg_sound got = ogg_read(&m, round % 2 == 1);
            CHECK(got.status == PST_END || got.status == PST_BAD_FILE);
            // Opus packets may claim 120 ms each; a lost page is no longer than a page can be.
            CHECK(got.n_frames <= OGG_MOST_FRAMES);
            if (got.told_frames >= 0 && got.status == PST_END)
                CHECK_EQ(got.told_frames, got.n_frames);
            ogg_free(&got);
        }
        free(original);
        memory_free(&m);
    }
}

int main(void) {
    RUN(test_a_file_cut_at_every_byte);
    RUN(test_lost_and_broken_pages_are_silent);
    RUN(test_the_last_page_may_be_the_one_after_a_loss);
    RUN(test_the_last_page_may_hold_but_the_end_of_a_lost_packet);
    RUN(test_wrong_numbers_of_pages_lose_nothing);
    RUN(test_granules_that_lie);
    RUN(test_streams_one_after_another_are_one_file);
    RUN(test_a_file_that_changes_is_read_up_to_there);
    RUN(test_other_streams_are_left_alone);
    RUN(test_a_packet_without_an_end);
    RUN(test_random_damage_under_right_checksums);
    return check_done();
}
