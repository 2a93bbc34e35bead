// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DEVICE_TEXT_H
#define PST_DEVICE_TEXT_H

#include "pastream/base.h"

// Copies text into n_bytes (at least 1), NUL included. What is not UTF-8 becomes '?', byte by byte,
// and text that is too long is cut between characters. Host APIs hand out names in any encoding.
// text: NULL counts as empty. Returns the bytes written, without the NUL.
// Thread: any. Realtime: no.
size_t pst_text_copy(char *dst, size_t n_bytes, const char *text);

// The same, at the end of what dst holds already.
size_t pst_text_append(char *dst, size_t n_bytes, const char *text);

// Appends formatted text. Thread: any. Realtime: no.
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
size_t
pst_text_appendf(char *dst, size_t n_bytes, const char *format, ...);

#endif
