// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Preloaded into a program, it lets ALSA's devices fail for good once the file that ALSA_FAIL_FLAG
// names exists: every look at the frames that are there ends in an error that callers answer by
// trying again. That is what a broken driver does, and PortAudio tries for ever.

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct _snd_pcm snd_pcm_t;
typedef long avail_function(snd_pcm_t *);

static int is_broken(void) {
    const char *flag = getenv("ALSA_FAIL_FLAG");
    return flag != NULL && access(flag, F_OK) == 0;
}

long snd_pcm_avail_update(snd_pcm_t *pcm) {
    if (is_broken())
        return -EPIPE;
    // It came along with an extension module, so it is not among the program's own libraries.
    void *alsa = dlopen("libasound.so.2", RTLD_LAZY | RTLD_NOLOAD);
    avail_function *call;
    *(void **)&call = dlsym(alsa, "snd_pcm_avail_update"); // As POSIX wants it written.
    dlclose(alsa);
    return call(pcm);
}
