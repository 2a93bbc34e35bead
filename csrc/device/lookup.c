// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "device/system.h"

#include <string.h>

#include "base/error.h"
#include "device/text.h"

// What answers from the list of devices, and the claims on its backends. The list is only looked at
// under the lock, and copied from.

// Returns with the lock held if the list could be loaded.
static pst_status lock_loaded(pst_system *system, pst_error *err) {
    pst_error detail = {.status = PST_OK}; // A complaint of a backend is no error here.
    for (;;) {
        const pst_status status = pst_system_load(system, &detail);
        if (status != PST_OK) {
            if (err != NULL)
                *err = detail;
            return status;
        }
        pthread_mutex_lock(&system->lock);
        if (system->list != NULL)
            return PST_OK;
        pthread_mutex_unlock(&system->lock); // A refresh failed in between.
    }
}

int32_t pst_system_device_count(pst_system *system) {
    if (lock_loaded(system, NULL) != PST_OK)
        return 0;
    const int32_t count = system->list->n_devices;
    pthread_mutex_unlock(&system->lock);
    return count;
}

uint64_t pst_system_list_number(pst_system *system) {
    if (pst_system_check_fork(system, NULL) != PST_OK)
        return 0; // The lock may have been held at the fork.
    pthread_mutex_lock(&system->lock);
    const uint64_t number = system->list_number;
    pthread_mutex_unlock(&system->lock);
    return number;
}

static uint64_t digest_text(uint64_t digest, const char *text) {
    do // FNV-1a, the NUL included.
        digest = (digest ^ (unsigned char)*text) * UINT64_C(0x100000001B3);
    while (*text++ != '\0');
    return digest;
}

uint64_t pst_system_list_digest(pst_system *system) {
    uint64_t digest = UINT64_C(0xCBF29CE484222325);
    pthread_mutex_lock(&system->lock);
    const pst_device_list *list = system->list;
    for (int32_t i = 0; list != NULL && i < list->n_devices; ++i) {
        digest = digest_text(digest, list->devices[i].info.uid);
        if (i == list->default_input)
            digest = digest_text(digest, "default input");
        if (i == list->default_output)
            digest = digest_text(digest, "default output");
    }
    pthread_mutex_unlock(&system->lock);
    return digest;
}

int32_t pst_system_hostapi_count(pst_system *system) {
    if (lock_loaded(system, NULL) != PST_OK)
        return 0;
    const int32_t count = system->list->n_hostapis;
    pthread_mutex_unlock(&system->lock);
    return count;
}

// With the lock held.
static pst_status fail_no_device(const pst_system *system, int32_t index, pst_error *err) {
    char text[PST_ERROR_TEXT_BYTES] = "";
    pst_text_appendf(text, sizeof text, "There is no device %d; these are there:", (int)index);
    for (int32_t i = 0; i < system->list->n_devices; ++i)
        pst_text_appendf(text, sizeof text, "%s %d '%s'", i > 0 ? "," : "", (int)i,
                         system->list->devices[i].info.name);
    if (system->complaint.status != PST_OK)
        pst_text_appendf(text, sizeof text, " (%s)", system->complaint.text);
    return pst_fail(err, PST_NO_DEVICE, 0, "%s", text);
}

pst_status pst_system_get_device(pst_system *system, int32_t index, pst_device_info *info,
                                 pst_error *err) {
    pst_status status = lock_loaded(system, err);
    if (status != PST_OK)
        return status;
    if (index >= 0 && index < system->list->n_devices)
        *info = system->list->devices[index].info;
    else
        status = fail_no_device(system, index, err);
    pthread_mutex_unlock(&system->lock);
    return status;
}

pst_status pst_system_get_hostapi(pst_system *system, int32_t index, pst_hostapi_info *info,
                                  pst_error *err) {
    pst_status status = lock_loaded(system, err);
    if (status != PST_OK)
        return status;
    const int32_t count = system->list->n_hostapis;
    if (index >= 0 && index < count)
        *info = system->list->hostapis[index];
    else
        status = pst_fail(err, PST_NO_DEVICE, 0, "There is no host API %d; there are 0 to %d",
                          (int)index, (int)count - 1);
    pthread_mutex_unlock(&system->lock);
    return status;
}

int32_t pst_system_default_device(pst_system *system, pst_direction direction) {
    if (lock_loaded(system, NULL) != PST_OK)
        return PST_NO_INDEX;
    const int32_t input = system->list->default_input;
    const int32_t output = system->list->default_output;
    pthread_mutex_unlock(&system->lock);
    switch (direction) {
    case PST_INPUT:
        return input;
    case PST_OUTPUT:
        return output;
    case PST_DUPLEX:
        return input == output ? input : PST_NO_INDEX;
    }
    return PST_NO_INDEX;
}

// ---- Claims ----------------------------------------------------------------------------------

static const pst_listed_device *find(const pst_system *system, const pst_side *side) {
    const pst_device_list *list = system->list;
    if (side->device == PST_NO_INDEX)
        return NULL;
    if (side->uid[0] == '\0')
        return side->device >= 0 && side->device < list->n_devices ? &list->devices[side->device]
                                                                   : NULL;
    for (int32_t i = 0; i < list->n_devices; ++i) {
        if (strcmp(list->devices[i].info.uid, side->uid) == 0)
            return &list->devices[i];
    }
    return NULL;
}

// With the lock held.
static pst_status fail_not_found(const pst_system *system, const pst_side *side, pst_error *err) {
    if (side->uid[0] == '\0')
        return fail_no_device(system, side->device, err);
    return pst_fail(err, PST_NO_DEVICE, 0, "There is no device '%s' any more%s%s", side->uid,
                    system->complaint.status != PST_OK ? ": " : "",
                    system->complaint.status != PST_OK ? system->complaint.text : "");
}

// With the lock held.
static pst_status find_both(const pst_system *system, const pst_side *input, const pst_side *output,
                            pst_claim *claim, uint32_t *slot, pst_error *err) {
    const pst_listed_device *in = find(system, input);
    const pst_listed_device *out = find(system, output);
    if (in == NULL && input->device != PST_NO_INDEX)
        return fail_not_found(system, input, err);
    if (out == NULL && output->device != PST_NO_INDEX)
        return fail_not_found(system, output, err);
    const pst_listed_device *first = in != NULL ? in : out;
    if (first == NULL)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "Neither input.device nor output.device is set");
    *slot = first->slot;
    claim->ops = system->slots[*slot].ops;
    if (out != NULL && out->slot != *slot)
        return pst_fail(err, PST_UNSUPPORTED, 0,
                        "One stream cannot join '%s' of %s and '%s' of %s; open a stream for each",
                        first->info.name, claim->ops->name, out->info.name,
                        system->slots[out->slot].ops->name);
    claim->input_index = in != NULL ? in->local_index : PST_NO_INDEX;
    claim->output_index = out != NULL ? out->local_index : PST_NO_INDEX;
    if (in != NULL)
        claim->input = in->info;
    if (out != NULL)
        claim->output = out->info;
    const pst_listed_device *held = in != NULL && in->local_index == PST_NO_INDEX     ? in
                                    : out != NULL && out->local_index == PST_NO_INDEX ? out
                                                                                      : NULL;
    if (held != NULL)
        return pst_fail(err, PST_DEVICE_BUSY, 0,
                        "'%s' is open in another stream, and its host does not offer it twice",
                        held->info.name);
    return PST_OK;
}

// With the lock held: by is 1 or -1.
static void count_claim(const pst_claim *claim, int by) {
    pst_device_list *part = claim->generation->part;
    claim->generation->n_claims += (uint32_t)by;
    for (int32_t i = 0; i < part->n_devices; ++i) {
        pst_listed_device *device = &part->devices[i];
        if (device->local_index == claim->input_index || device->local_index == claim->output_index)
            device->n_claims += (uint32_t)by;
    }
}

static bool names_the_same(const pst_claim *a, const pst_claim *b) {
    return strcmp(a->input.uid, b->input.uid) == 0 && strcmp(a->output.uid, b->output.uid) == 0;
}

pst_status pst_system_claim(pst_system *system, const pst_side *input, const pst_side *output,
                            int64_t deadline_ns, pst_claim *claim, pst_error *err) {
    pst_claim before = {.system = NULL};
    for (;;) {
        *claim = (pst_claim){.system = system};
        pst_status status = lock_loaded(system, err);
        if (status != PST_OK)
            return status;
        uint32_t slot_index = 0;
        status = find_both(system, input, output, claim, &slot_index, err);
        if (status == PST_OK && before.system != NULL && !names_the_same(&before, claim))
            status = pst_fail(err, PST_NO_DEVICE, 0,
                              "The list of devices was read again, and the numbers of its devices "
                              "have changed");
        const pst_slot *slot = &system->slots[slot_index];
        const bool is_ready = status != PST_OK || !slot->is_replacing;
        if (status == PST_OK && is_ready) {
            claim->generation = slot->current;
            claim->backend = slot->current->backend;
            count_claim(claim, 1);
            pst_system_retain(system);
        }
        pthread_mutex_unlock(&system->lock);
        if (is_ready)
            return status;
        // A refresh is under way, and the list is about to be replaced.
        before = *claim;
        status = pst_system_enter_gate(system, deadline_ns, err);
        if (status != PST_OK)
            return status;
        pst_gate_leave(&system->loading);
    }
}

void pst_system_unclaim(pst_claim *claim) {
    pst_system *system = claim->system;
    pthread_mutex_lock(&system->lock);
    count_claim(claim, -1);
    const bool is_done = claim->generation->is_old && claim->generation->n_claims == 0;
    pthread_mutex_unlock(&system->lock);
    if (is_done)
        pst_system_sweep_later(system);
    pst_system_release(system);
}
