// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Preloaded into a program, it hides the libraries whose names hold what NO_LIBRARY says from those
// who load them while the program runs.

#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef void *open_function(const char *, int);

void *dlopen(const char *name, int flags) {
    const char *hidden = getenv("NO_LIBRARY");
    if (name != NULL && hidden != NULL && strstr(name, hidden) != NULL)
        return NULL;
    open_function *call;
    *(void **)&call = dlsym(RTLD_NEXT, "dlopen"); // As POSIX wants it written.
    return call(name, flags);
}
