// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/codec.h"

static const pst_codec_ops *const codecs[] = {&pst_pcm_codec};

const pst_codec_ops *pst_codec_for(pst_container container) {
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; ++i)
        if (codecs[i]->handles(container))
            return codecs[i];
    return NULL;
}
