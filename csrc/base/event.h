// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_BASE_EVENT_H
#define PST_BASE_EVENT_H

#include <stdatomic.h>

#include "pastream/base.h"

// Linux waits on a futex; other systems on a POSIX semaphore, which can be chosen on Linux too.
#if !defined(__linux__) && !defined(PST_EVENT_SEMAPHORE)
#define PST_EVENT_SEMAPHORE 1
#endif
#ifdef PST_EVENT_SEMAPHORE
#include <semaphore.h>
#endif

// A wake-up that the audio thread can post: nobody waiting costs it two atomic operations.
//
// The waiter:                                    The poster:
//     ticket = pst_event_prepare(e);                 make the condition true
//     if (condition) pst_event_cancel(e);            pst_event_post(e);
//     else pst_event_wait(e, ticket, deadline);
//
// A post after prepare ends the wait; so nothing is missed if the condition is looked at between
// them. Every prepare is followed by exactly one wait or cancel. Any number of threads may wait;
// a post wakes them all.
//
// For event loops there is also a file descriptor, made on first use. Once armed, the next post
// makes it readable and disarms it.
typedef struct pst_event {
    _Atomic uint32_t sequence;  // Counts posts; the futex word.
    _Atomic uint32_t n_waiters; // Between prepare and the end of wait or cancel.
    _Atomic uint32_t fd_armed;
    int read_fd;              // -1 until first armed.
    int write_fd;             // The same as read_fd for an eventfd.
    _Atomic uint64_t n_wakes; // System calls made by posts. For tests and statistics.
#ifdef PST_EVENT_SEMAPHORE
    sem_t semaphore;
#endif
} pst_event;

// Returns PST_OK or PST_SYSTEM_ERROR. Thread: control. Realtime: no.
PST_NODISCARD pst_status pst_event_init(pst_event *event, pst_error *err);

// Closes the descriptor. Nobody may be waiting or posting.
void pst_event_deinit(pst_event *event);

// Announces a wait. Thread: any. Realtime: yes.
uint32_t pst_event_prepare(pst_event *event) PST_RT;

// Takes a prepare back. Thread: the one that prepared. Realtime: yes.
void pst_event_cancel(pst_event *event) PST_RT;

// Sleeps until a post that came after the prepare, or until deadline_ns (PST_NEVER_NS: no end).
// Returns PST_OK or PST_TIMEOUT.
// Thread: the one that prepared. Realtime: no (blocks).
pst_status pst_event_wait(pst_event *event, uint32_t ticket, int64_t deadline_ns);

// Wakes whoever waits. What was written before the post is seen after the wake-up.
// Thread: any. Realtime: yes (one system call that does not block, only if somebody waits; one
// more if the descriptor is armed).
void pst_event_post(pst_event *event) PST_RT;

// Empties and arms the descriptor: it becomes readable at the next post. Look at the condition
// after arming, and post if it holds already. A wake-up may be spurious.
// Returns the descriptor, which the event owns, or a negative status: PST_SYSTEM_ERROR.
// Thread: one at a time. Realtime: no (makes the descriptor on first use).
int pst_event_arm_fd(pst_event *event);

// Takes an arming back; the descriptor stays as it is. Thread: any. Realtime: yes.
void pst_event_disarm_fd(pst_event *event) PST_RT;

// Whether an arming still waits for its post. Thread: any. Realtime: yes.
bool pst_event_fd_armed(const pst_event *event) PST_RT;

// Returns how many system calls posts have made. Thread: any. Realtime: yes.
uint64_t pst_event_wakes(const pst_event *event) PST_RT;

#endif
