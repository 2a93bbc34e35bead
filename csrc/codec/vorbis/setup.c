// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/vorbis/setup.h"

#include <limits.h>
#include <ogg/ogg.h>

// See "Probability model and codebooks" in the Vorbis I specification. What is wrong in any other
// way, libvorbis finds.
enum {
    NAME_BYTES = 7, // "\x05vorbis"
    SYNC = 0x564342,
    MAX_LENGTH = 32, // Of a code word, in bits.
    // libvorbis' own codebooks have less than a tenth of that, all together.
    MAX_VALUES = 1 << 20,
    // libvorbis takes 8 bytes from the stack for each; see push/push_stream.c.
    MAX_ENTRIES = 1 << 16
};

// Reads the lengths of the entries; they are of no interest.
static bool skip_lengths(oggpack_buffer *bits, long n_entries) {
    if (oggpack_read(bits, 1) == 0) {
        const bool is_sparse = oggpack_read(bits, 1) == 1;
        for (long i = 0; i < n_entries; ++i)
            if (!is_sparse || oggpack_read(bits, 1) == 1)
                if (oggpack_read(bits, 5) < 0)
                    return false;
        return true;
    }
    long length = oggpack_read(bits, 5) + 1;
    for (long i = 0; i < n_entries; ++length) {
        int n_bits = 0;
        while ((n_entries - i) >> n_bits != 0)
            ++n_bits;
        const long n = oggpack_read(bits, n_bits);
        if (n < 0 || length > MAX_LENGTH)
            return false;
        i += n;
    }
    return true;
}

// Returns the largest number whose n-th power is at most most.
static long root(long most, long n) {
    long found = 0;
    for (;;) {
        long power = 1;
        for (long i = 0; i < n && power <= most; ++i)
            power *= found + 1;
        if (power > most || found > most)
            return found;
        ++found;
    }
}

static bool skip_values(oggpack_buffer *bits, long n_entries, long n_dimensions) {
    const long kind = oggpack_read(bits, 4);
    if (kind == 0)
        return true;
    if (kind != 1 && kind != 2)
        return false;
    oggpack_adv(bits, 32);
    oggpack_adv(bits, 32);
    const long n_bits = oggpack_read(bits, 4) + 1;
    oggpack_adv(bits, 1);
    const long n = kind == 1 ? root(n_entries, n_dimensions) : n_entries * n_dimensions;
    for (long i = 0; i < n; ++i)
        oggpack_adv(bits, (int)n_bits);
    return oggpack_look(bits, 1) >= 0;
}

bool pst_vorbis_setup_is_bearable(const uint8_t *data, size_t n_bytes) {
    if (n_bytes <= NAME_BYTES || n_bytes > INT_MAX)
        return false;
    oggpack_buffer bits;
    oggpack_readinit(&bits, (unsigned char *)data + NAME_BYTES, (int)(n_bytes - NAME_BYTES));
    const long n_books = oggpack_read(&bits, 8) + 1;
    int64_t n_values = 0;
    for (long i = 0; i < n_books; ++i) {
        const long sync = oggpack_read(&bits, 24);
        const long n_dimensions = oggpack_read(&bits, 16);
        const long n_entries = oggpack_read(&bits, 24);
        if (sync != SYNC || n_dimensions < 1 || n_entries < 1 || n_entries > MAX_ENTRIES)
            return false;
        n_values += (int64_t)n_entries * n_dimensions;
        if (n_values > MAX_VALUES || !skip_lengths(&bits, n_entries) ||
            !skip_values(&bits, n_entries, n_dimensions))
            return false;
    }
    return true;
}
