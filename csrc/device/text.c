// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "device/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// Returns the length of the UTF-8 character that begins here, or 0 if none does. Overlong forms,
// surrogates and numbers beyond U+10FFFF are none.
static size_t character_length(const unsigned char *text) {
    const unsigned char first = text[0];
    if (first < 0x80)
        return 1;
    const size_t length = first >= 0xC2 && first <= 0xDF   ? 2
                          : first >= 0xE0 && first <= 0xEF ? 3
                          : first >= 0xF0 && first <= 0xF4 ? 4
                                                           : 0;
    for (size_t i = 1; i < length; ++i) {
        if ((text[i] & 0xC0) != 0x80) // Also ends at the NUL.
            return 0;
    }
    if ((first == 0xE0 && text[1] < 0xA0) || (first == 0xED && text[1] > 0x9F) ||
        (first == 0xF0 && text[1] < 0x90) || (first == 0xF4 && text[1] > 0x8F))
        return 0;
    return length;
}

size_t pst_text_copy(char *dst, size_t n_bytes, const char *text) {
    const unsigned char *from = (const unsigned char *)(text != NULL ? text : "");
    size_t n = 0;
    while (*from != '\0') {
        const size_t length = character_length(from);
        const size_t n_new = length > 0 ? length : 1;
        if (n + n_new >= n_bytes)
            break;
        if (length > 0)
            memcpy(dst + n, from, length);
        else
            dst[n] = '?';
        n += n_new;
        from += n_new;
    }
    dst[n] = '\0';
    return n;
}

size_t pst_text_append(char *dst, size_t n_bytes, const char *text) {
    const size_t n_before = strlen(dst);
    return n_before + pst_text_copy(dst + n_before, n_bytes - n_before, text);
}

size_t pst_text_appendf(char *dst, size_t n_bytes, const char *format, ...) {
    char piece[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(piece, sizeof piece, format, args);
    va_end(args);
    return pst_text_append(dst, n_bytes, piece);
}
