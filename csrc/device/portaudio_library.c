// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "device/portaudio_library.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/mman.h>
#include <sys/sendfile.h>
#endif

#include "base/error.h"

static const pst_pa linked = {
    .initialize = Pa_Initialize,
    .terminate = Pa_Terminate,
    .device_count = Pa_GetDeviceCount,
    .device_info = Pa_GetDeviceInfo,
    .hostapi_count = Pa_GetHostApiCount,
    .hostapi_info = Pa_GetHostApiInfo,
    .default_input = Pa_GetDefaultInputDevice,
    .default_output = Pa_GetDefaultOutputDevice,
    .is_format_supported = Pa_IsFormatSupported,
    .open_stream = Pa_OpenStream,
    .close_stream = Pa_CloseStream,
    .start_stream = Pa_StartStream,
    .stop_stream = Pa_StopStream,
    .abort_stream = Pa_AbortStream,
    .is_stream_active = Pa_IsStreamActive,
    .stream_info = Pa_GetStreamInfo,
    .error_text = Pa_GetErrorText,
    .last_host_error = Pa_GetLastHostErrorInfo,
};

// POSIX wants functions found by dlsym copied through a pointer to an object.
static bool find_function(void *library, const char *name, void *fn) {
    void *found = dlsym(library, name);
    memcpy(fn, &found, sizeof found);
    return found != NULL;
}

#ifdef __linux__

static bool find_functions(void *library, pst_pa *pa) {
    (void)find_function(library, "PaJack_SetClientName", &pa->set_jack_name);
    return find_function(library, "Pa_Initialize", &pa->initialize) &&
           find_function(library, "Pa_Terminate", &pa->terminate) &&
           find_function(library, "Pa_GetDeviceCount", &pa->device_count) &&
           find_function(library, "Pa_GetDeviceInfo", &pa->device_info) &&
           find_function(library, "Pa_GetHostApiCount", &pa->hostapi_count) &&
           find_function(library, "Pa_GetHostApiInfo", &pa->hostapi_info) &&
           find_function(library, "Pa_GetDefaultInputDevice", &pa->default_input) &&
           find_function(library, "Pa_GetDefaultOutputDevice", &pa->default_output) &&
           find_function(library, "Pa_IsFormatSupported", &pa->is_format_supported) &&
           find_function(library, "Pa_OpenStream", &pa->open_stream) &&
           find_function(library, "Pa_CloseStream", &pa->close_stream) &&
           find_function(library, "Pa_StartStream", &pa->start_stream) &&
           find_function(library, "Pa_StopStream", &pa->stop_stream) &&
           find_function(library, "Pa_AbortStream", &pa->abort_stream) &&
           find_function(library, "Pa_IsStreamActive", &pa->is_stream_active) &&
           find_function(library, "Pa_GetStreamInfo", &pa->stream_info) &&
           find_function(library, "Pa_GetErrorText", &pa->error_text) &&
           find_function(library, "Pa_GetLastHostErrorInfo", &pa->last_host_error);
}

// The linker knows a file by its number, not by what is in it: a file in memory with the same bytes
// is another library. Returns its descriptor, or -1 with errno set.
static int copy_file(const char *path) {
    const int from = open(path, O_RDONLY | O_CLOEXEC);
    if (from < 0)
        return -1;
    int to = memfd_create("pastream-portaudio", MFD_CLOEXEC);
    ssize_t n_copied = to < 0 ? -1 : 1;
    while (n_copied > 0)
        n_copied = sendfile(to, from, NULL, 1 << 20);
    const int code = errno;
    close(from);
    if (n_copied < 0 && to >= 0) {
        close(to);
        to = -1;
    }
    errno = code;
    return to;
}

enum { PATH_BYTES = 256 };

// The linker also knows a library by its path, which must not be that of an earlier copy. So the
// time is woven into it, each bit as "/." or "/", which change nothing.
static void make_path(char *path, int fd) {
    size_t n = (size_t)snprintf(path, PATH_BYTES, "/proc/self/fd");
    for (uint64_t bits = (uint64_t)pst_now_ns(); bits != 0; bits >>= 1)
        n += (size_t)snprintf(path + n, PATH_BYTES - n, "%s", (bits & 1) != 0 ? "/." : "/");
    snprintf(path + n, PATH_BYTES - n, "/%d", fd);
}

// Where the program itself is linked with PortAudio, a copy would use the program's functions in
// place of its own; this flag says that it must not. It is not used without need, as it also gets
// around a replaced malloc.
static int open_flags(void) {
    void *program = dlopen(NULL, RTLD_NOW);
    const bool is_global = program != NULL && dlsym(program, "Pa_Initialize") != NULL;
    if (program != NULL)
        dlclose(program);
#ifdef RTLD_DEEPBIND
    return is_global ? RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND : RTLD_NOW | RTLD_LOCAL;
#else
    return is_global ? -1 : RTLD_NOW | RTLD_LOCAL;
#endif
}

static const char *path_of_library(void) {
    void *found = dlsym(RTLD_DEFAULT, "Pa_Initialize");
    Dl_info info;
    return found != NULL && dladdr(found, &info) != 0 ? info.dli_fname : NULL;
}

pst_status pst_pa_load_copy(pst_pa *pa, pst_error *err) {
    const char *path = path_of_library();
    const int flags = open_flags();
    if (path == NULL || flags == -1)
        return pst_fail(err, PST_UNSUPPORTED, 0, "PortAudio is not a library of its own here");
    const int fd = copy_file(path);
    if (fd < 0)
        return pst_fail_errno(err, errno, "copy PortAudio's library");
    char path_of_copy[PATH_BYTES];
    make_path(path_of_copy, fd);
    void *library = dlopen(path_of_copy, flags);
    pst_status status = PST_OK;
    if (library == NULL)
        status = pst_fail(err, PST_UNSUPPORTED, 0, "PortAudio cannot be loaded once more: %s",
                          dlerror());
    else if (!find_functions(library, pa) || pa->device_count() != paNotInitialized)
        status = pst_fail(err, PST_UNSUPPORTED, 0, "the copy of PortAudio cannot be used");
    close(fd); // What is loaded stays mapped.
    return status;
}

#else

pst_status pst_pa_load_copy(pst_pa *pa, pst_error *err) {
    (void)pa;
    return pst_fail(err, PST_UNSUPPORTED, 0, "PortAudio cannot be loaded twice on this system");
}

#endif

pst_status pst_pa_find_unused(pst_pa *pa, pst_error *err) {
    *pa = linked;
    (void)find_function(RTLD_DEFAULT, "PaJack_SetClientName", &pa->set_jack_name);
    // Counting is an error before Pa_Initialize.
    if (pa->device_count() == paNotInitialized)
        return PST_OK;
    return pst_pa_load_copy(pa, err);
}
