// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "mixer/message.h"

static int64_t offset_of(const pst_letter *letter) PST_RT {
    return ((const pst_message *)letter)->offset;
}

void pst_list_insert(pst_letters *list, pst_message *message) PST_RT {
    if (list->last == NULL || offset_of(list->last) <= message->offset) {
        pst_letters_append(list, &message->letter);
        return;
    }
    pst_letter **at = &list->first;
    while (offset_of(*at) <= message->offset)
        at = &(*at)->next;
    message->letter.next = *at;
    *at = &message->letter;
}

static bool is_before(const pst_message *a, const pst_message *b) PST_RT {
    return a->key < b->key || (a->key == b->key && a->sequence < b->sequence);
}

static pst_message *merged(pst_message *a, pst_message *b) PST_RT {
    pst_message *root = NULL;
    pst_message **link = &root;
    while (a != NULL && b != NULL) {
        if (is_before(b, a)) {
            pst_message *other = a;
            a = b;
            b = other;
        }
        // The greater side goes on being merged and becomes the lesser one: this keeps both short.
        pst_message *rest = a->greater;
        a->greater = a->lesser;
        *link = a;
        link = &a->lesser;
        a = rest;
    }
    *link = a != NULL ? a : b;
    return root;
}

void pst_schedule_add(pst_schedule *schedule, pst_message *message) PST_RT {
    message->lesser = NULL;
    message->greater = NULL;
    schedule->soonest = merged(schedule->soonest, message);
}

pst_message *pst_schedule_take(pst_schedule *schedule) PST_RT {
    pst_message *message = schedule->soonest;
    schedule->soonest = merged(message->lesser, message->greater);
    return message;
}
