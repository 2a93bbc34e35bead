// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "chain/series/name.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

// A path under construction.
typedef struct name_writer {
    char *path;
    size_t n_bytes;
    size_t length; // Without the NUL; n_bytes once it does not fit.
} name_writer;

static void append(name_writer *name, const char *text, size_t length) {
    if (name->n_bytes - name->length <= length) {
        name->length = name->n_bytes;
        return;
    }
    memcpy(name->path + name->length, text, length);
    name->length += length;
    name->path[name->length] = '\0';
}

// "" or the number of digits, in what follows "index".
static bool append_index(name_writer *name, const char *option, size_t length, int64_t index) {
    char digits[32];
    int width = 1;
    if (length == 1 && option[0] >= '1' && option[0] <= '9')
        width = option[0] - '0';
    else if (length > 0)
        return false;
    const int n = snprintf(digits, sizeof digits, "%0*lld", width, (long long)index);
    append(name, digits, (size_t)n);
    return true;
}

static bool append_time(name_writer *name, const char *option, size_t length, time_t opened) {
    char format[64] = "%Y%m%d-%H%M%S", text[256];
    struct tm parts;
    if (length >= sizeof format || localtime_r(&opened, &parts) == NULL)
        return false;
    if (length > 0) {
        memcpy(format, option, length);
        format[length] = '\0';
    }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    const size_t n = strftime(text, sizeof text, format, &parts);
#pragma GCC diagnostic pop
    append(name, text, n);
    return n > 0 && memchr(text, '/', n) == NULL;
}

// Appends the field that begins at `field`, behind its brace. Returns how many bytes it has, the
// closing brace included; 0: it is none, -1: a bad one.
static int64_t append_field(name_writer *name, const char *field, int64_t index, time_t opened) {
    static const char *const names[] = {"index", "time"};
    for (int i = 0; i < 2; ++i) {
        const size_t n_name = strlen(names[i]);
        if (strncmp(field, names[i], n_name) != 0)
            continue;
        const char *option = field + n_name;
        if (*option != ':' && *option != '}')
            continue;
        const char *end = strchr(option, '}');
        if (end == NULL)
            return -1;
        option += *option == ':';
        const size_t length = (size_t)(end - option);
        const bool is_good = i == 0 ? append_index(name, option, length, index)
                                    : append_time(name, option, length, opened);
        return is_good ? end + 1 - field : -1;
    }
    return 0;
}

pst_status pst_series_name(char *path, size_t n_bytes, const char *template, int64_t index,
                           time_t opened, pst_error *err) {
    name_writer name = {path, n_bytes, 0};
    path[0] = '\0';
    for (const char *at = template; *at != '\0';) {
        const int64_t n_field = *at == '{' ? append_field(&name, at + 1, index, opened) : 0;
        if (n_field < 0)
            return pst_fail(err, PST_BAD_ARGUMENT, 0,
                            "the name \"%s\" has a field that makes no sense; fields are {index}, "
                            "{index:4}, {time} and {time:FORMAT}, with a format as for strftime "
                            "that makes no \"/\"",
                            template);
        if (n_field == 0)
            append(&name, at, 1);
        at += 1 + n_field;
    }
    if (name.length == n_bytes)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "the name \"%s\" is too long", template);
    return PST_OK;
}
