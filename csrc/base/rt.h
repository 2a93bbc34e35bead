// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_BASE_RT_H
#define PST_BASE_RT_H

// Exemptions from the realtime checks, for the few calls that are known not to block although the
// compiler cannot see it: reading the clock, waking a waiter, writing to a non-blocking
// descriptor. Each use stands in a function that does nothing else, with a comment that says why.

#if defined(__clang__) && __clang_major__ >= 20
#define PST_RT_UNCHECKED_BEGIN                                                                     \
    _Pragma("clang diagnostic push") _Pragma("clang diagnostic ignored \"-Wfunction-effects\"")
#define PST_RT_UNCHECKED_END _Pragma("clang diagnostic pop")
#else
#define PST_RT_UNCHECKED_BEGIN
#define PST_RT_UNCHECKED_END
#endif

// RealtimeSanitizer checks at run time what was exempted above at compile time.
#if defined(__has_feature)
#if __has_feature(realtime_sanitizer)
#define PST_RT_SANITIZED 1
#endif
#endif

#ifdef PST_RT_SANITIZED
#include <sanitizer/rtsan_interface.h>
#define PST_RT_SANITIZER_OFF() __rtsan_disable()
#define PST_RT_SANITIZER_ON() __rtsan_enable()
#else
#define PST_RT_SANITIZER_OFF() ((void)0)
#define PST_RT_SANITIZER_ON() ((void)0)
#endif

#endif
