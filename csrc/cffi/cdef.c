// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Never compiled, only preprocessed: what is left of the public headers when the seam's switch is
// on is what write_extension.py declares to CFFI.
#define PST_CFFI
#include "pastream/pastream.h"
