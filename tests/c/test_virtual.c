// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// The virtual host without faults: its devices, signals and loopback, and its clocks.

#include <math.h>

#include "device/virtual_signal.h"
#include "device_fixture.h"

static const pst_format formats[] = {PST_FORMAT_F32, PST_FORMAT_F64, PST_FORMAT_I32, PST_FORMAT_I24,
                                     PST_FORMAT_I16, PST_FORMAT_I8,  PST_FORMAT_U8};
enum { N_FORMATS = 7 };

static pst_virtual_config free_config(void) {
    pst_virtual_config config;
    pst_virtual_config_default(&config);
    config.clock = PST_CLOCK_FREE;
    return config;
}

// ---- Loopback --------------------------------------------------------------------------------

// A stream that plays random bytes and expects them back.
typedef struct echo {
    notes notes; // First, so that it can stand for the whole.
    uint32_t frame_bytes;
    uint32_t n_channels;
    pst_format format;
    uint64_t delay_frames;
    uint64_t frame;
    uint64_t n_wrong;
} echo;

static uint8_t byte_at(uint64_t frame, uint32_t i) {
    const uint64_t mixed = (frame * 131 + i + 1) * UINT64_C(0x9E3779B97F4A7C15);
    return (uint8_t)(mixed >> 37);
}

static pst_verdict process_echo(void *user, const pst_block *block) PST_RT {
    echo *self = user;
    const uint8_t *in = block->input;
    uint8_t *out = block->output;
    uint8_t silence[64 * 8];
    pst_silence(silence, self->format, self->n_channels);
    for (uint32_t n = 0; n < block->n_frames; ++n, ++self->frame) {
        for (uint32_t i = 0; i < self->frame_bytes; ++i) {
            const uint8_t wanted = self->frame < self->delay_frames
                                       ? silence[i]
                                       : byte_at(self->frame - self->delay_frames, i);
            self->n_wrong += *in++ != wanted;
            *out++ = byte_at(self->frame, i);
        }
    }
    note_block(&self->notes, block);
    return verdict_of(&self->notes);
}

static void check_echo(pst_system *system, pst_format format, uint32_t n_channels,
                       uint32_t block_frames, uint32_t latency_frames, int64_t n_frames) {
    pst_virtual_config config = free_config();
    config.latency_frames = latency_frames;
    echo *self = calloc(1, sizeof *self);
    self->notes.stop_after_frames = n_frames;
    self->notes.last_verdict = PST_COMPLETE;
    self->format = format;
    self->n_channels = n_channels;
    self->frame_bytes = n_channels * pst_format_bytes(format);
    self->delay_frames = (uint64_t)latency_frames + block_frames;
    const pst_side side = make_side(LOOPBACK, n_channels, format);
    const pst_open_request request =
        make_request(side, side, 48000.0, block_frames, &config, process_echo, self);
    pst_open_info info;
    if (run_request(system, &request, &info)) {
        CHECK_TEXT(self->n_wrong == 0, "%llu wrong bytes: %s, %u channels, block %u, latency %u",
                   (unsigned long long)self->n_wrong, pst_format_name(format), (unsigned)n_channels,
                   (unsigned)block_frames, (unsigned)latency_frames);
        CHECK(atomic_load(&self->notes.n_frames) >= n_frames);
        CHECK_EQ(info.input_device_format, format);
        CHECK_EQ(info.output_device_format, format);
        const double delay_s = (double)self->delay_frames / 48000.0;
        CHECK(fabs(info.input_latency_s + info.output_latency_s - delay_s) < 1e-9);
    }
    free(self);
}

static void test_loopback_is_bit_exact_in_every_format(void) {
    pst_system *system = make_system();
    for (int i = 0; i < N_FORMATS; ++i)
        for (uint32_t n_channels = 1; n_channels <= 64; n_channels = n_channels * 3 + 1)
            check_echo(system, formats[i], n_channels, 64, 0, 1000);
    pst_system_release(system);
}

static void test_loopback_is_bit_exact_with_every_block_size(void) {
    pst_system *system = make_system();
    for (uint32_t block = 1; block <= 4096; block += block < 20 ? 1 : block / 3)
        for (uint32_t latency = 0; latency < 500; latency = latency * 4 + 7)
            check_echo(system, PST_FORMAT_I16, 2, block, latency, 3 * (int64_t)block + 1500);
    check_echo(system, PST_FORMAT_F32, 1, 4096, 0, 20000);
    check_echo(system, PST_FORMAT_F32, 1, 65536, 1, 300000);
    pst_system_release(system);
}

// Blocks of random size: the delay stays what the largest of them asks for.
static void test_loopback_delay_is_fixed(void) {
    pst_system *system = make_system();
    pst_virtual_config config = free_config();
    config.n_faults = 2;
    config.faults[0] = (pst_virtual_fault){PST_FAULT_BLOCK, 1000, 0};
    config.faults[1] = (pst_virtual_fault){PST_FAULT_BLOCK, 90000, 17};
    config.latency_frames = 5;
    echo *self = calloc(1, sizeof *self);
    self->notes.stop_after_frames = 100000;
    self->notes.last_verdict = PST_ABORT;
    self->format = PST_FORMAT_F32;
    self->n_channels = 2;
    self->frame_bytes = 8;
    self->delay_frames = 4096 + 5;
    const pst_side side = make_side(LOOPBACK, 2, PST_FORMAT_F32);
    const pst_open_request request =
        make_request(side, side, 44100.0, 100, &config, process_echo, self);
    if (run_request(system, &request, NULL)) {
        CHECK_EQ(self->n_wrong, 0);
        uint32_t least = UINT32_MAX, most = 0;
        for (uint32_t i = 0; i < atomic_load(&self->notes.n_blocks) && i < MAX_NOTED; ++i) {
            const uint32_t n = self->notes.blocks[i].n_frames;
            least = n < least ? n : least;
            most = n > most ? n : most;
        }
        CHECK(least >= 1 && least < 100);
        CHECK(most <= 4096 && most > 2000);
    }
    free(self);
    pst_system_release(system);
}

// A stream whose sides differ.
typedef struct mixed {
    notes notes;
    pst_side input, output;
    uint32_t delay_frames;
    uint64_t frame;
    uint64_t n_wrong;
} mixed;

static int32_t sample_at(uint64_t frame, uint32_t channel) {
    return (int32_t)((uint32_t)(frame * 2654435761u) ^ (channel * 40503u << 12));
}

static void put_frame(unsigned char *to, const pst_side *side, uint64_t frame) {
    for (uint32_t c = 0; c < side->n_channels; ++c) {
        const int32_t sample = sample_at(frame, c);
        pst_convert(to, side->device_format, &sample, PST_FORMAT_I32, 1, NULL);
        to += pst_format_bytes(side->device_format);
    }
}

// What a frame looks like after the cable.
static void expect_frame(unsigned char *to, const mixed *self, uint64_t frame) {
    unsigned char played[64 * 8];
    const uint32_t n_bytes = pst_format_bytes(self->input.device_format);
    const uint32_t n_played_bytes = pst_format_bytes(self->output.device_format);
    put_frame(played, &self->output, frame - self->delay_frames);
    for (uint32_t c = 0; c < self->input.n_channels; ++c) {
        if (frame < self->delay_frames || c >= self->output.n_channels)
            pst_silence(to, self->input.device_format, 1);
        else
            pst_convert(to, self->input.device_format, played + c * n_played_bytes,
                        self->output.device_format, 1, NULL);
        to += n_bytes;
    }
}

static pst_verdict process_mixed(void *user, const pst_block *block) PST_RT {
    mixed *self = user;
    const unsigned char *in = block->input;
    unsigned char *out = block->output;
    const uint32_t in_bytes = self->input.n_channels * pst_format_bytes(self->input.device_format);
    const uint32_t out_bytes =
        self->output.n_channels * pst_format_bytes(self->output.device_format);
    for (uint32_t n = 0; n < block->n_frames; ++n, ++self->frame) {
        unsigned char wanted[64 * 8];
        expect_frame(wanted, self, self->frame);
        self->n_wrong += memcmp(in + n * in_bytes, wanted, in_bytes) != 0;
        put_frame(out + n * out_bytes, &self->output, self->frame);
    }
    note_block(&self->notes, block);
    return verdict_of(&self->notes);
}

static void test_loopback_converts_and_maps_channels(void) {
    pst_system *system = make_system();
    pst_virtual_config config = free_config();
    config.latency_frames = 3;
    for (int i = 0; i < N_FORMATS * N_FORMATS; ++i) {
        for (uint32_t n_inputs = 1; n_inputs <= 4; ++n_inputs) {
            mixed *self = calloc(1, sizeof *self);
            self->notes.stop_after_frames = 400;
            self->notes.last_verdict = PST_COMPLETE;
            self->input = make_side(LOOPBACK, n_inputs, formats[i / N_FORMATS]);
            self->output = make_side(LOOPBACK, 2, formats[i % N_FORMATS]);
            self->delay_frames = 32 + 3;
            const pst_open_request request =
                make_request(self->input, self->output, 96000.0, 32, &config, process_mixed, self);
            if (run_request(system, &request, NULL))
                CHECK_TEXT(self->n_wrong == 0, "%llu wrong frames, %s to %s, 2 to %u channels",
                           (unsigned long long)self->n_wrong,
                           pst_format_name(self->output.device_format),
                           pst_format_name(self->input.device_format), (unsigned)n_inputs);
            free(self);
        }
    }
    pst_system_release(system);
}

// ---- Other inputs ----------------------------------------------------------------------------

typedef struct listener {
    notes notes;
    pst_format format;
    uint32_t n_channels;
    uint64_t n_loud; // Samples that are not silence.
    int64_t first_frame;
    double largest;
    uint64_t n_wrong; // Samples that are not the counter.
} listener;

static double counter_value(pst_format format, uint64_t frame) {
    switch (format) {
    case PST_FORMAT_F32:
        return (double)(frame & 0xFFFFFF) / 16777216.0;
    case PST_FORMAT_F64:
    case PST_FORMAT_I32:
        return (double)(frame & 0x7FFFFFFF) / 2147483648.0;
    case PST_FORMAT_I24:
        return (double)(frame & 0x7FFFFF) / 8388608.0;
    case PST_FORMAT_I16:
        return (double)(frame & 0x7FFF) / 32768.0;
    case PST_FORMAT_I8:
    case PST_FORMAT_U8:
        return (double)(frame & 0x7F) / 128.0;
    }
    return 0.0;
}

static pst_verdict process_listener(void *user, const pst_block *block) PST_RT {
    listener *self = user;
    const unsigned char *in = block->input;
    for (uint32_t n = 0; n < block->n_frames; ++n) {
        const uint64_t frame = (uint64_t)block->device_frame + n;
        for (uint32_t c = 0; c < self->n_channels; ++c) {
            double sample;
            pst_convert(&sample, PST_FORMAT_F64, in, self->format, 1, NULL);
            in += pst_format_bytes(self->format);
            self->n_loud += sample != 0.0;
            self->n_wrong += sample != counter_value(self->format, frame);
            self->largest = fabs(sample) > self->largest ? fabs(sample) : self->largest;
        }
    }
    if (block->output != NULL)
        memset(block->output, 0x55,
               (size_t)block->n_frames * self->n_channels * pst_format_bytes(self->format));
    note_block(&self->notes, block);
    return verdict_of(&self->notes);
}

static listener *listen(pst_system *system, pst_format format, int32_t in, int32_t out,
                        const pst_virtual_config *config) {
    listener *self = calloc(1, sizeof *self);
    self->notes.stop_after_frames = 2000;
    self->notes.last_verdict = PST_COMPLETE;
    self->format = format;
    self->n_channels = 3;
    const pst_side output = out == PST_NO_INDEX ? no_side : make_side(out, 3, format);
    const pst_open_request request = make_request(make_side(in, 3, format), output, 44100.0, 300,
                                                  config, process_listener, self);
    run_request(system, &request, NULL);
    return self;
}

static void test_silence_where_nothing_comes_back(void) {
    pst_system *system = make_system();
    pst_virtual_config config = free_config();
    static const int32_t pairs[][2] = {{NULL_DEVICE, PST_NO_INDEX},
                                       {LOOPBACK, PST_NO_INDEX},
                                       {NULL_DEVICE, NULL_DEVICE},
                                       {NULL_DEVICE, LOOPBACK},
                                       {LOOPBACK, NULL_DEVICE}};
    for (int i = 0; i < N_FORMATS * 5; ++i) {
        listener *self = listen(system, formats[i % N_FORMATS], pairs[i / N_FORMATS][0],
                                pairs[i / N_FORMATS][1], &config);
        CHECK_EQ(self->n_loud, 0);
        CHECK(atomic_load(&self->notes.n_frames) >= 2000);
        free(self);
    }
    pst_system_release(system);
}

static void test_counter_counts(void) {
    pst_system *system = make_system();
    pst_virtual_config config = free_config();
    config.input = PST_INPUT_COUNTER;
    static const uint64_t firsts[] = {0, (UINT64_C(1) << 31) - 1000, (UINT64_C(1) << 32) - 1000,
                                      (UINT64_C(1) << 53) - 1000};
    for (int f = 0; f < 4; ++f) {
        config.first_frame = firsts[f];
        for (int i = 0; i < N_FORMATS; ++i) {
            listener *self = listen(system, formats[i], LOOPBACK, LOOPBACK, &config);
            CHECK_TEXT(self->n_wrong == 0, "%llu wrong in %s from %llu",
                       (unsigned long long)self->n_wrong, pst_format_name(formats[i]),
                       (unsigned long long)firsts[f]);
            CHECK_EQ(self->notes.blocks[0].device_frame, firsts[f]);
            free(self);
        }
    }
    pst_system_release(system);
}

static void test_sine_has_half_of_full_scale(void) {
    pst_system *system = make_system();
    pst_virtual_config config = free_config();
    config.input = PST_INPUT_SINE;
    for (int i = 0; i < N_FORMATS; ++i) {
        listener *self = listen(system, formats[i], NULL_DEVICE, PST_NO_INDEX, &config);
        CHECK(self->largest > 0.49 && self->largest < 0.51);
        free(self);
    }
    const pst_signal signal = {PST_INPUT_SINE, PST_FORMAT_F64, 1, 48000.0};
    static double second[48000];
    pst_signal_fill(&signal, second, 0, 48000);
    int n_rising = 0;
    for (int i = 1; i < 48000; ++i)
        n_rising += second[i - 1] < 0.0 && second[i] >= 0.0;
    CHECK(n_rising == 439 || n_rising == 440);
    pst_system_release(system);
}

// ---- Clocks ----------------------------------------------------------------------------------

static void test_free_clock_tells_simulated_time(void) {
    pst_system *system = make_system();
    pst_virtual_config config = free_config();
    config.first_frame = UINT64_C(1) << 40;
    config.latency_frames = 480;
    notes *noted = make_notes(48000 * 60);
    const pst_side side = make_side(LOOPBACK, 1, PST_FORMAT_I16);
    const pst_open_request request =
        make_request(side, side, 48000.0, 960, &config, process_notes, noted);
    pst_open_info info;
    const int64_t before_ns = pst_now_ns();
    CHECK(run_request(system, &request, &info));
    CHECK(!info.is_realtime);
    CHECK_EQ(info.counter, PST_COUNTER_EXACT);
    CHECK(info.settle_s >= 0.0 && info.settle_s <= 0.0);
    CHECK_EQ(atomic_load(&noted->n_blocks), 3000);
    const int64_t start_ns = noted->blocks[0].now_ns - 20 * PST_NS_PER_MS;
    CHECK(start_ns >= before_ns);
    for (uint32_t i = 0; i < 3000; ++i) {
        const noted_block *block = &noted->blocks[i];
        CHECK_EQ(block->device_frame, (INT64_C(1) << 40) + (int64_t)i * 960);
        CHECK_EQ(block->now_ns, start_ns + (int64_t)(i + 1) * 20 * PST_NS_PER_MS);
        CHECK(fabs(block->input_age_s - 0.02) < 1e-6);
        CHECK(fabs(block->output_delay_s - 0.01) < 1e-6);
        CHECK_EQ(block->flags, 0);
    }
    free(noted);
    pst_system_release(system);
}

static bool pace_a_little(void *user, uint32_t n_frames, int64_t timeout_ns) {
    (void)n_frames;
    (void)timeout_ns;
    const notes *noted = user;
    return atomic_load(&noted->n_frames) < 1000;
}

// Back-pressure: nothing comes while the pace says no, and stopping does not wait for it.
static void test_free_clock_keeps_pace(void) {
    pst_system *system = make_system();
    const pst_virtual_config config = free_config();
    notes *noted = make_notes(INT64_MAX);
    pst_open_request request = make_request(make_side(NULL_DEVICE, 1, PST_FORMAT_F32), no_side,
                                            48000.0, 100, &config, process_notes, noted);
    request.pace = pace_a_little;
    pst_open_info info;
    pst_handle *handle = open_handle(system, &request, &info);
    REQUIRE(handle != NULL);
    CHECK_EQ(pst_handle_start(handle, PATIENCE_NS, NULL), PST_OK);
    CHECK(wait_blocks(noted, 10));
    pst_sleep_until_ns(pst_now_ns() + 20 * PST_NS_PER_MS);
    CHECK_EQ(atomic_load(&noted->n_frames), 1000);
    CHECK(pst_handle_is_active(handle));
    CHECK_EQ(pst_handle_stop(handle, PATIENCE_NS, NULL), PST_OK);
    CHECK(!pst_handle_is_active(handle));
    CHECK_EQ(pst_handle_close(handle, PATIENCE_NS, NULL), PST_OK);
    free(noted);
    pst_system_release(system);
}

// On the wall clock no block comes before its time, and none is left out.
static void test_wall_clock_is_never_early(void) {
    pst_system *system = make_system();
    notes *noted = make_notes(9600);
    const pst_side side = make_side(LOOPBACK, 2, PST_FORMAT_F32);
    const pst_open_request request =
        make_request(side, side, 48000.0, 48, NULL, process_notes, noted);
    pst_open_info info;
    const int64_t before_ns = pst_now_ns();
    CHECK(run_request(system, &request, &info));
    CHECK(info.is_realtime);
    CHECK_EQ(atomic_load(&noted->n_blocks), 200);
    for (uint32_t i = 0; i < 200; ++i) {
        const noted_block *block = &noted->blocks[i];
        CHECK_EQ(block->device_frame, i * 48);
        CHECK(block->now_ns >= before_ns + (int64_t)(i + 1) * PST_NS_PER_MS);
        CHECK(block->input_age_s >= 0.000999);
        CHECK(block->output_delay_s >= 0.0 && block->output_delay_s <= 0.0011);
    }
    free(noted);
    pst_system_release(system);
}

// ---- Life ------------------------------------------------------------------------------------

// Every run begins anew: frame numbers, script, cable.
static void test_runs_repeat(void) {
    pst_system *system = make_system();
    pst_virtual_config config = free_config();
    config.n_faults = 1;
    config.faults[0] = (pst_virtual_fault){PST_FAULT_BLOCK, 100, 0};
    config.seed = 7;
    notes *first = make_notes(20000);
    notes *noted = make_notes(20000);
    const pst_side side = make_side(LOOPBACK, 1, PST_FORMAT_I8);
    const pst_open_request request =
        make_request(side, side, 8000.0, 100, &config, process_notes, noted);
    pst_open_info info;
    pst_handle *handle = open_handle(system, &request, &info);
    REQUIRE(handle != NULL);
    for (int run = 0; run < 3; ++run) {
        atomic_store(&noted->n_blocks, 0);
        atomic_store(&noted->n_frames, 0);
        CHECK_EQ(pst_handle_start(handle, PATIENCE_NS, NULL), PST_OK);
        CHECK_EQ(pst_handle_start(handle, PATIENCE_NS, NULL), PST_OK); // Does nothing.
        CHECK(wait_inactive(handle));
        CHECK_EQ(pst_handle_abort(handle, PATIENCE_NS, NULL), PST_OK);
        CHECK_EQ(pst_handle_stop(handle, PATIENCE_NS, NULL), PST_OK);
        if (run == 0)
            memcpy(first->blocks, noted->blocks, sizeof first->blocks);
        for (uint32_t i = 0; i < atomic_load(&noted->n_blocks); ++i) {
            CHECK_EQ(noted->blocks[i].device_frame, first->blocks[i].device_frame);
            CHECK_EQ(noted->blocks[i].n_frames, first->blocks[i].n_frames);
        }
    }
    CHECK_EQ(pst_handle_close(handle, PATIENCE_NS, NULL), PST_OK);
    free(noted);
    free(first);
    pst_system_release(system);
}

static void test_default_blocks_last_10_ms(void) {
    pst_system *system = make_system();
    static const double rates[] = {1.0, 1000.0, 8000.0, 44100.0, 1e6};
    static const uint32_t wanted[] = {16, 16, 80, 441, 10000};
    const pst_virtual_config config = free_config();
    for (int i = 0; i < 5; ++i) {
        notes *noted = make_notes(3 * (int64_t)wanted[i]);
        const pst_side side = make_side(LOOPBACK, 1, PST_FORMAT_F32);
        const pst_open_request request =
            make_request(side, no_side, rates[i], 0, &config, process_notes, noted);
        CHECK(run_request(system, &request, NULL));
        CHECK_EQ(noted->blocks[0].n_frames, wanted[i]);
        CHECK_EQ(atomic_load(&noted->n_blocks), 3);
        free(noted);
    }
    pst_system_release(system);
}

// Closing a running stream stops it.
static void test_close_while_running(void) {
    pst_system *system = make_system();
    for (int i = 0; i < 20; ++i) {
        pst_virtual_config config = free_config();
        config.clock = i % 2 ? PST_CLOCK_WALL : PST_CLOCK_FREE;
        notes *noted = make_notes(INT64_MAX);
        const pst_side side = make_side(LOOPBACK, 2, PST_FORMAT_F32);
        const pst_open_request request =
            make_request(side, side, 48000.0, 4096, &config, process_notes, noted);
        pst_open_info info;
        pst_handle *handle = open_handle(system, &request, &info);
        REQUIRE(handle != NULL);
        CHECK_EQ(pst_handle_start(handle, PATIENCE_NS, NULL), PST_OK);
        if (i % 3 == 0)
            pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS);
        CHECK_EQ(pst_handle_close(handle, PATIENCE_NS, NULL), PST_OK);
        free(noted); // Under a sanitizer: nobody calls any more.
    }
    pst_system_release(system);
}

int main(void) {
    RUN(test_loopback_is_bit_exact_in_every_format);
    RUN(test_loopback_is_bit_exact_with_every_block_size);
    RUN(test_loopback_delay_is_fixed);
    RUN(test_loopback_converts_and_maps_channels);
    RUN(test_silence_where_nothing_comes_back);
    RUN(test_counter_counts);
    RUN(test_sine_has_half_of_full_scale);
    RUN(test_free_clock_tells_simulated_time);
    RUN(test_free_clock_keeps_pace);
    RUN(test_wall_clock_is_never_early);
    RUN(test_runs_repeat);
    RUN(test_default_blocks_last_10_ms);
    RUN(test_close_while_running);
    return check_done();
}
