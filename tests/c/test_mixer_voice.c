// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "mixer_rig.h"

// What is heard of a voice: loops, ramps, channels.

static void test_loops(void) {
    rig r;
    rig_open(&r, 1, false);
    pst_voice_config config = config_of(7);
    config.loop = (pst_loop){.start_frame = 2, .end_frame = 5, .n_repeats = 2};
    pst_voice *voice = play(&r, &config);
    rig_block(&r, 8);
    CHECK_EQ(status_of(voice).n_repeats, 2);
    const float first[8] = {1, 2, 3, 4, 5, 3, 4, 5};
    check_output(&r, 0, 8, first);
    rig_block(&r, 8);
    const float second[8] = {3, 4, 5, 6, 7};
    check_output(&r, 0, 8, second);
    CHECK_EQ(status_of(voice).state, PST_VOICE_FINISHED);
    CHECK_EQ(status_of(voice).n_repeats, 2);
    pst_voice_release(voice);

    config.loop = (pst_loop){.end_frame = -1, .n_repeats = -1};
    voice = play(&r, &config);
    rig_block(&r, 1000);
    CHECK_EQ(status_of(voice).n_repeats, 142);
    pst_command order;
    pst_command_default(&order, PST_COMMAND_LOOP); // None: the pass is finished.
    CHECK_EQ(pst_mixer_command(r.mixer, voice, &order, NULL), PST_OK);
    rig_block(&r, 10);
    const float last[10] = {7};
    check_output(&r, 0, 10, last);
    pst_voice_release(voice);
    pst_mixer_release(r.mixer);
}

static void test_loops_with_a_crossfade(void) {
    rig r;
    rig_open(&r, 1, false);
    pst_voice_config config = config_of(12);
    // Blended with the 4 frames before the loop.
    config.loop = (pst_loop){.start_frame = 4, .end_frame = 10, .n_repeats = 1};
    config.loop.crossfade_frames = 4;
    pst_voice *voice = play(&r, &config);
    rig_block(&r, 20);
    const float lead[20] = {1,         2, 3, 4, 5, 6, 7,  8 - 1.5f, 9 - 3,
                            10 - 4.5f, 5, 6, 7, 8, 9, 10, 11,       12};
    check_output(&r, 0, 20, lead);
    pst_voice_release(voice);
    // Blended with the first 3 frames of the loop, which are left out behind the jump.
    config.loop = (pst_loop){.start_frame = 1, .end_frame = 8, .n_repeats = 2};
    config.loop.crossfade_frames = 3;
    voice = play(&r, &config);
    rig_block(&r, 20);
    const float body[20] = {1,
                            2,
                            3,
                            4,
                            5,
                            6,
                            7 - 4 / 3.0f,
                            8 - 8 / 3.0f,
                            5,
                            6 - 0.0f,
                            7 - 5 / 3.0f + 1 / 3.0f,
                            8 - 10 / 3.0f + 2 / 3.0f,
                            5,
                            6,
                            7,
                            8,
                            9,
                            10,
                            11,
                            12};
    check_output(&r, 0, 20, body);
    pst_voice_release(voice);
    pst_mixer_release(r.mixer);
}

static void test_a_crossfade_that_has_begun_is_finished(void) {
    rig r;
    rig_open(&r, 1, false);
    pst_voice_config config = config_of(12);
    config.loop = (pst_loop){.start_frame = 4, .end_frame = 10, .n_repeats = -1};
    config.loop.crossfade_frames = 4;
    pst_voice *voice = play(&r, &config);
    pst_command order;
    pst_command_default(&order, PST_COMMAND_LOOP);
    order.moment.frame = 8;
    CHECK_EQ(pst_mixer_command(r.mixer, voice, &order, NULL), PST_OK);
    rig_block(&r, 18);
    const float wanted[18] = {1,         2, 3, 4, 5, 6, 7,  8 - 1.5f, 9 - 3,
                              10 - 4.5f, 5, 6, 7, 8, 9, 10, 11,       12};
    check_output(&r, 0, 18, wanted);
    CHECK_EQ(status_of(voice).n_repeats, 1);
    CHECK_EQ(status_of(voice).state, PST_VOICE_FINISHED);
    pst_voice_release(voice);
    pst_mixer_release(r.mixer);
}

static double curve_at(pst_curve curve, double a, double b, double x) {
    const double quarter = acos(-1.0) / 2;
    if (curve == PST_CURVE_LINEAR)
        return a + (b - a) * x;
    if (curve == PST_CURVE_EQUAL_POWER)
        return hypot(a * cos(x * quarter), b * sin(x * quarter));
    a = a > 1e-5 ? a : 1e-5;
    b = b > 1e-5 ? b : 1e-5;
    return a * pow(b / a, x);
}

// Fade in, gain and fade out at once, by every curve, cut into blocks in any way.
static void test_ramps(void) {
    static float ones[2 * MAX_FRAMES];
    for (int i = 0; i < 2 * MAX_FRAMES; ++i)
        ones[i] = 1.0f;
    for (int curve = PST_CURVE_LINEAR; curve <= PST_CURVE_EXPONENTIAL; ++curve) {
        for (int64_t block = 1; block < 1200; block = block * 3 + 1) {
            rig r;
            rig_open(&r, 2, false);
            pst_voice_config config = config_of(1000);
            config.data = ones;
            config.n_channels = 2;
            config.gain = 2;
            config.fade_in_frames = 600;
            config.fade_in_curve = (pst_curve)curve;
            pst_voice *voice = play(&r, &config);
            pst_command order;
            pst_command_default(&order, PST_COMMAND_GAIN);
            order.curve = (pst_curve)curve;
            order.moment.frame = 100;
            order.gain = 0.5f;
            order.ramp_frames = 700;
            CHECK_EQ(pst_mixer_command(r.mixer, voice, &order, NULL), PST_OK);
            order.kind = PST_COMMAND_CANCEL;
            order.moment.frame = 700;
            order.ramp_frames = 150;
            CHECK_EQ(pst_mixer_command(r.mixer, voice, &order, NULL), PST_OK);
            int64_t frame = 0;
            while (frame < 1000) {
                rig_block(&r, block);
                for (int64_t i = 0; i < block && frame < 1000; ++i, ++frame) {
                    const pst_curve kind = (pst_curve)curve;
                    const double fade = frame < 600   ? curve_at(kind, 0, 1, (double)frame / 600)
                                        : frame < 700 ? 1
                                        : frame < 850
                                            ? curve_at(kind, 1, 0, (double)(frame - 700) / 150)
                                            : 0;
                    const double gain = frame < 100 ? 2
                                        : frame < 800
                                            ? curve_at(kind, 2, 0.5, (double)(frame - 100) / 700)
                                            : 0.5;
                    const double wanted = frame < 850 ? fade * gain : 0;
                    CHECK(fabs((double)r.output[2 * i] - wanted) < 2e-6);
                    CHECK(r.output[2 * i] == r.output[2 * i + 1]);
                }
            }
            CHECK_EQ(status_of(voice).state, PST_VOICE_CANCELLED);
            CHECK_EQ(status_of(voice).played_frames, 850);
            pst_voice_release(voice);
            pst_mixer_release(r.mixer);
        }
    }
}

static void test_a_fade_around_a_pause(void) {
    rig r;
    rig_open(&r, 1, false);
    pst_voice_config config = config_of(100);
    pst_voice *voice = play(&r, &config);
    command(&r, voice, PST_COMMAND_PAUSE, 1, 4);
    command(&r, voice, PST_COMMAND_RESUME, 8, 2);
    rig_block(&r, 12);
    const float wanted[12] = {1, 2, 3 * 0.75f, 2, 1.25f, 0, 0, 0, 0, 3.5f, 8, 9};
    check_output(&r, 0, 12, wanted);
    // Taken back half-way: from where it is.
    command(&r, voice, PST_COMMAND_PAUSE, 12, 4);
    command(&r, voice, PST_COMMAND_RESUME, 14, 0);
    rig_block(&r, 4);
    const float next[4] = {10, 11 * 0.75f, 12, 13};
    check_output(&r, 0, 4, next);
    pst_voice_release(voice);
    pst_mixer_release(r.mixer);
}

static void test_channels(void) {
    rig r;
    rig_open(&r, 2, false);
    pst_voice_config config = config_of(3);
    pst_voice *mono = play(&r, &config);
    rig_block(&r, 4);
    const float both[8] = {1, 1, 2, 2, 3, 3};
    check_output(&r, 0, 8, both);
    const float gains[] = {0, 1, -0.5f, 2, 0, 0}; // 3 channels into 2.
    config.n_channels = 3;
    config.gains = gains;
    config.n_frames = 2;
    pst_voice *three = play(&r, &config);
    rig_block(&r, 4);
    const float mixed[8] = {2 - 1.5f, 2, 5 - 3, 8};
    check_output(&r, 0, 8, mixed);
    config.fade_in_frames = 2;
    pst_voice *fading = play(&r, &config);
    rig_block(&r, 4);
    const float faded[8] = {0, 0, 1, 4};
    check_output(&r, 0, 8, faded);
    pst_voice_release(mono);
    pst_voice_release(three);
    pst_voice_release(fading);
    pst_mixer_release(r.mixer);
}

static void test_a_ring(void) {
    rig r;
    rig_open(&r, 1, false);
    const pst_ring_config size = {.capacity_frames = 64, .frame_bytes = sizeof(float)};
    pst_ring *ring = NULL;
    REQUIRE(pst_ring_create(&ring, &size, NULL) == PST_OK);
    pst_voice_config config = config_of(0);
    config.data = NULL;
    config.ring = ring;
    config.start.frame = 2;
    config.fade_in_frames = 2;
    pst_voice *voice = play(&r, &config);
    rig_block(&r, 4); // Nothing has come yet: that is not missed.
    CHECK_EQ(status_of(voice).missing_frames, 0);
    CHECK_EQ(pst_ring_write(ring, numbers(), 5), 5);
    rig_block(&r, 8);
    const float first[8] = {1, 2, 3, 4, 5}; // The fade in went on in the silence.
    check_output(&r, 0, 8, first);
    CHECK_EQ(status_of(voice).missing_frames, 3);
    CHECK_EQ(pst_ring_write(ring, numbers(), 6), 6);
    command(&r, voice, PST_COMMAND_PAUSE, 14, 0);
    command(&r, voice, PST_COMMAND_RESUME, 17, 0);
    pst_ring_end(ring);
    rig_block(&r, 8);
    const float second[8] = {1, 2, 0, 0, 0, 3, 4, 5};
    check_output(&r, 0, 8, second);
    CHECK_EQ(status_of(voice).state, PST_VOICE_PLAYING);
    rig_block(&r, 8);
    const float last[8] = {6};
    check_output(&r, 0, 8, last);
    CHECK_EQ(status_of(voice).state, PST_VOICE_FINISHED);
    CHECK_EQ(status_of(voice).played_frames, 11);
    CHECK_EQ(status_of(voice).missing_frames, 3);
    pst_command order;
    pst_command_default(&order, PST_COMMAND_SEEK);
    CHECK_EQ(pst_mixer_command(r.mixer, voice, &order, NULL), PST_BAD_ARGUMENT);
    pst_command_default(&order, PST_COMMAND_LOOP);
    CHECK_EQ(pst_mixer_command(r.mixer, voice, &order, NULL), PST_BAD_ARGUMENT);
    pst_voice_release(voice);
    voice = NULL;
    config.n_channels = 2;
    config.gains = numbers();
    CHECK_EQ(pst_mixer_play(r.mixer, &config, &voice, NULL), PST_BAD_ARGUMENT);
    config.n_channels = 1;
    config.loop.n_repeats = 1;
    CHECK_EQ(pst_mixer_play(r.mixer, &config, &voice, NULL), PST_BAD_ARGUMENT);
    config.loop.n_repeats = 0;
    config.data = numbers();
    CHECK_EQ(pst_mixer_play(r.mixer, &config, &voice, NULL), PST_BAD_ARGUMENT);
    pst_ring_release(ring);
    pst_mixer_release(r.mixer);
}

int main(void) {
    RUN(test_loops);
    RUN(test_loops_with_a_crossfade);
    RUN(test_a_crossfade_that_has_begun_is_finished);
    RUN(test_ramps);
    RUN(test_a_fade_around_a_pause);
    RUN(test_channels);
    RUN(test_a_ring);
    return check_done();
}
