// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

void *pst_alloc(size_t n_bytes) {
    const size_t line = PST_CACHE_LINE_BYTES;
    if (n_bytes > (size_t)PTRDIFF_MAX - line)
        return NULL;
    const size_t n_rounded = n_bytes == 0 ? line : (n_bytes + line - 1) / line * line;
    void *memory = aligned_alloc(line, n_rounded);
    if (memory != NULL)
        memset(memory, 0, n_rounded);
    return memory;
}

void *pst_alloc_array(size_t n_items, size_t item_bytes) {
    if (item_bytes != 0 && n_items > SIZE_MAX / item_bytes)
        return NULL;
    return pst_alloc(n_items * item_bytes);
}

char *pst_alloc_text(const char *text) {
    if (text == NULL)
        return NULL;
    const size_t n_bytes = strlen(text) + 1;
    char *copy = pst_alloc(n_bytes);
    if (copy != NULL)
        memcpy(copy, text, n_bytes);
    return copy;
}

void pst_free(void *memory) {
    free(memory);
}
