// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Tags keep what they are given, in order, and refuse what no file could hold.

#include <string.h>

#include "check.h"
#include "codec/codec.h"
#include "pastream/io.h"
#include "pastream/tags.h"

static void check_pair(const pst_tags *tags, uint32_t index, const char *key, const char *value) {
    REQUIRE(pst_tags_key(tags, index) != NULL);
    CHECK_TEXT(strcmp(pst_tags_key(tags, index), key) == 0, "%s", pst_tags_key(tags, index));
    CHECK_TEXT(strcmp(pst_tags_value(tags, index), value) == 0, "%s", pst_tags_value(tags, index));
}

static void test_pairs_stay_in_order(void) {
    pst_tags *tags = NULL;
    REQUIRE(pst_tags_create(&tags, NULL) == PST_OK);
    CHECK_EQ(pst_tags_count(tags), 0);
    CHECK_EQ(pst_tags_add(tags, "ARTIST", "One", NULL), PST_OK);
    CHECK_EQ(pst_tags_add(tags, "artist", "Tw\xC3\xB6 \xF0\x9F\x8E\xB5", NULL), PST_OK);
    CHECK_EQ(pst_tags_add(tags, "comment", "", NULL), PST_OK);
    CHECK_EQ(pst_tags_count(tags), 3);
    check_pair(tags, 0, "artist", "One");
    check_pair(tags, 1, "artist", "Tw\xC3\xB6 \xF0\x9F\x8E\xB5");
    check_pair(tags, 2, "comment", "");
    char value[8];
    CHECK(!pst_tags_take(tags, "title", value, sizeof value));
    CHECK(pst_tags_take(tags, "artist", value, sizeof value));
    CHECK_TEXT(strcmp(value, "One") == 0, "%s", value);
    CHECK_EQ(pst_tags_count(tags), 2);
    check_pair(tags, 1, "comment", "");
    CHECK(pst_tags_take(tags, "artist", value, 3) && pst_tags_take(tags, "comment", value, 8));
    CHECK_EQ(pst_tags_count(tags), 0);
    CHECK_EQ(pst_tags_add(tags, "artist", "One", NULL), PST_OK);
    CHECK_EQ(pst_tags_add(tags, "artist", "Tw\xC3\xB6 \xF0\x9F\x8E\xB5", NULL), PST_OK);
    CHECK_EQ(pst_tags_add(tags, "comment", "", NULL), PST_OK);
    CHECK(pst_tags_key(tags, 3) == NULL && pst_tags_value(tags, 3) == NULL);
    pst_tags_destroy(tags);
    pst_tags_destroy(NULL);
}

static void test_what_no_file_can_hold_is_refused(void) {
    static const char *const bad_values[] = {
        "a\x01",        "\x80",         "\xC0\x80",         "\xC3",
        "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80",
        "\x7F",         "x\xE2\x82",
    };
    pst_tags *tags = NULL;
    pst_error err;
    REQUIRE(pst_tags_create(&tags, NULL) == PST_OK);
    for (size_t i = 0; i < sizeof bad_values / sizeof *bad_values; ++i) {
        CHECK_EQ(pst_tags_add(tags, "title", bad_values[i], &err), PST_BAD_ARGUMENT);
        CHECK_TEXT(strstr(err.text, "title") != NULL, "%s", err.text);
    }
    CHECK_EQ(pst_tags_add(tags, "", "x", &err), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_tags_add(tags, "a=b", "x", &err), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_tags_add(tags, "t\xC3\xB6ne", "x", &err), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_tags_count(tags), 0);
    for (int i = 0; i < PST_MAX_TAGS; ++i)
        CHECK_EQ(pst_tags_add(tags, "k", "v", NULL), PST_OK);
    CHECK_EQ(pst_tags_add(tags, "k", "v", &err), PST_LIMIT);
    CHECK_EQ(pst_tags_count(tags), PST_MAX_TAGS);
    pst_tags_destroy(tags);
}

int main(void) {
    RUN(test_pairs_stay_in_order);
    RUN(test_what_no_file_can_hold_is_refused);
    return check_done();
}
