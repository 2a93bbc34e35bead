// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <float.h>

#include "graph/params/timeline.h"
#include "graph_rig.h"

// The timelines of params, against their formulas; heard as the offset of a constant source.

enum { Q = 128, N = 24 * Q };
static const double rate = 16384.0; // Times of frames are exact.

static float out[N];

typedef struct fixture {
    pst_graph *graph;
    pst_gnode *node;
    pst_param *param;
} fixture;

static fixture begin(uint32_t quantum) {
    fixture f = {.graph = make_graph(1, quantum, rate)};
    f.node = add(f.graph, "constant_source");
    f.param = pst_gnode_param(f.node, 0);
    start(f.node, 0.0);
    hear(f.graph, f.node);
    return f;
}

static void end(fixture *f) {
    pst_gnode_release(f->node);
    pst_graph_release(f->graph);
}

static pst_status automate(fixture *f, pst_automation_kind kind, double value, double time_s) {
    const pst_automation a = {.kind = kind, .value = value, .time_s = time_s};
    return pst_param_automate(f->param, &a, NULL);
}

static void set(fixture *f, double value, double time_s) {
    CHECK_EQ(automate(f, PST_AUTOMATE_SET, value, time_s), PST_OK);
}

static void linear(fixture *f, double value, double time_s) {
    CHECK_EQ(automate(f, PST_AUTOMATE_LINEAR, value, time_s), PST_OK);
}

static void exponential(fixture *f, double value, double time_s) {
    CHECK_EQ(automate(f, PST_AUTOMATE_EXPONENTIAL, value, time_s), PST_OK);
}

static void target(fixture *f, double value, double time_s, double tau) {
    const pst_automation a = {
        .kind = PST_AUTOMATE_TARGET, .value = value, .time_s = time_s, .time_constant_s = tau};
    CHECK_EQ(pst_param_automate(f->param, &a, NULL), PST_OK);
}

static pst_status curve(fixture *f, const double *values, uint32_t n, double time_s,
                        double duration_s) {
    const pst_automation a = {.kind = PST_AUTOMATE_CURVE,
                              .time_s = time_s,
                              .duration_s = duration_s,
                              .values = values,
                              .n_values = n};
    return pst_param_automate(f->param, &a, NULL);
}

// All frames from..to-1 are a formula of their time t.
#define CHECK_FORMULA(from, to, formula)                                                           \
    do {                                                                                           \
        for (int frame = (from); frame < (to); ++frame) {                                          \
            const double t = frame / rate;                                                         \
            (void)t;                                                                               \
            if (!CHECK_TEXT(fabs((double)out[frame] - (formula)) <= 2e-7 * (1 + fabs(formula)),    \
                            "frame %d: got %.9g, wanted %.9g", frame, (double)out[frame],          \
                            (double)(formula)))                                                    \
                break;                                                                             \
        }                                                                                          \
    } while (0)

static double at(int frame) {
    return frame / rate;
}

static void test_values_act_from_their_time_on(void) {
    fixture f = begin(Q);
    set(&f, 0.25, at(100));
    set(&f, 0.5, at(200) + 0.4 / rate); // Between two frames: the later one.
    set(&f, -3, at(300));
    set(&f, 7, at(300)); // The later call wins.
    render(f.graph, out, N);
    CHECK_FORMULA(0, 100, 1.0);
    CHECK_FORMULA(100, 201, 0.25);
    CHECK_FORMULA(201, 300, 0.5);
    CHECK_FORMULA(300, N, 7.0);
    end(&f);
}

static void test_ramps(void) {
    fixture f = begin(Q);
    set(&f, 0.5, at(100));
    linear(&f, -1.5, at(333));
    exponential(&f, -0.01, at(1000) + 0.3 / rate);
    linear(&f, 2, at(1500));
    render(f.graph, out, N);
    const double t2 = at(1000) + 0.3 / rate;
    CHECK_FORMULA(0, 100, 1.0);
    CHECK_FORMULA(100, 333, 0.5 - 2 * (t - at(100)) / at(233));
    CHECK_FORMULA(333, 1001, -1.5 * pow(0.01 / 1.5, (t - at(333)) / (t2 - at(333))));
    CHECK_FORMULA(1001, 1500, -0.01 + 2.01 * (t - t2) / (at(1500) - t2));
    CHECK_FORMULA(1500, N, 2.0);
    end(&f);
}

static void test_a_ramp_with_nothing_before_starts_now(void) {
    fixture f = begin(Q);
    render(f.graph, out, 2 * Q);
    linear(&f, 3, at(4 * Q));
    render(f.graph, out + 2 * Q, N - 2 * Q);
    CHECK_FORMULA(0, 2 * Q, 1.0);
    CHECK_FORMULA(2 * Q, 4 * Q, 1 + 2 * (t - at(2 * Q)) / at(2 * Q));
    CHECK_FORMULA(4 * Q, N, 3.0);
    end(&f);
}

static void test_ramps_at_one_time(void) {
    fixture f = begin(Q);
    set(&f, 0.3, at(500));
    linear(&f, 0.8, at(500));
    linear(&f, 0.1, at(1000));
    render(f.graph, out, N);
    CHECK_FORMULA(0, 500, 1.0);
    CHECK_FORMULA(500, 1000, 0.8 - 0.7 * (t - at(500)) / at(500));
    CHECK_FORMULA(1000, N, 0.1);
    end(&f);
}

static void test_exponential_ramps_that_cannot_be_hold(void) {
    fixture f = begin(Q);
    set(&f, 0, 0);
    exponential(&f, 1, at(100));
    exponential(&f, -2, at(200)); // Signs differ.
    render(f.graph, out, N);
    CHECK_FORMULA(0, 100, 0.0);
    CHECK_FORMULA(100, 200, 1.0);
    CHECK_FORMULA(200, N, -2.0);
    end(&f);
}

static void test_targets(void) {
    fixture f = begin(Q);
    target(&f, 0.2, at(50), 0.01);
    target(&f, 2, at(700), 0.002);
    target(&f, -1, at(900), 0); // At once.
    render(f.graph, out, N);
    const double v = 0.2 + 0.8 * exp(-at(650) / 0.01);
    CHECK_FORMULA(0, 50, 1.0);
    CHECK_FORMULA(50, 700, 0.2 + 0.8 * exp(-(t - at(50)) / 0.01));
    CHECK_FORMULA(700, 900, 2 + (v - 2) * exp(-(t - at(700)) / 0.002));
    CHECK_FORMULA(900, N, -1.0);
    end(&f);
}

static void test_targets_arrive(void) {
    fixture f = begin(Q);
    set(&f, 1, 0);
    target(&f, 0, 0, 1e-6); // A thousandth of a frame: no overflow on the way.
    render(f.graph, out, Q);
    CHECK_SAME(out[0], 1);
    CHECK_FORMULA(1, Q, 0.0);
    CHECK_SAME(out[Q - 1], 0); // And no denormal.
    end(&f);
}

static void test_a_ramp_takes_the_place_of_a_target_to_come(void) {
    fixture f = begin(Q);
    set(&f, 1, 0);
    target(&f, 0.1, at(300), 0.02);
    exponential(&f, 0.5, at(1000));
    render(f.graph, out, N);
    CHECK_FORMULA(0, 300, 1.0);
    CHECK_FORMULA(300, 1000, pow(0.5, (t - at(300)) / at(700)));
    CHECK_FORMULA(1000, N, 0.5);
    end(&f);
}

static void test_a_ramp_goes_on_from_a_target_that_has_begun(void) {
    fixture f = begin(Q);
    target(&f, 0.1, 0, 0.02);
    render(f.graph, out, 4 * Q);
    linear(&f, 1, at(8 * Q));
    render(f.graph, out + 4 * Q, N - 4 * Q);
    const double v = 0.1 + 0.9 * exp(-at(4 * Q) / 0.02);
    CHECK_FORMULA(0, 4 * Q, 0.1 + 0.9 * exp(-t / 0.02));
    CHECK_FORMULA(4 * Q, 8 * Q, v + (1 - v) * (t - at(4 * Q)) / at(4 * Q));
    CHECK_FORMULA(8 * Q, N, 1.0);
    end(&f);
}

static const double shape[] = {0.5, 2.0, -1.0, 0.25};

static double shape_at(double place) {
    const int i = place >= 3 ? 2 : (int)place;
    return shape[i] + (shape[i + 1] - shape[i]) * (place - i);
}

static void test_curves(void) {
    fixture f = begin(Q);
    CHECK_EQ(curve(&f, shape, 4, at(100), at(900)), PST_OK);
    linear(&f, 1, at(1200)); // From the curve's end.
    render(f.graph, out, N);
    CHECK_FORMULA(0, 100, 1.0);
    CHECK_FORMULA(100, 1000, shape_at(3 * (t - at(100)) / at(900)));
    CHECK_FORMULA(1000, 1200, 0.25 + 0.75 * (t - at(1000)) / at(200));
    CHECK_FORMULA(1200, N, 1.0);
    end(&f);
}

static void test_curves_do_not_overlap(void) {
    fixture f = begin(Q);
    CHECK_EQ(curve(&f, shape, 4, at(100), at(400)), PST_OK);
    CHECK_EQ(automate(&f, PST_AUTOMATE_SET, 1, at(100)), PST_UNSUPPORTED);
    CHECK_EQ(automate(&f, PST_AUTOMATE_LINEAR, 1, at(499)), PST_UNSUPPORTED);
    CHECK_EQ(automate(&f, PST_AUTOMATE_SET, 1, at(500)), PST_OK);
    CHECK_EQ(automate(&f, PST_AUTOMATE_SET, 1, at(99)), PST_OK);
    CHECK_EQ(curve(&f, shape, 4, at(400), at(400)), PST_UNSUPPORTED);
    CHECK_EQ(curve(&f, shape, 4, at(50), at(50)), PST_UNSUPPORTED);
    CHECK_EQ(curve(&f, shape, 4, at(500), at(100)), PST_OK);
    CHECK_EQ(curve(&f, shape, 2, at(600), at(100)), PST_OK);
    end(&f);
}

static void test_cancel(void) {
    fixture f = begin(Q);
    set(&f, 0.5, at(100));
    linear(&f, 2, at(1000));
    set(&f, 9, at(1500));
    CHECK_EQ(automate(&f, PST_AUTOMATE_CANCEL, 0, at(1000)), PST_OK);
    CHECK_EQ(curve(&f, shape, 4, at(1200), at(100)), PST_OK);
    CHECK_EQ(automate(&f, PST_AUTOMATE_CANCEL, 0, at(1250)), PST_OK); // Inside of it: all of it.
    render(f.graph, out, N);
    CHECK_FORMULA(0, 100, 1.0);
    CHECK_FORMULA(100, N, 0.5);
    end(&f);
}

static void hold_at(fixture *f, double time_s) {
    CHECK_EQ(automate(f, PST_AUTOMATE_HOLD, 0, time_s), PST_OK);
}

static void test_hold(void) {
    fixture f = begin(Q);
    set(&f, 0, at(100));
    linear(&f, 1, at(1100));
    set(&f, 9, at(1200));
    hold_at(&f, at(600));
    target(&f, 1, at(700), 0.01);
    hold_at(&f, at(800));
    render(f.graph, out, N);
    const double v = 1 - 0.5 * exp(-at(100) / 0.01);
    CHECK_FORMULA(100, 600, (t - at(100)) / at(1000));
    CHECK_FORMULA(600, 700, 0.5);
    CHECK_FORMULA(700, 800, 1 - 0.5 * exp(-(t - at(700)) / 0.01));
    CHECK_FORMULA(800, N, v);
    end(&f);
}

static void test_hold_cuts_curves(void) {
    fixture f = begin(Q);
    CHECK_EQ(curve(&f, shape, 4, at(100), at(900)), PST_OK);
    hold_at(&f, at(550));
    exponential(&f, 4, at(1550)); // Nothing is in the way any more.
    render(f.graph, out, N);
    const double v = shape_at(1.5);
    CHECK_FORMULA(100, 550, shape_at(3 * (t - at(100)) / at(900)));
    CHECK_FORMULA(550, 1550, v * pow(4 / v, (t - at(550)) / at(1000)));
    CHECK_FORMULA(1550, N, 4.0);
    end(&f);
}

static void test_hold_cuts_a_curve_before_a_ramp(void) {
    fixture f = begin(Q);
    CHECK_EQ(curve(&f, shape, 4, at(100), at(900)), PST_OK);
    linear(&f, 9, at(1100));
    hold_at(&f, at(550));
    render(f.graph, out, N);
    CHECK_FORMULA(100, 550, shape_at(3 * (t - at(100)) / at(900)));
    CHECK_FORMULA(550, N, shape_at(1.5));
    end(&f);
}

static void test_the_past_is_now(void) {
    fixture f = begin(Q);
    render(f.graph, out, 2 * Q);
    set(&f, 5, at(10));
    render(f.graph, out + 2 * Q, N - 2 * Q);
    CHECK_FORMULA(0, 2 * Q, 1.0);
    CHECK_FORMULA(2 * Q, N, 5.0);
    end(&f);
}

static void test_values_are_read_back(void) {
    fixture f = begin(Q);
    CHECK_SAME(pst_param_value(f.param), 1);
    CHECK_EQ(pst_param_set_value(f.param, 0.3, NULL), PST_OK);
    CHECK(pst_param_value(f.param) == 0.3);
    linear(&f, 1.3, at(10 * Q));
    render(f.graph, out, 4 * Q);
    CHECK_NEAR(pst_param_value(f.param), 0.3 + 0.3, 1e-12); // At the begin of the fourth.
    end(&f);
}

static void test_the_first_frame_is_found_exactly(void) {
    static const double rates[] = {44100, 48000, 3000, 11025.5, 96000};
    uint64_t random = 5;
    for (int i = 0; i < 200000; ++i) {
        const double hz = rates[i % 5];
        // Near whole frames, where products are rounded.
        const double frame = check_random_in(&random, 1, 100000000);
        double time_s = frame / hz;
        if (i % 3 == 1)
            time_s = nextafter(time_s, 1e9);
        if (i % 3 == 2)
            time_s = nextafter(time_s, 0);
        const double found = (double)pst_first_frame(time_s, hz);
        if (!CHECK(found / hz >= time_s && (found - 1) / hz < time_s))
            break;
    }
    CHECK_EQ(pst_first_frame(0, 48000), 0);
}

static void test_a_long_life_forgets(void) {
    // Whatever was called in between, what comes is as if all had been called at the begin.
    float *whole = malloc(sizeof out);
    for (int goes_along = 0; goes_along < 2; ++goes_along) {
        fixture f = begin(Q);
        target(&f, 0.5, 0, 0.05);
        for (int i = 1; i < 20; ++i) {
            if (goes_along)
                render(f.graph, out + (i - 1) * Q, Q);
            if (i % 3 == 0)
                set(&f, 0.1 * i, at(i * Q + 100));
            else
                target(&f, 0.1 * i, at(i * Q + 50), 0.01);
        }
        const int done = goes_along ? 19 * Q : 0;
        render(f.graph, out + done, N - done);
        if (!goes_along)
            memcpy(whole, out, sizeof out);
        end(&f);
    }
    CHECK(memcmp(whole, out, sizeof out) == 0);
    free(whole);
}

static void test_bad_numbers_are_refused(void) {
    fixture f = begin(Q);
    CHECK_EQ(automate(&f, PST_AUTOMATE_SET, 1, -1), PST_BAD_ARGUMENT);
    CHECK_EQ(automate(&f, PST_AUTOMATE_SET, 1, (double)NAN), PST_BAD_ARGUMENT);
    CHECK_EQ(automate(&f, PST_AUTOMATE_LINEAR, (double)INFINITY, 1), PST_BAD_ARGUMENT);
    CHECK_EQ(automate(&f, PST_AUTOMATE_EXPONENTIAL, 0, 1), PST_BAD_ARGUMENT);
    CHECK_EQ(automate(&f, PST_AUTOMATE_HOLD, 0, -0.5), PST_BAD_ARGUMENT);
    CHECK_EQ(automate(&f, (pst_automation_kind)77, 0, 0), PST_BAD_ARGUMENT);
    CHECK_EQ(curve(&f, shape, 1, 0, 1), PST_BAD_ARGUMENT);
    CHECK_EQ(curve(&f, shape, 4, 0, 0), PST_BAD_ARGUMENT);
    const double bad[] = {0, (double)NAN};
    CHECK_EQ(curve(&f, bad, 2, 0, 1), PST_BAD_ARGUMENT);
    const pst_automation a = {.kind = PST_AUTOMATE_TARGET, .time_constant_s = -1};
    CHECK_EQ(pst_param_automate(f.param, &a, NULL), PST_BAD_ARGUMENT);
    CHECK_SAME(pst_param_value(f.param), 1);
    end(&f);
}

// ---- Rates and inputs ---------------------------------------------------------------------------

static void many_events(fixture *f) {
    set(f, 0.5, 0);
    for (int i = 0; i < 12; ++i) {
        const double t = at(200 * i) + 0.37 / rate;
        linear(f, 0.1 * i + 0.3, t + at(50));
        exponential(f, 0.05 * i + 0.1, t + at(91));
        target(f, 1.0 / (i + 1), t + at(100), 0.003);
        set(f, 0.2, t + at(170));
    }
    CHECK_EQ(curve(f, shape, 4, at(2500), at(300)), PST_OK);
}

static void test_quanta_make_no_difference(void) {
    static float whole[N];
    static const uint32_t quanta[] = {1, 7, 64, 1000, 4096};
    fixture f = begin(Q);
    many_events(&f);
    render(f.graph, whole, N);
    end(&f);
    for (int i = 0; i < 5; ++i) {
        f = begin(quanta[i]);
        many_events(&f);
        for (int done = 0; done < N; done += 333)
            render(f.graph, out + done, N - done < 333 ? N - done : 333);
        CHECK(memcmp(out, whole, sizeof out) == 0);
        end(&f);
    }
}

static void test_k_rate(void) {
    fixture f = begin(Q);
    CHECK_EQ(pst_param_set_rate(f.param, PST_RATE_K, NULL), PST_OK);
    CHECK_EQ(pst_param_get_rate(f.param), PST_RATE_K);
    set(&f, 0, 0);
    linear(&f, 1, at(8 * Q));
    float ramp[4 * Q];
    for (int i = 0; i < 4 * Q; ++i)
        ramp[i] = (float)i;
    pst_gnode *source = add_sound(f.graph, ramp, 1, 4 * Q, rate);
    wire_param(source, f.node, 0);
    render(f.graph, out, N);
    for (int i = 0; i < 4 * Q; ++i)
        CHECK_NEAR(out[i], i / Q * (Q + 0.125), 1e-5); // Both as they were at the begin.
    CHECK_NEAR(out[6 * Q + 5], 0.75, 1e-6);
    pst_gnode_release(source);
    pst_gnode *other = add(f.graph, "buffer_source");
    CHECK_EQ(pst_param_set_rate(pst_gnode_param(other, 0), PST_RATE_K, NULL), PST_OK);
    CHECK_EQ(pst_param_set_rate(pst_gnode_param(other, 0), PST_RATE_A, NULL), PST_UNSUPPORTED);
    pst_gnode_release(other);
    end(&f);
}

static void test_inputs_are_added_mono(void) {
    fixture f = begin(Q);
    set(&f, 10, 0);
    float stereo[2][2 * Q];
    fill_noise(stereo[0], (size_t)4 * Q, 3);
    pst_gnode *source = add_sound(f.graph, stereo[0], 2, (int64_t)2 * Q, rate);
    pst_gnode *constant = add_constant(f.graph, 1.0);
    wire_param(source, f.node, 0);
    wire_param(constant, f.node, 0);
    render(f.graph, out, 4 * Q);
    for (int i = 0; i < 2 * Q; ++i)
        CHECK_NEAR(out[i], 11 + (stereo[0][i] + stereo[1][i]) / 2, 1e-5);
    CHECK_SAME(out[3 * Q], 11);
    CHECK_SAME(pst_param_value(f.param), 10); // The timeline alone.
    CHECK_EQ(pst_gnode_disconnect_param(constant, -1, f.param, NULL), PST_OK);
    render(f.graph, out, Q);
    CHECK_SAME(out[0], 10);
    pst_gnode_release(source);
    pst_gnode_release(constant);
    end(&f);
}

static void test_nan_becomes_the_default(void) {
    fixture f = begin(Q);
    set(&f, 3, 0);
    float odd[4] = {NAN, INFINITY, -INFINITY, 1};
    pst_gnode *source = add_sound(f.graph, odd, 1, 4, rate);
    wire_param(source, f.node, 0);
    render(f.graph, out, Q);
    CHECK_SAME(out[0], 1);
    CHECK(out[1] == FLT_MAX);
    CHECK(out[2] == -FLT_MAX);
    CHECK_SAME(out[3], 4);
    CHECK_SAME(out[4], 3);
    pst_gnode_release(source);
    end(&f);
    f = begin(Q);
    CHECK_EQ(pst_param_set_rate(f.param, PST_RATE_K, NULL), PST_OK);
    set(&f, 3, 0);
    source = add_sound(f.graph, odd, 1, 4, rate);
    wire_param(source, f.node, 0);
    render(f.graph, out, 2 * Q);
    CHECK_SAME(out[0], 1);
    CHECK_SAME(out[Q - 1], 1);
    CHECK_SAME(out[Q], 3);
    pst_gnode_release(source);
    end(&f);
}

static void test_limits_come_after_the_sum(void) {
    // A delay time is limited to its maximum, however its timeline goes.
    pst_graph *graph = make_graph(1, Q, rate);
    pst_gnode *delay = add_with(graph, "delay", "max_delay_time", at(100));
    double min, max;
    pst_param_limits(pst_gnode_param(delay, 0), &min, &max);
    CHECK_SAME(min, 0);
    CHECK(max == at(100));
    const float one = 1;
    pst_gnode *source = add_sound(graph, &one, 1, 1, rate);
    pst_gnode *minus = add_constant(graph, -1.0);
    set_param(delay, 0, 1.0 + at(40)); // Beyond it, but for the sum.
    wire(source, 0, delay, 0);
    wire_param(minus, delay, 0);
    hear(graph, delay);
    render(graph, out, 2 * Q);
    CHECK_NEAR(out[40], 1, 1e-2);
    CHECK_SAME(out[100], 0);
    pst_gnode_release(source);
    pst_gnode_release(minus);
    pst_gnode_release(delay);
    pst_graph_release(graph);
}

int main(void) {
    RUN(test_values_act_from_their_time_on);
    RUN(test_ramps);
    RUN(test_a_ramp_with_nothing_before_starts_now);
    RUN(test_ramps_at_one_time);
    RUN(test_exponential_ramps_that_cannot_be_hold);
    RUN(test_targets);
    RUN(test_targets_arrive);
    RUN(test_a_ramp_takes_the_place_of_a_target_to_come);
    RUN(test_a_ramp_goes_on_from_a_target_that_has_begun);
    RUN(test_curves);
    RUN(test_curves_do_not_overlap);
    RUN(test_cancel);
    RUN(test_hold);
    RUN(test_hold_cuts_curves);
    RUN(test_hold_cuts_a_curve_before_a_ramp);
    RUN(test_the_past_is_now);
    RUN(test_values_are_read_back);
    RUN(test_the_first_frame_is_found_exactly);
    RUN(test_a_long_life_forgets);
    RUN(test_bad_numbers_are_refused);
    RUN(test_quanta_make_no_difference);
    RUN(test_k_rate);
    RUN(test_inputs_are_added_mono);
    RUN(test_nan_becomes_the_default);
    RUN(test_limits_come_after_the_sum);
    return check_done();
}
