// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DEVICE_LIST_H
#define PST_DEVICE_LIST_H

#include "device/backend.h"

// A list of host APIs and their devices. Each backend fills one of its own; the system's list is
// all of them, one after the other. Once shared, a list is not changed any more, but replaced.

typedef struct pst_listed_device {
    pst_device_info info;
    uint32_t slot; // Which backend it belongs to, and its index there; PST_NO_INDEX for one that
                   // only an older generation of the backend has, where a stream holds it.
    int32_t local_index;
    uint32_t n_claims; // In a backend's own list: handles on it.
} pst_listed_device;

struct pst_device_list {
    pst_hostapi_info *hostapis;
    pst_listed_device *devices;
    int32_t n_hostapis, hostapi_room;
    int32_t n_devices, device_room;
    int32_t n_skipped; // Devices of the backend that are not listed.
    int32_t default_input, default_output;
};

// Returns an empty list, or NULL. Ownership: the caller's.
PST_NODISCARD pst_device_list *pst_device_list_create(void);

// NULL is allowed.
void pst_device_list_destroy(pst_device_list *list);

// Appends all of a backend's list, shifts its indices, and makes the uids, in the part too. The
// first list that has default devices decides on them; the virtual host has none.
// Returns PST_OK or PST_NO_MEMORY; then the list is to be thrown away.
PST_NODISCARD pst_status pst_device_list_append(pst_device_list *list, pst_device_list *part,
                                                uint32_t slot);

// Appends a device that streams still hold, though its backend does not find it any more, unless
// the list has its uid, or not even its host API. hostapi: the name of that.
// Returns as pst_device_list_append.
PST_NODISCARD pst_status pst_device_list_keep(pst_device_list *list, const pst_device_info *info,
                                              const char *hostapi, uint32_t slot);

#endif
