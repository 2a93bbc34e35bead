// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_MIXER_MESSAGE_H
#define PST_MIXER_MESSAGE_H

#include "core/mailbox.h"
#include "pastream/mixer.h"

// What goes to the audio thread and comes back: a command, or the start of a voice. A message is
// in one list at a time, which is made of its own pointers: no list can be full.
typedef struct pst_message {
    pst_letter letter;          // In a mailbox or list.
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

// Puts a message behind those that happen at the same offset or before.
void pst_list_insert(pst_letters *list, pst_message *message) PST_RT;

// Returns the first message, taken out, or NULL.
static inline pst_message *pst_list_take(pst_letters *list) PST_RT {
    return (pst_message *)pst_letters_take(list);
}

// Messages by key, and by sequence where keys are equal: a skew heap, whose operations take
// logarithmic time on average over any series of them.
typedef struct pst_schedule {
    pst_message *soonest;
} pst_schedule;

void pst_schedule_add(pst_schedule *schedule, pst_message *message) PST_RT;

// Takes the soonest message out. There must be one.
pst_message *pst_schedule_take(pst_schedule *schedule) PST_RT;

#endif
