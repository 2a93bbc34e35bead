// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "stream/rate.h"

#include <math.h>

#include "base/alloc.h"
#include "check.h"
#include "rt_guard.h"

static const double pi = 3.14159265358979323846;
static const double tone_hz = 997.0;

enum { MOST_FRAMES = 400000 };

// What stands for the stream: it keeps what it captures, and plays a tone.
typedef struct inner {
    double rate_hz;
    int64_t n_frames;
    int64_t total_frames; // Complete after these; -1 never.
    int64_t last_counter;
    int64_t jump; // Of the counter, beyond the frames that came.
    double age_s, delay_s;
    float *heard;
    uint32_t n_paced;
    bool is_steady; // It hears and plays a constant.
    int64_t last_unsteady;
} inner;

static pst_verdict process_steady(inner *in, const pst_block *block) PST_RT {
    for (uint32_t i = 0; i < block->n_frames; ++i) {
        if (fabsf(((const float *)block->input)[i] - 0.5F) > 0.01F)
            in->last_unsteady = in->n_frames + i;
        ((float *)block->output)[i] = 0.5F;
    }
    in->n_frames += block->n_frames;
    return PST_CONTINUE;
}

static pst_verdict process_inner(void *user, const pst_block *block) PST_RT {
    inner *in = user;
    if (in->n_frames > 0)
        in->jump += block->device_frame - in->last_counter;
    in->last_counter = block->device_frame + block->n_frames;
    in->age_s = block->input_age_s;
    in->delay_s = block->output_delay_s;
    if (in->is_steady)
        return process_steady(in, block);
    for (uint32_t i = 0; i < block->n_frames; ++i) {
        const int64_t n = in->n_frames + i;
        if (block->input != NULL && n < MOST_FRAMES)
            in->heard[n] = ((const float *)block->input)[i];
        const bool sounds = in->total_frames < 0 || n < in->total_frames;
        if (block->output != NULL)
            ((float *)block->output)[i] =
                sounds ? (float)sin(2.0 * pi * tone_hz * (double)n / in->rate_hz) : 0.0F;
    }
    in->n_frames += block->n_frames;
    return in->total_frames >= 0 && in->n_frames >= in->total_frames ? PST_COMPLETE : PST_CONTINUE;
}

static bool pace_inner(void *user, uint32_t n_frames, int64_t timeout_ns) {
    (void)timeout_ns;
    ((inner *)user)->n_paced = n_frames;
    return true;
}

typedef struct rig {
    inner inner;
    pst_open_request request;
    pst_rate *rate;
    int64_t n_device; // Frames of the device so far.
    int64_t counter;  // What the device counts.
    float *played;
} rig;

static void set_up(rig *r, bool has_input, bool has_output, double stream_hz, double device_hz,
                   uint32_t block_frames, pst_resample_quality quality) {
    *r = (rig){.inner = {.rate_hz = stream_hz, .total_frames = -1}};
    r->inner.heard = pst_alloc_array(MOST_FRAMES, sizeof(float));
    r->played = pst_alloc_array(MOST_FRAMES, sizeof(float));
    r->request = (pst_open_request){
        .input = {.device = has_input ? 0 : PST_NO_INDEX, .n_channels = 1},
        .output = {.device = has_output ? 0 : PST_NO_INDEX, .n_channels = 1},
        .samplerate_hz = stream_hz,
        .block_frames = block_frames,
        .process = process_inner,
        .pace = pace_inner,
        .user = &r->inner,
    };
    pst_error err;
    REQUIRE(pst_rate_create(&r->rate, &r->request, device_hz, quality, &err) == PST_OK);
}

static void tear_down(rig *r) {
    pst_rate_destroy(r->rate);
    pst_free(r->inner.heard);
    pst_free(r->played);
}

// One block of the device, with the tone on its input.
static pst_verdict call(rig *r, uint32_t n_frames) {
    static float input[20000], output[20000];
    for (uint32_t i = 0; i < n_frames; ++i) {
        const double t = (double)(r->n_device + i) / r->request.samplerate_hz;
        input[i] = (float)sin(2.0 * pi * tone_hz * t);
        output[i] = 7.0F;
    }
    const bool has_input = r->request.input.device != PST_NO_INDEX;
    const bool has_output = r->request.output.device != PST_NO_INDEX;
    const pst_block block = {
        .input = has_input ? input : NULL,
        .output = has_output ? output : NULL,
        .n_frames = n_frames,
        .device_frame = r->counter,
        .input_age_s = 0.001,
        .output_delay_s = 0.002,
    };
    const bool paced = r->request.pace(r->request.user, n_frames, 0);
    CHECK(paced);
    const int64_t before = r->inner.n_frames;
    const pst_verdict verdict = r->request.process(r->request.user, &block);
    if (r->inner.n_frames > before) // It was told beforehand, to the frame.
        CHECK_EQ(r->inner.n_frames - before, (int64_t)r->inner.n_paced);
    for (uint32_t i = 0; has_output && i < n_frames && r->n_device + i < MOST_FRAMES; ++i)
        r->played[r->n_device + i] = output[i];
    r->n_device += n_frames;
    r->counter += n_frames;
    return verdict;
}

// The largest distance of x[first..end) from a tone that begins at frame 0 plus shift.
static double distance(const float *x, int64_t first, int64_t end, double shift, double rate_hz) {
    double worst = 0.0;
    for (int64_t n = first; n < end; ++n) {
        const double wanted = sin(2.0 * pi * tone_hz * ((double)n - shift) / rate_hz);
        worst = fmax(worst, fabs((double)x[n] - wanted));
    }
    return worst;
}

static const uint32_t block_sizes[] = {1, 64, 441, 0, 1000, 7, 16384, 333};
enum { N_SIZES = sizeof block_sizes / sizeof *block_sizes };

static const double rate_pairs[][2] = {
    {44100, 48000}, {48000, 44100}, {16000, 48000}, {96000, 44100}, {44100.5, 48000}};
enum { N_PAIRS = sizeof rate_pairs / sizeof *rate_pairs };

static void test_input_keeps_its_place_and_shape(void) {
    for (int pair = 0; pair < N_PAIRS; ++pair) {
        rig r;
        const double stream_hz = rate_pairs[pair][0], device_hz = rate_pairs[pair][1];
        set_up(&r, true, false, stream_hz, device_hz, 0, PST_RESAMPLE_MEDIUM);
        for (int i = 0; i < 40; ++i)
            CHECK_EQ(call(&r, block_sizes[i % N_SIZES]), PST_CONTINUE);
        // Never ahead, and behind by no more than the resampler looks ahead.
        const double due = (double)r.n_device * stream_hz / device_hz;
        CHECK((double)r.inner.n_frames <= due);
        CHECK((double)r.inner.n_frames > due - 60.0 * fmax(1.0, stream_hz / device_hz));
        // The first frame of the stream is the first of the device: nothing was put in before it.
        CHECK(distance(r.inner.heard, 300, r.inner.n_frames, 0.0, stream_hz) < 1e-4);
        CHECK_EQ(r.inner.jump, 0);
        // The last block's first frame was older than the device's first by what is still inside.
        CHECK(r.inner.age_s > 0.001 && r.inner.age_s < 0.001 + 400.0 / device_hz);
        tear_down(&r);
    }
}

// Without a filter the tone is less clean, but it keeps its place.
static void test_lines_and_holding_work_live(void) {
    static const double bounds[] = {[PST_RESAMPLE_LINEAR] = 0.02, [PST_RESAMPLE_HOLD] = 0.4};
    for (pst_resample_quality q = PST_RESAMPLE_LINEAR; q <= PST_RESAMPLE_HOLD; ++q)
        for (int pair = 0; pair < N_PAIRS; ++pair) {
            rig r;
            const double stream_hz = rate_pairs[pair][0], device_hz = rate_pairs[pair][1];
            set_up(&r, true, true, stream_hz, device_hz, 0, q);
            pst_open_info info = {.samplerate_hz = device_hz};
            pst_rate_translate_info(r.rate, &info);
            for (int i = 0; i < 40; ++i)
                CHECK_EQ(call(&r, block_sizes[i % N_SIZES]), PST_CONTINUE);
            const double due = (double)r.n_device * stream_hz / device_hz;
            CHECK((double)r.inner.n_frames > due - 12.0 * fmax(1.0, stream_hz / device_hz));
            CHECK(distance(r.inner.heard, 0, r.inner.n_frames, 0.0, stream_hz) < bounds[q]);
            const int64_t lead = (int64_t)(info.output_latency_s * device_hz + 0.5);
            CHECK(lead > 0 && lead < 60);
            CHECK(distance(r.played, lead, r.n_device, (double)lead, device_hz) < bounds[q]);
            tear_down(&r);
        }
}

static void test_output_is_whole_and_comes_after_a_short_silence(void) {
    for (int pair = 0; pair < N_PAIRS; ++pair) {
        rig r;
        const double stream_hz = rate_pairs[pair][0], device_hz = rate_pairs[pair][1];
        set_up(&r, pair % 2 == 0, true, stream_hz, device_hz, 0, PST_RESAMPLE_MEDIUM);
        pst_open_info info = {.samplerate_hz = device_hz};
        pst_rate_translate_info(r.rate, &info);
        CHECK(info.samplerate_hz == stream_hz);
        for (int i = 0; i < 40; ++i)
            CHECK_EQ(call(&r, block_sizes[i % N_SIZES]), PST_CONTINUE);
        const int64_t lead = (int64_t)(info.output_latency_s * device_hz + 0.5);
        CHECK(lead > 0 && lead < 600);
        CHECK(distance(r.played, lead + 300, r.n_device, (double)lead, device_hz) < 1e-4);
        for (int64_t n = 0; n < lead - 100; ++n)
            CHECK(r.played[n] == 0.0F);
        tear_down(&r);
    }
}

static void test_what_is_on_its_way_is_played_after_the_end(void) {
    rig r;
    set_up(&r, false, true, 16000, 48000, 0, PST_RESAMPLE_MEDIUM);
    r.inner.total_frames = 8000;
    pst_verdict verdict = PST_CONTINUE;
    while (verdict == PST_CONTINUE && r.n_device < 40000)
        verdict = call(&r, 100);
    CHECK_EQ(verdict, PST_COMPLETE);
    pst_open_info info = {.samplerate_hz = 48000};
    pst_rate_translate_info(r.rate, &info);
    const int64_t lead = (int64_t)(info.output_latency_s * 48000 + 0.5);
    CHECK(r.n_device >= 24000 + lead && r.n_device < 24000 + lead + 200);
    CHECK(distance(r.played, lead + 300, lead + 23700, (double)lead, 48000) < 1e-4);
    // A new run begins as the first one did.
    pst_rate_begin_run(r.rate);
    r.inner = (inner){.rate_hz = 16000, .total_frames = -1, .heard = r.inner.heard};
    r.n_device = 0;
    CHECK_EQ(call(&r, 4000), PST_CONTINUE);
    CHECK(distance(r.played, lead + 300, 4000, (double)lead, 48000) < 1e-4);
    tear_down(&r);
}

static void test_losses_of_the_device_are_losses_of_the_stream(void) {
    rig r;
    set_up(&r, true, true, 44100, 48000, 256, PST_RESAMPLE_MEDIUM);
    r.counter = INT64_C(5000000000);
    for (int i = 0; i < 1000; ++i)
        (void)call(&r, 256);
    CHECK_EQ(r.inner.jump, 0);
    r.counter += 4800;
    for (int i = 0; i < 1000; ++i)
        (void)call(&r, 256);
    CHECK_EQ(r.inner.jump, 4410);
    tear_down(&r);
}

static void test_nothing_forbidden_on_the_audio_thread(void) {
    if (!rt_guard_works())
        return;
    static float in[256], out[256];
    const pst_block block = {.input = in, .output = out, .n_frames = 256};
    for (pst_resample_quality quality = PST_RESAMPLE_MEDIUM; quality <= PST_RESAMPLE_HOLD;
         ++quality) {
        rig r;
        set_up(&r, true, true, 44100, 48000, 256, quality);
        rt_guard_enter();
        for (int i = 0; i < 100; ++i)
            (void)r.request.process(r.request.user, &block);
        const int n_calls = rt_guard_leave();
        CHECK_TEXT(n_calls == 0, "%s", rt_guard_culprit());
        tear_down(&r);
    }
}

// libsamplerate's filters have 128 channels at most; streams have more.
static void test_more_channels_than_the_filters_have(void) {
    enum { N_CHANNELS = 131, N_FRAMES = 1000 };
    pst_live_resampler *r = NULL;
    REQUIRE(pst_live_resampler_create(&r, PST_RESAMPLE_FAST, N_CHANNELS, 44100, 48000, NULL) ==
            PST_OK);
    static float in[N_FRAMES * N_CHANNELS], out[2 * N_FRAMES * N_CHANNELS];
    for (int i = 0; i < N_FRAMES * N_CHANNELS; ++i)
        in[i] = (float)(i % N_CHANNELS + 1); // Each channel is constant.
    if (rt_guard_works())
        rt_guard_enter();
    int64_t n_taken = 0, n_made = 0, n_used = 0, n_new = 0;
    do {
        n_new =
            pst_live_resampler_process(r, in + n_taken * N_CHANNELS, N_FRAMES - n_taken,
                                       out + n_made * N_CHANNELS, 2 * N_FRAMES - n_made, &n_used);
        n_taken += n_used;
        n_made += n_new;
    } while (n_used > 0 || n_new > 0);
    if (rt_guard_works())
        CHECK_EQ(rt_guard_leave(), 0);
    CHECK_EQ(n_taken, N_FRAMES);
    CHECK(n_made >= (int64_t)(N_FRAMES * 48000.0 / 44100.0) - pst_live_resampler_lag(r));
    for (int channel = 0; channel < N_CHANNELS; ++channel) {
        const double x = (double)out[n_made / 2 * N_CHANNELS + channel];
        CHECK_TEXT(fabs(x / (channel + 1) - 1.0) < 1e-3, "channel %d: %g", channel, x);
    }
    pst_live_resampler_destroy(r);
}

// Rates are counted in thousandths of a hertz. The resampler must go by just these, or it would be
// ahead or behind some day: here after a million frames, and with usual rates after some hours.
static void test_odd_rates_stay_in_step(void) {
    static const double streams_hz[] = {100.0006, 100.0004};
    static float input[16384], output[16384];
    for (size_t i = 0; i < sizeof streams_hz / sizeof *streams_hz; ++i) {
        rig r;
        set_up(&r, true, true, streams_hz[i], 200.0, 0, PST_RESAMPLE_FAST);
        int64_t n_device = 0, n_silent = 0, last_silent = 0;
        for (int k = 0; k < 16384; ++k)
            input[k] = 0.5F;
        r.inner.is_steady = true;
        for (; n_device < 2000000; n_device += 16384) {
            const pst_block block = {
                .input = input, .output = output, .n_frames = 16384, .device_frame = n_device};
            r.request.process(r.request.user, &block);
            for (int k = 0; k < 16384; ++k)
                if (fabsf(output[k] - 0.5F) > 0.01F) {
                    ++n_silent;
                    last_silent = n_device + k;
                }
        }
        // Nothing but the begin is not the steady signal, neither what is heard nor what is played.
        CHECK(last_silent < 16384);
        CHECK(r.inner.last_unsteady < 16384);
        CHECK(n_silent < 16384);
        const int64_t due = (int64_t)((double)n_device * llround(streams_hz[i] * 1e3) / 2e5);
        CHECK(due - r.inner.n_frames >= 0 && due - r.inner.n_frames < 512);
        tear_down(&r);
    }
}

static void test_rates_too_far_apart_are_refused(void) {
    inner in = {0};
    pst_open_request request = {
        .input = {.device = 0, .n_channels = 1},
        .output = {.device = PST_NO_INDEX},
        .samplerate_hz = 100,
        .process = process_inner,
        .user = &in,
    };
    pst_rate *rate = NULL;
    pst_error err = {PST_OK, 0, ""};
    CHECK_EQ(pst_rate_create(&rate, &request, 48000, PST_RESAMPLE_FAST, &err), PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "48000 Hz cannot be changed to 100 Hz") != NULL);
    CHECK(rate == NULL && request.user == &in);
    pst_rate_destroy(NULL);
    pst_rate_begin_run(NULL);
}

int main(void) {
    RUN(test_input_keeps_its_place_and_shape);
    RUN(test_lines_and_holding_work_live);
    RUN(test_output_is_whole_and_comes_after_a_short_silence);
    RUN(test_what_is_on_its_way_is_played_after_the_end);
    RUN(test_losses_of_the_device_are_losses_of_the_stream);
    RUN(test_nothing_forbidden_on_the_audio_thread);
    RUN(test_more_channels_than_the_filters_have);
    RUN(test_odd_rates_stay_in_step);
    RUN(test_rates_too_far_apart_are_refused);
    return check_done();
}
