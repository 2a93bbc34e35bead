// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// A JACK client that keeps what is sent to its input ports, as a plain C program would get it: the
// yardstick for playback, and for what the server itself loses on a busy machine.
//
// Usage: jack_sink CLIENT_NAME PORTS MAX_FRAMES FILE Prints "ready" when it runs. Ends when its
// standard input does; then FILE holds raw float32 frames in the machine's byte order, and one line
// of JSON tells how many cycles it missed.

#include <jack/jack.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MAX_PORTS = 8 };

struct sink {
    jack_client_t *client;
    jack_port_t *ports[MAX_PORTS];
    int n_ports;
    bool started;
    jack_nframes_t next_frame;
    float *samples; // Interleaved; written by the process thread until it is stopped.
    size_t max_frames;
    _Atomic size_t n_frames;
    _Atomic uint64_t missed_frames;
};

static int process(jack_nframes_t n_frames, void *context) {
    struct sink *self = context;
    const jack_nframes_t frame = jack_last_frame_time(self->client);
    // On a busy machine JACK may also run us twice in one cycle: that misses nothing.
    const int32_t step_frames = (int32_t)(frame - self->next_frame);
    if (self->started && step_frames > 0)
        atomic_fetch_add(&self->missed_frames, (uint64_t)step_frames);
    self->started = true;
    self->next_frame = frame + n_frames;

    const size_t kept = atomic_load(&self->n_frames);
    const size_t room = self->max_frames - kept;
    const size_t n = n_frames < room ? n_frames : room;
    const size_t n_ports = (size_t)self->n_ports;
    for (size_t port = 0; port < n_ports; port++) {
        const float *in = jack_port_get_buffer(self->ports[port], n_frames);
        for (size_t i = 0; i < n; i++)
            self->samples[(kept + i) * n_ports + port] = in[i];
    }
    atomic_store(&self->n_frames, kept + n);
    return 0;
}

static void wait_for_end_of_input(void) {
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "usage: jack_sink CLIENT_NAME PORTS MAX_FRAMES FILE\n");
        return 2;
    }
    struct sink self = {.n_ports = atoi(argv[2]), .max_frames = strtoul(argv[3], NULL, 10)};
    if (self.n_ports < 1 || self.n_ports > MAX_PORTS || self.max_frames == 0) {
        fprintf(stderr, "jack_sink: 1 to %d ports, at least one frame\n", MAX_PORTS);
        return 2;
    }
    self.samples = calloc(self.max_frames * (size_t)self.n_ports, sizeof *self.samples);
    self.client = jack_client_open(argv[1], JackNoStartServer | JackUseExactName, NULL);
    if (!self.samples || !self.client) {
        fprintf(stderr, "jack_sink: no memory, no JACK server, or the name is taken\n");
        return 1;
    }
    for (int port = 0; port < self.n_ports; port++) {
        char name[16];
        snprintf(name, sizeof name, "in_%d", port + 1);
        self.ports[port] =
            jack_port_register(self.client, name, JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, 0);
        if (!self.ports[port]) {
            fprintf(stderr, "jack_sink: cannot make the port %s\n", name);
            return 1;
        }
    }
    jack_set_process_callback(self.client, process, &self);
    if (jack_activate(self.client) != 0) {
        fprintf(stderr, "jack_sink: cannot run in the server\n");
        return 1;
    }
    printf("ready\n");
    fflush(stdout);
    wait_for_end_of_input();

    jack_deactivate(self.client);
    const size_t kept = atomic_load(&self.n_frames);
    FILE *file = fopen(argv[4], "wb");
    bool ok =
        file && fwrite(self.samples, sizeof(float) * (size_t)self.n_ports, kept, file) == kept;
    if (file && fclose(file) != 0)
        ok = false;
    printf("{\"frames\": %zu, \"missed\": %llu}\n", kept,
           (unsigned long long)atomic_load(&self.missed_frames));
    jack_client_close(self.client);
    free(self.samples);
    return ok ? 0 : 1;
}
