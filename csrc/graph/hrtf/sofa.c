// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/error.h"
#include "graph/hrtf/ears.h"
#include "pastream/graph_kinds.h"

#ifdef PST_HAS_MYSOFA

#include <mysofa.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"

// ---- Reading ------------------------------------------------------------------------------------

static pst_status fail_file(pst_error *err, const char *path, int code) {
    if (code == MYSOFA_NO_MEMORY)
        return pst_fail_memory(err);
    return pst_fail(err, PST_BAD_FILE, code,
                    "%s cannot be used: it must be a file in the format SOFA with impulse "
                    "responses of two ears",
                    path);
}

// One delay for each response: the file may have one for all.
static float *read_delays(const struct MYSOFA_HRTF *hrtf) {
    const size_t n = (size_t)hrtf->M * 2;
    float *delays = pst_alloc_array(n, sizeof(float));
    const bool is_common = hrtf->DataDelay.elements < n;
    for (size_t i = 0; delays != NULL && hrtf->DataDelay.elements >= 2 && i < n; ++i)
        delays[i] = hrtf->DataDelay.values[is_common ? i % 2 : i];
    return delays;
}

static bool has_two_ears(const struct MYSOFA_HRTF *hrtf) {
    const size_t n = hrtf->M;
    return hrtf->R == 2 && n > 0 && hrtf->N > 0 && hrtf->N <= PST_HEAD_FRAMES_MAX &&
           n <= UINT32_MAX / hrtf->N / 2 && hrtf->DataIR.elements >= n * 2 * hrtf->N &&
           hrtf->SourcePosition.elements >= n * 3 && hrtf->DataSamplingRate.elements >= 1;
}

static pst_status make_ears(pst_ears **ears, struct MYSOFA_HRTF *hrtf, const char *path,
                            double rate_hz, pst_error *err) {
    const int code = mysofa_check(hrtf);
    if (code != MYSOFA_OK || !has_two_ears(hrtf))
        return fail_file(err, path, code);
    mysofa_tocartesian(hrtf);
    float *delays = read_delays(hrtf);
    if (delays == NULL)
        return pst_fail_memory(err);
    const pst_head head = {
        .rate_hz = (double)hrtf->DataSamplingRate.values[0],
        .n_directions = hrtf->M,
        .n_frames = hrtf->N,
        .directions = hrtf->SourcePosition.values,
        .responses = hrtf->DataIR.values,
        .delays = delays,
    };
    const pst_status status = pst_ears_create(ears, &head, rate_hz, err);
    pst_free(delays);
    return status == PST_BAD_FILE ? fail_file(err, path, 0) : status;
}

static pst_status read_ears(pst_ears **ears, const char *path, double rate_hz, pst_error *err) {
    if (access(path, R_OK) != 0)
        return pst_fail(err, PST_UNSUPPORTED, 0,
                        "panning_model is \"HRTF\", which needs the measurements of a head, and %s "
                        "cannot be read (Debian: libmysofa1; or name another one in PASTREAM_SOFA)",
                        path);
    int code = MYSOFA_INTERNAL_ERROR;
    struct MYSOFA_HRTF *hrtf = mysofa_load(path, &code);
    if (hrtf == NULL)
        return fail_file(err, path, code);
    const pst_status status = make_ears(ears, hrtf, path, rate_hz, err);
    mysofa_free(hrtf);
    return status;
}

// ---- Sharing ------------------------------------------------------------------------------------

// Reading takes a while, and all graphs of the process can have the same. The list knows what
// others hold, and holds nothing itself. The lock guards it, and is never held for long.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pst_ears *listed;

static void destroy_listed(pst_shared *shared) {
    pst_ears *ears = (pst_ears *)shared;
    pthread_mutex_lock(&lock);
    for (pst_ears **each = &listed; *each != NULL; each = &(*each)->next)
        if (*each == ears) {
            *each = ears->next;
            break;
        }
    pthread_mutex_unlock(&lock);
    pst_free(ears->path);
    pst_ears_destroy(shared);
}

// With the lock held. What has no reference any more is about to leave the list.
static bool keep(pst_ears *ears) {
    uint32_t n = atomic_load_explicit(&ears->shared.n_refs, memory_order_relaxed);
    while (n > 0)
        if (atomic_compare_exchange_weak_explicit(&ears->shared.n_refs, &n, n + 1,
                                                  memory_order_acquire, memory_order_relaxed))
            return true;
    return false;
}

static pst_ears *find_listed(const char *path, double rate_hz) {
    for (pst_ears *each = listed; each != NULL; each = each->next)
        if (each->rate_hz == rate_hz && strcmp(each->path, path) == 0 && keep(each))
            return each;
    return NULL;
}

// Adds ears to the list, or takes those that somebody has added meanwhile.
static pst_ears *list(pst_ears *made) {
    pthread_mutex_lock(&lock);
    pst_ears *found = find_listed(made->path, made->rate_hz);
    if (found == NULL) {
        made->next = listed;
        listed = made;
    }
    pthread_mutex_unlock(&lock);
    if (found == NULL)
        return made;
    pst_shared_release(&made->shared);
    return found;
}

const char *pst_hrtf_file(void) {
    const char *named = getenv("PASTREAM_SOFA");
    return named != NULL && named[0] != '\0' ? named : PST_SOFA_FILE;
}

pst_status pst_ears_take(pst_ears **ears, double rate_hz, pst_error *err) {
    const char *path = pst_hrtf_file();
    pthread_mutex_lock(&lock);
    *ears = find_listed(path, rate_hz);
    pthread_mutex_unlock(&lock);
    if (*ears != NULL)
        return PST_OK;
    pst_ears *made = NULL;
    const pst_status status = read_ears(&made, path, rate_hz, err);
    if (status != PST_OK)
        return status;
    made->shared.destroy = destroy_listed;
    made->path = pst_alloc_text(path);
    if (made->path == NULL) {
        pst_shared_release(&made->shared);
        return pst_fail_memory(err);
    }
    *ears = list(made);
    return PST_OK;
}

#else

const char *pst_hrtf_file(void) {
    return NULL;
}

pst_status pst_ears_take(pst_ears **ears, double rate_hz, pst_error *err) {
    (void)ears;
    (void)rate_hz;
    return pst_fail(err, PST_UNSUPPORTED, 0,
                    "panning_model is \"HRTF\", which needs libmysofa, and this build lacks it "
                    "(Debian: libmysofa-dev)");
}

#endif
