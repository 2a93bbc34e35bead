// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph/control/attributes.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

void pst_slots_free(const pst_kind *kind, pst_slot *slots) {
    for (uint32_t i = 0; slots != NULL && i < kind->info.n_attributes; ++i) {
        pst_shared_release(slots[i].object);
        pst_shared_release(slots[i].prepared);
    }
    pst_free(slots);
}

static int find(const pst_kind_info *info, const char *name) {
    for (uint32_t i = 0; name != NULL && i < info->n_attributes; ++i)
        if (strcmp(info->attributes[i].name, name) == 0)
            return (int)i;
    return -1;
}

pst_status pst_attribute_find(const pst_kind_info *info, const char *name, int *found,
                              pst_error *err) {
    *found = find(info, name);
    if (*found >= 0)
        return PST_OK;
    return pst_fail(err, PST_BAD_ARGUMENT, 0, "nodes of kind %s have no attribute \"%s\"",
                    info->name, name == NULL ? "" : name);
}

static uint32_t count_choices(const pst_attribute_info *info) {
    uint32_t n = 0;
    while (info->choices[n] != NULL)
        ++n;
    return n;
}

static pst_status check_number(const pst_attribute_info *info, double x, pst_error *err) {
    double min = info->min;
    double max = info->max;
    if (info->kind == PST_ATTRIBUTE_BOOL) {
        min = 0.0;
        max = 1.0;
    } else if (info->kind == PST_ATTRIBUTE_CHOICE) {
        min = 0.0;
        max = count_choices(info) - 1.0;
    }
    if (!(x >= min && x <= max)) // NaN, too.
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "%s is %g; it must be from %g to %g", info->name,
                        x, min, max);
    if (info->kind != PST_ATTRIBUTE_NUMBER && x != floor(x))
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "%s is %g; it must be a whole number", info->name,
                        x);
    return PST_OK;
}

static pst_status copy_numbers(const pst_attribute_info *info, const pst_setting *setting,
                               pst_slot *slot, pst_error *err) {
    if (setting->numbers == NULL)
        return PST_OK;
    if (setting->n_numbers < info->min || setting->n_numbers > info->max)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "%s has %u numbers; it must have %g to %g",
                        info->name, setting->n_numbers, info->min, info->max);
    for (uint32_t i = 0; i < setting->n_numbers; ++i)
        if (!isfinite(setting->numbers[i]))
            return pst_fail(err, PST_BAD_ARGUMENT, 0, "%s[%u] is %g; it must be finite", info->name,
                            i, setting->numbers[i]);
    pst_numbers *numbers = pst_numbers_create(setting->numbers, setting->n_numbers);
    if (numbers == NULL)
        return pst_fail_memory(err);
    slot->object = &numbers->shared;
    return PST_OK;
}

static pst_status hold_ring(const pst_setting *setting, pst_slot *slot, pst_error *err) {
    if (setting->ring == NULL)
        return PST_OK;
    pst_ring_hold *hold = pst_ring_hold_create(setting->ring);
    if (hold == NULL)
        return pst_fail_memory(err);
    slot->object = &hold->shared;
    return PST_OK;
}

// Fills a slot with what was set. The objects in it are the caller's references.
static pst_status read_setting(const pst_attribute_info *info, const pst_setting *setting,
                               pst_slot *slot, pst_error *err) {
    *slot = (pst_slot){.number = setting->number};
    switch (info->kind) {
    case PST_ATTRIBUTE_BOOL:
    case PST_ATTRIBUTE_INTEGER:
    case PST_ATTRIBUTE_NUMBER:
    case PST_ATTRIBUTE_CHOICE:
        return check_number(info, setting->number, err);
    case PST_ATTRIBUTE_NUMBERS:
        return copy_numbers(info, setting, slot, err);
    case PST_ATTRIBUTE_SOUND:
        slot->object = pst_shared_retain((pst_shared *)setting->sound);
        return PST_OK;
    case PST_ATTRIBUTE_WAVE:
        slot->object = pst_shared_retain((pst_shared *)setting->wave);
        return PST_OK;
    case PST_ATTRIBUTE_RING:
        return hold_ring(setting, slot, err);
    }
    return pst_fail(err, PST_BAD_ARGUMENT, 0, "%s is of no known kind", info->name);
}

pst_status pst_slot_make(const pst_kind *kind, const pst_slot *slots, uint32_t attribute,
                         const pst_setting *setting, pst_site *site, pst_slot *slot,
                         pst_error *err) {
    pst_status status = read_setting(&kind->info.attributes[attribute], setting, slot, err);
    if (status == PST_OK && kind->check != NULL)
        status = kind->check(slots, slot, attribute, err);
    if (status == PST_OK && kind->prepare != NULL)
        status = kind->prepare(slots, slot, attribute, site, &slot->prepared, err);
    if (status == PST_OK)
        return PST_OK;
    pst_shared_release(slot->object);
    *slot = (pst_slot){0};
    return status;
}

void pst_slot_replace(pst_slot *slot, const pst_slot *by) {
    pst_shared_release(slot->object);
    pst_shared_release(slot->prepared);
    *slot = *by;
}

// The last one counts. Without any it is the initial value.
static pst_setting find_setting(const pst_attribute_info *info, const pst_setting *settings,
                                uint32_t n_settings) {
    for (uint32_t k = n_settings; k > 0; --k)
        if (strcmp(settings[k - 1].name, info->name) == 0)
            return settings[k - 1];
    return (pst_setting){.number = info->initial};
}

pst_status pst_slots_init(pst_slot *slots, const pst_kind *kind, const pst_setting *settings,
                          uint32_t n_settings, pst_site *site, pst_error *err) {
    const pst_kind_info *info = &kind->info;
    for (uint32_t i = 0; i < n_settings; ++i) {
        int found;
        const pst_status status = pst_attribute_find(info, settings[i].name, &found, err);
        if (status != PST_OK)
            return status;
    }
    for (uint32_t i = 0; i < info->n_attributes; ++i)
        slots[i].number = find_setting(&info->attributes[i], settings, n_settings).number;
    for (uint32_t i = 0; i < info->n_attributes; ++i) {
        const pst_setting setting = find_setting(&info->attributes[i], settings, n_settings);
        pst_slot slot;
        const pst_status status = pst_slot_make(kind, slots, i, &setting, site, &slot, err);
        if (status != PST_OK)
            return status;
        pst_slot_replace(&slots[i], &slot);
    }
    return PST_OK;
}
