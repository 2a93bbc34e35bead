// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <pthread.h>
#include <stdlib.h>

#include "mixer/message.h"
#include "mixer_rig.h"

// When voices start and end; scripts of commands at random are in tests/py/test_mixer_model.py.

static void test_a_start_is_exact_to_the_frame(void) {
    for (int64_t start = 0; start < 20; ++start) {
        rig r;
        rig_open(&r, 1, false);
        pst_voice_config config = config_of(5);
        config.start.frame = start;
        pst_voice *voice = play(&r, &config);
        for (int64_t block = 0; block < 4; ++block) {
            rig_block(&r, 7);
            for (int64_t i = 0; i < 7; ++i) {
                const int64_t at = block * 7 + i - start;
                CHECK(r.output[i] == (float)(at >= 0 && at < 5 ? at + 1 : 0));
            }
        }
        const pst_voice_status status = status_of(voice);
        CHECK_EQ(status.state, PST_VOICE_FINISHED);
        CHECK_EQ(status.started_frame, start);
        CHECK_EQ(status.played_frames, 5);
        CHECK_EQ(status.late_frames, 0);
        pst_voice_release(voice);
        pst_mixer_release(r.mixer);
    }
}

static void test_a_start_by_time(void) {
    rig r;
    rig_open(&r, 1, false);
    pst_voice_config config = config_of(3);
    config.start.time_s = 50.0123;
    pst_voice *voice = play(&r, &config);
    for (int i = 0; i < 3; ++i)
        rig_block(&r, 8);
    CHECK_EQ(status_of(voice).started_frame, 12);
    config.start.time_s = 50.020; // Four frames ago.
    pst_voice *late = play(&r, &config);
    rig_block(&r, 8);
    CHECK_EQ(status_of(late).late_frames, 4);
    CHECK_EQ(status_of(late).started_frame, 24);
    pst_voice_release(voice);
    pst_voice_release(late);
    pst_mixer_release(r.mixer);
}

static void test_late_starts_and_commands(void) {
    rig r;
    rig_open(&r, 1, false);
    rig_block(&r, 100);
    pst_voice_config config = config_of(500);
    config.start.frame = 90;
    pst_voice *late = play(&r, &config);
    config.start.allow_belated = false;
    pst_voice *refused = play(&r, &config);
    config.start.frame = 100;
    pst_voice *timely = play(&r, &config);
    rig_block(&r, 10);
    CHECK_EQ(status_of(late).state, PST_VOICE_PLAYING);
    CHECK_EQ(status_of(late).late_frames, 10);
    CHECK_EQ(status_of(late).started_frame, 100);
    CHECK_EQ(status_of(refused).state, PST_VOICE_LATE);
    CHECK_EQ(status_of(refused).late_frames, 10);
    CHECK_EQ(status_of(refused).played_frames, 0);
    CHECK_EQ(status_of(timely).state, PST_VOICE_PLAYING);
    pst_command order;
    pst_command_default(&order, PST_COMMAND_PAUSE);
    order.moment = (pst_moment){.frame = 107, .time_s = -1, .allow_belated = false};
    CHECK_EQ(pst_mixer_command(r.mixer, late, &order, NULL), PST_OK);
    order.moment.allow_belated = true;
    CHECK_EQ(pst_mixer_command(r.mixer, timely, &order, NULL), PST_OK);
    rig_block(&r, 10);
    CHECK_EQ(status_of(late).state, PST_VOICE_PLAYING);
    CHECK_EQ(status_of(late).n_refused_commands, 1);
    CHECK_EQ(status_of(timely).state, PST_VOICE_PAUSED);
    CHECK_EQ(status_of(timely).late_command_frames, 3);
    CHECK_EQ(status_of(timely).position_frame, 10);
    pst_voice_release(late);
    pst_voice_release(refused);
    pst_voice_release(timely);
    pst_mixer_release(r.mixer);
}

static void test_commands_split_a_block(void) {
    rig r;
    rig_open(&r, 1, false);
    pst_voice_config config = config_of(100);
    pst_voice *voice = play(&r, &config);
    command(&r, voice, PST_COMMAND_RESUME, 6, 0); // Sent before what comes first.
    command(&r, voice, PST_COMMAND_PAUSE, 3, 0);
    command(&r, voice, PST_COMMAND_GAIN, 8, 0);
    command(&r, voice, PST_COMMAND_GAIN, 10, 0);
    pst_command order;
    pst_command_default(&order, PST_COMMAND_SEEK);
    order.moment.frame = 10;
    order.seek_frame = 49;
    CHECK_EQ(pst_mixer_command(r.mixer, voice, &order, NULL), PST_OK);
    command(&r, voice, PST_COMMAND_CANCEL, 12, 0);
    command(&r, voice, PST_COMMAND_GAIN, 13, 0); // Finds nobody.
    rig_block(&r, 16);
    const float wanted[16] = {1, 2, 3, 0, 0, 0, 4, 5, 3, 3.5f, 25, 25.5f};
    check_output(&r, 0, 16, wanted);
    CHECK_EQ(status_of(voice).state, PST_VOICE_CANCELLED);
    CHECK_EQ(status_of(voice).played_frames, 9);
    CHECK_EQ(status_of(voice).position_frame, 51);
    pst_voice_release(voice);
    pst_mixer_release(r.mixer);
}

static void test_commands_before_the_start(void) {
    rig r;
    rig_open(&r, 1, false);
    pst_voice_config config = config_of(100);
    config.start.frame = 4;
    pst_voice *held = play(&r, &config);
    pst_voice *taken_back = play(&r, &config);
    command(&r, held, PST_COMMAND_PAUSE, -1, 5);
    command(&r, held, PST_COMMAND_GAIN, 1, 50);
    command(&r, held, PST_COMMAND_RESUME, 6, 0);
    command(&r, taken_back, PST_COMMAND_CANCEL, 2, 50);
    rig_block(&r, 3);
    CHECK_EQ(status_of(held).state, PST_VOICE_SCHEDULED);
    CHECK_EQ(status_of(taken_back).state, PST_VOICE_CANCELLED);
    rig_block(&r, 2);
    CHECK_EQ(status_of(held).state, PST_VOICE_PAUSED);
    rig_block(&r, 3);
    const float wanted[3] = {0, 0.5f, 1};
    check_output(&r, 0, 3, wanted);
    CHECK_EQ(status_of(taken_back).started_frame, -1);
    pst_voice_release(held);
    pst_voice_release(taken_back);
    pst_mixer_release(r.mixer);
}

static void test_the_mixers_gain(void) {
    rig r;
    rig_open(&r, 1, false);
    pst_voice_config config = config_of(12);
    pst_voice *voice = play(&r, &config);
    command(&r, NULL, PST_COMMAND_GAIN, 2, 4);
    rig_block(&r, 8);
    const float wanted[8] = {1, 2, 3, 4 * 0.875f, 5 * 0.75f, 6 * 0.625f, 3.5f, 4};
    check_output(&r, 0, 8, wanted);
    pst_mixer_status status;
    pst_mixer_get_status(r.mixer, &status);
    CHECK(status.gain == 0.5f);
    CHECK_EQ(status.n_voices, 1);
    CHECK_EQ(status.next_frame, 8);
    pst_voice_release(voice);
    pst_mixer_release(r.mixer);
}

static void test_a_crossfade_of_voices(void) {
    rig r;
    rig_open(&r, 1, false);
    pst_voice_config config = config_of(100);
    config.loop.n_repeats = -1;
    pst_voice *old = play(&r, &config);
    rig_block(&r, 10);
    config.loop.n_repeats = 0;
    config.start.frame = 12;
    config.fade_in_frames = 4;
    config.replaces = old;
    pst_voice *next = play(&r, &config);
    rig_block(&r, 8);
    const float wanted[8] = {11, 12, 13, 14 * 0.75f + 0.5f, 7.5f + 1.5f, 4 + 3, 5, 6};
    check_output(&r, 0, 8, wanted);
    CHECK_EQ(status_of(old).state, PST_VOICE_CANCELLED);
    CHECK_EQ(status_of(next).state, PST_VOICE_PLAYING);
    pst_voice_release(old);
    pst_voice_release(next);
    pst_mixer_release(r.mixer);
}

static void test_stop_when_idle(void) {
    rig r;
    rig_open(&r, 1, true);
    pst_voice_config config = config_of(10);
    config.start.frame = 5;
    pst_voice *voice = play(&r, &config);
    rig_block(&r, 8);
    CHECK_EQ(r.result, PST_CALLBACK_CONTINUE);
    rig_block(&r, 8);
    CHECK_EQ(r.result, PST_CALLBACK_COMPLETE);
    CHECK_EQ(pst_mixer_wait(r.mixer, 0), PST_OK);
    pst_mixer_status status;
    pst_mixer_get_status(r.mixer, &status);
    CHECK(status.is_over);
    pst_voice *next = play(&r, &config);
    pst_mixer_get_status(r.mixer, &status);
    CHECK(status.is_over);
    CHECK_EQ(status.n_voices, 1);
    CHECK_EQ(pst_mixer_wait(r.mixer, 0), PST_TIMEOUT);
    r.frame = 0; // A new run.
    rig_block(&r, 8);
    pst_mixer_get_status(r.mixer, &status);
    CHECK(!status.is_over);
    CHECK_EQ(status_of(next).started_frame, 5);
    pst_voice_release(voice);
    pst_voice_release(next);
    pst_mixer_release(r.mixer);
}

// Voices go on in a new run; what waits, waits for the new run's frames.
static void test_a_new_run(void) {
    rig r;
    rig_open(&r, 1, false);
    pst_voice_config config = config_of(100);
    pst_voice *voice = play(&r, &config);
    config.start.frame = 50;
    pst_voice *later = play(&r, &config);
    rig_block(&r, 40);
    r.frame = 0;
    rig_block(&r, 40);
    CHECK_EQ(status_of(voice).position_frame, 80);
    CHECK_EQ(status_of(later).state, PST_VOICE_SCHEDULED);
    rig_block(&r, 40);
    CHECK_EQ(status_of(later).started_frame, 50);
    pst_voice_release(voice);
    pst_voice_release(later);
    pst_mixer_release(r.mixer);
}

static void test_clear(void) {
    rig r;
    rig_open(&r, 1, false);
    pst_voice *voices[4];
    pst_voice_config config = config_of(100);
    voices[0] = play(&r, &config);
    config.start.frame = 1000;
    voices[1] = play(&r, &config);
    config.start.frame = -1;
    config.start.time_s = 1e6;
    voices[2] = play(&r, &config);
    command(&r, voices[0], PST_COMMAND_PAUSE, 500, 0);
    command(&r, voices[1], PST_COMMAND_CANCEL, 5, 0);
    rig_block(&r, 10);
    voices[3] = play(&r, &config);
    CHECK_EQ(status_of(voices[1]).state, PST_VOICE_CANCELLED);
    pst_mixer_clear(r.mixer);
    for (int i = 0; i < 4; ++i) {
        CHECK_EQ(status_of(voices[i]).state, PST_VOICE_CANCELLED);
        CHECK_EQ(pst_voice_wait(voices[i], 0), PST_OK);
        pst_voice_release(voices[i]);
    }
    CHECK_EQ(pst_mixer_wait(r.mixer, 0), PST_OK);
    rig_block(&r, 10);
    CHECK(r.output[0] == 0.0f);
    pst_mixer_release(r.mixer);
}

static void check_refused(rig *r, const pst_voice_config *config, const char *word) {
    pst_error err = {.status = PST_OK};
    pst_voice *voice = NULL;
    CHECK_EQ(pst_mixer_play(r->mixer, config, &voice, &err), PST_BAD_ARGUMENT);
    CHECK(voice == NULL);
    if (strstr(err.text, word) == NULL)
        check_report(__FILE__, __LINE__, "\"%s\" lacks \"%s\"", err.text, word);
}

static void test_what_is_refused(void) {
    rig r;
    rig_open(&r, 2, false);
    pst_mixer *none = NULL;
    CHECK_EQ(pst_mixer_create(&none, 0, false, NULL), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_mixer_create(&none, 257, false, NULL), PST_BAD_ARGUMENT);
    const pst_voice_config good = config_of(10);
    const float gains[2] = {1, NAN};
#define REFUSED(change, word)                                                                      \
    do {                                                                                           \
        pst_voice_config config = good;                                                            \
        change;                                                                                    \
        check_refused(&r, &config, word);                                                          \
    } while (0)
    REFUSED(config.data = NULL, "data");
    REFUSED(config.n_frames = 0, "n_frames");
    REFUSED(config.n_channels = 3, "n_channels");
    REFUSED(config.n_channels = 0, "n_channels");
    REFUSED(config.gains = gains, "gains[1]");
    REFUSED(config.start.frame = -2, "frame is -2");
    REFUSED(config.start.time_s = NAN, "time_s");
    REFUSED(config.offset_frames = 10, "offset_frames");
    REFUSED(config.gain = -1, "gain is -1");
    REFUSED(config.gain = INFINITY, "gain");
    REFUSED(config.fade_in_frames = -1, "fade_in_frames");
    REFUSED(config.fade_in_curve = (pst_curve)7, "fade_in_curve");
    REFUSED(config.loop.n_repeats = -2, "n_repeats");
    REFUSED((config.loop.n_repeats = 1, config.loop.end_frame = 11), "end_frame");
    REFUSED((config.loop.n_repeats = 1, config.loop.start_frame = 10), "start_frame");
    REFUSED((config.loop.n_repeats = 1, config.loop.crossfade_frames = 6), "crossfade_frames");
    REFUSED((config.loop.n_repeats = 1, config.loop.crossfade_curve = (pst_curve)-1),
            "crossfade_curve");
#undef REFUSED
    pst_voice *voice = play(&r, &good);
    pst_command order;
    pst_command_default(&order, (pst_command_kind)99);
    CHECK_EQ(pst_mixer_command(r.mixer, voice, &order, NULL), PST_BAD_ARGUMENT);
    pst_command_default(&order, PST_COMMAND_SEEK);
    order.seek_frame = 11;
    CHECK_EQ(pst_mixer_command(r.mixer, voice, &order, NULL), PST_BAD_ARGUMENT);
    order.seek_frame = 1;
    CHECK_EQ(pst_mixer_command(r.mixer, NULL, &order, NULL), PST_BAD_ARGUMENT);
    rig other;
    rig_open(&other, 2, false);
    CHECK_EQ(pst_mixer_command(other.mixer, voice, &order, NULL), PST_BAD_ARGUMENT);
    pst_voice_config config = good;
    config.replaces = voice;
    check_refused(&other, &config, "replaces");
    pst_mixer_release(other.mixer);
    pst_voice_release(voice);
    pst_mixer_release(r.mixer);
    pst_mixer_release(NULL);
    pst_voice_release(NULL);
}

static void test_the_schedule_gives_messages_in_order(void) {
    enum { N = 500 };
    pst_message *messages = calloc(N, sizeof *messages);
    REQUIRE(messages != NULL);
    pst_schedule schedule = {NULL};
    uint64_t state = 3;
    for (int i = 0; i < N; ++i) {
        messages[i].key = (double)(check_random(&state) % 50);
        messages[i].sequence = (uint64_t)i;
        pst_schedule_add(&schedule, &messages[i]);
    }
    double key = -1;
    uint64_t sequence = 0;
    for (int i = 0; i < N; ++i) {
        const pst_message *message = pst_schedule_take(&schedule);
        CHECK(message->key > key || (message->key == key && message->sequence > sequence));
        key = message->key;
        sequence = message->sequence;
    }
    CHECK(schedule.soonest == NULL);
    free(messages);
}

// ---- Threads ------------------------------------------------------------------------------------

enum { N_SENDERS = 3, VOICES_PER_SENDER = 400 };

static _Atomic bool stop_rendering;

static void *render_all(void *user) {
    rig *r = user;
    while (!atomic_load(&stop_rendering))
        rig_block(r, 16);
    return NULL;
}

static void *send_voices(void *user) {
    rig *r = user;
    for (int i = 0; i < VOICES_PER_SENDER; ++i) {
        float *data = calloc(64, sizeof *data); // Freed as soon as the voice is retired.
        pst_voice_config config;
        pst_voice_config_default(&config);
        config.data = data;
        config.n_frames = 64;
        config.loop.n_repeats = i % 3;
        pst_voice *voice = play(r, &config);
        command(r, voice, PST_COMMAND_GAIN, -1, 10);
        if (i % 4 == 0)
            command(r, voice, PST_COMMAND_CANCEL, -1, 20);
        CHECK_EQ(pst_voice_wait(voice, -1), PST_OK);
        CHECK(status_of(voice).state >= PST_VOICE_FINISHED);
        free(data);
        pst_voice_release(voice);
    }
    return NULL;
}

static void test_many_threads(void) {
    static rig r;
    rig_open(&r, 1, false);
    atomic_store(&stop_rendering, false);
    pthread_t renderer;
    pthread_t senders[N_SENDERS];
    REQUIRE(pthread_create(&renderer, NULL, render_all, &r) == 0);
    for (int i = 0; i < N_SENDERS; ++i)
        REQUIRE(pthread_create(&senders[i], NULL, send_voices, &r) == 0);
    for (int i = 0; i < N_SENDERS; ++i)
        pthread_join(senders[i], NULL);
    CHECK_EQ(pst_mixer_wait(r.mixer, -1), PST_OK);
    atomic_store(&stop_rendering, true);
    pthread_join(renderer, NULL);
    pst_mixer_release(r.mixer);
}

int main(void) {
    RUN(test_a_start_is_exact_to_the_frame);
    RUN(test_a_start_by_time);
    RUN(test_late_starts_and_commands);
    RUN(test_commands_split_a_block);
    RUN(test_commands_before_the_start);
    RUN(test_the_mixers_gain);
    RUN(test_a_crossfade_of_voices);
    RUN(test_stop_when_idle);
    RUN(test_a_new_run);
    RUN(test_clear);
    RUN(test_what_is_refused);
    RUN(test_the_schedule_gives_messages_in_order);
    RUN(test_many_threads);
    return check_done();
}
