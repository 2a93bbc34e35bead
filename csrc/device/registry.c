// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "device/registry.h"

// PortAudio first, so that its devices keep PortAudio's own indices.
const pst_backend_ops *const pst_backends[] = {&pst_backend_portaudio, &pst_backend_virtual, NULL};
