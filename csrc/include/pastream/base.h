// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_BASE_H
#define PASTREAM_BASE_H

// Words used in every header.
//
// A sample is one number of one channel. A frame is one sample per channel, taken at the same
// moment. A block is the run of frames that a device hands to one callback. Times are seconds
// (double) or nanoseconds (int64_t) of the monotonic clock, which is the clock of Python's
// time.monotonic(). Rates are in Hz.
//
// Thread roles: "control" is any thread that calls the library, one at a time per object unless
// a function says otherwise; "callback" is the device's audio thread; "worker" is a thread of the
// library off the audio path; "any" means all of these.
//
// Realtime: "yes" promises no allocation, no lock, no call that can block, and a bounded number of
// steps. Such functions carry PST_RT, which Clang 20 and later check.

#ifdef PST_CFFI
#define PST_API
#define PST_RT
#define PST_NODISCARD
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define PST_API
#elif defined(__GNUC__)
#define PST_API __attribute__((visibility("default")))
#else
#define PST_API
#endif

#if defined(__clang__) && __clang_major__ >= 20
#define PST_RT __attribute__((nonblocking))
#else
#define PST_RT
#endif

#if defined(__GNUC__)
#define PST_NODISCARD __attribute__((warn_unused_result))
#else
#define PST_NODISCARD
#endif

#ifdef __cplusplus
extern "C" {
#endif
#endif

// The outcome of a call. Zero or positive is success.
typedef enum pst_status {
    PST_END = 1,            // No error: the producer said that nothing more will come.
    PST_OK = 0,             // Done.
    PST_NO_MEMORY = -1,     // An allocation failed; nothing was changed.
    PST_BAD_ARGUMENT = -2,  // An argument is outside its documented range.
    PST_BAD_STATE = -3,     // The object is not in a state that allows this call.
    PST_CLOSED = -4,        // The object was closed, perhaps by another thread during the call.
    PST_TIMEOUT = -5,       // The time given for the call ran out.
    PST_NO_DEVICE = -6,     // No such device, or no device at all.
    PST_DEVICE_BUSY = -7,   // Another program holds the device.
    PST_DEVICE_LOST = -8,   // The device or its server went away.
    PST_UNSUPPORTED = -9,   // The device cannot do this rate, format or channel count.
    PST_OVERFLOW = -10,     // A ring was full and the policy was to stop.
    PST_UNDERFLOW = -11,    // A ring was empty and the policy was to stop.
    PST_HOST_ERROR = -12,   // The host API failed in another way; native_code says how.
    PST_SYSTEM_ERROR = -13, // A system call failed; native_code is the errno.
    PST_FORKED = -14,       // The process was forked after the object was made.
    PST_LIMIT = -15,        // A fixed limit of the library was reached.
    PST_BAD_FILE = -16      // Not a sound file of a known kind, or a damaged one.
} pst_status;

enum { PST_ERROR_TEXT_BYTES = 512 };

// What went wrong, in the caller's own memory. Functions that fail fill it when it is not NULL;
// functions that succeed leave it alone.
typedef struct pst_error {
    pst_status status;
    int32_t native_code;             // errno or the host API's own code; 0 if there is none.
    char text[PST_ERROR_TEXT_BYTES]; // A sentence, NUL-terminated, UTF-8, perhaps cut.
} pst_error;

// Returns one plain sentence for a status, without a full stop. Never NULL.
// Thread: any. Realtime: yes (a table). Ownership: static text.
PST_API const char *pst_strerror(pst_status status) PST_RT;

// Returns the monotonic clock in nanoseconds.
// Thread: any. Realtime: yes (a vDSO call on Linux).
PST_API int64_t pst_now_ns(void) PST_RT;

// Returns the library's version, "major.minor.patch".
// Thread: any. Realtime: yes. Ownership: static text.
PST_API const char *pst_version(void) PST_RT;

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
