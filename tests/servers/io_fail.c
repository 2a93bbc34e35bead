// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Preloaded into a program, it lets calls on files fail as those of a full, broken or strange disk
// do. The program says which, by io_fail; until then all goes on as ever.

// Both open and open64 are made here, whatever the headers make of the one.
#undef _FILE_OFFSET_BITS

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

typedef enum fault {
    NONE,
    READ,
    WRITE,
    SYNC,
    TRUNCATE,
    LINK,
    RENAME,
    CHOP,            // Reads and writes are short, every third is interrupted: no failure at all.
    NO_TMPFILE = 64, // Added: there are no files without names, as on some file systems.
} fault;

static atomic_int chosen = NONE;
static atomic_int code_of_failure = EIO;
// Of READ and WRITE: how many bytes go well; of others, how many calls.
static atomic_llong allowed = 0;
static atomic_llong n_failed = 0;
static char place[256]; // Only files whose path holds this; written while no fault is chosen.

// Lets a kind of call fail with `code`, on files whose paths hold `path`, after `n_allowed` bytes
// or calls; kind 0 ends that. Returns how many calls failed since the last time.
long long io_fail(int kind, const char *path, long long n_allowed, int code);

long long io_fail(int kind, const char *path, long long n_allowed, int code) {
    atomic_store(&chosen, NONE);
    (void)snprintf(place, sizeof place, "%s", path ? path : "");
    atomic_store(&allowed, n_allowed);
    atomic_store(&code_of_failure, code);
    const long long n = atomic_exchange(&n_failed, 0);
    atomic_store(&chosen, kind);
    return n;
}

static int is_there(const char *path) {
    return path != NULL && strstr(path, place) != NULL;
}

static int is_of(int fd) {
    const int saved = errno;
    char link[64], path[4096];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t n = readlink(link, path, sizeof path - 1);
    errno = saved;
    if (n < 0)
        return 0;
    path[n] = '\0';
    return is_there(path);
}

static int fail(void) {
    atomic_fetch_add(&n_failed, 1);
    errno = atomic_load(&code_of_failure);
    return -1;
}

static int is_chosen(fault kind) {
    return (atomic_load(&chosen) & ~NO_TMPFILE) == (int)kind;
}

static int is_over(void) {
    return atomic_fetch_sub(&allowed, 1) <= 0;
}

// Returns how many bytes may move now; -1: none, errno tells why.
static ssize_t room(fault kind, int fd, size_t n_bytes) {
    if ((!is_chosen(kind) && !is_chosen(CHOP)) || n_bytes == 0 || !is_of(fd))
        return (ssize_t)n_bytes;
    if (is_chosen(CHOP)) {
        const long long n = atomic_fetch_add(&n_failed, 1);
        if (n % 3 == 2) {
            errno = EINTR;
            return -1;
        }
        const size_t most = 1 + (size_t)(n * 7919 % 5000);
        return (ssize_t)(n_bytes < most ? n_bytes : most);
    }
    const long long left = atomic_fetch_sub(&allowed, (long long)n_bytes);
    if (left <= 0)
        return fail();
    return left < (long long)n_bytes ? (ssize_t)left : (ssize_t)n_bytes;
}

// As POSIX wants it written.
#define TRUE_CALL(name)                                                                            \
    name##_function *call;                                                                         \
    *(void **)&call = dlsym(RTLD_NEXT, #name)

typedef ssize_t read_function(int, void *, size_t);
typedef ssize_t write_function(int, const void *, size_t);
typedef int fsync_function(int);
typedef int fdatasync_function(int);
typedef int ftruncate_function(int, off_t);
typedef int ftruncate64_function(int, off64_t);
typedef int linkat_function(int, const char *, int, const char *, int);
typedef int rename_function(const char *, const char *);
typedef int renameat_function(int, const char *, int, const char *);
typedef int renameat2_function(int, const char *, int, const char *, unsigned);
typedef int open_function(const char *, int, ...);
typedef int open64_function(const char *, int, ...);
typedef int openat_function(int, const char *, int, ...);
typedef int openat64_function(int, const char *, int, ...);

ssize_t read(int fd, void *data, size_t n_bytes) {
    TRUE_CALL(read);
    const ssize_t n = room(READ, fd, n_bytes);
    return n < 0 ? n : call(fd, data, (size_t)n);
}

ssize_t write(int fd, const void *data, size_t n_bytes) {
    TRUE_CALL(write);
    const ssize_t n = room(WRITE, fd, n_bytes);
    return n < 0 ? n : call(fd, data, (size_t)n);
}

static int fails_on(fault kind, int fd) {
    return is_chosen(kind) && is_of(fd) && is_over();
}

// A path may be one from an open folder.
static int is_at(int folder_fd, const char *path) {
    return is_there(path) || (path[0] != '/' && folder_fd >= 0 && is_of(folder_fd));
}

static int fails_at(fault kind, int folder_fd, const char *path) {
    return is_chosen(kind) && is_at(folder_fd, path) && is_over();
}

int fsync(int fd) {
    TRUE_CALL(fsync);
    return fails_on(SYNC, fd) ? fail() : call(fd);
}

int fdatasync(int fd) {
    TRUE_CALL(fdatasync);
    return fails_on(SYNC, fd) ? fail() : call(fd);
}

int ftruncate(int fd, off_t n_bytes) {
    TRUE_CALL(ftruncate);
    return fails_on(TRUNCATE, fd) ? fail() : call(fd, n_bytes);
}

int ftruncate64(int fd, off64_t n_bytes) {
    TRUE_CALL(ftruncate64);
    return fails_on(TRUNCATE, fd) ? fail() : call(fd, n_bytes);
}

int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags) {
    TRUE_CALL(linkat);
    return fails_at(LINK, to_fd, to) ? fail() : call(from_fd, from, to_fd, to, flags);
}

int rename(const char *from, const char *to) {
    TRUE_CALL(rename);
    return fails_at(RENAME, AT_FDCWD, to) ? fail() : call(from, to);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to) {
    TRUE_CALL(renameat);
    return fails_at(RENAME, to_fd, to) ? fail() : call(from_fd, from, to_fd, to);
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags) {
    TRUE_CALL(renameat2);
    return fails_at(RENAME, to_fd, to) ? fail() : call(from_fd, from, to_fd, to, flags);
}

static int is_refused(int folder_fd, const char *path, int flags) {
    const int refused = (flags & O_TMPFILE) == O_TMPFILE &&
                        (atomic_load(&chosen) & NO_TMPFILE) != 0 && is_at(folder_fd, path);
    if (refused)
        errno = EOPNOTSUPP;
    return refused;
}

// The mode follows only where a file may be made.
#define MODE(flags)                                                                                \
    unsigned mode = 0;                                                                             \
    if (((flags) & O_CREAT) != 0 || ((flags) & O_TMPFILE) == O_TMPFILE) {                          \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        mode = va_arg(rest, unsigned);                                                             \
        va_end(rest);                                                                              \
    }

int open(const char *path, int flags, ...) {
    TRUE_CALL(open);
    MODE(flags)
    return is_refused(AT_FDCWD, path, flags) ? -1 : call(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    TRUE_CALL(open64);
    MODE(flags)
    return is_refused(AT_FDCWD, path, flags) ? -1 : call(path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...) {
    TRUE_CALL(openat);
    MODE(flags)
    return is_refused(folder, path, flags) ? -1 : call(folder, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...) {
    TRUE_CALL(openat64);
    MODE(flags)
    return is_refused(folder, path, flags) ? -1 : call(folder, path, flags, mode);
}
