// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "pastream/format.h"

#include <string.h>

typedef struct format_row {
    const char *name;
    uint32_t n_bytes;
    unsigned char silence;
} format_row;

static const format_row rows[] = {
    [PST_FORMAT_F32] = {"float32", 4, 0}, [PST_FORMAT_F64] = {"float64", 8, 0},
    [PST_FORMAT_I32] = {"int32", 4, 0},   [PST_FORMAT_I24] = {"int24", 3, 0},
    [PST_FORMAT_I16] = {"int16", 2, 0},   [PST_FORMAT_I8] = {"int8", 1, 0},
    [PST_FORMAT_U8] = {"uint8", 1, 128},
};

// Returns NULL for a value that is no format, also for what other languages may hand over.
static const format_row *find_row(pst_format format) PST_RT {
    const unsigned row = (unsigned)format;
    return row >= 1 && row < sizeof rows / sizeof rows[0] ? &rows[row] : NULL;
}

uint32_t pst_format_bytes(pst_format format) PST_RT {
    const format_row *row = find_row(format);
    return row != NULL ? row->n_bytes : 0;
}

const char *pst_format_name(pst_format format) PST_RT {
    const format_row *row = find_row(format);
    return row != NULL ? row->name : "unknown";
}

void pst_silence(void *dst, pst_format format, size_t n_samples) PST_RT {
    const format_row *row = find_row(format);
    if (row != NULL && n_samples > 0)
        memset(dst, row->silence, n_samples * row->n_bytes);
}
