// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "device/alsa_config.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/types.h>

// As alsa/conf.h and alsa/input.h declare them. The library comes with PortAudio, if at all.
typedef int (*update_fn)(void);
typedef int (*search_fn)(void *config, const char *key, void **result);
typedef int (*buffer_open_fn)(void **input, const char *text, ssize_t n_bytes);
typedef int (*load_fn)(void *config, void *input);
typedef int (*input_close_fn)(void *input);

// No computer has this card.
static const char default_device[] = "pcm.default { type hw card 4095 }\n";

static void find_function(const char *name, void *fn) {
    void *found = dlsym(RTLD_DEFAULT, name);
    memcpy(fn, &found, sizeof found);
}

// PortAudio looks at these two after all others, beyond the assertion.
static bool is_safe(search_fn search, void *config) {
    void *found;
    return search(config, "pcm.default", &found) >= 0 || search(config, "pcm.dmix", &found) >= 0;
}

static void add_default(void *config) {
    buffer_open_fn buffer_open;
    load_fn load;
    input_close_fn input_close;
    find_function("snd_input_buffer_open", &buffer_open);
    find_function("snd_config_load", &load);
    find_function("snd_input_close", &input_close);
    void *input = NULL;
    if (buffer_open == NULL || load == NULL || input_close == NULL ||
        buffer_open(&input, default_device, sizeof default_device - 1) < 0)
        return;
    (void)load(config, input);
    (void)input_close(input);
}

void pst_alsa_config_repair(void) {
    update_fn update;
    search_fn search;
    find_function("snd_config_update", &update);
    find_function("snd_config_search", &search);
    void **config = dlsym(RTLD_DEFAULT, "snd_config");
    if (update == NULL || search == NULL || config == NULL || update() < 0 || *config == NULL)
        return;
    if (!is_safe(search, *config))
        add_default(*config);
}
