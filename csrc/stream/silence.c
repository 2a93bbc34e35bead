// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <string.h>

#include "stream/callback.h"

// Input that is exactly zero comes from a program or a switch, never from a microphone: a system
// that denies access to it, for example, delivers just that without an error.

static const double suspicious_s = 5.0;

static bool is_silent(const pst_pass_source *source, size_t n_bytes) PST_RT {
    if (source->data == NULL || n_bytes == 0)
        return true;
    const uint8_t zero = source->format == PST_FORMAT_U8 ? 0x80 : 0;
    // All bytes are alike if each is like the next. Sound ends the comparison at once.
    return source->data[0] == zero && memcmp(source->data, source->data + 1, n_bytes - 1) == 0;
}

void pst_watch_silence(pst_flow *flow, const pst_pass *pass) PST_RT {
    if (!flow->in.exists)
        return;
    pst_count *count = &flow->counts.zero_frames;
    const int64_t before = pst_count_get(count);
    if (!is_silent(&pass->source, (size_t)pass->n_frames * pass->source.frame_bytes)) {
        if (before > 0)
            pst_count_set(count, 0);
        return;
    }
    const int64_t now = before + pass->n_frames;
    const int64_t suspicious = (int64_t)(suspicious_s * flow->samplerate_hz);
    pst_count_set(count, now);
    if (before < suspicious && now >= suspicious)
        pst_flow_push_event(flow, PST_EVENT_INPUT_SILENT, pass->block->flags,
                            pass->frame + pass->n_frames - now, now, pass->block->now_ns);
}
