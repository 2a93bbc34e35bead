// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_VORBIS_SETUP_H
#define PST_CODEC_VORBIS_SETUP_H

#include "pastream/base.h"

// Whether the codebooks of a Vorbis setup header are of a size that any encoder makes. A header of
// a few bytes can ask libvorbis for gigabytes.
bool pst_vorbis_setup_is_bearable(const uint8_t *data, size_t n_bytes);

#endif
