// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// The four ways in which ID3 stores characters.

#include "codec/metadata/id3.h"

typedef struct writer {
    char *text;
    size_t n;
    size_t room; // Without the zero at the end.
} writer;

static void put(writer *w, uint32_t character) {
    static const uint8_t leads[] = {0x00, 0x00, 0xC0, 0xE0, 0xF0};
    const size_t n = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    if (w->room - w->n < n)
        return;
    for (size_t i = n; i-- > 1; character >>= 6)
        w->text[w->n + i] = (char)(0x80 | (character & 0x3F));
    w->text[w->n] = (char)(leads[n] | character);
    w->n += n;
}

static size_t read_bytes(const uint8_t *data, size_t n_bytes, bool is_latin1, writer *w) {
    size_t i = 0;
    for (; i < n_bytes && data[i] != 0; ++i)
        if (is_latin1)
            put(w, data[i]);
        else if (w->n < w->room)
            w->text[w->n++] = (char)data[i];
    return i < n_bytes ? i + 1 : i;
}

static size_t read_utf16(const uint8_t *data, size_t n_bytes, bool is_big, writer *w) {
    enum { UNKNOWN = 0xFFFD };
    uint32_t high = 0; // The first half of a pair.
    size_t i = 0;
    while (i + 2 <= n_bytes) {
        const uint32_t unit =
            is_big ? (uint32_t)data[i] << 8 | data[i + 1] : (uint32_t)data[i + 1] << 8 | data[i];
        i += 2;
        const bool is_low = unit >= 0xDC00 && unit < 0xE000;
        if (high != 0)
            put(w, is_low ? 0x10000 + ((high - 0xD800) << 10 | (unit - 0xDC00)) : UNKNOWN);
        else if (is_low)
            put(w, UNKNOWN);
        const bool was_pair = high != 0 && is_low;
        high = unit >= 0xD800 && unit < 0xDC00 ? unit : 0;
        if (unit == 0)
            return i;
        if (!was_pair && !is_low && high == 0)
            put(w, unit);
    }
    if (high != 0)
        put(w, UNKNOWN);
    return n_bytes;
}

size_t pst_id3_text(const uint8_t *data, size_t n_bytes, int encoding, char *text, size_t room) {
    writer w = {text, 0, room - 1};
    size_t n_taken = 0;
    if (encoding == PST_ID3_UTF16 || encoding == PST_ID3_UTF16_BIG) {
        bool is_big = encoding == PST_ID3_UTF16_BIG;
        const bool has_mark = n_bytes >= 2 && ((data[0] == 0xFE && data[1] == 0xFF) ||
                                               (data[0] == 0xFF && data[1] == 0xFE));
        if (has_mark) {
            is_big = data[0] == 0xFE;
            n_taken = 2;
        }
        n_taken += read_utf16(data + n_taken, n_bytes - n_taken, is_big, &w);
    } else {
        n_taken = read_bytes(data, n_bytes, encoding != PST_ID3_UTF8, &w);
    }
    text[w.n] = '\0';
    return n_taken;
}
