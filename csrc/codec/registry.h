// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_REGISTRY_H
#define PST_CODEC_REGISTRY_H

#include "codec/codec.h"

// The codecs of this build. Which of them there are, the build's options say.
extern const pst_codec pst_pcm_codec;

#endif
