// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TEST_FOLDER_H
#define PST_TEST_FOLDER_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

// A folder of a test's own, where the system keeps what is temporary.

enum { FOLDER_CHARS = 200 };

// Makes one; name: what its name begins with.
CHECK_UNUSED static void folder_make(char folder[FOLDER_CHARS], const char *name) {
    const char *place = getenv("TMPDIR");
    const int n =
        snprintf(folder, FOLDER_CHARS, "%s/%s-XXXXXX", place != NULL ? place : P_tmpdir, name);
    if (n >= FOLDER_CHARS || mkdtemp(folder) == NULL)
        abort();
}

// Returns how many entries it has, and removes them if it is to; folders among them only if they
// are empty.
CHECK_UNUSED static int folder_sweep(const char *folder, bool removes) {
    int n = 0;
    DIR *stream = opendir(folder);
    for (struct dirent *entry; stream != NULL && (entry = readdir(stream)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        ++n;
        if (removes && unlinkat(dirfd(stream), entry->d_name, 0) != 0)
            unlinkat(dirfd(stream), entry->d_name, AT_REMOVEDIR);
    }
    if (stream != NULL)
        closedir(stream);
    return n;
}

// Removes it with what is in it.
CHECK_UNUSED static void folder_remove(const char *folder) {
    folder_sweep(folder, true);
    rmdir(folder);
}

#endif
