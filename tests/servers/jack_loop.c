// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// A JACK client that gives back on out_1 what comes in on in_1, so many frames later, and reports
// just that as the latency of its ports: a sound card with a cable from its output to its input.
//
// Usage: jack_loop CLIENT_NAME DELAY Prints "ready" when it runs. Ends when its standard input
// does, and then prints one line of JSON. The server is the one that JACK_DEFAULT_SERVER names; it
// is never started from here.

#include <jack/jack.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct loop {
    jack_client_t *client;
    jack_port_t *input;
    jack_port_t *output;
    jack_nframes_t delay_frames;
    jack_nframes_t place; // Of the oldest sample.
    float *samples;       // What is on its way.
    _Atomic uint64_t n_frames;
};

static int process(jack_nframes_t n_frames, void *context) {
    struct loop *self = context;
    const float *in = jack_port_get_buffer(self->input, n_frames);
    float *out = jack_port_get_buffer(self->output, n_frames);
    for (jack_nframes_t i = 0; i < n_frames; i++) {
        const float sample = in[i]; // The buffers may be the same.
        out[i] = self->delay_frames > 0 ? self->samples[self->place] : sample;
        if (self->delay_frames == 0)
            continue;
        self->samples[self->place] = sample;
        self->place = (self->place + 1) % self->delay_frames;
    }
    atomic_fetch_add(&self->n_frames, n_frames);
    return 0;
}

// The output's half of the delay is the first, the input's the rest.
static void tell_latency(jack_latency_callback_mode_t mode, void *context) {
    struct loop *self = context;
    const jack_nframes_t first = self->delay_frames / 2;
    const jack_nframes_t rest = self->delay_frames - first;
    jack_latency_range_t out = {first, first}, in = {rest, rest};
    if (mode == JackPlaybackLatency)
        jack_port_set_latency_range(self->input, mode, &out);
    else
        jack_port_set_latency_range(self->output, mode, &in);
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: jack_loop CLIENT_NAME DELAY\n");
        return 2;
    }
    struct loop self = {.delay_frames = (jack_nframes_t)strtoul(argv[2], NULL, 10)};
    self.samples = calloc(self.delay_frames + 1, sizeof *self.samples);
    self.client = jack_client_open(argv[1], JackNoStartServer | JackUseExactName, NULL);
    if (!self.samples || !self.client) {
        fprintf(stderr, "jack_loop: no JACK server, or the name is taken\n");
        return 1;
    }
    const unsigned long hardware = JackPortIsPhysical | JackPortIsTerminal;
    self.input = jack_port_register(self.client, "in_1", JACK_DEFAULT_AUDIO_TYPE,
                                    JackPortIsInput | hardware, 0);
    self.output = jack_port_register(self.client, "out_1", JACK_DEFAULT_AUDIO_TYPE,
                                     JackPortIsOutput | hardware, 0);
    if (!self.input || !self.output) {
        fprintf(stderr, "jack_loop: cannot make the ports\n");
        return 1;
    }
    jack_set_process_callback(self.client, process, &self);
    jack_set_latency_callback(self.client, tell_latency, &self);
    if (jack_activate(self.client) != 0) {
        fprintf(stderr, "jack_loop: cannot run in the server\n");
        return 1;
    }
    printf("ready\n");
    fflush(stdout);
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0)
        continue;
    jack_deactivate(self.client);
    printf("{\"frames\": %llu}\n", (unsigned long long)atomic_load(&self.n_frames));
    jack_client_close(self.client);
    free(self.samples);
    return 0;
}
