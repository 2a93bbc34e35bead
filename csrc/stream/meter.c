// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "stream/meter.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "stream/meter_scan.h"

// The window consists of slices. One is being filled; the others are full, and what they hold
// together is worked out when the oldest makes room for a new one.
//
// The result of a block is written into one of a few rows in turn, with the orders of history.c: a
// row is whole as long as the writing of the next but three has not begun.

enum { SLICES = 10, SLICES_PER_SECOND = 100, ROWS = 4, HEAD_WORDS = 2, CHANNEL_WORDS = 3 };

struct pst_meter {
    uint32_t n_channels;
    int32_t slice_frames;
    float full_scale;
    // The callback's own.
    pst_scan *slices;      // SLICES rows, the oldest of which is the next to be filled.
    pst_scan *full;        // What the slices hold together.
    pst_scan *now;         // The slice that is being filled.
    pst_scan *piece;       // What was scanned last.
    pst_scan *since_start; // Since start or reset.
    pst_scan_room *room;
    uint32_t next_slice;
    uint32_t n_full;
    int32_t now_frames;
    int64_t n_frames;
    uint32_t n_resets_done;
    // Shared.
    _Atomic uint32_t n_resets;
    _Atomic uint64_t n_begun;
    _Atomic uint64_t n_done;
    _Atomic uint64_t *words; // ROWS rows.
};

static size_t row_words(const pst_meter *meter) PST_RT {
    return HEAD_WORDS + (size_t)CHANNEL_WORDS * meter->n_channels;
}

pst_meter *pst_meter_create(uint32_t n_channels, double samplerate_hz, float full_scale) {
    pst_meter *meter = pst_alloc(sizeof *meter);
    if (meter == NULL)
        return NULL;
    meter->n_channels = n_channels;
    const double slice_frames = ceil(samplerate_hz / SLICES_PER_SECOND);
    meter->slice_frames = slice_frames > 1.0 ? (int32_t)slice_frames : 1;
    meter->full_scale = full_scale;
    meter->slices = pst_alloc_array((size_t)SLICES * n_channels, sizeof *meter->slices);
    meter->full = pst_alloc_array(n_channels, sizeof *meter->full);
    meter->now = pst_alloc_array(n_channels, sizeof *meter->now);
    meter->piece = pst_alloc_array(n_channels, sizeof *meter->piece);
    meter->since_start = pst_alloc_array(n_channels, sizeof *meter->since_start);
    meter->room = pst_alloc(sizeof *meter->room);
    meter->words = pst_alloc_array(ROWS * row_words(meter), sizeof *meter->words);
    if (!meter->slices || !meter->full || !meter->now || !meter->piece || !meter->since_start ||
        !meter->room || !meter->words) {
        pst_meter_destroy(meter);
        return NULL;
    }
    pst_meter_clear(meter);
    return meter;
}

void pst_meter_destroy(pst_meter *meter) {
    if (meter == NULL)
        return;
    pst_free(meter->slices);
    pst_free(meter->full);
    pst_free(meter->now);
    pst_free(meter->piece);
    pst_free(meter->since_start);
    pst_free(meter->room);
    pst_free((void *)meter->words);
    pst_free(meter);
}

float pst_meter_full_scale(pst_format format) PST_RT {
    switch (format) {
    case PST_FORMAT_I24:
        return 8388607.0f / 8388608.0f;
    case PST_FORMAT_I16:
        return 32767.0f / 32768.0f;
    case PST_FORMAT_I8:
    case PST_FORMAT_U8:
        return 127.0f / 128.0f;
    case PST_FORMAT_F32:
    case PST_FORMAT_F64:
    case PST_FORMAT_I32:
        break;
    }
    return 1.0f;
}

static void forget(pst_scan *scans, size_t n) PST_RT {
    memset(scans, 0, n * sizeof *scans);
}

static void merge(pst_scan *sum, const pst_scan *more, uint32_t n_channels) PST_RT {
    for (uint32_t c = 0; c < n_channels; ++c) {
        sum[c].peak = more[c].peak > sum[c].peak ? more[c].peak : sum[c].peak;
        sum[c].sum_of_squares += more[c].sum_of_squares;
        sum[c].n_clipped += more[c].n_clipped;
    }
}

static void end_slice(pst_meter *meter) PST_RT {
    const uint32_t n = meter->n_channels;
    memcpy(meter->slices + (size_t)meter->next_slice * n, meter->now, n * sizeof *meter->now);
    meter->next_slice = (meter->next_slice + 1) % SLICES;
    if (meter->n_full < SLICES)
        ++meter->n_full;
    forget(meter->full, n);
    for (uint32_t i = 0; i < meter->n_full; ++i)
        merge(meter->full, meter->slices + (size_t)i * n, n);
    forget(meter->now, n);
    meter->now_frames = 0;
}

static void follow_reset(pst_meter *meter) PST_RT {
    const uint32_t n_resets = atomic_load_explicit(&meter->n_resets, memory_order_acquire);
    if (n_resets == meter->n_resets_done)
        return;
    meter->n_resets_done = n_resets;
    forget(meter->since_start, meter->n_channels);
}

// ---- Showing -----------------------------------------------------------------------------------

static void store(_Atomic uint64_t *word, const void *value) PST_RT {
    uint64_t bits;
    memcpy(&bits, value, sizeof bits);
    atomic_store_explicit(word, bits, memory_order_release);
}

static int64_t window_frames(const pst_meter *meter) PST_RT {
    return (int64_t)meter->n_full * meter->slice_frames + meter->now_frames;
}

static void show(pst_meter *meter) PST_RT {
    const uint64_t index = atomic_load_explicit(&meter->n_done, memory_order_relaxed);
    _Atomic uint64_t *word = meter->words + index % ROWS * row_words(meter);
    atomic_store_explicit(&meter->n_begun, index + 1, memory_order_relaxed);
    const int64_t n_window = window_frames(meter);
    store(word++, &meter->n_frames);
    store(word++, &n_window);
    for (uint32_t c = 0; c < meter->n_channels; ++c) {
        const pst_scan *now = &meter->now[c];
        const double sum = meter->full[c].sum_of_squares + now->sum_of_squares;
        const float window = meter->full[c].peak;
        const float peaks[] = {now->peak > window ? now->peak : window, meter->since_start[c].peak};
        store(word++, peaks);
        store(word++, &sum);
        store(word++, &meter->since_start[c].n_clipped);
    }
    atomic_store_explicit(&meter->n_done, index + 1, memory_order_release);
}

void pst_meter_read(const pst_meter *meter, pst_meter_reading *reading,
                    pst_meter_channel *channels) PST_RT {
    for (;;) {
        const uint64_t n_done = atomic_load_explicit(&meter->n_done, memory_order_acquire);
        const _Atomic uint64_t *word = meter->words + (n_done - 1) % ROWS * row_words(meter);
        reading->frames = (int64_t)atomic_load_explicit(word++, memory_order_acquire);
        reading->window_frames = (int64_t)atomic_load_explicit(word++, memory_order_acquire);
        const double n = reading->window_frames > 0 ? (double)reading->window_frames : 1.0;
        for (uint32_t c = 0; c < meter->n_channels; ++c) {
            const uint64_t peak_bits = atomic_load_explicit(word++, memory_order_acquire);
            const uint64_t sum_bits = atomic_load_explicit(word++, memory_order_acquire);
            float peaks[2];
            double sum;
            memcpy(peaks, &peak_bits, sizeof peaks);
            memcpy(&sum, &sum_bits, sizeof sum);
            channels[c] = (pst_meter_channel){
                .peak = (double)peaks[0],
                .rms = sqrt(sum / n),
                .max_peak = (double)peaks[1],
                .n_clipped = (int64_t)atomic_load_explicit(word++, memory_order_acquire)};
        }
        const uint64_t n_begun = atomic_load_explicit(&meter->n_begun, memory_order_relaxed);
        if (n_begun < n_done + ROWS)
            return;
    }
}

// ---- Filling -----------------------------------------------------------------------------------

void pst_meter_clear(pst_meter *meter) PST_RT {
    const uint32_t n = meter->n_channels;
    forget(meter->slices, (size_t)SLICES * n);
    forget(meter->full, n);
    forget(meter->now, n);
    forget(meter->since_start, n);
    meter->next_slice = 0;
    meter->n_full = 0;
    meter->now_frames = 0;
    meter->n_frames = 0;
    show(meter);
}

void pst_meter_reset(pst_meter *meter) PST_RT {
    atomic_fetch_add_explicit(&meter->n_resets, 1, memory_order_release);
}

static void scan(pst_meter *meter, const uint8_t *data, pst_format format,
                 int64_t n_frames) PST_RT {
    const uint32_t n_channels = meter->n_channels;
    const size_t frame_bytes = n_channels * (size_t)pst_format_bytes(format);
    const int64_t most = PST_SCAN_SAMPLES / n_channels;
    for (int64_t done = 0; done < n_frames;) {
        const int64_t n = n_frames - done < most ? n_frames - done : most;
        (void)pst_convert(meter->room->samples, PST_FORMAT_F32, data + (size_t)done * frame_bytes,
                          format, (size_t)n * n_channels, NULL);
        forget(meter->piece, n_channels);
        pst_scan_samples(meter->room, (size_t)n, n_channels, meter->full_scale, meter->piece);
        merge(meter->now, meter->piece, n_channels);
        merge(meter->since_start, meter->piece, n_channels);
        done += n;
    }
}

void pst_meter_feed(pst_meter *meter, const void *data, pst_format format,
                    int64_t n_frames) PST_RT {
    const size_t frame_bytes = meter->n_channels * (size_t)pst_format_bytes(format);
    const uint8_t *from = data;
    follow_reset(meter);
    for (int64_t done = 0; done < n_frames;) {
        const int64_t room = meter->slice_frames - meter->now_frames;
        const int64_t n = n_frames - done < room ? n_frames - done : room;
        if (from != NULL)
            scan(meter, from + (size_t)done * frame_bytes, format, n);
        meter->now_frames += (int32_t)n;
        if (meter->now_frames == meter->slice_frames)
            end_slice(meter);
        done += n;
    }
    meter->n_frames += n_frames;
    show(meter);
}
