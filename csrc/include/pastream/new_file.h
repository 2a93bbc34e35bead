// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_NEW_FILE_H
#define PASTREAM_NEW_FILE_H

#include "pastream/base.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// A file that appears under its name when it is complete, and not at all otherwise: whoever looks
// finds what was there before, or the whole new file. Until then its bytes lie in the same folder,
// where the system allows it without a name, so that even a process that is killed leaves nothing
// (but in the very moment in which the file takes the place of another); elsewhere as a hidden file
// that ends with ".part".
//
// What is there and is no file (a pipe, a device) is written to as it is.
typedef struct pst_new_file pst_new_file;

// Begins a file that is to be called path, in the file system's encoding. A link goes on being one:
// what it points to is replaced. The file gets the permissions of the one that it replaces, else
// those that the process's mask leaves.
//
// overwrites: replace a file that is there.
// Returns PST_OK; PST_NO_MEMORY; PST_SYSTEM_ERROR with the errno: EEXIST (there is one, and it is
// not to be overwritten), EISDIR, ENOENT (no such folder), EACCES, EPERM or EROFS (the folder takes
// no new files, or what is there must not be written), ELOOP, EINTR (of a named pipe, which waits
// here for its reader), ...
// Thread: any. Realtime: no. Ownership: the caller's, until pst_new_file_destroy.
PST_API PST_NODISCARD pst_status pst_new_file_create(pst_new_file **file, const char *path,
                                                     bool overwrites, pst_error *err);

// Returns a descriptor to write with, and to read what was written. It belongs to the file. Of a
// pipe or a device it can only be written.
// Thread: any. Realtime: yes (constant).
PST_API int pst_new_file_fd(const pst_new_file *file) PST_RT;

// Gives the file its name, and with that replaces what was there. Does nothing if that was done, or
// to a pipe or a device.
//
// syncs: wait until the disk has it, and its name. What replaces another file is waited for in any
// case before it does, so that a power cut leaves one of the two.
// Returns PST_OK; PST_NO_MEMORY; PST_SYSTEM_ERROR with the errno: EEXIST (a file has come
// meanwhile, and is not to be overwritten), ENOENT (the folder has gone), ENOSPC, EIO, ...;
// PST_FORKED. After a failure it can be tried again.
// Thread: one at a time. Realtime: no (waits for the disk).
PST_API PST_NODISCARD pst_status pst_new_file_complete(pst_new_file *file, bool syncs,
                                                       pst_error *err);

// Closes the descriptor and frees the file; what was not completed is gone. In a forked child it
// takes nothing from the parent. NULL is allowed.
// Thread: one at a time. Realtime: no.
PST_API void pst_new_file_destroy(pst_new_file *file);

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
