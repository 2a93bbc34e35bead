// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "core/mailbox.h"

void pst_letters_append(pst_letters *letters, pst_letter *letter) PST_RT {
    letter->next = NULL;
    if (letters->last == NULL)
        letters->first = letter;
    else
        letters->last->next = letter;
    letters->last = letter;
}

pst_letter *pst_letters_take(pst_letters *letters) PST_RT {
    pst_letter *letter = letters->first;
    if (letter == NULL)
        return NULL;
    letters->first = letter->next;
    if (letters->first == NULL)
        letters->last = NULL;
    letter->next = NULL;
    return letter;
}

// The stack's links point from later to earlier letters, so both ends turn the order round.
static pst_letter *reversed(pst_letter *letter) PST_RT {
    pst_letter *before = NULL;
    while (letter != NULL) {
        pst_letter *next = letter->next;
        letter->next = before;
        before = letter;
        letter = next;
    }
    return before;
}

void pst_letterbox_post(pst_letterbox *box, pst_letters *letters) PST_RT {
    pst_letter *earliest = letters->first;
    if (earliest == NULL)
        return;
    pst_letter *latest = reversed(earliest);
    *letters = (pst_letters){NULL, NULL};
    pst_letter *before = atomic_load_explicit(&box->latest, memory_order_relaxed);
    do
        earliest->next = before;
    while (!atomic_compare_exchange_weak_explicit(&box->latest, &before, latest,
                                                  memory_order_release, memory_order_relaxed));
}

bool pst_letterbox_replace(pst_letterbox *box, pst_letter *old, pst_letter *letter) PST_RT {
    letter->next = NULL;
    return atomic_compare_exchange_strong_explicit(&box->latest, &old, letter, memory_order_release,
                                                   memory_order_relaxed);
}

pst_letters pst_letterbox_take(pst_letterbox *box) PST_RT {
    pst_letter *latest = NULL;
    if (atomic_load_explicit(&box->latest, memory_order_relaxed) != NULL)
        latest = atomic_exchange_explicit(&box->latest, NULL, memory_order_acquire);
    return (pst_letters){reversed(latest), latest};
}
