// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "device/list.h"

#include <string.h>

#include "base/alloc.h"
#include "device/text.h"

enum { UID_SUFFIX_BYTES = 12 }; // "#" and a count.

pst_device_list *pst_device_list_create(void) {
    pst_device_list *list = pst_alloc(sizeof *list);
    if (list != NULL)
        list->default_input = list->default_output = PST_NO_INDEX;
    return list;
}

void pst_device_list_destroy(pst_device_list *list) {
    if (list == NULL)
        return;
    pst_free(list->hostapis);
    pst_free(list->devices);
    pst_free(list);
}

// Makes room for one more item. Returns the array, moved if need be, or NULL.
static void *make_room(void *items, int32_t n_items, int32_t *room, size_t item_bytes) {
    if (n_items < *room)
        return items;
    const int32_t more = *room > 0 ? 2 * *room : 8;
    void *moved = pst_alloc_array((size_t)more, item_bytes);
    if (moved == NULL)
        return NULL;
    if (n_items > 0)
        memcpy(moved, items, (size_t)n_items * item_bytes);
    pst_free(items);
    *room = more;
    return moved;
}

pst_status pst_device_list_add_hostapi(pst_device_list *list, const pst_hostapi_info *info) {
    pst_hostapi_info *hostapis =
        make_room(list->hostapis, list->n_hostapis, &list->hostapi_room, sizeof *hostapis);
    if (hostapis == NULL)
        return PST_NO_MEMORY;
    list->hostapis = hostapis;
    hostapis[list->n_hostapis] = *info;
    hostapis[list->n_hostapis].n_devices = 0;
    ++list->n_hostapis;
    return PST_OK;
}

pst_status pst_device_list_add_device(pst_device_list *list, const pst_device_info *info) {
    pst_listed_device *devices =
        make_room(list->devices, list->n_devices, &list->device_room, sizeof *devices);
    if (devices == NULL)
        return PST_NO_MEMORY;
    list->devices = devices;
    pst_listed_device *device = &devices[list->n_devices];
    device->info = *info;
    device->info.hostapi = list->n_hostapis - 1;
    device->local_index = list->n_devices + list->n_skipped;
    ++list->hostapis[list->n_hostapis - 1].n_devices;
    ++list->n_devices;
    return PST_OK;
}

void pst_device_list_skip(pst_device_list *list) {
    ++list->n_skipped;
}

void pst_device_list_set_defaults(pst_device_list *list, int32_t input, int32_t output) {
    list->default_input = input;
    list->default_output = output;
}

// ---- Joining the backends' lists -------------------------------------------------------------

static bool has_uid(const pst_device_list *list, const char *uid) {
    for (int32_t i = 0; i < list->n_devices; ++i) {
        if (strcmp(list->devices[i].info.uid, uid) == 0)
            return true;
    }
    return false;
}

// Counts up from 2 until no earlier device has the uid, so that the first of several equal devices
// keeps the plain one.
static void make_uid(const pst_device_list *list, const char *hostapi, pst_device_info *info) {
    char base[PST_UID_BYTES - UID_SUFFIX_BYTES];
    pst_text_copy(base, sizeof base, hostapi);
    pst_text_append(base, sizeof base, "/");
    pst_text_append(base, sizeof base, info->name);
    pst_text_copy(info->uid, sizeof info->uid, base);
    for (int32_t n = 2; has_uid(list, info->uid); ++n) {
        pst_text_copy(info->uid, sizeof info->uid, base);
        pst_text_appendf(info->uid, sizeof info->uid, "#%d", (int)n);
    }
}

// Returns the index in the whole list of a device that a backend calls `local`: its first device is
// there at `first`.
static int32_t place_of(const pst_device_list *part, int32_t local, int32_t first) {
    for (int32_t i = 0; i < part->n_devices && local != PST_NO_INDEX; ++i) {
        if (part->devices[i].local_index == local)
            return first + i;
    }
    return PST_NO_INDEX;
}

static pst_status append_device(pst_device_list *list, pst_listed_device *from, uint32_t slot) {
    pst_device_info info = from->info;
    make_uid(list, list->hostapis[list->n_hostapis - 1].name, &info);
    pst_text_copy(from->info.uid, sizeof from->info.uid, info.uid);
    const pst_status status = pst_device_list_add_device(list, &info);
    if (status == PST_OK) {
        list->devices[list->n_devices - 1].slot = slot;
        list->devices[list->n_devices - 1].local_index = from->local_index;
    }
    return status;
}

pst_status pst_device_list_append(pst_device_list *list, pst_device_list *part, uint32_t slot) {
    const int32_t first = list->n_devices;
    int32_t next = 0;
    for (int32_t i = 0; i < part->n_hostapis; ++i) {
        pst_hostapi_info hostapi = part->hostapis[i];
        hostapi.default_input = place_of(part, hostapi.default_input, first);
        hostapi.default_output = place_of(part, hostapi.default_output, first);
        pst_status status = pst_device_list_add_hostapi(list, &hostapi);
        for (int32_t n = part->hostapis[i].n_devices; n > 0 && status == PST_OK; --n)
            status = append_device(list, &part->devices[next++], slot);
        if (status != PST_OK)
            return status;
    }
    if (list->default_input == PST_NO_INDEX)
        list->default_input = place_of(part, part->default_input, first);
    if (list->default_output == PST_NO_INDEX)
        list->default_output = place_of(part, part->default_output, first);
    return PST_OK;
}

pst_status pst_device_list_keep(pst_device_list *list, const pst_device_info *info,
                                const char *hostapi, uint32_t slot) {
    int32_t at = 0;
    while (at < list->n_hostapis && strcmp(list->hostapis[at].name, hostapi) != 0)
        ++at;
    if (at == list->n_hostapis || has_uid(list, info->uid))
        return PST_OK;
    const pst_status status = pst_device_list_add_device(list, info);
    if (status != PST_OK)
        return status;
    pst_listed_device *device = &list->devices[list->n_devices - 1];
    --list->hostapis[device->info.hostapi].n_devices;
    ++list->hostapis[at].n_devices;
    device->info.hostapi = at;
    device->slot = slot;
    device->local_index = PST_NO_INDEX;
    return PST_OK;
}
