// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TESTS_FAILING_ALLOC_H
#define PST_TESTS_FAILING_ALLOC_H

#include <stdbool.h>

// Makes allocations fail: link failing_alloc.c into the test. It interposes malloc and its
// relatives, and the system calls that get memory, descriptors and threads (mmap, memfd_create,
// posix_fallocate, eventfd, pthread_create): the word "allocation" means all of these here.
//
//     for (long n = 1;; ++n) {
//         failing_alloc_begin(n);
//         status = make(&thing); destroy(thing if made);
//         if (failing_alloc_end() < n) break;     // It got by with fewer: nothing failed.
//         CHECK(status is an error); CHECK_EQ(failing_alloc_live(), 0);
//     }

// Whether it works in this build. Not with sanitizers: they bring an allocator of their own.
bool failing_alloc_works(void);

// Starts counting allocations of all threads. The one with number fail_at fails, counted from 1;
// 0: none.
void failing_alloc_begin(long fail_at);

// Stops counting. Returns how many allocations were tried.
long failing_alloc_end(void);

// Returns how many blocks of memory that were taken between begin and end were not freed by then.
long failing_alloc_live(void);

// Returns how many descriptors the process has open.
int failing_alloc_count_fds(void);

// Returns how many mappings of the process have a name that contains word.
int failing_alloc_count_mappings(const char *word);

#endif
