// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CORE_MAILBOX_H
#define PST_CORE_MAILBOX_H

#include <stdatomic.h>
#include <stdbool.h>

#include "pastream/base.h"

// Letters from any number of threads to any number. Never full, and nobody waits: a stack whose
// whole content is taken at once. A letter is the first member of what is sent, and is in one list
// at a time.
typedef struct pst_letter {
    struct pst_letter *next;
} pst_letter;

// In order of sending.
typedef struct pst_letters {
    pst_letter *first;
    pst_letter *last;
} pst_letters;

void pst_letters_append(pst_letters *letters, pst_letter *letter) PST_RT;

// Returns the first letter, taken out, or NULL.
pst_letter *pst_letters_take(pst_letters *letters) PST_RT;

typedef struct pst_letterbox {
    _Atomic(pst_letter *) latest;
} pst_letterbox;

// Posts all letters in one step: whoever takes one of them takes all. The list is empty then.
// Thread: any. Realtime: yes (tries again only if another thread came between).
void pst_letterbox_post(pst_letterbox *box, pst_letters *letters) PST_RT;

// Puts a letter in the place of the only one that is there; NULL: of none. Returns false, and does
// nothing, if there is anything else, or nothing any more.
// Thread: any, but of those that post no other one. Realtime: yes.
bool pst_letterbox_replace(pst_letterbox *box, pst_letter *old, pst_letter *letter) PST_RT;

// Takes all that was posted, in the order of posting.
// Thread: any. Realtime: yes (work is proportional to the number of letters).
pst_letters pst_letterbox_take(pst_letterbox *box) PST_RT;

#endif
