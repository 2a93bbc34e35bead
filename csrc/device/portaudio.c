// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "device/portaudio.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "device/alsa_config.h"
#include "device/chatter.h"
#include "device/portaudio_alsa.h"
#include "device/portaudio_stream.h"
#include "device/settings.h"
#include "device/text.h"

// The life of PortAudio, and opening its streams. Running them is in portaudio_stream.c.

pst_status pst_portaudio_enter(pst_gate *gate, pst_error *err) {
    if (pst_gate_enter(gate, pst_deadline_ns(PST_PORTAUDIO_PATIENCE_NS)))
        return PST_OK;
    return pst_fail(err, PST_TIMEOUT, 0, "PortAudio hangs in an earlier call");
}

// ---- Loading ---------------------------------------------------------------------------------

static void destroy(pst_portaudio *backend) {
    pst_gate_deinit(&backend->calls);
    pst_gate_deinit(&backend->jack_calls);
    pst_free(backend);
}

static pst_status create(pst_portaudio **backend, pst_error *err) {
    pst_portaudio *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    pst_status status = pst_gate_init(&made->calls, err);
    if (status != PST_OK)
        goto fail;
    status = pst_gate_init(&made->jack_calls, err);
    if (status != PST_OK)
        goto fail_jack;
    *backend = made;
    return PST_OK;

fail_jack:
    pst_gate_deinit(&made->calls);
fail:
    pst_free(made);
    return status;
}

// What JACK's patchbays show. PortAudio does not copy the text.
static void tell_name(pst_portaudio *backend) {
    const char *wanted = getenv("PASTREAM_NAME");
    const bool is_named = wanted != NULL && wanted[0] != '\0';
    pst_text_copy(backend->name, sizeof backend->name, is_named ? wanted : "pastream_ng");
    for (char *at = backend->name; *at != '\0'; ++at) {
        if (*at == ':') // It ends the name of a client there.
            *at = '-';
    }
    if (backend->pa.set_jack_name != NULL)
        (void)backend->pa.set_jack_name(backend->name);
}

static pst_status initialize(pst_portaudio *backend, pst_error *err) {
    const pst_pa *pa = &backend->pa;
    tell_name(backend);
    pst_alsa_config_repair();
    const PaError code = pa->initialize();
    if (code == paNoError)
        return PST_OK;
    const pst_status status = pst_portaudio_fail(pa, err, code, "PortAudio cannot be used");
    // Out of memory would mean us; a host that has none is only a host that fails.
    if (status == PST_NO_MEMORY && err != NULL)
        err->status = PST_HOST_ERROR;
    return status == PST_NO_MEMORY ? PST_HOST_ERROR : status;
}

static bool has_jack(const pst_pa *pa) {
    for (PaHostApiIndex i = 0; i < pa->hostapi_count(); ++i) {
        if (pa->hostapi_info(i)->type == paJACK)
            return true;
    }
    return false;
}

// Ends PortAudio, unless that would end the process.
static void terminate(pst_portaudio *backend) {
    pst_jack_watch_ask(&backend->jack);
    const bool is_gone = pst_jack_watch_is_gone(&backend->jack);
    if (!is_gone)
        (void)backend->pa.terminate();
    pst_jack_watch_end(&backend->jack);
    pst_pa_give_back(backend->instance, is_gone);
}

static pst_status load_quietly(pst_portaudio *backend, pst_device_list *list, pst_error *err) {
    pst_status status = pst_pa_take(&backend->instance, err);
    if (status != PST_OK)
        return status;
    backend->pa = backend->instance->pa;
    status = initialize(backend, err);
    if (status != PST_OK) {
        pst_pa_give_back(backend->instance, false);
        return status;
    }
    if (has_jack(&backend->pa)) {
        pst_pa_note_jack_name(backend->instance);
        pst_jack_watch_begin(&backend->jack);
        pst_chatter_retake_handlers(); // PortAudio has set one for JACK that keeps nothing.
    }
    status = pst_portaudio_list(&backend->pa, list);
    if (status != PST_OK) {
        terminate(backend);
        return pst_fail_memory(err);
    }
    return PST_OK;
}

static pst_status load(void **backend, pst_device_list *list, pst_error *err) {
    if (!pst_chatter_take_handlers())
        return pst_fail(err, PST_FORKED, 0,
                        "PortAudio was set up before this process was forked, so it belongs to the "
                        "parent");
    pst_portaudio *made = NULL;
    pst_status status = create(&made, err);
    if (status == PST_OK) {
        pst_chatter_hold_stderr();
        status = load_quietly(made, list, err);
        pst_chatter_release_stderr();
        if (status != PST_OK)
            destroy(made);
    }
    if (status != PST_OK) {
        pst_chatter_drop_handlers();
        return status;
    }
    *backend = made;
    return PST_OK;
}

static void unload(void *backend) {
    pst_portaudio *portaudio = backend;
    pst_chatter_hold_stderr();
    terminate(portaudio);
    pst_chatter_release_stderr();
    pst_chatter_drop_handlers();
    destroy(portaudio);
}

// ---- Questions -------------------------------------------------------------------------------

// JACK's own frames are float32, and our conversions are better than PortAudio's. Elsewhere
// PortAudio is closer to the hardware, and may find a shorter way.
static pst_format choose_format(const pst_pa *pa, const pst_open_request *request,
                                pst_direction direction) {
    static const pst_format others[] = {PST_FORMAT_F32, PST_FORMAT_I32, PST_FORMAT_I16};
    const pst_side *side = direction == PST_INPUT ? &request->input : &request->output;
    if (side->format == PST_FORMAT_F64 || pst_portaudio_hostapi_of(pa, side->device) == paJACK)
        return PST_FORMAT_F32;
    if (pst_portaudio_takes(pa, request, direction, side->format))
        return side->format;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; ++i) {
        if (pst_portaudio_takes(pa, request, direction, others[i]))
            return others[i];
    }
    return side->format; // Opening will say what is wrong.
}

static pst_format suit(void *backend, const pst_open_request *request, pst_direction direction) {
    pst_portaudio *portaudio = backend;
    if (pst_portaudio_enter(&portaudio->calls, NULL) != PST_OK)
        return PST_FORMAT_F32; // Opening will not get further.
    pst_chatter_hold_stderr();
    const pst_format format = choose_format(&portaudio->pa, request, direction);
    pst_chatter_release_stderr();
    pst_gate_leave(&portaudio->calls);
    return format;
}

static pst_status check_formats(const pst_open_request *request, pst_error *err) {
    const pst_side *sides[] = {&request->input, &request->output};
    for (int i = 0; i < 2; ++i) {
        if (sides[i]->device != PST_NO_INDEX && !pst_portaudio_has_format(sides[i]->device_format))
            return pst_fail(err, PST_UNSUPPORTED, 0,
                            "%s.device_format is %s, which PortAudio does not have; float32 works",
                            i == 0 ? "input" : "output", pst_format_name(sides[i]->device_format));
    }
    return PST_OK;
}

static pst_status ask(const pst_pa *pa, const pst_open_request *request, pst_error *err) {
    PaStreamParameters input, output;
    pst_portaudio_alsa alsa;
    const PaError code = pa->is_format_supported(
        pst_portaudio_params(pa, &request->input, PST_INPUT, &input, &alsa),
        pst_portaudio_params(pa, &request->output, PST_OUTPUT, &output, &alsa),
        request->samplerate_hz);
    if (code == paFormatIsSupported)
        return PST_OK;
    return pst_portaudio_fail_device(pa, request, err, code,
                                     "the device does not take these settings");
}

// What questions and opening have in common: enters the gate, and holds stderr.
static pst_status enter(pst_portaudio *portaudio, const pst_open_request *request, pst_error *err) {
    pst_status status = check_formats(request, err);
    if (status == PST_OK)
        status = pst_portaudio_enter(&portaudio->calls, err);
    if (status != PST_OK)
        return status;
    if (pst_portaudio_is_gone(portaudio, request, err)) {
        pst_gate_leave(&portaudio->calls);
        return PST_DEVICE_LOST;
    }
    status = pst_portaudio_alsa_check(&portaudio->pa, request, err);
    if (status != PST_OK) {
        pst_gate_leave(&portaudio->calls);
        return status;
    }
    pst_chatter_hold_stderr();
    return PST_OK;
}

static void leave(pst_portaudio *portaudio) {
    pst_chatter_release_stderr();
    pst_gate_leave(&portaudio->calls);
}

static pst_status check(void *backend, const pst_open_request *request, pst_error *err) {
    pst_portaudio *portaudio = backend;
    pst_status status = enter(portaudio, request, err);
    if (status != PST_OK)
        return status;
    status = ask(&portaudio->pa, request, err);
    leave(portaudio);
    return status;
}

// ---- Opening ---------------------------------------------------------------------------------

static pst_status open_stream(void *backend, const pst_open_request *request, void **handle,
                              pst_open_info *info, pst_error *err) {
    pst_portaudio *portaudio = backend;
    pst_status status = enter(portaudio, request, err);
    if (status != PST_OK)
        return status;
    status = pst_portaudio_stream_open(portaudio, request, handle, info, err);
    leave(portaudio);
    return status;
}

const pst_backend_ops pst_backend_portaudio = {
    .name = "PortAudio",
    .load = load,
    .unload = unload,
    .may_load_beside = true,
    .suit = suit,
    .check = check,
    .open = open_stream,
    .start = pst_portaudio_stream_start,
    .stop = pst_portaudio_stream_stop,
    .abort = pst_portaudio_stream_abort,
    .close = pst_portaudio_stream_close,
    .is_active = pst_portaudio_stream_is_active,
};
