// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DEVICE_LIST_H
#define PST_DEVICE_LIST_H

#include "device/backend.h"

// A list of host APIs and their devices. Each backend fills one of its own; the system's list is
// all of them, one after the other. Once shared, a list is not changed any more, but replaced.

typedef struct pst_listed_device {
    pst_device_info info;
    uint32_t slot; // Which backend it belongs to, and its index there.
    int32_t local_index;
} pst_listed_device;

struct pst_device_list {
    pst_hostapi_info *hostapis;
    pst_listed_device *devices;
    int32_t n_hostapis, hostapi_room;
    int32_t n_devices, device_room;
    int32_t default_input, default_output;
};

// Returns an empty list, or NULL. Ownership: the caller's.
PST_NODISCARD pst_device_list *pst_device_list_create(void);

// NULL is allowed.
void pst_device_list_destroy(pst_device_list *list);

// Appends all of a backend's list, shifts its indices, and makes the uids. The first list that has
// default devices decides on them; the virtual host has none.
// Returns PST_OK or PST_NO_MEMORY; then the list is to be thrown away.
PST_NODISCARD pst_status pst_device_list_append(pst_device_list *list, const pst_device_list *part,
                                                uint32_t slot);

#endif
