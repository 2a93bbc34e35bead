// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TESTS_FAKE_BACKEND_H
#define PST_TESTS_FAKE_BACKEND_H

#include <pthread.h>

#include "base/event.h"
#include "device_fixture.h"

// A backend that does what a test tells it: fails, hangs until it is let go, has these devices. It
// stands for PortAudio: its list can be read again.

// Whether it can be loaded once more while something is open on it.
#ifndef FAKE_MAY_LOAD_BESIDE
#define FAKE_MAY_LOAD_BESIDE true
#endif

typedef struct fake_device {
    const char *name;
    int32_t n_inputs, n_outputs;
} fake_device;

enum { FAKE_MAX_DEVICES = 8 };

typedef enum fake_call {
    FAKE_NOTHING = 0,
    FAKE_LOAD,
    FAKE_UNLOAD,
    FAKE_SUIT,
    FAKE_CHECK,
    FAKE_OPEN,
    FAKE_START,
    FAKE_STOP,
    FAKE_ABORT,
    FAKE_CLOSE,
    FAKE_N_CALLS
} fake_call;

static struct {
    fake_device devices[FAKE_MAX_DEVICES];
    uint32_t n_devices;
    double only_rate_hz;                    // Other rates are not supported; 0: all are.
    _Atomic int hang_in;                    // A fake_call.
    _Atomic bool is_let_go;                 // Ends the hanging.
    _Atomic int fail_in;                    // A fake_call that fails ...
    _Atomic int fail_status;                // ... so.
    _Atomic int n_calls[FAKE_N_CALLS];      // Begun.
    _Atomic int n_calls_done[FAKE_N_CALLS]; // Come back.
    _Atomic int n_inside;                   // Of load, unload: there must be one at a time.
    pst_format opened_format;
    _Atomic int opened_input, opened_output; // Devices.
} fake;

// Guards devices and n_devices: a thread of the library may be reading the list meanwhile.
static pthread_mutex_t fake_lock = PTHREAD_MUTEX_INITIALIZER;

// What follows changes the devices that the next look finds.
CHECK_UNUSED static void fake_plug_in(uint32_t index, fake_device device) {
    pthread_mutex_lock(&fake_lock);
    fake.devices[index] = device;
    if (fake.n_devices <= index)
        fake.n_devices = index + 1;
    pthread_mutex_unlock(&fake_lock);
}

CHECK_UNUSED static void fake_unplug_from(uint32_t index) {
    pthread_mutex_lock(&fake_lock);
    fake.n_devices = index;
    pthread_mutex_unlock(&fake_lock);
}

CHECK_UNUSED static void fake_rename(uint32_t index, const char *name) {
    pthread_mutex_lock(&fake_lock);
    fake.devices[index].name = name;
    pthread_mutex_unlock(&fake_lock);
}

CHECK_UNUSED static void fake_reset(void) {
    memset(&fake, 0, sizeof fake);
    fake.devices[0] = (fake_device){"mic", 2, 0};
    fake.devices[1] = (fake_device){"speaker", 0, 8};
    fake.n_devices = 2;
}

CHECK_UNUSED static void fake_let_go(void) {
    atomic_store(&fake.is_let_go, true);
}

// Waits until so many calls of a kind have come back.
CHECK_UNUSED static bool fake_wait_done(fake_call call, int n_calls) {
    const int64_t end_ns = pst_now_ns() + PATIENCE_NS;
    while (atomic_load(&fake.n_calls_done[call]) < n_calls) {
        if (pst_now_ns() > end_ns)
            return FAIL("call %d does not come back", (int)call);
        pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS / 5);
    }
    return true;
}

CHECK_UNUSED static pst_status fake_act(fake_call call, pst_error *err) {
    atomic_fetch_add(&fake.n_calls[call], 1);
    while (atomic_load(&fake.hang_in) == (int)call && !atomic_load(&fake.is_let_go))
        pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS);
    pst_status status = PST_OK;
    if (atomic_load(&fake.fail_in) == (int)call) {
        status = (pst_status)atomic_load(&fake.fail_status);
        if (err != NULL) {
            err->status = status;
            err->native_code = 77;
            snprintf(err->text, sizeof err->text, "the fake host was told to fail");
        }
    }
    atomic_fetch_add(&fake.n_calls_done[call], 1);
    return status;
}

static pst_status fake_load(void **backend, pst_device_list *list, pst_error *err) {
    CHECK_EQ(atomic_fetch_add(&fake.n_inside, 1), 0);
    const pst_status status = fake_act(FAKE_LOAD, err);
    *backend = &fake;
    pst_hostapi_info hostapi = {.name = "Fake", .default_input = 0, .default_output = 1};
    pst_status added = status;
    if (added == PST_OK)
        added = pst_device_list_add_hostapi(list, &hostapi);
    pthread_mutex_lock(&fake_lock);
    for (uint32_t i = 0; i < fake.n_devices && added == PST_OK; ++i) {
        pst_device_info info = {.max_input_channels = fake.devices[i].n_inputs,
                                .max_output_channels = fake.devices[i].n_outputs,
                                .default_samplerate_hz = 44100.0};
        snprintf(info.name, sizeof info.name, "%s", fake.devices[i].name);
        added = pst_device_list_add_device(list, &info);
    }
    pthread_mutex_unlock(&fake_lock);
    pst_device_list_set_defaults(list, 0, 1);
    atomic_fetch_sub(&fake.n_inside, 1);
    return added;
}

static void fake_unload(void *backend) {
    CHECK(backend == &fake);
    CHECK_EQ(atomic_fetch_add(&fake.n_inside, 1), 0);
    (void)fake_act(FAKE_UNLOAD, NULL);
    atomic_fetch_sub(&fake.n_inside, 1);
}

static pst_format fake_suit(void *backend, const pst_open_request *request,
                            pst_direction direction) {
    (void)backend;
    (void)fake_act(FAKE_SUIT, NULL);
    return direction == PST_INPUT ? PST_FORMAT_I16 : request->output.format;
}

static pst_status fake_check(void *backend, const pst_open_request *request, pst_error *err) {
    (void)backend;
    const pst_status status = fake_act(FAKE_CHECK, err);
    if (status == PST_OK && fake.only_rate_hz > 0.0 &&
        (request->samplerate_hz < fake.only_rate_hz || request->samplerate_hz > fake.only_rate_hz))
        return PST_UNSUPPORTED;
    return status;
}

static pst_status fake_open(void *backend, const pst_open_request *request, void **handle,
                            pst_open_info *info, pst_error *err) {
    const pst_status status = fake_act(FAKE_OPEN, err);
    if (status != PST_OK)
        return status;
    if (fake.only_rate_hz > 0.0 && fake_check(backend, request, err) != PST_OK)
        return PST_UNSUPPORTED;
    fake.opened_format = request->input.device_format;
    atomic_store(&fake.opened_input, request->input.device);
    atomic_store(&fake.opened_output, request->output.device);
    *info = (pst_open_info){.samplerate_hz = request->samplerate_hz, .is_realtime = true};
    *handle = &fake;
    return PST_OK;
}

static pst_status fake_start(void *handle, pst_error *err) {
    (void)handle;
    return fake_act(FAKE_START, err);
}

static pst_status fake_stop(void *handle, pst_error *err) {
    (void)handle;
    return fake_act(FAKE_STOP, err);
}

static pst_status fake_abort(void *handle, pst_error *err) {
    (void)handle;
    return fake_act(FAKE_ABORT, err);
}

static pst_status fake_close(void *handle, pst_error *err) {
    (void)handle;
    return fake_act(FAKE_CLOSE, err);
}

static bool fake_is_active(void *handle) {
    (void)handle;
    return true;
}

static const pst_backend_ops fake_backend = {
    .name = "Fake",
    .may_load_beside = FAKE_MAY_LOAD_BESIDE,
    .load = fake_load,
    .unload = fake_unload,
    .suit = fake_suit,
    .check = fake_check,
    .open = fake_open,
    .start = fake_start,
    .stop = fake_stop,
    .abort = fake_abort,
    .close = fake_close,
    .is_active = fake_is_active,
};

static const pst_backend_ops *const fake_and_virtual[] = {&fake_backend, &pst_backend_virtual,
                                                          NULL};

// Devices: those of the fake, then loopback and null.
CHECK_UNUSED static pst_system *make_fake_system(void) {
    pst_system *system = NULL;
    CHECK_EQ(pst_system_create_with(&system, fake_and_virtual, NULL), PST_OK);
    return system;
}

#endif
