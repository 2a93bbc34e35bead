// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// A JACK client whose output ports play the device's frame number. Whoever records it can tell
// every frame that was lost, doubled or replaced by silence.
//
// The sample of frame f is (f mod 2^24) / 2^24, which a float32 holds exactly. f is the server's
// own count of frames, so that a cycle in which this client was too late leaves no trace in the
// count.
//
// Usage: jack_counter CLIENT_NAME PORTS LATENCY [LOG_FILE] LATENCY is what the ports report, in
// frames, as a sound card's would; "unknown" leaves it to JACK, which then makes it 2^32 - 1.
// LOG_FILE gets two int64 for each cycle, in the machine's byte order: its first frame, and the
// nanosecond of the monotonic clock at which it was played. That dates every frame that is
// recorded. Prints "ready" when it runs. Ends when its standard input does, and then prints one
// line of JSON. The server is the one that JACK_DEFAULT_SERVER names; it is never started from
// here.

#include <jack/jack.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_PORTS = 8, COUNTER_BITS = 24, MAX_CYCLES = 1 << 20 };

struct counter {
    jack_client_t *client;
    jack_port_t *ports[MAX_PORTS];
    int n_ports;
    jack_nframes_t latency_frames;
    bool started;
    jack_nframes_t next_frame;
    _Atomic uint64_t n_frames;
    _Atomic uint64_t missed_frames; // Cycles that JACK ran without us.
    _Atomic uint32_t n_xruns;
    int64_t (
        *log)[2]; // NULL if no log is wanted; written by the process thread until it is stopped.
    _Atomic size_t n_cycles;
};

static void log_cycle(struct counter *self, jack_nframes_t frame) {
    const size_t cycle = atomic_load(&self->n_cycles);
    if (!self->log || cycle == MAX_CYCLES)
        return;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    self->log[cycle][0] = frame;
    self->log[cycle][1] = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    atomic_store(&self->n_cycles, cycle + 1);
}

static bool write_log(struct counter *self, const char *path) {
    const size_t n = atomic_load(&self->n_cycles);
    FILE *file = fopen(path, "wb");
    if (!file)
        return false;
    const bool ok = fwrite(self->log, sizeof *self->log, n, file) == n;
    return fclose(file) == 0 && ok;
}

static int process(jack_nframes_t n_frames, void *context) {
    struct counter *self = context;
    const jack_nframes_t frame = jack_last_frame_time(self->client);
    // On a busy machine JACK may also run us twice in one cycle: that misses nothing.
    const int32_t step_frames = (int32_t)(frame - self->next_frame);
    if (self->started && step_frames > 0)
        atomic_fetch_add(&self->missed_frames, (uint64_t)step_frames);
    self->started = true;
    self->next_frame = frame + n_frames;
    log_cycle(self, frame);

    const uint32_t mask = (UINT32_C(1) << COUNTER_BITS) - 1;
    const float step = 1.0f / (float)(UINT32_C(1) << COUNTER_BITS);
    for (int port = 0; port < self->n_ports; port++) {
        float *out = jack_port_get_buffer(self->ports[port], n_frames);
        for (jack_nframes_t i = 0; i < n_frames; i++)
            out[i] = (float)((frame + i) & mask) * step;
    }
    atomic_fetch_add(&self->n_frames, n_frames);
    return 0;
}

static void tell_latency(jack_latency_callback_mode_t mode, void *context) {
    struct counter *self = context;
    if (mode != JackCaptureLatency)
        return;
    jack_latency_range_t range = {self->latency_frames, self->latency_frames};
    for (int port = 0; port < self->n_ports; port++)
        jack_port_set_latency_range(self->ports[port], mode, &range);
}

static int count_xrun(void *context) {
    struct counter *self = context;
    atomic_fetch_add(&self->n_xruns, 1);
    return 0;
}

static void wait_for_end_of_input(void) {
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
}

int main(int argc, char **argv) {
    if (argc < 4 || argc > 5) {
        fprintf(stderr, "usage: jack_counter CLIENT_NAME PORTS LATENCY [LOG_FILE]\n");
        return 2;
    }
    struct counter self = {.n_ports = atoi(argv[2])};
    self.latency_frames = (jack_nframes_t)strtoul(argv[3], NULL, 10);
    if (self.n_ports < 1 || self.n_ports > MAX_PORTS) {
        fprintf(stderr, "jack_counter: 1 to %d ports\n", MAX_PORTS);
        return 2;
    }
    const char *log_path = argc > 4 ? argv[4] : NULL;
    if (log_path && !(self.log = calloc(MAX_CYCLES, sizeof *self.log))) {
        fprintf(stderr, "jack_counter: no memory for the log\n");
        return 1;
    }
    self.client = jack_client_open(argv[1], JackNoStartServer | JackUseExactName, NULL);
    if (!self.client) {
        fprintf(stderr, "jack_counter: no JACK server, or the name is taken\n");
        return 1;
    }
    // JACK hands the latency on to those that ask in the old way, as PortAudio does, only where a
    // port says that it is hardware.
    const bool has_latency = strcmp(argv[3], "unknown") != 0;
    const unsigned long hardware = has_latency ? JackPortIsPhysical | JackPortIsTerminal : 0;
    for (int port = 0; port < self.n_ports; port++) {
        char name[16];
        snprintf(name, sizeof name, "out_%d", port + 1);
        self.ports[port] = jack_port_register(self.client, name, JACK_DEFAULT_AUDIO_TYPE,
                                              JackPortIsOutput | hardware, 0);
        if (!self.ports[port]) {
            fprintf(stderr, "jack_counter: cannot make the port %s\n", name);
            return 1;
        }
    }
    jack_set_process_callback(self.client, process, &self);
    if (has_latency)
        jack_set_latency_callback(self.client, tell_latency, &self);
    jack_set_xrun_callback(self.client, count_xrun, &self);
    if (jack_activate(self.client) != 0) {
        fprintf(stderr, "jack_counter: cannot run in the server\n");
        return 1;
    }
    printf("ready\n");
    fflush(stdout);
    wait_for_end_of_input();

    jack_deactivate(self.client);
    printf("{\"frames\": %llu, \"missed\": %llu, \"xruns\": %u}\n",
           (unsigned long long)atomic_load(&self.n_frames),
           (unsigned long long)atomic_load(&self.missed_frames),
           (unsigned)atomic_load(&self.n_xruns));
    jack_client_close(self.client);
    const bool ok = !log_path || write_log(&self, log_path);
    free(self.log);
    return ok ? 0 : 1;
}
