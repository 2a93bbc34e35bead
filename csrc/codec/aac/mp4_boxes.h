// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_AAC_MP4_BOXES_H
#define PST_CODEC_AAC_MP4_BOXES_H

#include "codec/io.h"

// Looks whether the boxes that an MP4 file is made of have the room that they claim, which
// libavformat allocates for some of them without asking. It keeps those within them in bounds
// itself. The place stands at the begin of the file again after it.
// Returns PST_OK, PST_BAD_FILE or PST_SYSTEM_ERROR.
PST_NODISCARD pst_status pst_mp4_check(pst_io *io, pst_error *err);

#endif
