// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_GRAPH_ATTRIBUTES_H
#define PST_GRAPH_ATTRIBUTES_H

#include "graph/node.h"
#include "pastream/graph.h"

// The values of a node's attributes: what users set, checked and made ready for the renderer.

// Finds an attribute by name. Returns PST_OK or PST_BAD_ARGUMENT.
pst_status pst_attribute_find(const pst_kind_info *info, const char *name, int *found,
                              pst_error *err);

// Reads, checks and prepares a value. On success the slot's references are the caller's.
pst_status pst_slot_make(const pst_kind *kind, const pst_slot *slots, uint32_t attribute,
                         const pst_setting *setting, pst_site *site, pst_slot *slot,
                         pst_error *err);

// Gives a slot another value, with its references.
void pst_slot_replace(pst_slot *slot, const pst_slot *by);

// Fills zeroed slots with what is set, or the initial values. It goes by the order of the table, so
// that a later attribute may depend on an earlier one, but not on how somebody has listed them.
pst_status pst_slots_init(pst_slot *slots, const pst_kind *kind, const pst_setting *settings,
                          uint32_t n_settings, pst_site *site, pst_error *err);

// Frees slots with what is in them. NULL is allowed.
void pst_slots_free(const pst_kind *kind, pst_slot *slots);

#endif
