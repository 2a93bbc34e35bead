// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pastream/mixer.h"
#include "timing.h"

// What one block of many voices costs, driven directly.

enum { RATE_HZ = 48000, BLOCK_FRAMES = 128, N_VOICES = 64, LOOP_FRAMES = 4800, MAX_CHANNELS = 2 };

typedef struct bench {
    pst_mixer *mixer;
    int64_t frame;
    uint32_t n_channels;
} bench;

static float data[N_VOICES][LOOP_FRAMES * MAX_CHANNELS];

static void require(pst_status status) {
    if (status != PST_OK) {
        fprintf(stderr, "bench_mixer: status %d\n", (int)status);
        exit(1);
    }
}

static void fill_data(void) {
    for (int v = 0; v < N_VOICES; ++v)
        for (int i = 0; i < LOOP_FRAMES * MAX_CHANNELS; ++i)
            data[v][i] = (float)((v * 7919 + i * 104729) % 65536 - 32768) / 2097152.0f;
}

// All voices loop for ever. is_moving: their gains move during the whole run.
static void open_bench(bench *b, uint32_t voice_channels, bool is_moving) {
    *b = (bench){.n_channels = MAX_CHANNELS};
    require(pst_mixer_create(&b->mixer, MAX_CHANNELS, false, NULL));
    for (int v = 0; v < N_VOICES; ++v) {
        pst_voice_config config;
        pst_voice_config_default(&config);
        config.data = data[v];
        config.n_frames = LOOP_FRAMES;
        config.n_channels = voice_channels;
        config.offset_frames = v * 61;
        config.gain = 0.5f;
        config.loop.n_repeats = -1;
        config.fade_in_frames = is_moving ? INT64_C(1) << 40 : 0;
        config.fade_in_curve = PST_CURVE_EQUAL_POWER;
        pst_voice *voice = NULL;
        require(pst_mixer_play(b->mixer, &config, &voice, NULL));
        pst_voice_release(voice);
    }
}

static void render(void *context, int64_t n_steps) {
    static float output[BLOCK_FRAMES * MAX_CHANNELS];
    bench *b = context;
    pst_callback_time time = {.samplerate_hz = RATE_HZ};
    for (int64_t i = 0; i < n_steps; ++i) {
        memset(output, 0, sizeof output);
        time.frame = b->frame;
        if (pst_mixer_render(NULL, output, BLOCK_FRAMES, &time, 0, b->mixer) !=
            PST_CALLBACK_CONTINUE)
            exit(1);
        b->frame += BLOCK_FRAMES;
    }
}

int main(void) {
    static const struct {
        const char *name;
        uint32_t n_channels;
        bool is_moving;
    } cases[] = {
        {"stereo voices", 2, false},
        {"mono voices in stereo", 1, false},
        {"stereo voices, all fading", 2, true},
    };
    fill_data();
    printf("{\"block_frames\": %d, \"n_voices\": %d, \"rows\": [", BLOCK_FRAMES, N_VOICES);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        bench b;
        open_bench(&b, cases[i].n_channels, cases[i].is_moving);
        printf("%s{\"name\": \"%s\", \"ns\": %.1f}", i > 0 ? ", " : "", cases[i].name,
               timing_ns_per_step(render, &b, 4000));
        pst_mixer_release(b.mixer);
    }
    printf("]}\n");
    return 0;
}
