// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "kernel_rig.h"
#include "rt_guard.h"

// The kernels of panners: what they compute, and that all levels compute the same bits.

enum { MOST = 300 };

// What goes in: positions of source and listener, the source's orientation, forward and up, sound.
static float vectors[15][MOST], sound[2][MOST], places[MOST];

static const float *const source[] = {vectors[0], vectors[1], vectors[2]};
static const float *const orientation[] = {vectors[3], vectors[4], vectors[5]};
static const float *const listener[] = {vectors[6], vectors[7], vectors[8]};
static const float *const forward[] = {vectors[9], vectors[10], vectors[11]};
static const float *const up[] = {vectors[12], vectors[13], vectors[14]};

static const pst_fall falls[] = {{1, 4, 0.5}, {2, 3, 3}, {0, 10, 1}, {5, 5, 2}, {1e300, 1, 1e300}};
static const pst_cone cones[] = {{0.3, 2.0, 0.25}, {1.0, 1.0, 0.5}, {2.0, 1.0, 0.0}};

enum { N_FALLS = 5, N_CONES = 3 };

static void fill_all(double size) {
    for (int i = 0; i < MOST; ++i) {
        for (int k = 0; k < 15; ++k)
            vectors[k][i] = (float)(size * rig_uniform());
        // Nothing in some places, and the same in others.
        if (i % 7 == 0)
            vectors[3 + i % 3][i] = vectors[12 + i % 3][i] = 0.0f;
        if (i % 11 == 0)
            for (int k = 0; k < 3; ++k) {
                vectors[6 + k][i] = vectors[k][i];
                vectors[12 + k][i] = vectors[9 + k][i];
            }
        sound[0][i] = (float)rig_uniform();
        sound[1][i] = (float)rig_uniform();
        places[i] = (float)rig_uniform();
    }
    places[0] = -1.0f;
    places[1] = 1.0f;
    places[2] = 0.0f;
}

// What all kernels make of the same, one after the other.
typedef struct results {
    float panned[2][MOST], shared[2][MOST], mono[2][MOST], stereo[2][MOST];
    double axes[6][MOST], right[MOST], ahead[MOST], distance[MOST];
    double still[3][MOST];
    double gains[3][N_FALLS][MOST], shaded[N_CONES][MOST];
    double still_shaded[N_CONES][MOST];
} results;

static void compute(const pst_space_kernels *k, size_t n, results *r) {
    memset(r, 0, sizeof *r);
    double *const axes[] = {r->axes[0], r->axes[1], r->axes[2], r->axes[3], r->axes[4], r->axes[5]};
    const double *const found[] = {axes[0], axes[1], axes[2], axes[3], axes[4], axes[5]};
    const pst_bearings bearings = {r->right, r->ahead, r->distance};
    const pst_bearings still = {r->still[0], r->still[1], r->still[2]};
    k->pan_mono(r->panned[0], r->panned[1], sound[0], places, n);
    k->pan_stereo(r->shared[0], r->shared[1], sound[0], sound[1], places, n);
    k->face(axes, forward, up, n);
    k->locate(&bearings, source, listener, found, true, n);
    k->locate(&still, source, listener, found, false, n);
    for (int model = 0; model < 3; ++model)
        for (int f = 0; f < N_FALLS; ++f) {
            memcpy(r->gains[model][f], r->distance, n * sizeof(double));
            k->fall[model](&falls[f], r->gains[model][f], n);
        }
    for (int c = 0; c < N_CONES; ++c) {
        for (size_t i = 0; i < n; ++i)
            r->shaded[c][i] = 1.0;
        k->shade(&cones[c], r->shaded[c], source, orientation, listener, true, r->distance, n);
        for (size_t i = 0; i < n; ++i)
            r->still_shaded[c][i] = 1.0;
        k->shade(&cones[c], r->still_shaded[c], source, orientation, listener, false, r->still[2],
                 n);
    }
    k->place_mono(r->mono[0], r->mono[1], sound[0], &bearings, r->gains[1][0], n);
    k->place_stereo(r->stereo[0], r->stereo[1], sound[0], sound[1], &bearings, r->gains[1][0], n);
}

#define CHECK_NEAR(got, wanted, most)                                                              \
    CHECK_TEXT(fabs((double)(got) - (double)(wanted)) < (most), "%d: %s: got %.9g, wanted %.9g",   \
               i, #got, (double)(got), (double)(wanted))

static double length_of(const double *v) {
    return sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
}

static void test_sides_have_equal_power(void) {
    static results r;
    compute(rig_scalar()->space, MOST, &r);
    for (int i = 0; i < MOST; ++i) {
        const double angle = ((double)places[i] + 1.0) * 0.7853981633974483;
        CHECK_NEAR(r.panned[0][i], sound[0][i] * cos(angle), 1e-7);
        CHECK_NEAR(r.panned[1][i], sound[0][i] * sin(angle), 1e-7);
    }
    CHECK(r.panned[0][1] == 0.0f);
    CHECK(r.panned[1][0] == 0.0f);
    CHECK(r.panned[0][0] == sound[0][0]);
    CHECK(r.panned[1][1] == sound[0][1]);
    CHECK(r.shared[0][2] == sound[0][2]);
    CHECK(r.shared[1][2] == sound[1][2]);
}

static void test_directions_are_found(void) {
    static results r;
    compute(rig_scalar()->space, MOST, &r);
    for (int i = 0; i < MOST; ++i) {
        const double right[] = {r.axes[0][i], r.axes[1][i], r.axes[2][i]};
        const double ahead[] = {r.axes[3][i], r.axes[4][i], r.axes[5][i]};
        const double way[] = {(double)source[0][i] - (double)listener[0][i],
                              (double)source[1][i] - (double)listener[1][i],
                              (double)source[2][i] - (double)listener[2][i]};
        CHECK_NEAR(r.distance[i], length_of(way), 1e-12);
        if (length_of(right) == 0.0) {
            CHECK(i % 11 == 0);
            CHECK(length_of(ahead) == 0.0);
            CHECK(r.right[i] == 0.0 && r.ahead[i] == 0.0);
            continue;
        }
        CHECK_NEAR(length_of(right), 1.0, 1e-12);
        CHECK_NEAR(length_of(ahead), 1.0, 1e-12);
        CHECK_NEAR(right[0] * ahead[0] + right[1] * ahead[1] + right[2] * ahead[2], 0.0, 1e-12);
        CHECK_NEAR(r.right[i], way[0] * right[0] + way[1] * right[1] + way[2] * right[2], 1e-12);
        // Of what is heard, the distance takes something; the rest is shared out.
        const double gain = r.gains[1][0][i] * (double)sound[0][i];
        const double power = (double)r.mono[0][i] * (double)r.mono[0][i] +
                             (double)r.mono[1][i] * (double)r.mono[1][i];
        CHECK_NEAR(power, gain * gain, 1e-6);
        CHECK(length_of(way) == 0.0 ||
              (fabs((double)r.mono[1][i]) > fabs((double)r.mono[0][i])) == (r.right[i] > 0.0));
    }
}

static void test_distances_make_quieter(void) {
    static results r;
    compute(rig_scalar()->space, MOST, &r);
    for (int i = 0; i < MOST; ++i) {
        const double d = r.distance[i];
        CHECK_NEAR(r.gains[0][0][i], 1.0 - 0.5 * (fmin(fmax(d, 1.0), 4.0) - 1.0) / 3.0, 1e-12);
        CHECK_NEAR(r.gains[0][3][i], 0.0, 1e-12);
        CHECK_NEAR(r.gains[1][1][i], 2.0 / (2.0 + 3.0 * (fmax(d, 2.0) - 2.0)), 1e-12);
        CHECK_NEAR(r.gains[2][1][i], pow(fmax(d, 2.0) / 2.0, -3.0), 1e-12);
        CHECK(r.gains[1][2][i] == 0.0);
        CHECK(r.gains[2][2][i] == 0.0);
        CHECK_NEAR(r.gains[1][4][i], 1.0, 1e-12);
        CHECK_NEAR(r.gains[2][4][i], 1.0, 1e-12);
    }
}

static void test_cones_are_shaded(void) {
    static results r;
    compute(rig_scalar()->space, MOST, &r);
    for (int i = 0; i < MOST; ++i) {
        const double to[] = {(double)orientation[0][i], (double)orientation[1][i],
                             (double)orientation[2][i]};
        double product = 0.0;
        for (int k = 0; k < 3; ++k)
            product += to[k] * ((double)listener[k][i] - (double)source[k][i]);
        const double size = length_of(to) * r.distance[i];
        const double angle = acos(size > 0.0 ? product / size : 0.0);
        const double share = (angle - 0.3) / 1.7;
        const double wanted = angle <= 0.3 ? 1.0 : angle >= 2.0 ? 0.25 : 1.0 - 0.75 * share;
        CHECK_NEAR(r.shaded[0][i], wanted, 1e-7);
        CHECK(r.shaded[1][i] == (angle <= 1.0 ? 1.0 : 0.5));
        CHECK(r.shaded[2][i] == (angle <= 2.0 ? 1.0 : 0.0));
    }
}

static void test_all_levels_compute_the_same_bits(void) {
    static results wanted, got;
    static const size_t sizes[] = {0, 1, 3, 31, 32, 33, 128, MOST};
    static const double sizes_of_space[] = {1.0, 1e-40, 3e38};
    for (int f = 0; f < 3; ++f) {
        fill_all(sizes_of_space[f]);
        for (int level = 0; level < rig_n_levels(); ++level) {
            const rig_level tried = rig_get(level);
            for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; ++s) {
                compute(rig_scalar()->space, sizes[s], &wanted);
                compute(tried.table->space, sizes[s], &got);
                CHECK_TEXT(memcmp(&wanted, &got, sizeof got) == 0, "%s differs for %zu", tried.name,
                           sizes[s]);
            }
        }
        for (int c = 0; c < 2; ++c)
            for (int i = 0; i < MOST; ++i)
                CHECK(isfinite(wanted.mono[c][i]) && isfinite(wanted.stereo[c][i]));
    }
}

static void test_nothing_is_allocated(void) {
    static results r;
    rt_guard_enter();
    compute(pst_kernels_now()->space, MOST, &r);
    CHECK_EQ(rt_guard_leave(), 0);
}

int main(void) {
    fill_all(5.0);
    RUN(test_sides_have_equal_power);
    RUN(test_directions_are_found);
    RUN(test_distances_make_quieter);
    RUN(test_cones_are_shaded);
    RUN(test_all_levels_compute_the_same_bits);
    RUN(test_nothing_is_allocated);
    return check_done();
}
