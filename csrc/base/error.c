// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// Takes away what a cut left of a character: its first bytes without all of the others.
static void drop_half_character(char *text, size_t length) {
    size_t start = length;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        --start;
    if (start == 0)
        return;
    const unsigned char lead = (unsigned char)text[start - 1];
    const size_t wanted = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (length - (start - 1) < wanted)
        text[start - 1] = '\0';
}

pst_status pst_fail(pst_error *err, pst_status status, int32_t native_code, const char *format,
                    ...) {
    if (err == NULL)
        return status;
    err->status = status;
    err->native_code = native_code;
    va_list args;
    va_start(args, format);
    const int wanted = vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    if (wanted < 0)
        err->text[0] = '\0';
    else if ((size_t)wanted >= sizeof err->text)
        drop_half_character(err->text, sizeof err->text - 1);
    return status;
}

pst_status pst_fail_errno(pst_error *err, int errno_code, const char *what) {
    if (err == NULL)
        return errno_code == ENOMEM ? PST_NO_MEMORY : PST_SYSTEM_ERROR;
    // Two kinds of strerror_r are about: one returns the text, one a number.
    char buffer[128] = "";
    const char *text = _Generic(strerror_r(errno_code, buffer, sizeof buffer),
        char *: strerror_r(errno_code, buffer, sizeof buffer),
        default: ((void)strerror_r(errno_code, buffer, sizeof buffer), buffer));
    const pst_status status = errno_code == ENOMEM ? PST_NO_MEMORY : PST_SYSTEM_ERROR;
    return pst_fail(err, status, errno_code, "Could not %s: %s", what, text);
}

pst_status pst_fail_memory(pst_error *err) {
    return pst_fail(err, PST_NO_MEMORY, 0, "Out of memory");
}
