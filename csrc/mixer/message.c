// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "mixer/message.h"

void pst_list_append(pst_message_list *list, pst_message *message) PST_RT {
    message->next = NULL;
    if (list->last == NULL)
        list->first = message;
    else
        list->last->next = message;
    list->last = message;
}

void pst_list_insert(pst_message_list *list, pst_message *message) PST_RT {
    if (list->last == NULL || list->last->offset <= message->offset) {
        pst_list_append(list, message);
        return;
    }
    pst_message **at = &list->first;
    while ((*at)->offset <= message->offset)
        at = &(*at)->next;
    message->next = *at;
    *at = message;
}

pst_message *pst_list_take(pst_message_list *list) PST_RT {
    pst_message *message = list->first;
    if (message == NULL)
        return NULL;
    list->first = message->next;
    if (list->first == NULL)
        list->last = NULL;
    message->next = NULL;
    return message;
}

// The stack's links point from later to earlier messages, so both ends turn the order round.
static pst_message *reversed(pst_message *message) PST_RT {
    pst_message *before = NULL;
    while (message != NULL) {
        pst_message *next = message->next;
        message->next = before;
        before = message;
        message = next;
    }
    return before;
}

void pst_mailbox_post(pst_mailbox *mailbox, pst_message_list *list) PST_RT {
    pst_message *earliest = list->first;
    if (earliest == NULL)
        return;
    pst_message *latest = reversed(earliest);
    *list = (pst_message_list){NULL, NULL};
    pst_message *before = atomic_load_explicit(&mailbox->latest, memory_order_relaxed);
    do
        earliest->next = before;
    while (!atomic_compare_exchange_weak_explicit(&mailbox->latest, &before, latest,
                                                  memory_order_release, memory_order_relaxed));
}

pst_message_list pst_mailbox_take(pst_mailbox *mailbox) PST_RT {
    pst_message *latest = NULL;
    if (atomic_load_explicit(&mailbox->latest, memory_order_relaxed) != NULL)
        latest = atomic_exchange_explicit(&mailbox->latest, NULL, memory_order_acquire);
    return (pst_message_list){reversed(latest), latest};
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
