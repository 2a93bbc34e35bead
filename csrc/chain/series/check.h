// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CHAIN_SERIES_CHECK_H
#define PST_CHAIN_SERIES_CHECK_H

#include "pastream/series.h"

// Returns PST_OK, or PST_BAD_ARGUMENT with the field's name in the text, as pst_sink_series does.
// Thread: any. Realtime: no.
PST_NODISCARD pst_status pst_check_series(const pst_series *series, pst_format format,
                                          pst_error *err);

#endif
