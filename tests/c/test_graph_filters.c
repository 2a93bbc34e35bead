// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph_rig.h"
#include "pastream/graph_filters.h"

// Filters in graphs: what sines become is what they say, their tails end, and channels come and go.

enum { N = 4096, LOWPASS = 0, HIGHPASS, BANDPASS, LOWSHELF, HIGHSHELF, PEAKING, NOTCH, ALLPASS };
enum { FREQUENCY = 0, DETUNE, Q, GAIN };
static const double pi = 3.14159265358979323846;

static float out[4 * N];
static float sound[4 * N];

static pst_gnode *add_biquad(pst_graph *graph, int type, double hz, double q, double gain) {
    pst_gnode *node = add_with(graph, "biquad_filter", "type", type);
    set_param(node, FREQUENCY, hz);
    set_param(node, Q, q);
    set_param(node, GAIN, gain);
    return node;
}

static pst_status add_iir(pst_graph *graph, pst_gnode **node, const double *b, uint32_t n_b,
                          const double *a, uint32_t n_a, pst_error *err) {
    const pst_setting settings[] = {
        {.name = "feedforward", .numbers = b, .n_numbers = n_b},
        {.name = "feedback", .numbers = a, .n_numbers = n_a},
    };
    return pst_graph_add(graph, node, "iir_filter", settings, 2, err);
}

// ---- Responses ----------------------------------------------------------------------------------

// Compares what a node says with the spectrum of its response to a click.
static void check_response(pst_graph *graph, pst_gnode *node, const char *name) {
    static const float click[1] = {1.0f};
    enum { N_POINTS = 9 };
    static const float hz[N_POINTS] = {0, 10, 300, 1000, 1500, 4000, 12000, 20000, RIG_RATE / 2};
    float magnitudes[N_POINTS], phases[N_POINTS];
    CHECK_EQ(pst_gnode_frequency_response(node, hz, magnitudes, phases, N_POINTS, NULL), PST_OK);
    pst_gnode *source = add_sound(graph, click, 1, 1, RIG_RATE);
    wire(source, 0, node, 0);
    hear(graph, node);
    render(graph, out, N);
    for (int i = 0; i < N_POINTS; ++i) {
        double re = 0.0, im = 0.0;
        for (int k = 0; k < N; ++k) {
            re += (double)out[k] * cos(2.0 * pi * (double)hz[i] * k / RIG_RATE);
            im -= (double)out[k] * sin(2.0 * pi * (double)hz[i] * k / RIG_RATE);
        }
        const double size = (double)magnitudes[i], phase = (double)phases[i];
        CHECK_TEXT(hypot(re - size * cos(phase), im - size * sin(phase)) < 2e-5 * (1.0 + size),
                   "%s at %g Hz: %g, %g, not %g, %g", name, (double)hz[i], size, phase,
                   hypot(re, im), atan2(im, re));
    }
    pst_gnode_release(source);
}

static void test_biquads_do_what_they_say(void) {
    for (int type = LOWPASS; type <= ALLPASS; ++type)
        for (int detune = -1200; detune <= 1200; detune += 1200) {
            pst_graph *graph = make_graph(1, 128, RIG_RATE);
            pst_gnode *node = add_biquad(graph, type, 1500, 3, -9);
            set_param(node, DETUNE, detune);
            check_response(graph, node, "a biquad");
            pst_gnode_release(node);
            pst_graph_release(graph);
        }
}

static void test_general_filters_do_what_they_say(void) {
    static const double b[] = {2, 0.5, -0.25, 0.125}, a[] = {4, -2, 1, 0.5, -0.25};
    pst_graph *graph = make_graph(1, 128, RIG_RATE);
    pst_gnode *node = NULL;
    CHECK_EQ(add_iir(graph, &node, b, 4, a, 5, NULL), PST_OK);
    check_response(graph, node, "a general filter");
    pst_gnode_release(node);
    pst_graph_release(graph);
}

static void test_no_frequencies_have_no_response(void) {
    static const float hz[] = {-1, RIG_RATE / 2 + 1, NAN, INFINITY};
    float magnitudes[4], phases[4];
    pst_graph *graph = make_graph(1, 128, RIG_RATE);
    pst_gnode *node = add_biquad(graph, LOWPASS, 1000, 1, 0);
    CHECK_EQ(pst_gnode_frequency_response(node, hz, magnitudes, phases, 4, NULL), PST_OK);
    for (int i = 0; i < 4; ++i)
        CHECK(isnan(magnitudes[i]) && isnan(phases[i]));
    pst_gnode_release(node);
    node = add(graph, "gain");
    pst_error err = {.status = PST_OK};
    CHECK_EQ(pst_gnode_frequency_response(node, hz, magnitudes, phases, 4, &err), PST_UNSUPPORTED);
    CHECK(strstr(err.text, "gain") != NULL);
    pst_gnode_release(node);
    pst_graph_release(graph);
}

// ---- Making -------------------------------------------------------------------------------------

static void check_refused(const double *b, uint32_t n_b, const double *a, uint32_t n_a,
                          const char *said) {
    pst_graph *graph = make_graph(1, 128, RIG_RATE);
    pst_gnode *node = NULL;
    pst_error err = {.status = PST_OK};
    CHECK_EQ(add_iir(graph, &node, b, n_b, a, n_a, &err), PST_BAD_ARGUMENT);
    CHECK_TEXT(strstr(err.text, said) != NULL, "\"%s\" without \"%s\"", err.text, said);
    pst_graph_release(graph);
}

static void test_coefficients_that_make_no_filter_are_refused(void) {
    static const double good[21] = {1, 0.5}, zeros[3] = {0}, late[] = {0, 1};
    static const double tiny[] = {1e-300}, huge[] = {1, 1e300};
    check_refused(zeros, 3, good, 2, "feedforward has only zeros");
    check_refused(good, 2, late, 2, "feedback[0] is 0");
    check_refused(good, 0, good, 2, "feedforward has 0 numbers");
    check_refused(good, 21, good, 2, "feedforward has 21 numbers");
    check_refused(good, 2, good, 21, "feedback has 21 numbers");
    check_refused(NULL, 0, good, 2, "feedforward was not given");
    check_refused(good, 2, NULL, 0, "feedback was not given");
    check_refused(huge, 2, tiny, 1, "feedforward[1] is 1e+300");
}

// ---- Tails --------------------------------------------------------------------------------------

// How many frames are not silent, if the sound is one frame.
static int count_tail(pst_gnode *(*make)(pst_graph *graph)) {
    static const float click[1] = {1.0f};
    pst_graph *graph = make_graph(1, 128, RIG_RATE);
    pst_gnode *node = make(graph);
    pst_gnode *source = add_sound(graph, click, 1, 1, RIG_RATE);
    wire(source, 0, node, 0);
    hear(graph, node);
    int last = 0;
    for (int done = 0; done < 100 * N; done += N) {
        render(graph, out, N);
        for (int i = 0; i < N; ++i)
            if (out[i] != 0.0f)
                last = done + i + 1;
    }
    pst_gnode_release(source);
    pst_gnode_release(node);
    pst_graph_release(graph);
    return last;
}

static pst_gnode *make_short(pst_graph *graph) {
    return add_biquad(graph, LOWPASS, 1000, 0, 0);
}

static pst_gnode *make_long(pst_graph *graph) {
    return add_biquad(graph, BANDPASS, 1000, 100, 0);
}

static pst_gnode *make_taps(pst_graph *graph) {
    static const double b[] = {1, 2, 3, 4, 5}, a[] = {1};
    pst_gnode *node = NULL;
    CHECK_EQ(add_iir(graph, &node, b, 5, a, 1, NULL), PST_OK);
    return node;
}

static void test_tails_end_with_their_poles(void) {
    CHECK_EQ(count_tail(make_taps), 5);
    // From the height of the response down to where it ends, at so much for each frame.
    const double w = 2 * pi * 1000 / RIG_RATE;
    const double alpha = sin(w) / 200, radius = sqrt((1 - alpha) / (1 + alpha));
    const double frames = log(0x1p-50 / alpha) / log(radius);
    CHECK_NEAR(count_tail(make_long), frames, frames / 10);
    CHECK(count_tail(make_short) < 1000);
}

static void test_a_tail_keeps_its_channels(void) {
    // The right channel alone: in mono it would be heard on both sides.
    pst_graph *graph = make_graph(2, 128, RIG_RATE);
    fill_noise(sound + 128, 128, 3);
    pst_gnode *source = add_sound(graph, sound, 2, 128, RIG_RATE);
    pst_gnode *node = add_biquad(graph, LOWPASS, 500, 12, 0);
    wire(source, 0, node, 0);
    hear(graph, node);
    render(graph, out, 512);
    double left = 0, right = 0;
    for (int i = 140; i < 512; ++i) {
        left += fabs((double)out[2 * i]);
        right += fabs((double)out[2 * i + 1]);
    }
    CHECK(left == 0 && right > 1);
    memset(sound, 0, sizeof sound);
    pst_gnode_release(source);
    pst_gnode_release(node);
    pst_graph_release(graph);
}

// ---- Channels -----------------------------------------------------------------------------------

// A filter after a mix of mono and stereo is the same as a mix of filters, whenever each of them
// begins and ends.
static void test_channels_come_and_go(void) {
    static float separate[2 * N];
    fill_noise(sound, (size_t)4 * N, 5);
    for (int way = 0; way < 2; ++way) {
        pst_graph *graph = make_graph(2, 128, RIG_RATE);
        pst_gnode *mono = add_sound(graph, sound, 1, N, RIG_RATE);
        pst_gnode *stereo = add(graph, "gain"), *filters[2];
        pst_gnode *wide = add_sound(graph, sound + N, 2, 700, RIG_RATE);
        wire(wide, 0, stereo, 0);
        for (int i = 0; i < 2; ++i) {
            filters[i] = add_biquad(graph, PEAKING, 400, 20, 12);
            hear(graph, filters[i]);
        }
        wire(mono, 0, filters[0], 0);
        wire(stereo, 0, filters[way], 0);
        render(graph, way == 0 ? out : separate, N);
        pst_gnode_release(mono);
        pst_gnode_release(stereo);
        pst_gnode_release(wide);
        pst_gnode_release(filters[0]);
        pst_gnode_release(filters[1]);
        pst_graph_release(graph);
    }
    // While there are two channels. Afterwards the rest of the sides is heard in the middle.
    CHECK(most_different(out, separate, 2 * 700) < 1e-5);
    double middle = 0;
    for (int i = 768; i < N; ++i) {
        const double wanted = ((double)separate[2 * i] + (double)separate[2 * i + 1]) / 2;
        middle = fmax(middle, fabs((double)out[2 * i] - wanted));
        middle = fmax(middle, fabs((double)out[2 * i + 1] - wanted));
    }
    CHECK_TEXT(middle < 1e-5, "%g off", middle);
    memset(sound, 0, sizeof sound);
}

// ---- Params -------------------------------------------------------------------------------------

static void test_the_frequency_has_its_range(void) {
    pst_graph *graph = make_graph(1, 128, RIG_RATE);
    pst_gnode *node = add(graph, "biquad_filter");
    double min = -1, max = -1;
    pst_param_limits(pst_gnode_param(node, FREQUENCY), &min, &max);
    CHECK_SAME(min, 0.0);
    CHECK_SAME(max, RIG_RATE / 2.0);
    pst_gnode_release(node);
    pst_graph_release(graph);
}

static void test_a_type_acts_at_once(void) {
    pst_graph *graph = make_graph(1, 128, RIG_RATE);
    pst_gnode *source = add_constant(graph, 1.0);
    pst_gnode *node = add_biquad(graph, HIGHPASS, 0, 1, 0);
    wire(source, 0, node, 0);
    hear(graph, node);
    render(graph, out, 256);
    CHECK_SAME(out[255], 1.0f);
    const pst_setting type = {.name = "type", .number = LOWPASS};
    CHECK_EQ(pst_gnode_set(node, &type, NULL), PST_OK);
    render(graph, out, 128);
    CHECK_SAME(out[0], 0.0f);
    pst_gnode_release(source);
    pst_gnode_release(node);
    pst_graph_release(graph);
}

static void test_params_that_do_not_count_do_not_disturb(void) {
    // A shelf has no Q, and a low-pass filter no gain: that they move leaves all bits as they were.
    static float moved[N];
    static const int types[] = {LOWSHELF, LOWPASS}, idle[] = {Q, GAIN};
    fill_noise(sound, N, 7);
    for (int i = 0; i < 2; ++i) {
        for (int way = 0; way < 2; ++way) {
            pst_graph *graph = make_graph(1, 128, RIG_RATE);
            pst_gnode *source = add_sound(graph, sound, 1, N, RIG_RATE);
            pst_gnode *node = add_biquad(graph, types[i], 700, 1, 6);
            if (way == 1)
                wire_param(source, node, (uint32_t)idle[i]);
            wire(source, 0, node, 0);
            hear(graph, node);
            render(graph, way == 0 ? out : moved, N);
            pst_gnode_release(source);
            pst_gnode_release(node);
            pst_graph_release(graph);
        }
        CHECK(memcmp(out, moved, sizeof moved) == 0);
    }
    memset(sound, 0, sizeof sound);
}

static void test_one_bad_sample_is_forgotten(void) {
    static const double b[] = {0.5, 0.25}, a[] = {1, -0.9, 0.5};
    for (int kind = 0; kind < 3; ++kind) {
        pst_graph *graph = make_graph(1, 128, RIG_RATE);
        for (int i = 0; i < 300; ++i)
            sound[i] = i == 100 ? NAN : i == 150 ? INFINITY : 0.0f;
        sound[200] = 0.5f;
        pst_gnode *source = add_sound(graph, sound, 1, 300, RIG_RATE), *node = NULL;
        if (kind == 2)
            CHECK_EQ(add_iir(graph, &node, b, 2, a, 3, NULL), PST_OK);
        else
            node = add_biquad(graph, ALLPASS, 1000, 1, 0);
        pst_gnode *slow = add_constant(graph, 1.0);
        const pst_automation ramp = {
            .kind = PST_AUTOMATE_LINEAR, .value = 2000, .time_s = 300.0 / RIG_RATE};
        if (kind == 1)
            CHECK_EQ(pst_param_automate(pst_gnode_param(node, FREQUENCY), &ramp, NULL), PST_OK);
        wire(source, 0, node, 0);
        hear(graph, node);
        render(graph, out, 512);
        double energy = 0;
        for (int i = 0; i < 512; ++i) {
            CHECK_TEXT(isfinite(out[i]), "kind %d, frame %d: %g", kind, i, (double)out[i]);
            CHECK(i >= 200 || out[i] == 0.0f);
            energy += fabs((double)out[i]);
        }
        CHECK(energy > 0.4);
        pst_gnode_release(slow);
        pst_gnode_release(source);
        pst_gnode_release(node);
        pst_graph_release(graph);
    }
    memset(sound, 0, sizeof sound);
}

int main(void) {
    RUN(test_biquads_do_what_they_say);
    RUN(test_general_filters_do_what_they_say);
    RUN(test_no_frequencies_have_no_response);
    RUN(test_coefficients_that_make_no_filter_are_refused);
    RUN(test_tails_end_with_their_poles);
    RUN(test_a_tail_keeps_its_channels);
    RUN(test_channels_come_and_go);
    RUN(test_the_frequency_has_its_range);
    RUN(test_a_type_acts_at_once);
    RUN(test_params_that_do_not_count_do_not_disturb);
    RUN(test_one_bad_sample_is_forgotten);
    return check_done();
}
