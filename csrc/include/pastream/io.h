// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_IO_H
#define PASTREAM_IO_H

#include "pastream/base.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// Where the bytes of a sound file come from or go to. Positions count bytes from where the place
// stood when it was opened, so that a file may lie inside a larger one.
//
// The first failure of a place is kept: whoever finishes a file learns of a disk that was full an
// hour ago, whatever the libraries in between made of it.
//
// A place that cannot seek (a pipe) is read through a memory of its first PST_IO_HEAD_BYTES, in
// which a reader may move freely; behind them it can only move forward.

typedef struct pst_io pst_io;

typedef enum pst_io_mode {
    PST_IO_READ = 1,  // An existing file.
    PST_IO_WRITE = 2, // A new file, or an existing one that is emptied.
    PST_IO_CREATE = 3 // A new file; an existing one is refused with EEXIST.
} pst_io_mode;

enum { PST_IO_HEAD_BYTES = 65536 };

// Functions of the caller's, each called by one thread at a time. Failures are negative errno
// values. Functions that a place does not have are NULL.
typedef struct pst_io_functions {
    // Reads 1 to n_bytes bytes. Returns how many; 0 at the end.
    int64_t (*read)(void *user, void *data, int64_t n_bytes);
    // Writes 1 to n_bytes bytes. Returns how many.
    int64_t (*write)(void *user, const void *data, int64_t n_bytes);
    // Goes to a position, 0 being the position at opening. Returns it. NULL: cannot seek.
    int64_t (*seek)(void *user, int64_t position);
    // Returns the bytes there are behind position 0. Needed where seek is given.
    int64_t (*length)(void *user);
    // Cuts what lies behind n_bytes. Returns 0. NULL: cannot.
    int64_t (*truncate)(void *user, int64_t n_bytes);
    // Ends the use. Returns 0. Called once. NULL: nothing to do.
    int64_t (*close)(void *user);
    // Waits until what was written would survive a power cut. Returns 0. NULL: nothing to do.
    int64_t (*sync)(void *user);
} pst_io_functions;

// Opens a file by its name, in the file system's encoding.
// Returns PST_OK, PST_BAD_ARGUMENT (an unknown mode), PST_NO_MEMORY or PST_SYSTEM_ERROR (with the
// errno).
// Thread: any. Realtime: no. Ownership: the caller's until a decoder or an encoder takes it.
PST_API PST_NODISCARD pst_status pst_io_open_path(pst_io **io, const char *path, pst_io_mode mode,
                                                  pst_error *err);

// Uses an open file descriptor from where it stands. One that appends is written like a pipe. It is
// closed with the place only if owns_fd. mode: PST_IO_READ or PST_IO_WRITE.
// Returns as above.
// Thread: any. Realtime: no. Ownership: as above; on failure fd stays the caller's.
PST_API PST_NODISCARD pst_status pst_io_open_fd(pst_io **io, int fd, bool owns_fd, pst_io_mode mode,
                                                pst_error *err);

// Uses functions of the caller's; they are copied. mode: PST_IO_READ (needs read) or PST_IO_WRITE
// (needs write).
// Returns PST_OK, PST_BAD_ARGUMENT or PST_NO_MEMORY.
// Thread: any. Realtime: no. Ownership: as above; user is the caller's and outlives the place.
PST_API PST_NODISCARD pst_status pst_io_open_user(pst_io **io, const pst_io_functions *functions,
                                                  void *user, pst_io_mode mode, pst_error *err);

// Uses n_bytes bytes of memory, to be read. Returns PST_OK or PST_NO_MEMORY.
// Thread: any. Realtime: no. Ownership: as above; the memory is the caller's, and outlives the
// place.
PST_API PST_NODISCARD pst_status pst_io_open_memory(pst_io **io, const void *data, uint64_t n_bytes,
                                                    pst_error *err);

// Whether the place can go to any position. Thread: any. Realtime: yes.
PST_API bool pst_io_is_seekable(const pst_io *io) PST_RT;

// Returns the errno of the first failure, 0 if there was none. Thread: any. Realtime: yes.
PST_API int pst_io_error(const pst_io *io) PST_RT;

// Makes waits for a pipe fail with ECANCELED from now on; false takes it back. Files and functions
// of the user's are not concerned.
// Thread: any. Realtime: yes.
PST_API void pst_io_cancel(pst_io *io, bool cancelled) PST_RT;

// Closes the place and frees it. NULL is allowed. A place that a decoder or an encoder has taken
// is closed by that.
// Returns PST_OK or PST_SYSTEM_ERROR: the place had failed, or closing it did.
// Thread: any, one at a time. Realtime: no.
PST_API pst_status pst_io_close(pst_io *io, pst_error *err);

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
