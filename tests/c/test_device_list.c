// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// The list of devices as it is put together, and the texts in it.

#include <stdlib.h>

#include "check.h"
#include "device/gate.h"
#include "device/list.h"
#include "device/text.h"

// ---- Text ------------------------------------------------------------------------------------

static void test_text_is_made_utf8(void) {
    static const struct {
        const char *text, *wanted;
    } rows[] = {
        {"plain", "plain"},
        {"", ""},
        {NULL, ""},
        {"na\xC3\xAFve \xE2\x82\xAC \xF0\x9F\x8E\xB5",
         "na\xC3\xAFve \xE2\x82\xAC \xF0\x9F\x8E\xB5"},
        {"latin \xE4\xF6\xFC", "latin ???"},
        {"cut \xE2\x82", "cut ??"},
        {"overlong \xC0\xAF \xE0\x80\xAF", "overlong ?? ???"},
        {"surrogate \xED\xA0\x80", "surrogate ???"},
        {"beyond \xF4\x90\x80\x80", "beyond ????"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; ++i) {
        char text[64];
        CHECK_EQ(pst_text_copy(text, sizeof text, rows[i].text), strlen(rows[i].wanted));
        CHECK_STR(text, rows[i].wanted);
    }
}

static void test_text_is_cut_between_characters(void) {
    char text[8];
    static const char *const wanted[] = {
        "", "a", "a", "a\xC3\xA4", "a\xC3\xA4", "a\xC3\xA4", "a\xC3\xA4\xE2\x82\xAC"};
    for (size_t room = 1; room <= 7; ++room) {
        memset(text, 'x', sizeof text);
        pst_text_copy(text, room, "a\xC3\xA4\xE2\x82\xAC");
        CHECK_STR(text, wanted[room - 1]);
        CHECK_EQ(text[7], 'x');
    }
    pst_text_copy(text, sizeof text, "1234");
    CHECK_EQ(pst_text_append(text, sizeof text, "56789"), 7);
    CHECK_STR(text, "1234567");
    CHECK_EQ(pst_text_appendf(text, sizeof text, "%d", 1), 7);
    CHECK_STR(text, "1234567");
}

// ---- Lists -----------------------------------------------------------------------------------

static pst_device_list *make_part(const char *hostapi, const char *const *names, int32_t n_names) {
    pst_device_list *part = pst_device_list_create();
    pst_hostapi_info info = {.n_devices = 99,
                             .default_input = n_names > 0 ? 0 : PST_NO_INDEX,
                             .default_output = PST_NO_INDEX};
    pst_text_copy(info.name, sizeof info.name, hostapi);
    CHECK_EQ(pst_device_list_add_hostapi(part, &info), PST_OK);
    for (int32_t i = 0; i < n_names; ++i) {
        pst_device_info device = {.hostapi = 77};
        pst_text_copy(device.name, sizeof device.name, names[i]);
        CHECK_EQ(pst_device_list_add_device(part, &device), PST_OK);
    }
    return part;
}

static void test_uids_are_unique(void) {
    static const char *const names[] = {"x", "y", "x", "x#2", "x", "x#2"};
    static const char *const wanted[] = {"A/x", "A/y", "A/x#2", "A/x#2#2", "A/x#3", "A/x#2#3"};
    pst_device_list *part = make_part("A", names, 6);
    pst_device_list *list = pst_device_list_create();
    CHECK_EQ(pst_device_list_append(list, part, 0), PST_OK);
    for (int32_t i = 0; i < 6; ++i)
        CHECK_STR(list->devices[i].info.uid, wanted[i]);
    pst_device_list_destroy(part);
    pst_device_list_destroy(list);
}

static void test_long_names_have_unique_uids(void) {
    char long_name[PST_NAME_BYTES];
    memset(long_name, 'n', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    const char *const names[] = {long_name, long_name, long_name};
    pst_device_list *part = make_part(long_name, names, 3);
    pst_device_list *list = pst_device_list_create();
    CHECK_EQ(pst_device_list_append(list, part, 0), PST_OK);
    CHECK(strcmp(list->devices[0].info.uid, list->devices[1].info.uid) != 0);
    CHECK(strcmp(list->devices[1].info.uid, list->devices[2].info.uid) != 0);
    CHECK(strstr(list->devices[1].info.uid, "#2") != NULL);
    CHECK(strlen(list->devices[2].info.uid) < PST_UID_BYTES);
    pst_device_list_destroy(part);
    pst_device_list_destroy(list);
}

static void test_parts_are_joined(void) {
    static const char *const first_names[] = {"a", "b", "c"};
    static const char *const second_names[] = {"a", "z"};
    pst_device_list *first = make_part("one", first_names, 3);
    pst_hostapi_info more = {.default_input = PST_NO_INDEX, .default_output = 3};
    pst_text_copy(more.name, sizeof more.name, "one and a half");
    CHECK_EQ(pst_device_list_add_hostapi(first, &more), PST_OK);
    pst_device_info d = {.max_input_channels = 1};
    pst_text_copy(d.name, sizeof d.name, "d");
    CHECK_EQ(pst_device_list_add_device(first, &d), PST_OK);
    pst_device_list *second = make_part("two", second_names, 2);
    pst_device_list_set_defaults(second, 1, PST_NO_INDEX);
    pst_device_list *empty = pst_device_list_create();
    pst_device_list *list = pst_device_list_create();
    CHECK_EQ(pst_device_list_append(list, empty, 9), PST_OK);
    CHECK_EQ(pst_device_list_append(list, first, 4), PST_OK);
    CHECK_EQ(pst_device_list_append(list, second, 5), PST_OK);

    CHECK_EQ(list->n_hostapis, 3);
    CHECK_EQ(list->n_devices, 6);
    static const int32_t counts[] = {3, 1, 2}, inputs[] = {0, -1, 4}, outputs[] = {-1, 3, -1};
    for (int i = 0; i < 3; ++i) {
        CHECK_EQ(list->hostapis[i].n_devices, counts[i]);
        CHECK_EQ(list->hostapis[i].default_input, inputs[i]);
        CHECK_EQ(list->hostapis[i].default_output, outputs[i]);
    }
    static const char *const uids[] = {"one/a", "one/b", "one/c", "one and a half/d",
                                       "two/a", "two/z"};
    static const int32_t apis[] = {0, 0, 0, 1, 2, 2}, local[] = {0, 1, 2, 3, 0, 1};
    for (int i = 0; i < 6; ++i) {
        CHECK_STR(list->devices[i].info.uid, uids[i]);
        CHECK_EQ(list->devices[i].info.hostapi, apis[i]);
        CHECK_EQ(list->devices[i].local_index, local[i]);
        CHECK_EQ(list->devices[i].slot, i < 4 ? 4 : 5);
    }
    CHECK_EQ(list->default_input, 5);
    CHECK_EQ(list->default_output, PST_NO_INDEX);
    pst_device_list_destroy(empty);
    pst_device_list_destroy(first);
    pst_device_list_destroy(second);
    pst_device_list_destroy(list);
    pst_device_list_destroy(NULL);
}

// ---- Gate ------------------------------------------------------------------------------------

static void test_gate_has_a_deadline(void) {
    pst_gate gate;
    CHECK_EQ(pst_gate_init(&gate, NULL), PST_OK);
    CHECK(pst_gate_enter(&gate, 0));
    CHECK(!pst_gate_enter(&gate, 0));
    CHECK(!pst_gate_enter(&gate, pst_now_ns() + 5000000));
    pst_gate_leave(&gate);
    CHECK(pst_gate_enter(&gate, 0));
    pst_gate_leave(&gate);
    pst_gate_deinit(&gate);
}

int main(void) {
    RUN(test_text_is_made_utf8);
    RUN(test_text_is_cut_between_characters);
    RUN(test_uids_are_unique);
    RUN(test_long_names_have_unique_uids);
    RUN(test_parts_are_joined);
    RUN(test_gate_has_a_deadline);
    return check_done();
}
