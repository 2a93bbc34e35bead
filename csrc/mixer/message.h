// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_MIXER_MESSAGE_H
#define PST_MIXER_MESSAGE_H

#include <stdatomic.h>

#include "pastream/mixer.h"

// What goes to the audio thread and comes back: a command, or the start of a voice. A message is
// in one list at a time, which is made of its own pointers: no list can be full.
typedef struct pst_message {
    struct pst_message *next;   // In a mailbox or list.
    struct pst_message *lesser; // Its branches in a schedule.
    struct pst_message *greater;
    double key;        // What the schedule is ordered by: frame or seconds.
    uint64_t sequence; // Order of arrival.
    int64_t offset;    // Frame of the block at which it happens.
    bool is_start;     // Of its voice; part of it.
    bool is_embedded;  // Part of a voice: not freed by itself.
    pst_voice *voice;  // NULL: the mixer's.
    pst_command command;
} pst_message;

// In order of sending, or of happening.
typedef struct pst_message_list {
    pst_message *first;
    pst_message *last;
} pst_message_list;

void pst_list_append(pst_message_list *list, pst_message *message) PST_RT;

// Puts a message behind those that happen at the same offset or before.
void pst_list_insert(pst_message_list *list, pst_message *message) PST_RT;

// Returns the first message, taken out, or NULL.
pst_message *pst_list_take(pst_message_list *list) PST_RT;

// From any number of threads to any number. Never full, and nobody waits: a stack whose whole
// content is taken at once.
typedef struct pst_mailbox {
    _Atomic(pst_message *) latest;
} pst_mailbox;

// Posts all messages of a list, in one step. The list is empty then.
// Thread: any. Realtime: yes (tries again only if another thread came between).
void pst_mailbox_post(pst_mailbox *mailbox, pst_message_list *list) PST_RT;

// Takes all that was posted, in the order of posting.
// Thread: any. Realtime: yes (work is proportional to the number of messages).
pst_message_list pst_mailbox_take(pst_mailbox *mailbox) PST_RT;

// Messages by key, and by sequence where keys are equal: a skew heap, whose operations take
// logarithmic time on average over any series of them.
typedef struct pst_schedule {
    pst_message *soonest;
} pst_schedule;

void pst_schedule_add(pst_schedule *schedule, pst_message *message) PST_RT;

// Takes the soonest message out. There must be one.
pst_message *pst_schedule_take(pst_schedule *schedule) PST_RT;

#endif
