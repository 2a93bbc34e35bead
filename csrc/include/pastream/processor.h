// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_PROCESSOR_H
#define PASTREAM_PROCESSOR_H

#include "pastream/buffer.h"
#include "pastream/chain.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// Stages that work on the caller's thread: buffers are put in, and what came of them is taken out.
// What is not taken waits, as much as there is. Nothing is shared with other processors, so each
// may be used by a thread of its own, but one at a time.
typedef struct pst_processor pst_processor;

// Makes a processor of stages, which are its own from then on. The first one takes frames, each
// other one what the one before gives, and the last one gives frames.
// n_stages: 1 to PST_CHAIN_MAX_STAGES.
// Returns PST_OK, PST_BAD_ARGUMENT, PST_NO_MEMORY; the stages stay the caller's if it fails.
// Thread: control. Realtime: no. Ownership: the caller's, until pst_processor_destroy.
PST_API PST_NODISCARD pst_status pst_processor_create(pst_processor **processor,
                                                      pst_stage *const *stages, uint32_t n_stages,
                                                      pst_error *err);

// Destroys it, with its stages. NULL is allowed. Thread: control. Realtime: no.
PST_API void pst_processor_destroy(pst_processor *processor);

// Runs a buffer through the stages. It is used during the call only.
// Returns PST_OK, PST_BAD_STATE (flushed, see pst_processor_reset), PST_BAD_ARGUMENT (what a stage
// does not take), or another error of a stage.
// Thread: control, one at a time. Realtime: no.
PST_API PST_NODISCARD pst_status pst_processor_put(pst_processor *processor,
                                                   const pst_buffer *buffer, pst_error *err);

// Ends the input: what the stages still hold comes out. Does nothing if that was done before.
// Returns PST_OK or an error of a stage. Thread: control, one at a time. Realtime: no.
PST_API PST_NODISCARD pst_status pst_processor_flush(pst_processor *processor, pst_error *err);

// Takes the next buffer that came out. What came of a buffer that was put in is one, unless a stage
// makes others. Its memory is valid until the next call for this processor.
// Returns PST_OK; PST_TIMEOUT (none before more is put in); PST_END (none any more).
// Thread: control, one at a time. Realtime: no.
PST_API pst_status pst_processor_get(pst_processor *processor, pst_buffer *buffer);

// Forgets all sound, and what waits: the next buffer is a first one.
// Returns PST_OK or an error of a stage. Thread: control, one at a time. Realtime: no.
PST_API PST_NODISCARD pst_status pst_processor_reset(pst_processor *processor, pst_error *err);

// Returns the name of the stage that the last error of a call came from; NULL: of none.
// Thread: control, one at a time. Realtime: yes. Ownership: the stage's.
PST_API const char *pst_processor_origin(const pst_processor *processor) PST_RT;

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
