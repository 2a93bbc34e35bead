// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "pastream/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"

// The folder is held open: neither a change of the working folder nor a new name for the target's
// own lets the file end up elsewhere.

enum {
    MAX_LINKS = 40,      // One after another, as the kernel has it.
    PART_NAME_BYTES = 32 // For ".", 16 digits and ".part".
};

#if defined(O_PATH)
#define FOLDER_FLAGS (O_PATH | O_DIRECTORY | O_CLOEXEC)
#elif defined(O_SEARCH)
#define FOLDER_FLAGS (O_SEARCH | O_DIRECTORY | O_CLOEXEC)
#else
#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#endif

// Linux has files without a name; that other systems have none can be tried there, too.
#if defined(O_TMPFILE) && !defined(PST_NEW_FILE_NAMED)
#define HAS_NAMELESS 1
#else
#define HAS_NAMELESS 0
#endif

struct pst_new_file {
    int fd;
    int folder_fd;              // -1: the file is a pipe or a device.
    char *target;               // Its name in the folder.
    char part[PART_NAME_BYTES]; // Where the bytes are until then; "": without a name.
    bool overwrites;
    bool replaces; // There was a file.
    bool is_complete;
    pid_t pid;
};

// ---- Where it is to be ------------------------------------------------------------------------

// Follows the links at the end of a path. Returns 0 and the path in *found, or the errno.
static int follow(const char *path, char **found) {
    char *at = pst_alloc_text(path);
    char *next = pst_alloc(PATH_MAX);
    int code = at == NULL || next == NULL ? ENOMEM : 0;
    for (int n_links = 0; code == 0; ++n_links) {
        struct stat info;
        if (lstat(at, &info) != 0 || !S_ISLNK(info.st_mode))
            break; // What is wrong with it, opening it tells.
        const char *slash = strrchr(at, '/');
        const size_t n_folder = slash == NULL ? 0 : (size_t)(slash - at) + 1;
        memcpy(next, at, n_folder < PATH_MAX ? n_folder : 0);
        const ssize_t n = n_folder < PATH_MAX ? readlink(at, next + n_folder, PATH_MAX - n_folder)
                                              : (ssize_t)PATH_MAX;
        if (n < 0)
            code = errno;
        else if ((size_t)n >= PATH_MAX - n_folder)
            code = ENAMETOOLONG;
        else if (n_links == MAX_LINKS)
            code = ELOOP;
        if (code != 0)
            break;
        next[n_folder + (size_t)n] = '\0';
        pst_free(at);
        at = pst_alloc_text(next[n_folder] == '/' ? next + n_folder : next);
        code = at == NULL ? ENOMEM : 0;
    }
    pst_free(next);
    if (code != 0)
        pst_free(at);
    else
        *found = at;
    return code;
}

// Opens the folder of a path, and keeps the name in it. Returns 0 or the errno.
static int open_folder(pst_new_file *file, char *path) {
    char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    if (*name == '\0')
        return *path == '\0' ? ENOENT : EISDIR;
    file->target = pst_alloc_text(name);
    if (file->target == NULL)
        return ENOMEM;
    if (slash != NULL)
        slash[slash == path ? 1 : 0] = '\0';
    do
        file->folder_fd = open(slash == NULL ? "." : path, FOLDER_FLAGS);
    while (file->folder_fd < 0 && errno == EINTR);
    return file->folder_fd < 0 ? errno : 0;
}

// ---- Where its bytes lie until then ------------------------------------------------------------

// Writes a name that nobody else has by chance.
static void invent_name(char name[PART_NAME_BYTES], const pst_new_file *file, unsigned n_tried) {
    uint64_t noise = (uint64_t)pst_now_ns() * UINT64_C(0x9E3779B97F4A7C15);
    noise ^= (uint64_t)(uintptr_t)file ^ ((uint64_t)getpid() << 40) ^ n_tried;
    noise *= UINT64_C(0xD6E8FEB86659FD93);
    noise ^= noise >> 32;
    snprintf(name, PART_NAME_BYTES, ".%016llx.part", (unsigned long long)noise);
}

// Whether a file without a name can get one later.
#if HAS_NAMELESS
static void name_descriptor(const pst_new_file *file, char *text, size_t n_bytes) {
    snprintf(text, n_bytes, "/proc/self/fd/%d", file->fd);
}

static bool open_nameless(pst_new_file *file, mode_t mode) {
    file->fd = openat(file->folder_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
    if (file->fd < 0)
        return false;
    char name[64];
    name_descriptor(file, name, sizeof name);
    struct stat info;
    if (stat(name, &info) == 0)
        return true;
    close(file->fd); // There is no /proc.
    file->fd = -1;
    return false;
}
#else
static bool open_nameless(pst_new_file *file, mode_t mode) {
    (void)file;
    (void)mode;
    return false;
}
#endif

static int open_hidden(pst_new_file *file, mode_t mode) {
    for (unsigned n_tried = 0; n_tried < 16; ++n_tried) {
        invent_name(file->part, file, n_tried);
        file->fd = openat(file->folder_fd, file->part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (file->fd >= 0)
            return 0;
        if (errno != EEXIST && errno != EINTR)
            break;
    }
    const int code = errno;
    file->part[0] = '\0';
    return code;
}

// Returns 0 or the errno. The system says itself what is wrong with the folder.
static int open_beside(pst_new_file *file, const struct stat *there) {
    const int code = open_nameless(file, 0666) ? 0 : open_hidden(file, 0666);
    if (code == 0 && there != NULL)
        (void)!fchmod(file->fd, there->st_mode & 07777); // Some file systems have no permissions.
    return code;
}

static int open_as_it_is(pst_new_file *file) {
    file->fd = openat(file->folder_fd, file->target, O_WRONLY | O_CLOEXEC);
    const int code = file->fd < 0 ? errno : 0;
    close(file->folder_fd);
    file->folder_fd = -1;
    file->is_complete = code == 0;
    return code;
}

static int open_target(pst_new_file *file, bool overwrites) {
    struct stat there;
    const bool is_there = fstatat(file->folder_fd, file->target, &there, 0) == 0;
    if (!is_there && errno != ENOENT)
        return errno;
    if (is_there && S_ISDIR(there.st_mode))
        return EISDIR;
    if (is_there && !S_ISREG(there.st_mode))
        return open_as_it_is(file);
    if (is_there && !overwrites)
        return EEXIST;
    if (is_there && faccessat(file->folder_fd, file->target, W_OK, AT_EACCESS) != 0)
        return errno;
    file->overwrites = overwrites;
    file->replaces = is_there;
    return open_beside(file, is_there ? &there : NULL);
}

pst_status pst_new_file_create(pst_new_file **file, const char *path, bool overwrites,
                               pst_error *err) {
    *file = NULL;
    pst_new_file *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    made->fd = made->folder_fd = -1;
    made->pid = getpid();
    char *found = NULL;
    int code = follow(path, &found);
    if (code == 0)
        code = open_folder(made, found);
    if (code == 0)
        code = open_target(made, overwrites);
    pst_free(found);
    if (code != 0) {
        pst_new_file_destroy(made);
        return pst_fail_errno(err, code, "make the new file");
    }
    *file = made;
    return PST_OK;
}

int pst_new_file_fd(const pst_new_file *file) PST_RT {
    return file->fd;
}

// ---- Its name ---------------------------------------------------------------------------------

static int retry_sync(int fd) {
    int result;
    do
        result = fsync(fd);
    while (result != 0 && errno == EINTR);
    return result != 0 ? errno : 0;
}

// Waits until the disk has the names of the folder, where that is possible: it is held open as a
// place only.
static void sync_folder(const pst_new_file *file) {
    const int fd = openat(file->folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;           // It may be written and not be read.
    (void)retry_sync(fd); // Some file systems cannot.
    close(fd);
}

// Gives the file a name that is free. Returns 0 or the errno, EEXIST if it is not.
static int link_as(const pst_new_file *file, const char *name) {
#if HAS_NAMELESS
    if (file->part[0] == '\0') {
        char from[64];
        name_descriptor(file, from, sizeof from);
        return linkat(AT_FDCWD, from, file->folder_fd, name, AT_SYMLINK_FOLLOW) != 0 ? errno : 0;
    }
#endif
    return linkat(file->folder_fd, file->part, file->folder_fd, name, 0) != 0 ? errno : 0;
}

static int rename_part(pst_new_file *file) {
    if (renameat(file->folder_fd, file->part, file->folder_fd, file->target) != 0)
        return errno;
    file->part[0] = '\0';
    return 0;
}

// On a file system without links.
static int rename_if_free(pst_new_file *file) {
#if defined(RENAME_NOREPLACE)
    if (renameat2(file->folder_fd, file->part, file->folder_fd, file->target, RENAME_NOREPLACE) ==
        0) {
        file->part[0] = '\0';
        return 0;
    }
    if (errno != EINVAL && errno != ENOSYS)
        return errno;
#endif
    struct stat there;
    if (fstatat(file->folder_fd, file->target, &there, AT_SYMLINK_NOFOLLOW) == 0)
        return EEXIST;
    return rename_part(file);
}

static void drop_part(pst_new_file *file) {
    if (file->part[0] != '\0')
        unlinkat(file->folder_fd, file->part, 0);
    file->part[0] = '\0';
}

static int appear_if_free(pst_new_file *file) {
    const int code = link_as(file, file->target);
    if (code == 0) {
        drop_part(file);
        return 0;
    }
    const bool has_no_links =
        code == EPERM || code == EOPNOTSUPP || code == ENOSYS || code == EMLINK;
    return has_no_links && file->part[0] != '\0' ? rename_if_free(file) : code;
}

// Only a name can take the place of another.
static int get_part_name(pst_new_file *file) {
    char name[PART_NAME_BYTES];
    int code = EEXIST;
    for (unsigned n_tried = 0; n_tried < 16 && code == EEXIST; ++n_tried) {
        invent_name(name, file, n_tried);
        code = link_as(file, name);
    }
    if (code == 0)
        memcpy(file->part, name, sizeof name);
    return code;
}

static int appear(pst_new_file *file) {
    if (!file->overwrites)
        return appear_if_free(file);
    if (file->part[0] != '\0')
        return rename_part(file);
    // Where nothing is to be replaced, there is no moment with another name.
    int code = link_as(file, file->target);
    if (code == EEXIST) {
        code = get_part_name(file);
        if (code == 0)
            code = rename_part(file);
    }
    return code;
}

pst_status pst_new_file_complete(pst_new_file *file, bool syncs, pst_error *err) {
    if (file->pid != getpid())
        return pst_fail(err, PST_FORKED, 0,
                        "The new file belongs to the process that began it, which was forked "
                        "since");
    if (file->is_complete)
        return PST_OK;
    int code = syncs || file->replaces ? retry_sync(file->fd) : 0;
    if (code == 0)
        code = appear(file);
    if (code != 0)
        return pst_fail_errno(err, code, "complete the new file");
    file->is_complete = true;
    if (syncs)
        sync_folder(file);
    return PST_OK;
}

void pst_new_file_destroy(pst_new_file *file) {
    if (file == NULL)
        return;
    if (!file->is_complete && file->folder_fd >= 0 && file->pid == getpid())
        drop_part(file);
    if (file->fd >= 0)
        close(file->fd);
    if (file->folder_fd >= 0)
        close(file->folder_fd);
    pst_free(file->target);
    pst_free(file);
}
