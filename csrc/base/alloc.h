// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_BASE_ALLOC_H
#define PST_BASE_ALLOC_H

#include "pastream/base.h"

// All memory of the library comes from here, except the mapped memory of rings. Tests make
// allocations fail by interposing aligned_alloc (tests/c/support/failing_alloc.c).

enum { PST_CACHE_LINE_BYTES = 64 };

// Returns zeroed memory on a 64-byte boundary, or NULL. Zero bytes give one line.
// Thread: any. Realtime: no. Ownership: the caller's, given back by pst_free.
PST_NODISCARD void *pst_alloc(size_t n_bytes);

// The same for an array; NULL also when the product does not fit.
PST_NODISCARD void *pst_alloc_array(size_t n_items, size_t item_bytes);

// Returns a copy of text, or NULL (also for NULL).
PST_NODISCARD char *pst_alloc_text(const char *text);

// Frees what one of the above returned. NULL is allowed.
void pst_free(void *memory);

#endif
