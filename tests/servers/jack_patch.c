// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Lists and connects the ports of a JACK server. JACK's own tools for that are a package of their
// own on some systems.
//
// Usage: jack_patch             prints the name of every port on a line of its own
//        jack_patch FROM TO     connects an output to an input; being connected already is fine
// The server is the one that JACK_DEFAULT_SERVER names; it is never started from here.

#include <errno.h>
#include <jack/jack.h>
#include <stdio.h>

static void list(jack_client_t *client) {
    const char **names = jack_get_ports(client, NULL, NULL, 0);
    for (const char **name = names; name && *name; ++name)
        puts(*name);
    jack_free(names);
}

int main(int argc, char **argv) {
    if (argc != 1 && argc != 3) {
        fprintf(stderr, "usage: jack_patch [FROM TO]\n");
        return 2;
    }
    jack_client_t *client = jack_client_open("patch", JackNoStartServer, NULL);
    if (!client) {
        fprintf(stderr, "jack_patch: no JACK server\n");
        return 1;
    }
    int code = 0;
    if (argc == 3)
        code = jack_connect(client, argv[1], argv[2]);
    else
        list(client);
    jack_client_close(client);
    return code == 0 || code == EEXIST ? 0 : 1;
}
