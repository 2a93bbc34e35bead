// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph/hrtf/hrtf.h"
#include "head_rig.h"
#include "rt_guard.h"

// Sound on its way to the ears.

enum { LENGTH = 4096 };

static float sound[LENGTH], heard[2][LENGTH], again[2][LENGTH];

static pst_hrtf *make_hrtf(uint32_t quantum) {
    pst_ears *ears = make_ears(RATE);
    pst_hrtf *hrtf = NULL;
    CHECK_EQ(pst_hrtf_create(&hrtf, ears, quantum, NULL), PST_OK);
    pst_shared_release(&ears->shared);
    return hrtf;
}

static void run(pst_hrtf *hrtf, const pst_aim *aim, float (*to)[LENGTH], uint32_t at, uint32_t n) {
    const float *const from[] = {sound + at, sound + at};
    float *const out[] = {to[0] + at, to[1] + at};
    pst_hrtf_run(hrtf, aim, from, out, n);
}

static void test_blocks_make_no_difference(void) {
    const pst_aim aim = {1.0, 0.3, 0.7};
    fill_noise(sound, LENGTH, 5);
    pst_hrtf *hrtf = make_hrtf(128);
    run(hrtf, &aim, heard, 0, LENGTH);
    pst_shared_release((pst_shared *)hrtf);
    static const uint32_t sizes[] = {1, 100, 128, 1000};
    for (int s = 0; s < 4; ++s) {
        hrtf = make_hrtf(sizes[s]);
        for (uint32_t at = 0; at < LENGTH; at += sizes[s])
            run(hrtf, &aim, again, at, at + sizes[s] < LENGTH ? sizes[s] : LENGTH - at);
        for (int e = 0; e < 2; ++e)
            CHECK(most_different(heard[e], again[e], LENGTH) < 1e-6);
        pst_shared_release((pst_shared *)hrtf);
    }
}

static void test_sound_comes_late_and_quiet_at_the_far_ear(void) {
    memset(sound, 0, sizeof sound);
    sound[0] = 1.0f;
    const pst_aim right = {turn / 4, 0.0, 1.0};
    pst_hrtf *hrtf = make_hrtf(128);
    run(hrtf, &right, heard, 0, LENGTH);
    int first[2], last[2] = {0, 0};
    for (int e = 0; e < 2; ++e) {
        first[e] = -1;
        for (int i = 0; i < LENGTH; ++i) {
            first[e] = first[e] < 0 && fabs((double)heard[e][i]) > 0.2 ? i : first[e];
            last[e] = heard[e][i] != 0.0f ? i : last[e];
        }
    }
    CHECK_EQ(first[0] - first[1], 24);
    CHECK(fabs((double)heard[0][first[0]]) < 0.5 * fabs((double)heard[1][first[1]]));
    CHECK((uint32_t)last[0] <= pst_hrtf_tail(hrtf));
    pst_shared_release((pst_shared *)hrtf);
}

// A sine through a source that moves: no step is larger than those of sines as loud.
static void test_moving_does_not_click(void) {
    for (int i = 0; i < LENGTH; ++i)
        sound[i] = (float)sin(i * turn * 200.0 / RATE);
    for (int kind = 0; kind < 2; ++kind) {
        pst_hrtf *hrtf = make_hrtf(128);
        for (uint32_t at = 0; at < LENGTH; at += 128) {
            // Slowly round, or from one side to the other at once.
            const double side = at / 1024 % 2 == 0 ? 1.5 : -1.5;
            const pst_aim aim = {kind == 0 ? at * 0.001 : side, kind == 0 ? 0.2 : 0.0, 1.0};
            run(hrtf, &aim, heard, at, 128);
        }
        double most = 0.0;
        for (int e = 0; e < 2; ++e)
            for (int i = 400; i < LENGTH - 1; ++i)
                most = fmax(most, fabs((double)heard[e][i + 1] - 2.0 * (double)heard[e][i] +
                                       (double)heard[e][i - 1]));
        // The bend of the sine itself is 0.0008 times its size, which is up to 1.3 here.
        CHECK_TEXT(most < 0.02, "a bend of %g", most);
        CHECK(most > 0.0005);
        pst_shared_release((pst_shared *)hrtf);
    }
}

static void test_no_number_is_kept(void) {
    fill_noise(sound, LENGTH, 6);
    pst_hrtf *hrtf = make_hrtf(128);
    sound[100] = NAN;
    sound[130] = INFINITY;
    const pst_aim aim = {0.5, 0.0, 1.0}, other = {-0.5, 0.0, 1.0};
    for (uint32_t at = 0; at < LENGTH; at += 128)
        run(hrtf, at < 256 ? &aim : &other, heard, at, 128);
    CHECK(isnan(heard[0][200]));
    for (int e = 0; e < 2; ++e)
        for (uint32_t i = 131 + pst_hrtf_tail(hrtf); i < LENGTH; ++i)
            CHECK(isfinite(heard[e][i]));
    pst_shared_release((pst_shared *)hrtf);
}

static void test_one_follows_another(void) {
    fill_noise(sound, LENGTH, 7);
    const pst_aim aim = {0.5, 0.0, 1.0};
    pst_ears *ears = make_ears(RATE);
    pst_hrtf *a = NULL, *b = NULL;
    CHECK_EQ(pst_hrtf_create(&a, ears, 128, NULL), PST_OK);
    CHECK_EQ(pst_hrtf_create(&b, ears, 128, NULL), PST_OK);
    run(a, &aim, heard, 0, 1000);
    pst_hrtf_follow(b, a);
    run(a, &aim, heard, 1000, 1000);
    run(b, &aim, again, 1000, 1000);
    for (int e = 0; e < 2; ++e)
        CHECK(memcmp(heard[e] + 1000, again[e] + 1000, 1000 * sizeof(float)) == 0);
    pst_shared_release((pst_shared *)a);
    pst_shared_release((pst_shared *)b);
    pst_shared_release(&ears->shared);
}

static void test_nothing_is_allocated(void) {
    if (!rt_guard_works()) {
        check_skip("sanitizers interpose the same functions");
        return;
    }
    pst_hrtf *hrtf = make_hrtf(128);
    rt_guard_enter();
    for (uint32_t at = 0; at < LENGTH; at += 256) {
        const pst_aim aim = {at * 0.01, 1.6, 1.0}; // Above straight above, by rounding.
        run(hrtf, &aim, heard, at, 256);
    }
    CHECK_EQ(rt_guard_leave(), 0);
    pst_shared_release((pst_shared *)hrtf);
}

int main(void) {
    compute_head();
    RUN(test_blocks_make_no_difference);
    RUN(test_sound_comes_late_and_quiet_at_the_far_ear);
    RUN(test_moving_does_not_click);
    RUN(test_no_number_is_kept);
    RUN(test_one_follows_another);
    RUN(test_nothing_is_allocated);
    return check_done();
}
