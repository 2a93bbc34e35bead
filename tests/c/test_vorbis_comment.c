// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Vorbis comments: what is written is read again, and no length in a file is believed.

#include <stdlib.h>

#include "base/alloc.h"
#include "check.h"
#include "codec/metadata/vorbis_comment.h"

static pst_tags *new_tags(void) {
    pst_tags *tags = NULL;
    CHECK_EQ(pst_tags_create(&tags, NULL), PST_OK);
    return tags;
}

static void test_tags_come_back(void) {
    pst_tags *tags = new_tags(), *got = new_tags();
    CHECK_EQ(pst_tags_add(tags, "title", "A=B", NULL), PST_OK);
    CHECK_EQ(pst_tags_add(tags, "artist", "Tw\xC3\xB6\nlines", NULL), PST_OK);
    CHECK_EQ(pst_tags_add(tags, "artist", "", NULL), PST_OK);
    CHECK_EQ(pst_check_vorbis_comments(tags, NULL), PST_OK);
    size_t n_bytes = 0;
    uint8_t *made = pst_make_vorbis_comments(tags, "a program", &n_bytes);
    REQUIRE(made != NULL);
    CHECK(memcmp(made, "\x09\0\0\0a program\x03\0\0\0\x09\0\0\0TITLE=A=B", 30) == 0);
    bool is_whole = false;
    CHECK_EQ(pst_read_vorbis_comments(got, made, n_bytes, &is_whole, NULL), PST_OK);
    CHECK(is_whole);
    CHECK_EQ(pst_tags_count(got), 3);
    CHECK_STR(pst_tags_key(got, 0), "title");
    CHECK_STR(pst_tags_value(got, 0), "A=B");
    CHECK_STR(pst_tags_value(got, 1), "Tw\xC3\xB6\nlines");
    CHECK_STR(pst_tags_value(got, 2), "");
    pst_free(made);
    pst_tags_destroy(tags);
    pst_tags_destroy(got);
}

static void test_no_tags_are_a_block_too(void) {
    size_t n_bytes = 0;
    uint8_t *made = pst_make_vorbis_comments(NULL, "", &n_bytes);
    REQUIRE(made != NULL);
    CHECK_EQ(n_bytes, 8);
    pst_free(made);
    CHECK_EQ(pst_check_vorbis_comments(NULL, NULL), PST_OK);
}

static void test_what_is_cut_gives_what_is_whole(void) {
    pst_tags *tags = new_tags();
    CHECK_EQ(pst_tags_add(tags, "a", "1", NULL), PST_OK);
    CHECK_EQ(pst_tags_add(tags, "b", "2", NULL), PST_OK);
    size_t n_bytes = 0;
    uint8_t *made = pst_make_vorbis_comments(tags, "x", &n_bytes);
    REQUIRE(made != NULL);
    for (size_t n = 0; n <= n_bytes; ++n) {
        // In memory of its own, so that reading behind the end is seen by AddressSanitizer.
        uint8_t *cut = malloc(n == 0 ? 1 : n);
        memcpy(cut, made, n);
        pst_tags *got = new_tags();
        bool is_whole = true;
        CHECK_EQ(pst_read_vorbis_comments(got, cut, n, &is_whole, NULL), PST_OK);
        CHECK_EQ(is_whole, n == n_bytes);
        CHECK_EQ(pst_tags_count(got), n == n_bytes ? 2 : n >= n_bytes - 7 ? 1 : 0);
        pst_tags_destroy(got);
        free(cut);
    }
    // Counts and lengths of four thousand millions.
    memset(made + 5, 0xFF, 4);
    pst_tags *got = new_tags();
    bool is_whole = true;
    CHECK_EQ(pst_read_vorbis_comments(got, made, n_bytes, &is_whole, NULL), PST_OK);
    CHECK(!is_whole);
    CHECK_EQ(pst_tags_count(got), 2);
    memset(made, 0xFF, 4);
    CHECK_EQ(pst_read_vorbis_comments(got, made, n_bytes, &is_whole, NULL), PST_OK);
    CHECK_EQ(pst_tags_count(got), 2);
    pst_tags_destroy(got);
    pst_tags_destroy(tags);
    pst_free(made);
}

static void test_what_is_unfit_is_left_out(void) {
    static const char *const unfit[] = {
        "no sign", "=no key", "k=\x01", "k=\xFF", "t\xC3\xB6=x", "METADATA_BLOCK_PICTURE=AAAA",
    };
    pst_tags *tags = new_tags();
    for (size_t i = 0; i < sizeof unfit / sizeof *unfit; ++i)
        CHECK_EQ(pst_add_vorbis_comment(tags, unfit[i], strlen(unfit[i]), NULL), PST_OK);
    CHECK_EQ(pst_add_vorbis_comment(tags, "k=a\0b", 5, NULL), PST_OK);
    CHECK_EQ(pst_tags_count(tags), 0);
    CHECK_EQ(pst_add_vorbis_comment(tags, "Fit=yes, and more", 7, NULL), PST_OK);
    CHECK_EQ(pst_tags_count(tags), 1);
    CHECK_STR(pst_tags_key(tags, 0), "fit");
    CHECK_STR(pst_tags_value(tags, 0), "yes");
    pst_tags_destroy(tags);
}

static void test_unfit_keys_are_refused(void) {
    static const char *const keys[] = {"a~b", "metadata_block_picture"};
    for (size_t i = 0; i < 2; ++i) {
        pst_tags *tags = new_tags();
        pst_error err = {0};
        CHECK_EQ(pst_tags_add(tags, keys[i], "x", NULL), PST_OK);
        CHECK_EQ(pst_check_vorbis_comments(tags, &err), PST_BAD_ARGUMENT);
        CHECK_TEXT(strstr(err.text, keys[i]) != NULL, "%s", err.text);
        pst_tags_destroy(tags);
    }
}

int main(void) {
    RUN(test_tags_come_back);
    RUN(test_no_tags_are_a_block_too);
    RUN(test_what_is_cut_gives_what_is_whole);
    RUN(test_what_is_unfit_is_left_out);
    RUN(test_unfit_keys_are_refused);
    return check_done();
}
