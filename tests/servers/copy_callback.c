// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// A compiled callback: one channel of float32 goes from the input to the output. It counts its
// calls in user data.

#include <stdint.h>
#include <string.h>

int32_t copy_through(const void *input, void *output, int64_t n_frames, const void *time,
                     uint32_t flags, void *user) {
    int64_t *n_calls = user;
    (void)time;
    (void)flags;
    memcpy(output, input, (size_t)n_frames * sizeof(float));
    ++*n_calls;
    return 0;
}
