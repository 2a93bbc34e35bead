// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DEVICE_SYSTEM_H
#define PST_DEVICE_SYSTEM_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "base/event.h"
#include "device/gate.h"
#include "device/handle.h"
#include "device/list.h"

// The inside of pst_system, for the files of this folder and their tests.

enum { PST_MAX_SLOTS = 4, PST_MAX_GENERATIONS = 8 };

// A backend as it was loaded once: its devices, and what is open on them. A refresh while something
// is open loads another one beside it; the old one then lives until its last claim is given back.
typedef struct pst_generation {
    const pst_backend_ops *ops;
    void *backend;               // Of ops->load; may be NULL.
    pst_device_list *part;       // Its own devices.
    uint32_t n_claims;           // Open handles, abandoned ones included, and questions under way.
    bool is_old;                 // Another one has taken its place.
    struct pst_generation *next; // In the slot's list of old ones.
} pst_generation;

// One backend and what it is used for.
typedef struct pst_slot {
    const pst_backend_ops *ops;
    pst_generation *current; // NULL while it is not loaded.
    pst_generation *old;     // Those that are still in use, or about to be unloaded.
    bool is_loading;         // load or unload was called and is not back, perhaps never will be.
    bool is_replacing;       // The list still names devices of a generation that is being unloaded.
} pst_slot;

struct pst_system {
    pid_t pid; // Of the process that may use it.
    _Atomic uint32_t n_refs;
    _Atomic uint32_t n_abandoned;
    int64_t load_timeout_ns; // How long a backend may take to tell its devices. Tests change it.
    pst_gate loading;        // The one thread that loads or refreshes is inside.
    int64_t read_ns;         // Inside: when the last list began to be read; 0 for none.
    pst_event work_done;     // Posted when n_work becomes 0.

    pthread_mutex_t lock; // Guards all below. Held briefly, never during a call into a backend.
    uint32_t n_slots;
    pst_slot slots[PST_MAX_SLOTS];
    pst_device_list *list; // What the public calls answer from; NULL until loaded.
    uint64_t list_number;  // Counts the lists.
    pst_error complaint;   // Of a backend that could not be loaded; its status is 0 if all could.
    pst_member *first_member, *last_member;
    uint32_t n_work;
    pst_device_watch *first_watch; // Open ones, posted to when the list is replaced,
    struct pst_hotplug *hotplug;   // and the thread that replaces it for them; NULL without any.
};

// ---- watch.c -----------------------------------------------------------------------------------

// Tells every watch that the list was replaced. With the lock held. Realtime: no.
void pst_device_watches_post(pst_system *system);

// pst_system_create with other backends (ended by NULL), for tests.
PST_NODISCARD pst_status pst_system_create_with(pst_system **system,
                                                const pst_backend_ops *const *backends,
                                                pst_error *err);

// A right to use a backend: while it is held, the backend is not unloaded.
typedef struct pst_claim {
    pst_system *system; // Retained.
    pst_generation *generation;
    const pst_backend_ops *ops;
    void *backend;
    int32_t input_index, output_index; // As the backend counts, or PST_NO_INDEX.
    pst_device_info input, output;     // All zero for a side that is not there.
} pst_claim;

// Claims the backend of one or two devices, as the sides of a stream name them. Loads the list if
// need be, and waits for a refresh under way.
// Returns PST_OK, PST_NO_DEVICE (the text lists the devices), PST_BAD_ARGUMENT (no device at all),
// PST_DEVICE_BUSY (only a stream that is open already can use it), PST_UNSUPPORTED (two backends),
// PST_TIMEOUT, PST_FORKED, PST_NO_MEMORY, PST_SYSTEM_ERROR.
// Thread: any. Realtime: no.
PST_NODISCARD pst_status pst_system_claim(pst_system *system, const pst_side *input,
                                          const pst_side *output, int64_t deadline_ns,
                                          pst_claim *claim, pst_error *err);

// Returns a number that tells lists with other devices or defaults apart. Loads nothing.
// Thread: any. Realtime: no.
uint64_t pst_system_list_digest(pst_system *system);

// As pst_system_refresh, unless the list was read after since_ns.
PST_NODISCARD pst_status pst_system_refresh_since(pst_system *system, int64_t since_ns,
                                                  pst_error *err);

// Gives the claim back. If it was the last one on an old generation, a thread of the library
// unloads that. Thread: any. Realtime: no.
void pst_system_unclaim(pst_claim *claim);

// Unloads the old generations that nobody uses any more, on a thread of the library.
// Thread: any. Realtime: no.
void pst_system_sweep_later(pst_system *system);

// Enters the gate `loading`, or returns PST_TIMEOUT. Thread: any. Realtime: no.
PST_NODISCARD pst_status pst_system_enter_gate(pst_system *system, int64_t deadline_ns,
                                               pst_error *err);

// Returns how long one thread waits for another one that loads: each backend may take its time.
int64_t pst_system_gate_deadline_ns(const pst_system *system);

// ---- generation.c: from inside the gate, but for the last -------------------------------------

// Unloads `old`, which is gone afterwards, and then loads a new generation into *made, each unless
// it is NULL, on a helper thread. *made is left alone if the backend cannot be loaded or does not
// come back in time; then *complaint says why, and the result is PST_OK. Returns something else
// only for our own troubles.
PST_NODISCARD pst_status pst_generation_exchange(pst_system *system, pst_slot *slot,
                                                 pst_generation *old, pst_generation **made,
                                                 int64_t timeout_ns, pst_error *complaint,
                                                 pst_error *err);

// Unloads the old generations that nobody uses any more. A backend that does not come back keeps
// its slot loading.
void pst_system_sweep(pst_system *system, int64_t timeout_ns);

// Ends what ops->load began, on a helper thread with a deadline, and frees the generation. NULL is
// allowed.
void pst_generation_destroy(pst_generation *generation, int64_t timeout_ns);

#endif
