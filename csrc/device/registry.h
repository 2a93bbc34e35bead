// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DEVICE_REGISTRY_H
#define PST_DEVICE_REGISTRY_H

#include "device/backend.h"

// The backends of this build, in the order of the list of devices; NULL at the end.
extern const pst_backend_ops *const pst_backends[];

#endif
