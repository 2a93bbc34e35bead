// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph/params/timeline.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

int64_t pst_first_frame(double time_s, double rate_hz) PST_RT {
    const double guess = ceil(time_s * rate_hz);
    if (!(guess < 0x1p53)) // Nobody lives to hear it, and frames are not exact there.
        return INT64_MAX;
    int64_t frame = (int64_t)guess;
    // The product is rounded, too: the quotient decides.
    while ((double)(frame - 1) / rate_hz >= time_s)
        --frame;
    while ((double)frame / rate_hz < time_s)
        ++frame;
    return frame;
}

double pst_segment_value(const pst_segment *s, double time_s) PST_RT {
    const double t = time_s - s->t0;
    switch (s->kind) {
    case PST_SEGMENT_FLAT:
        break;
    case PST_SEGMENT_LINEAR:
        return s->v0 + (s->v1 - s->v0) * (t / s->span);
    case PST_SEGMENT_EXPONENTIAL:
        return s->v0 * exp(log(s->v1 / s->v0) * (t / s->span));
    case PST_SEGMENT_TARGET:
        return s->v1 + (s->v0 - s->v1) * exp(-t / s->span);
    case PST_SEGMENT_CURVE: {
        const uint32_t last = s->curve->n - 1;
        const double place = t / s->span * last;
        if (!(place > 0.0))
            return s->curve->values[0];
        if (place >= last)
            return s->curve->values[last];
        const uint32_t i = (uint32_t)place;
        const double low = s->curve->values[i];
        return low + (s->curve->values[i + 1] - low) * (place - i);
    }
    }
    return s->v0;
}

void pst_param_timeline_init(pst_param_timeline *timeline, double initial, double rate_hz) {
    *timeline = (pst_param_timeline){.initial = initial, .rate_hz = rate_hz};
}

static void drop_events(pst_param_timeline *timeline, uint32_t from, uint32_t to) {
    for (uint32_t i = from; i < to; ++i)
        if (timeline->events[i].curve != NULL)
            pst_shared_release(&timeline->events[i].curve->shared);
    if (to > from)
        memmove(timeline->events + from, timeline->events + to,
                (timeline->n - to) * sizeof *timeline->events);
    timeline->n -= to - from;
}

void pst_param_timeline_deinit(pst_param_timeline *timeline) {
    drop_events(timeline, 0, timeline->n);
    pst_free(timeline->events);
    timeline->events = NULL;
}

static pst_status make_room(pst_param_timeline *timeline, uint32_t n_more, pst_error *err) {
    if (timeline->n + n_more <= timeline->capacity)
        return PST_OK;
    const uint32_t capacity = timeline->capacity < 4 ? 8 : 2 * timeline->capacity;
    pst_mark *events = pst_alloc_array(capacity, sizeof *events);
    if (events == NULL)
        return pst_fail_memory(err);
    if (timeline->n > 0)
        memcpy(events, timeline->events, timeline->n * sizeof *events);
    pst_free(timeline->events);
    timeline->events = events;
    timeline->capacity = capacity;
    return PST_OK;
}

// Puts an event behind those of its time. There must be room.
static void insert(pst_param_timeline *timeline, pst_mark event) {
    uint32_t at = timeline->n;
    while (at > 0 && timeline->events[at - 1].time_s > event.time_s)
        --at;
    memmove(timeline->events + at + 1, timeline->events + at,
            (timeline->n - at) * sizeof *timeline->events);
    timeline->events[at] = event;
    ++timeline->n;
}

// ---- From events to formulas --------------------------------------------------------------------

// Goes along the events, one after the other; each gives one or two formulas.
typedef struct walk {
    pst_segment now;   // What holds behind the events so far.
    double last_s;     // Where the last event has its value,
    double last_value; // which is what a ramp starts from.
} walk;

static walk walk_begin(const pst_param_timeline *timeline) {
    return (walk){
        .now = {.first = INT64_MIN, .kind = PST_SEGMENT_FLAT, .v0 = timeline->initial},
        .last_value = timeline->initial,
    };
}

static pst_segment flat(double from_s, double value) {
    return (pst_segment){.kind = PST_SEGMENT_FLAT, .t0 = from_s, .v0 = value};
}

static pst_segment ramp(const walk *w, const pst_mark *event) {
    pst_segment segment = {.kind = PST_SEGMENT_LINEAR,
                           .t0 = w->last_s,
                           .span = event->time_s - w->last_s,
                           .v0 = w->last_value,
                           .v1 = event->value};
    if (event->kind == PST_MARK_EXPONENTIAL) {
        const bool can = segment.v0 * segment.v1 > 0.0 || (segment.v0 > 0.0 && segment.v1 > 0.0) ||
                         (segment.v0 < 0.0 && segment.v1 < 0.0);
        segment.kind = can ? PST_SEGMENT_EXPONENTIAL : PST_SEGMENT_FLAT;
    }
    if (!(segment.span > 0.0))
        segment = flat(w->last_s, w->last_value);
    return segment;
}

// Unless it was cut, a curve ends with its last value, however short it is.
static double curve_end(const pst_mark *event, const pst_segment *segment) {
    if (event->end_s < event->time_s + event->span_s)
        return pst_segment_value(segment, event->end_s);
    return event->curve->values[event->curve->n - 1];
}

// Passes one event. Gives the formulas, each with its time of beginning in t0; returns how many.
static uint32_t walk_on(walk *w, const pst_mark *event, pst_segment out[2]) {
    uint32_t n = 0;
    const double before = pst_segment_value(&w->now, event->time_s);
    switch (event->kind) {
    case PST_MARK_SET:
        out[n++] = flat(event->time_s, event->value);
        break;
    case PST_MARK_STAY:
        out[n++] = flat(event->time_s, before);
        break;
    case PST_MARK_LINEAR:
    case PST_MARK_EXPONENTIAL:
        out[n++] = ramp(w, event);
        out[n++] = flat(event->time_s, event->value);
        break;
    case PST_MARK_TARGET:
        out[n++] =
            (pst_segment){.kind = event->span_s > 0.0 ? PST_SEGMENT_TARGET : PST_SEGMENT_FLAT,
                          .t0 = event->time_s,
                          .span = event->span_s,
                          .v0 = event->span_s > 0.0 ? before : event->value,
                          .v1 = event->value};
        break;
    case PST_MARK_CURVE:
        out[n++] = (pst_segment){.kind = PST_SEGMENT_CURVE,
                                 .t0 = event->time_s,
                                 .span = event->span_s,
                                 .curve = event->curve};
        out[n] = flat(event->end_s, curve_end(event, &out[0]));
        ++n;
        break;
    }
    w->now = out[n - 1];
    w->last_s = w->now.t0;
    w->last_value = w->now.v0;
    return n;
}

// Returns the formula that holds at a time.
static pst_segment formula_at(const pst_param_timeline *timeline, double time_s) {
    walk w = walk_begin(timeline);
    pst_segment found = w.now;
    for (uint32_t i = 0; i < timeline->n; ++i) {
        pst_segment parts[2];
        const uint32_t n = walk_on(&w, &timeline->events[i], parts);
        for (uint32_t k = 0; k < n; ++k)
            if (parts[k].t0 <= time_s)
                found = parts[k];
        if (timeline->events[i].time_s > time_s)
            break;
    }
    return found;
}

double pst_param_timeline_value(const pst_param_timeline *timeline, double time_s) {
    const pst_segment segment = formula_at(timeline, time_s);
    return pst_segment_value(&segment, time_s);
}

static void destroy_track(pst_shared *shared) {
    pst_track *track = (pst_track *)shared;
    for (uint32_t i = 0; i < track->n; ++i)
        if (track->segments[i].curve != NULL)
            pst_shared_release(&track->segments[i].curve->shared);
    pst_free(track);
}

pst_track *pst_param_timeline_track(const pst_param_timeline *timeline) {
    pst_track *track =
        pst_alloc(sizeof *track + (2 * (size_t)timeline->n + 1) * sizeof track->segments[0]);
    if (track == NULL)
        return NULL;
    pst_shared_init(&track->shared, destroy_track);
    track->rate_hz = timeline->rate_hz;
    walk w = walk_begin(timeline);
    track->segments[track->n++] = w.now;
    for (uint32_t i = 0; i < timeline->n; ++i) {
        pst_segment parts[2];
        const uint32_t n = walk_on(&w, &timeline->events[i], parts);
        for (uint32_t k = 0; k < n; ++k) {
            parts[k].first = pst_first_frame(parts[k].t0, timeline->rate_hz);
            // What would hold for no frame is left out.
            while (track->n > 1 && track->segments[track->n - 1].first >= parts[k].first)
                --track->n;
            track->segments[track->n++] = parts[k];
        }
    }
    for (uint32_t i = 0; i < track->n; ++i)
        if (track->segments[i].curve != NULL)
            pst_shared_retain(&track->segments[i].curve->shared);
    return track;
}

// ---- The rules ----------------------------------------------------------------------------------

static pst_status check(const pst_automation *a, pst_error *err) {
    if (!isfinite(a->time_s) || a->time_s < 0.0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "time is %g; it must be finite, and 0 or more",
                        a->time_s);
    const bool has_value = a->kind <= PST_AUTOMATE_TARGET;
    if (has_value && !isfinite(a->value))
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "value is %g; it must be finite", a->value);
    if (a->kind == PST_AUTOMATE_EXPONENTIAL && a->value == 0.0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "value is 0; an exponential ramp can go near it, but not to it");
    if (a->kind == PST_AUTOMATE_TARGET &&
        (!isfinite(a->time_constant_s) || a->time_constant_s < 0.0))
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "time_constant is %g; it must be finite, and 0 or more",
                        a->time_constant_s);
    if (a->kind != PST_AUTOMATE_CURVE)
        return PST_OK;
    if (!isfinite(a->duration_s) || a->duration_s <= 0.0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "duration is %g; it must be finite, and more than 0", a->duration_s);
    if (a->n_values < 2)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "values has %u numbers; it needs 2 or more",
                        a->n_values);
    for (uint32_t i = 0; i < a->n_values; ++i)
        if (!isfinite(a->values[i]))
            return pst_fail(err, PST_BAD_ARGUMENT, 0, "values[%u] is %g; it must be finite", i,
                            a->values[i]);
    return PST_OK;
}

static pst_status check_overlap(const pst_param_timeline *timeline, const pst_automation *a,
                                double time_s, pst_error *err) {
    const bool is_curve = a->kind == PST_AUTOMATE_CURVE;
    for (uint32_t i = 0; i < timeline->n; ++i) {
        const pst_mark *event = &timeline->events[i];
        if (event->kind == PST_MARK_CURVE && time_s >= event->time_s && time_s < event->end_s)
            return pst_fail(err, PST_UNSUPPORTED, 0,
                            "time is %g, inside of a curve from %g to %g; cancel that first",
                            time_s, event->time_s, event->end_s);
        if (is_curve && event->time_s > time_s && event->time_s < time_s + a->duration_s)
            return pst_fail(err, PST_UNSUPPORTED, 0,
                            "a curve from %g to %g would overlap with what happens at %g", time_s,
                            time_s + a->duration_s, event->time_s);
    }
    return PST_OK;
}

static bool is_ramp(pst_mark_kind kind) {
    return kind == PST_MARK_LINEAR || kind == PST_MARK_EXPONENTIAL;
}

// A ramp needs something to start from. There is room for one more event.
static void lay_start(pst_param_timeline *timeline, double time_s, double now_s) {
    uint32_t before = timeline->n;
    while (before > 0 && timeline->events[before - 1].time_s > time_s)
        --before;
    if (before == 0) {
        const double start_s = now_s < time_s ? now_s : time_s;
        insert(timeline, (pst_mark){.kind = PST_MARK_SET,
                                    .time_s = start_s,
                                    .value = pst_param_timeline_value(timeline, start_s)});
        return;
    }
    // A target that has not begun never will: the ramp begins in its place.
    const pst_mark *last = &timeline->events[before - 1];
    if (last->kind == PST_MARK_TARGET && last->time_s <= now_s)
        insert(timeline, (pst_mark){.kind = PST_MARK_STAY, .time_s = now_s});
}

static pst_status add(pst_param_timeline *timeline, const pst_automation *a, double now_s,
                      pst_error *err) {
    const double time_s = a->time_s > now_s ? a->time_s : now_s;
    pst_status status = check_overlap(timeline, a, time_s, err);
    if (status == PST_OK)
        status = make_room(timeline, 2, err);
    if (status != PST_OK)
        return status;
    pst_mark event = {
        .kind = (pst_mark_kind)a->kind, .time_s = time_s, .end_s = time_s, .value = a->value};
    if (event.kind == PST_MARK_TARGET)
        event.span_s = a->time_constant_s;
    if (event.kind == PST_MARK_CURVE) {
        event.curve = pst_numbers_create(a->values, a->n_values);
        if (event.curve == NULL)
            return pst_fail_memory(err);
        event.span_s = a->duration_s;
        event.end_s = time_s + a->duration_s;
    }
    if (is_ramp(event.kind))
        lay_start(timeline, time_s, now_s);
    insert(timeline, event);
    return PST_OK;
}

static void cancel(pst_param_timeline *timeline, double time_s) {
    for (uint32_t i = timeline->n; i-- > 0;) {
        const pst_mark *event = &timeline->events[i];
        const bool is_inside =
            event->kind == PST_MARK_CURVE && event->time_s <= time_s && time_s <= event->end_s;
        if (event->time_s >= time_s || is_inside)
            drop_events(timeline, i, i + 1);
    }
}

static pst_status hold(pst_param_timeline *timeline, double time_s, pst_error *err) {
    const pst_status status = make_room(timeline, 1, err);
    if (status != PST_OK)
        return status;
    const double value = pst_param_timeline_value(timeline, time_s);
    uint32_t next = timeline->n;
    while (next > 0 && timeline->events[next - 1].time_s > time_s)
        --next;
    const pst_mark *before = next > 0 ? &timeline->events[next - 1] : NULL;
    // A ramp behind a curve begins where that ends.
    const bool in_curve =
        before != NULL && before->kind == PST_MARK_CURVE && before->end_s > time_s;
    const bool in_ramp = !in_curve && next < timeline->n && is_ramp(timeline->events[next].kind);
    pst_mark kept = in_ramp ? timeline->events[next] : (pst_mark){.kind = PST_MARK_STAY};
    drop_events(timeline, next, timeline->n);
    if (in_ramp) {
        // An exponential ramp that cannot be holds where it began.
        kept.time_s = time_s;
        kept.value = value;
        timeline->events[timeline->n++] = kept;
        return PST_OK;
    }
    if (next == 0)
        return PST_OK;
    pst_mark *last = &timeline->events[next - 1];
    if (last->kind == PST_MARK_TARGET)
        insert(timeline, (pst_mark){.kind = PST_MARK_SET, .time_s = time_s, .value = value});
    else if (last->kind == PST_MARK_CURVE && last->end_s > time_s)
        last->end_s = time_s;
    return PST_OK;
}

pst_status pst_param_timeline_automate(pst_param_timeline *timeline,
                                       const pst_automation *automation, double now_s,
                                       pst_error *err) {
    const pst_status status = check(automation, err);
    if (status != PST_OK)
        return status;
    const double time_s = automation->time_s > now_s ? automation->time_s : now_s;
    if (automation->kind == PST_AUTOMATE_CANCEL)
        cancel(timeline, time_s);
    else if (automation->kind == PST_AUTOMATE_HOLD)
        return hold(timeline, time_s, err);
    else
        return add(timeline, automation, now_s, err);
    return PST_OK;
}

void pst_param_timeline_forget(pst_param_timeline *timeline, double time_s) {
    // Up to the last event that has begun, which is kept. What begins now may yet be cancelled.
    uint32_t n_over = 0;
    while (n_over + 1 < timeline->n && timeline->events[n_over + 1].time_s < time_s)
        ++n_over;
    // A curve that is cancelled leaves what was before it.
    const pst_mark *last = n_over > 0 ? &timeline->events[n_over] : NULL;
    if (last != NULL && last->kind == PST_MARK_CURVE && last->end_s >= time_s)
        --n_over;
    // A target goes on from the value before it, and that is what the timeline begins with then.
    if (n_over == 0)
        return;
    walk w = walk_begin(timeline);
    for (uint32_t i = 0; i < n_over; ++i) {
        pst_segment parts[2];
        walk_on(&w, &timeline->events[i], parts);
    }
    const pst_mark *kept = &timeline->events[n_over];
    const double before =
        is_ramp(kept->kind) ? kept->value : pst_segment_value(&w.now, kept->time_s);
    timeline->initial = before;
    drop_events(timeline, 0, n_over);
    // A ramp that is over is its end.
    if (is_ramp(timeline->events[0].kind))
        timeline->events[0].kind = PST_MARK_SET;
}
