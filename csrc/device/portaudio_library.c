// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "device/portaudio_library.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/mman.h>
#include <sys/sendfile.h>
#endif

#include "base/alloc.h"
#include "base/error.h"
#include "device/text.h"

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

// What only some builds of PortAudio have.
static void find_host_functions(void *library, pst_pa *pa) {
    (void)find_function(library, "PaJack_SetClientName", &pa->set_jack_name);
    (void)find_function(library, "PaJack_GetClientName", &pa->get_jack_name);
    (void)find_function(library, "PaAlsa_InitializeStreamInfo", &pa->alsa_init_info);
    (void)find_function(library, "PaAlsa_EnableRealtimeScheduling", &pa->alsa_set_realtime);
    (void)find_function(library, "PaAlsa_SetNumPeriods", &pa->alsa_set_periods);
}

#ifdef __linux__

static bool find_functions(void *library, pst_pa *pa) {
    find_host_functions(library, pa);
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

// ---- Instances -------------------------------------------------------------------------------

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // Guards the list and what is in it.
static pst_pa_instance *first;

// Counting is an error before Pa_Initialize.
static bool is_initialized(const pst_pa *pa) {
    return pa->device_count() != paNotInitialized;
}

static bool is_linked(const pst_pa_instance *instance) {
    return instance->pa.initialize == linked.initialize;
}

// With the lock held. Other modules of this process use the linked one whenever they like.
static pst_pa_instance *take_known(bool *knows_linked) {
    *knows_linked = false;
    for (pst_pa_instance *each = first; each != NULL; each = each->next) {
        *knows_linked |= is_linked(each);
        if (!each->is_taken && !is_initialized(&each->pa)) {
            each->is_taken = true;
            return each;
        }
    }
    return NULL;
}

static pst_status fill(pst_pa *pa, bool may_be_linked, pst_error *err) {
    *pa = linked;
    find_host_functions(RTLD_DEFAULT, pa);
    return may_be_linked && !is_initialized(pa) ? PST_OK : pst_pa_load_copy(pa, err);
}

// With the lock held.
static pst_status take_new(pst_pa_instance **instance, bool may_be_linked, pst_error *err) {
    pst_pa_instance *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    const pst_status status = fill(&made->pa, may_be_linked, err);
    if (status != PST_OK) {
        pst_free(made);
        return status;
    }
    made->is_taken = true;
    made->next = first;
    first = made;
    *instance = made;
    return PST_OK;
}

pst_status pst_pa_take(pst_pa_instance **instance, pst_error *err) {
    bool knows_linked;
    pst_status status = PST_OK;
    pthread_mutex_lock(&lock);
    *instance = take_known(&knows_linked);
    if (*instance == NULL)
        status = take_new(instance, !knows_linked, err);
    pthread_mutex_unlock(&lock);
    return status;
}

void pst_pa_give_back(pst_pa_instance *instance, bool is_spent) {
    pthread_mutex_lock(&lock);
    instance->jack_name[0] = '\0';
    instance->is_taken = false;
    // One that is spent stays initialised. Ours is remembered for that, a copy is of no use.
    if (is_spent && !is_linked(instance)) {
        pst_pa_instance **link = &first;
        while (*link != instance)
            link = &(*link)->next;
        *link = instance->next;
        pst_free(instance);
    }
    pthread_mutex_unlock(&lock);
}

void pst_pa_note_jack_name(pst_pa_instance *instance) {
    const char *name = NULL;
    if (instance->pa.get_jack_name == NULL || instance->pa.get_jack_name(&name) != paNoError)
        return;
    pthread_mutex_lock(&lock);
    pst_text_copy(instance->jack_name, sizeof instance->jack_name, name);
    pthread_mutex_unlock(&lock);
}

bool pst_pa_is_own_client(const char *jack_name) {
    bool is_own = false;
    pthread_mutex_lock(&lock);
    for (const pst_pa_instance *each = first; each != NULL && !is_own; each = each->next)
        is_own = each->is_taken && jack_name[0] != '\0' && strcmp(each->jack_name, jack_name) == 0;
    pthread_mutex_unlock(&lock);
    return is_own;
}
