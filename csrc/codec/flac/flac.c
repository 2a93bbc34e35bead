// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/flac/flac.h"

#include <FLAC/format.h>
#include <stdio.h>
#include <string.h>

#include "codec/registry.h"

// Such as "libFLAC 1.4.2 20221022".
static void libraries(char *text, size_t n_bytes) {
    const char *name = strstr(FLAC__VENDOR_STRING, "libFLAC");
    snprintf(text, n_bytes, "%s", name == NULL ? FLAC__VENDOR_STRING : name);
}

#ifdef PST_HAS_OGG_FLAC
#define CONTAINERS (PST_IN(PST_CONTAINER_FLAC) | PST_IN(PST_CONTAINER_OGG))
#else
#define CONTAINERS PST_IN(PST_CONTAINER_FLAC)
#endif

const pst_codec pst_flac_codec = {
    .name = "flac",
    .encoding = PST_ENCODING_FLAC,
    .decodes = CONTAINERS,
    .encodes = CONTAINERS,
    .is_lossless = true,
    .libraries = libraries,
    .decoder = &pst_flac_decoder,
    .encoder = &pst_flac_encoder,
};
