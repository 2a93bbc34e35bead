// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#define PST_AV_OWN_NAMES
#include "codec/aac/av.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "base/error.h"

// The version whose headers this was built with: structs of others lie otherwise.
#define MAJOR AV_STRINGIFY(LIBAVFORMAT_VERSION_MAJOR)
#ifdef __APPLE__
#define FILE_NAME "libavformat." MAJOR ".dylib"
#else
#define FILE_NAME "libavformat.so." MAJOR
#endif

static pst_av_functions functions;
static bool is_loaded;

// Finds a function in the library or in those that it stands on. Returns whether it is there.
static bool find(void *library, const char *name, void *function) {
    void *found = dlsym(library, name);
    memcpy(function, &found, sizeof found);
    return found != NULL;
}

static void load(void) {
    void *library = dlopen(FILE_NAME, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) // Where the system does not look by itself.
        library = dlopen(PST_AV_FOLDER "/" FILE_NAME, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        return;
    is_loaded = true;
#define FIND(name) is_loaded = find(library, #name, &functions.name) && is_loaded;
    PST_AV_FUNCTIONS(FIND)
#undef FIND
    if (is_loaded)
        functions.av_log_set_level(AV_LOG_QUIET);
}

pst_status pst_av_load(pst_error *err) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    if (is_loaded)
        return PST_OK;
    return pst_fail(err, PST_UNSUPPORTED, 0,
                    "AAC needs %s and what it stands on, which cannot be loaded", FILE_NAME);
}

const pst_av_functions *pst_av(void) {
    return &functions;
}
