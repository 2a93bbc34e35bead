// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CORE_PLANES_H
#define PST_CORE_PLANES_H

#include <stddef.h>
#include <stdint.h>

// Planes are samples of one channel after another; interleaved, those of one time lie together.

// Copies n_frames frames between planes, whose begins are plane_frames samples apart, and
// interleaved frames. sample_bytes: 1, 2, 3, 4 or 8. Any alignment. Realtime: yes.
void pst_interleave(void *frames, const void *planes, size_t plane_frames, uint32_t sample_bytes,
                    uint32_t n_channels, size_t n_frames);
void pst_deinterleave(void *planes, size_t plane_frames, const void *frames, uint32_t sample_bytes,
                      uint32_t n_channels, size_t n_frames);

#endif
