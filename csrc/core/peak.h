// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CORE_PEAK_H
#define PST_CORE_PEAK_H

#include "pastream/format.h"

// Returns the largest absolute sample, of full scale. NaN and infinities count as 0.
// data: samples of that format, any alignment. Thread: any. Realtime: yes.
double pst_peak_of(const void *data, pst_format format, size_t n_samples) PST_RT;

#endif
