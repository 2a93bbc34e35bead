// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "device/signs.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/inotify.h>
#endif

#include "device/portaudio_library.h"
#include "device/text.h"

void pst_signs_add(pst_signs *signs) PST_RT {
    atomic_fetch_add(&signs->count, 1);
    pst_event_post(signs->event);
}

// ---- Files -------------------------------------------------------------------------------------

enum { FILE_PATH_BYTES = 256 };

#ifdef __linux__

static void watch_folder(const pst_signs *signs, const char *path) {
    const uint32_t mask = IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_ATTRIB | IN_ONLYDIR;
    if (signs->inotify_fd >= 0) // A folder that is not there has nothing to tell.
        (void)inotify_add_watch(signs->inotify_fd, path, mask);
}

static void watch_sound_server(const pst_signs *signs) {
    char path[FILE_PATH_BYTES] = "";
    const char *told = getenv("PULSE_SERVER");
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    if (told != NULL && strncmp(told, "unix:/", 6) == 0) {
        pst_text_copy(path, sizeof path, told + 5);
        *strrchr(path, '/') = '\0';
    } else if (told == NULL && runtime != NULL) {
        (void)snprintf(path, sizeof path, "%s/pulse", runtime);
    }
    if (path[0] == '/')
        watch_folder(signs, path);
}

static void begin_files(pst_signs *signs) {
    signs->inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    watch_folder(signs, "/dev"); // Where snd appears with the first card.
    watch_folder(signs, "/dev/snd");
    watch_folder(signs, "/dev/shm"); // Where JACK has its sockets.
    watch_sound_server(signs);
}

// The socket that the server's clients connect to. Those of clients lie beside it.
static bool is_jack_socket(const char *name) {
    char wanted[FILE_PATH_BYTES];
    const char *told = getenv("JACK_DEFAULT_SERVER");
    (void)snprintf(wanted, sizeof wanted, "jack_%s_%u_0",
                   told != NULL && told[0] != '\0' ? told : "default", (unsigned)getuid());
    return strcmp(name, wanted) == 0;
}

// ALSA's devices, whichever comes last, are controlC0, pcmC0D0p and so on.
static bool is_telling(const char *name) {
    return strncmp(name, "controlC", 8) == 0 || strncmp(name, "pcmC", 4) == 0 ||
           strcmp(name, "native") == 0 || is_jack_socket(name);
}

void pst_signs_read_files(pst_signs *signs) {
    _Alignas(struct inotify_event) char buffer[4096];
    ssize_t n_bytes;
    while ((n_bytes = read(signs->inotify_fd, buffer, sizeof buffer)) > 0) {
        for (char *at = buffer; at < buffer + n_bytes;) {
            struct inotify_event event;
            memcpy(&event, at, sizeof event);
            const char *name = event.len > 0 ? at + sizeof event : "";
            if (strcmp(name, "snd") == 0)
                watch_folder(signs, "/dev/snd");
            if (is_telling(name) || (event.mask & IN_Q_OVERFLOW) != 0)
                pst_signs_add(signs);
            at += sizeof event + event.len;
        }
    }
}

#else

static void begin_files(pst_signs *signs) {
    signs->inotify_fd = -1;
}

void pst_signs_read_files(pst_signs *signs) {
    (void)signs;
}

#endif

// ---- JACK --------------------------------------------------------------------------------------

// As jack/jack.h declares them; jack_options_t and jack_status_t are ints, jack_port_id_t is a
// uint32_t.
typedef void *(*client_open_fn)(const char *name, int options, int *status, ...);
typedef int (*client_fn)(void *client);
typedef void (*on_shutdown_fn)(void *client, void (*fn)(void *arg), void *arg);
typedef int (*on_port_fn)(void *client, void (*fn)(uint32_t port, int is_there, void *arg),
                          void *arg);
typedef void *(*port_by_id_fn)(void *client, uint32_t port);
typedef const char *(*port_name_fn)(const void *port);

enum { JACK_NO_START_SERVER = 0x01 };

static void find_function(const char *name, void *fn) {
    void *found = dlsym(RTLD_DEFAULT, name);
    memcpy(fn, &found, sizeof found);
}

// This, and the next, are called by threads of libjack.
static void on_shutdown(void *arg) {
    pst_signs *signs = arg;
    atomic_store(&signs->jack_is_gone, true);
    pst_signs_add(signs);
}

// Streams of ours come and go, too.
static bool is_own_port(void *client, uint32_t port) {
    port_by_id_fn port_by_id;
    port_name_fn port_name;
    find_function("jack_port_by_id", &port_by_id);
    find_function("jack_port_name", &port_name);
    void *found = port_by_id != NULL ? port_by_id(client, port) : NULL;
    const char *name = found != NULL && port_name != NULL ? port_name(found) : NULL;
    if (name == NULL)
        return false;
    char owner[PST_JACK_NAME_BYTES];
    pst_text_copy(owner, sizeof owner, name);
    owner[strcspn(owner, ":")] = '\0';
    return pst_pa_is_own_client(owner);
}

static void on_port(uint32_t port, int is_there, void *arg) {
    (void)is_there;
    pst_signs *signs = arg;
    if (signs->jack == NULL || !is_own_port(signs->jack, port))
        pst_signs_add(signs);
}

// As with the watch of PortAudio's streams (jack_watch.c), a client without its server is leaked.
static void end_jack(pst_signs *signs) {
    client_fn client_close;
    find_function("jack_client_close", &client_close);
    if (signs->jack != NULL && client_close != NULL && !atomic_load(&signs->jack_is_gone))
        (void)client_close(signs->jack);
    signs->jack = NULL;
}

void pst_signs_find_jack(pst_signs *signs) {
    client_open_fn client_open;
    client_fn activate;
    on_shutdown_fn set_on_shutdown;
    on_port_fn set_on_port;
    if (signs->jack != NULL && !atomic_load(&signs->jack_is_gone))
        return;
    end_jack(signs);
    find_function("jack_client_open", &client_open);
    find_function("jack_activate", &activate);
    find_function("jack_on_shutdown", &set_on_shutdown);
    find_function("jack_set_port_registration_callback", &set_on_port);
    if (client_open == NULL || activate == NULL || set_on_shutdown == NULL || set_on_port == NULL)
        return;
    int status = 0;
    atomic_store(&signs->jack_is_gone, false);
    signs->jack = client_open("pastream_ng-signs", JACK_NO_START_SERVER, &status);
    if (signs->jack == NULL)
        return;
    set_on_shutdown(signs->jack, on_shutdown, signs);
    // Only active clients hear of ports.
    if (set_on_port(signs->jack, on_port, signs) != 0 || activate(signs->jack) != 0)
        end_jack(signs);
}

// ---- Both --------------------------------------------------------------------------------------

void pst_signs_begin(pst_signs *signs, pst_event *event) {
    signs->event = event;
    begin_files(signs);
    pst_signs_find_jack(signs);
}

void pst_signs_end(pst_signs *signs) {
    end_jack(signs);
    if (signs->inotify_fd >= 0)
        close(signs->inotify_fd);
}
