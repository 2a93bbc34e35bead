// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_AAC_AVIO_H
#define PST_CODEC_AAC_AVIO_H

#include "codec/aac/av.h"
#include "codec/io.h"

// Our byte I/O as libavformat sees it.

// Returns NULL if there is no memory.
AVIOContext *pst_avio_open(pst_io *io, bool writes);

// NULL is allowed. What is still in the buffer is written.
void pst_avio_close(AVIOContext *avio);

#endif
