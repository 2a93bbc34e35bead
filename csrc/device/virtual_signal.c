// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "device/virtual_signal.h"

#include <math.h>
#include <string.h>

#include "base/rt.h"

enum { CHUNK_FRAMES = 256, MAX_SAMPLE_BYTES = 8 };

static const double two_pi = 6.283185307179586;
static const double sine_hz = 440.0;
static const double sine_peak = 0.5;

// How many of a frame number's bits a format can hold as a positive sample.
static uint32_t counter_bits(pst_format format) PST_RT {
    switch (format) {
    case PST_FORMAT_F64:
    case PST_FORMAT_I32:
        return 31;
    case PST_FORMAT_F32:
        return 24;
    case PST_FORMAT_I24:
        return 23;
    case PST_FORMAT_I16:
        return 15;
    case PST_FORMAT_I8:
    case PST_FORMAT_U8:
        return 7;
    }
    return 0;
}

// The number is put at the top of an int32, where converting it to the format changes nothing.
static void make_counter(void *dst, pst_format format, uint64_t frame, uint32_t n_frames) PST_RT {
    int32_t chunk[CHUNK_FRAMES];
    const uint32_t bits = counter_bits(format);
    const uint64_t mask = (UINT64_C(1) << bits) - 1;
    for (uint32_t i = 0; i < n_frames; ++i)
        chunk[i] = (int32_t)(((frame + i) & mask) << (31 - bits));
    pst_convert(dst, format, chunk, PST_FORMAT_I32, n_frames, NULL);
}

PST_RT_UNCHECKED_BEGIN

// sin() is plain arithmetic.
static double sine_at(double cycles) PST_RT {
    return sine_peak * sin(two_pi * (cycles - floor(cycles)));
}

PST_RT_UNCHECKED_END

static void make_sine(void *dst, pst_format format, double samplerate_hz, uint64_t frame,
                      uint32_t n_frames) PST_RT {
    double chunk[CHUNK_FRAMES];
    for (uint32_t i = 0; i < n_frames; ++i)
        chunk[i] = sine_at((double)(frame + i) * (sine_hz / samplerate_hz));
    pst_convert(dst, format, chunk, PST_FORMAT_F64, n_frames, NULL);
}

// Copies each sample of one channel to all channels.
static void spread(unsigned char *dst, const unsigned char *mono, uint32_t sample_bytes,
                   uint32_t n_channels, uint32_t n_frames) PST_RT {
    for (uint32_t i = 0; i < n_frames; ++i) {
        for (uint32_t c = 0; c < n_channels; ++c) {
            memcpy(dst, mono, sample_bytes);
            dst += sample_bytes;
        }
        mono += sample_bytes;
    }
}

void pst_signal_fill(const pst_signal *signal, void *dst, uint64_t frame,
                     uint32_t n_frames) PST_RT {
    unsigned char *to = dst;
    const uint32_t sample_bytes = pst_format_bytes(signal->format);
    if (signal->kind == PST_INPUT_DEVICE) {
        pst_silence(dst, signal->format, (size_t)n_frames * signal->n_channels);
        return;
    }
    unsigned char mono[CHUNK_FRAMES * MAX_SAMPLE_BYTES];
    while (n_frames > 0) {
        const uint32_t n = n_frames < CHUNK_FRAMES ? n_frames : CHUNK_FRAMES;
        if (signal->kind == PST_INPUT_COUNTER)
            make_counter(mono, signal->format, frame, n);
        else
            make_sine(mono, signal->format, signal->samplerate_hz, frame, n);
        spread(to, mono, sample_bytes, signal->n_channels, n);
        to += (size_t)n * signal->n_channels * sample_bytes;
        frame += n;
        n_frames -= n;
    }
}
