// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "device/chatter.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "base/log.h"
#include "device/text.h"

// The one file with mutable file-scope state. stderr and the message handlers of JACK and ALSA
// exist once per process, and the handlers get no pointer of ours, so they can find the log in no
// other way. All of it is here; the lock guards it, but for the atomics and the log.

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pst_log lines;
static _Atomic pid_t owner_pid;          // Of the process that took the handlers first; 0 before.
static unsigned n_handlers;              // Times that the handlers are taken.
static unsigned n_watchers;              // Times that stderr is held.
static FILE *real_stderr;                // What stderr was when it was held first.
static FILE *watched_stderr;             // Made once and kept: somebody may still be writing to it.
static char partial[PST_LOG_TEXT_BYTES]; // A line of which the end has not come yet.

// ---- Whose line is it? -----------------------------------------------------------------------

static const char host_thread_name[] = "pst-host";

// Our helper threads carry this name, and threads inherit it from the one that starts them.
static bool is_host_thread(void) {
#ifdef __linux__
    char name[16] = "";
    prctl(PR_GET_NAME, name);
    return strcmp(name, host_thread_name) == 0;
#else
    return true;
#endif
}

static void print_directly(const char *text, size_t n_bytes) {
    while (n_bytes > 0) {
        const ssize_t n_written = write(STDERR_FILENO, text, n_bytes);
        if (n_written <= 0)
            return;
        text += n_written;
        n_bytes -= (size_t)n_written;
    }
}

// Some messages begin or end with a newline of their own. A failed assertion ends the process, so
// nobody will come for the line.
static void push_line(const char *text) {
    while (*text == '\n')
        ++text;
    if (*text != '\0')
        (void)pst_log_push(&lines, text);
    if (strstr(text, "Assertion") != NULL) {
        print_directly(text, strlen(text));
        print_directly("\n", 1);
    }
}

static void take_line(const char *text) {
    if (is_host_thread()) {
        push_line(text);
    } else {
        print_directly(text, strlen(text));
        print_directly("\n", 1);
    }
}

// ---- stderr ----------------------------------------------------------------------------------

#ifdef __GLIBC__

// Appends to the partial line, and pushes it at each newline or when it is full.
static void collect(const char *text, size_t n_bytes) {
    pthread_mutex_lock(&lock);
    size_t n = strlen(partial);
    for (size_t i = 0; i < n_bytes; ++i) {
        if (text[i] != '\n')
            partial[n++] = text[i];
        if (text[i] == '\n' || n == sizeof partial - 1) {
            partial[n] = '\0';
            push_line(partial);
            n = 0;
        }
    }
    partial[n] = '\0';
    pthread_mutex_unlock(&lock);
}

static ssize_t write_watched(void *cookie, const char *text, size_t n_bytes) {
    (void)cookie;
    if (is_host_thread())
        collect(text, n_bytes);
    else
        print_directly(text, n_bytes);
    return (ssize_t)n_bytes;
}

static FILE *make_watched(void) {
    const cookie_io_functions_t functions = {.write = write_watched};
    FILE *file = fopencookie(NULL, "w", functions);
    if (file == NULL)
        return NULL;
    setvbuf(file, NULL, _IONBF, 0);
    // fileno(stderr) should go on to be 2: CPython writes its last words of a fatal error there.
    // glibc answers only for streams that carry this flag, which it does not export.
    const int is_file_buffer = 0x2000;
    file->_fileno = STDERR_FILENO;
    file->_flags |= is_file_buffer;
    if (fileno(file) != STDERR_FILENO)
        file->_flags &= ~is_file_buffer;
    return file;
}

void pst_chatter_hold_stderr(void) {
    pthread_mutex_lock(&lock);
    if (n_watchers++ == 0) {
        if (watched_stderr == NULL)
            watched_stderr = make_watched();
        if (watched_stderr != NULL) {
            real_stderr = stderr;
            __atomic_store_n(&stderr, watched_stderr, __ATOMIC_RELEASE);
        }
    }
    pthread_mutex_unlock(&lock);
}

void pst_chatter_release_stderr(void) {
    pthread_mutex_lock(&lock);
    // If somebody else has changed stderr since, it stays as it is.
    if (--n_watchers == 0 && watched_stderr != NULL && stderr == watched_stderr)
        __atomic_store_n(&stderr, real_stderr, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&lock);
}

#else

void pst_chatter_hold_stderr(void) {}

void pst_chatter_release_stderr(void) {}

#endif

// ---- Message handlers of host APIs -----------------------------------------------------------

// The types that jack/jack.h and alsa/error.h declare. The libraries are there if PortAudio brought
// them; we link neither.
typedef void (*jack_message_fn)(const char *text);
typedef void (*jack_set_message_fn)(jack_message_fn fn);
typedef void (*alsa_error_fn)(const char *file, int line, const char *function, int code,
                              const char *format, ...);
typedef int (*alsa_set_error_fn)(alsa_error_fn fn);

static void take_jack_line(const char *text) {
    take_line(text != NULL ? text : "");
}

__attribute__((format(printf, 5, 6))) static void take_alsa_line(const char *file, int number,
                                                                 const char *function, int code,
                                                                 const char *format, ...) {
    char text[PST_LOG_TEXT_BYTES];
    char message[PST_LOG_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    text[0] = '\0';
    pst_text_appendf(text, sizeof text, "ALSA lib %s:%d:(%s) %s", file, number, function, message);
    if (code != 0)
        pst_text_appendf(text, sizeof text, " (error %d)", code);
    take_line(text);
}

// POSIX wants functions found by dlsym copied through a pointer to an object.
static void find_function(const char *name, void *fn) {
    void *found = dlsym(RTLD_DEFAULT, name);
    memcpy(fn, &found, sizeof found);
}

static void set_handlers(jack_message_fn for_jack, alsa_error_fn for_alsa) {
    jack_set_message_fn set_jack_error, set_jack_info;
    alsa_set_error_fn set_alsa_error;
    find_function("jack_set_error_function", &set_jack_error);
    find_function("jack_set_info_function", &set_jack_info);
    find_function("snd_lib_error_set_handler", &set_alsa_error);
    if (set_jack_error != NULL)
        set_jack_error(for_jack);
    if (set_jack_info != NULL)
        set_jack_info(for_jack);
    if (set_alsa_error != NULL)
        set_alsa_error(for_alsa);
}

bool pst_chatter_take_handlers(void) {
    pid_t nobody = 0;
    if (!atomic_compare_exchange_strong(&owner_pid, &nobody, getpid()) &&
        atomic_load(&owner_pid) != getpid())
        return false; // The lock may have been held at the fork, by a thread that is not here.
    pthread_mutex_lock(&lock);
    ++n_handlers;
    set_handlers(take_jack_line, take_alsa_line);
    pthread_mutex_unlock(&lock);
    return true;
}

void pst_chatter_retake_handlers(void) {
    set_handlers(take_jack_line, take_alsa_line);
}

void pst_chatter_drop_handlers(void) {
    pthread_mutex_lock(&lock);
    if (--n_handlers == 0)
        set_handlers(NULL, NULL); // Back to the libraries' own.
    pthread_mutex_unlock(&lock);
}

// ---- The log ---------------------------------------------------------------------------------

bool pst_chatter_pop(char *line, size_t n_bytes) {
    char text[PST_LOG_TEXT_BYTES];
    if (!pst_log_pop(&lines, text))
        return false;
    pst_text_copy(line, n_bytes, text);
    return true;
}
