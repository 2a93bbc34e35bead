// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// The headers of Opus and Vorbis streams: what is possible, and what is refused.

#include "codec/opus/head.h"
#include "codec/vorbis/setup.h"
#include "ogg_rig.h"

// ---- Opus ------------------------------------------------------------------------------------

// A head of n channels in an arrangement, with a mapping of 0, 1, 2, ...
static size_t make_head(uint8_t *data, int n_channels, int family, int n_streams, int n_coupled) {
    memcpy(data, "OpusHead\x01\0\0\0\x80\xBB\0\0\0\0", 18);
    data[9] = (uint8_t)n_channels;
    data[18] = (uint8_t)family;
    data[19] = (uint8_t)n_streams;
    data[20] = (uint8_t)n_coupled;
    for (int i = 0; i < n_channels; ++i)
        data[21 + i] = (uint8_t)i;
    return family == 0 ? 19 : 21 + (size_t)n_channels;
}

static void test_heads_of_opus(void) {
    static const struct {
        int n_channels, family, n_streams, n_coupled;
        bool is_right;
    } cases[] = {
        {0, 0, 0, 0, false},    {1, 0, 0, 0, true},       {2, 0, 0, 0, true},
        {3, 0, 0, 0, false},    {255, 0, 0, 0, false},    {1, 1, 1, 0, true},
        {6, 1, 4, 2, true},     {8, 1, 5, 3, true},       {9, 1, 5, 4, false},
        {6, 1, 0, 0, false},    {6, 1, 2, 3, false},      {6, 1, 3, 2, false},
        {6, 1, 200, 56, false}, {255, 255, 255, 0, true}, {255, 255, 254, 1, true},
        {4, 2, 4, 0, true},     {4, 3, 4, 0, false},      {2, 77, 1, 1, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        uint8_t data[PST_OPUS_HEAD_BYTES];
        const size_t n = make_head(data, cases[i].n_channels, cases[i].family, cases[i].n_streams,
                                   cases[i].n_coupled);
        pst_opus_head head;
        CHECK_TEXT((pst_opus_head_read(&head, data, n, NULL) == PST_OK) == cases[i].is_right,
                   "case %d", (int)i);
        // None is read from fewer bytes.
        for (size_t k = 0; k < n; ++k)
            CHECK_EQ(pst_opus_head_read(&head, data, k, NULL), PST_BAD_FILE);
        if (!cases[i].is_right)
            continue;
        uint8_t again[PST_OPUS_HEAD_BYTES];
        CHECK_EQ(pst_opus_head_read(&head, data, n, NULL), PST_OK);
        CHECK_EQ(pst_opus_head_write(&head, again), n);
        CHECK(memcmp(data, again, n) == 0);
    }
}

static void test_fields_of_heads_of_opus(void) {
    uint8_t data[PST_OPUS_HEAD_BYTES];
    const size_t n = make_head(data, 2, 1, 1, 1);
    pst_opus_head head;
    pst_error err = {0};
    data[8] = 15;
    data[10] = 0xFF;
    data[11] = 0xFF;
    data[16] = 0x00;
    data[17] = 0x80;
    data[22] = 255; // Silence.
    CHECK_EQ(pst_opus_head_read(&head, data, n, NULL), PST_OK);
    CHECK_EQ(head.n_skipped, 65535);
    CHECK_EQ(head.gain, -32768);
    CHECK_EQ(head.rate_hz, 48000);
    data[8] = 16;
    CHECK_EQ(pst_opus_head_read(&head, data, n, &err), PST_BAD_FILE);
    CHECK(strstr(err.text, "version 16") != NULL);
}

// What the gain in the head says is applied: 6.02 dB are twice as much.
static void test_the_gain_is_applied(void) {
    memory_place m = {0};
    ogg_make(&m, PST_ENCODING_OPUS, 1, 9600);
    ogg_sound plain = ogg_read(&m, false);
    ogg_pages_of pages = ogg_find_pages(&m);
    const int gain = (int)(6.0206 * 256);
    pages.all[0].body[16] = (uint8_t)gain;
    pages.all[0].body[17] = (uint8_t)(gain >> 8);
    ogg_page_checksum_set(&pages.all[0]);
    ogg_sound louder = ogg_read(&m, false);
    CHECK_EQ(louder.n_frames, 9600);
    for (int i = 5000; i < 5100; ++i)
        CHECK(fabs((double)louder.frames[i] - 2.0 * (double)plain.frames[i]) < 2e-3);
    ogg_free(&plain);
    ogg_free(&louder);
    memory_free(&m);
}

// ---- Vorbis ----------------------------------------------------------------------------------

// A setup header of n_books codebooks, the last of which has what is told; the rest is missing.
static size_t make_setup(uint8_t *data, int n_books, long n_dimensions, long n_entries,
                         int lookup) {
    oggpack_buffer bits;
    oggpack_writeinit(&bits);
    for (const char *at = "\x05vorbis"; *at != '\0'; ++at)
        oggpack_write(&bits, (unsigned char)*at, 8);
    oggpack_write(&bits, (unsigned long)n_books - 1, 8);
    for (int i = 0; i < n_books; ++i) {
        oggpack_write(&bits, 0x564342, 24);
        oggpack_write(&bits, (unsigned long)n_dimensions, 16);
        oggpack_write(&bits, (unsigned long)n_entries, 24);
        oggpack_write(&bits, 1, 1); // Ordered: all entries in a few bits.
        oggpack_write(&bits, 15, 5);
        int n_bits = 0;
        while (n_entries >> n_bits != 0)
            ++n_bits;
        oggpack_write(&bits, (unsigned long)n_entries, n_bits);
        oggpack_write(&bits, (unsigned long)lookup, 4);
        if (lookup == 1) {
            oggpack_write(&bits, 0, 32);
            oggpack_write(&bits, 0, 32);
            oggpack_write(&bits, 0, 5); // Values of one bit, not in sequence.
            oggpack_write(&bits, 0, 32);
        }
    }
    oggpack_write(&bits, 0, 32);
    const size_t n_bytes = (size_t)oggpack_bytes(&bits);
    memcpy(data, oggpack_get_buffer(&bits), n_bytes);
    oggpack_writeclear(&bits);
    return n_bytes;
}

static void test_setups_that_ask_for_too_much(void) {
    static const struct {
        int n_books;
        long n_dimensions, n_entries;
        int lookup;
        bool is_bearable;
    } cases[] = {
        {1, 1, 100, 0, true},      {256, 2, 1000, 0, true},
        {1, 1, 1 << 16, 0, true},  {1, 1, (1 << 16) + 1, 0, false},
        {16, 1, 1 << 16, 0, true}, {17, 1, 1 << 16, 0, false},
        {1, 65535, 17, 0, false},  {1, 0, 100, 0, false},
        {1, 1, 0, 0, false},       {1, 1, (1 << 24) - 1, 0, false},
        {1, 1, 20, 3, false},      {1, 2, 900, 1, true},
        {1, 8, 1000, 1, true},     {256, 65535, 1, 1, false},
    };
    static uint8_t data[65536];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        const size_t n = make_setup(data, cases[i].n_books, cases[i].n_dimensions,
                                    cases[i].n_entries, cases[i].lookup);
        CHECK_TEXT(pst_vorbis_setup_is_bearable(data, n) == cases[i].is_bearable, "case %d",
                   (int)i);
        data[8] ^= 1; // No codebook begins with that.
        CHECK(!pst_vorbis_setup_is_bearable(data, n));
    }
    CHECK(!pst_vorbis_setup_is_bearable(data, 0));
    CHECK(!pst_vorbis_setup_is_bearable(data, 7));
}

// Goes through the packets of the second page and sets what lies in one of them.
static void test_headers_of_vorbis_that_are_broken(void) {
    for (int kind = 0; kind < 5; ++kind) {
        memory_place m = {0};
        ogg_make(&m, PST_ENCODING_VORBIS, 2, 1000);
        ogg_pages_of pages = ogg_find_pages(&m);
        pst_error err = {0};
        pst_decoder *decoder = NULL;
        switch (kind) {
        case 0: // Comments are not needed.
            memset(pages.all[1].body, 0xFF, 20);
            break;
        case 1: // The last byte of the setup has its framing bit.
            pages.all[1].body[pages.all[1].body_len - 1] = 0;
            break;
        case 2:
            pages.all[0].body[11] = 0;
            break;
        case 3:
            memset(pages.all[0].body + 12, 0xFF, 4);
            break;
        default: // Blocks cannot be shorter than 64.
            pages.all[0].body[28] = 0;
        }
        ogg_page_checksum_set(&pages.all[0]);
        ogg_page_checksum_set(&pages.all[1]);
        const pst_status status = ogg_open(&decoder, &m, false, &err);
        CHECK_EQ(status, kind == 0 ? PST_OK : PST_BAD_FILE);
        CHECK(kind == 0 || strstr(err.text, "Vorbis") != NULL);
        if (status == PST_OK) {
            pst_damage damage;
            pst_decoder_get_damage(decoder, &damage);
            CHECK_EQ(damage.flags, PST_DAMAGE_HEADER);
            float frames[2 * 1001];
            pst_status read;
            CHECK_EQ(ogg_read_on(decoder, frames, 1001, &read, NULL), 1000);
            pst_decoder_release(decoder);
        }
        memory_free(&m);
    }
}

// Comments as large as a film, one behind the other.
static void test_headers_have_a_limit(void) {
    memory_place m = {0};
    ogg_make(&m, PST_ENCODING_OPUS, 1, 1000);
    ogg_pages_of pages = ogg_find_pages(&m);
    const int serial = ogg_page_serialno(&pages.all[0]);
    m.n_bytes = ogg_page_bytes(&pages.all[0]);
    static uint8_t body[255 * 255] = "OpusTags";
    uint8_t header[27 + 255] = "OggS";
    memset(header + 27, 255, 255);
    header[26] = 255;
    ogg_page page = {header, sizeof header, body, sizeof body};
    for (int i = 0; i < 300; ++i) {
        header[5] = i > 0;
        ogg_set(&page, 18, 4, 1 + i);
        ogg_set_serial(&page, serial);
        ogg_append_page(&m, &page);
    }
    pst_decoder *decoder = NULL;
    pst_error err = {0};
    CHECK_EQ(ogg_open(&decoder, &m, false, &err), PST_BAD_FILE);
    CHECK(strstr(err.text, "larger than 16 MiB") != NULL);
    memory_free(&m);
}

int main(void) {
    RUN(test_heads_of_opus);
    RUN(test_fields_of_heads_of_opus);
    RUN(test_the_gain_is_applied);
    RUN(test_setups_that_ask_for_too_much);
    RUN(test_headers_of_vorbis_that_are_broken);
    RUN(test_headers_have_a_limit);
    return check_done();
}
