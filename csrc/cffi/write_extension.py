# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Write the C source of pastream_ng._core: python write_extension.py DECLARATIONS OUTPUT."""

import sys
from pathlib import Path

import cffi

# What C calls for objects of the user's, from any thread, with the GIL: file objects
# (pst_io_functions), defined in pastream_ng/_native/places.py, and parts of chains
# (pst_source_functions and its relatives), defined in pastream_ng/pipelines/parts.py; and nodes of
# graphs that nobody hears live (pst_process_fn), in pastream_ng/graph/functions/host.py.
IN_PYTHON = """
extern "Python" {
    int64_t pst_python_read(void *user, void *data, int64_t n_bytes);
    int64_t pst_python_write(void *user, const void *data, int64_t n_bytes);
    int64_t pst_python_seek(void *user, int64_t position);
    int64_t pst_python_length(void *user);
    int64_t pst_python_truncate(void *user, int64_t n_bytes);
    int64_t pst_python_close(void *user);

    pst_status pst_python_pull(void *user, pst_buffer *buffer, pst_error *err);
    pst_status pst_python_push(void *user, const pst_buffer *buffer, pst_error *err);
    pst_status pst_python_flush(void *user, pst_error *err);
    pst_status pst_python_reset(void *user, pst_error *err);
    pst_status pst_python_finalize(void *user, pst_chain_state how, pst_error *err);
    void pst_python_let_go(void *user);

    int32_t pst_python_process(const float *const *inputs, float *const *outputs,
                               const float *const *params, const pst_process_block *block,
                               void *user);
}
"""

# C lets parts go whenever it has done with them. After Python's end there is nobody to be told.
IN_C = """
void pst_python_drop(void *user);
void pst_python_is_over(void);
"""
SOURCE = """
#include "pastream/pastream.h"

static void pst_python_let_go(void *user);
static volatile int is_over;

static void pst_python_drop(void *user) {
    if (!is_over)
        pst_python_let_go(user);
}

static void pst_python_is_over(void) {
    is_over = 1;
}
"""


def declarations(preprocessed: str) -> str:
    """Return the text without blank lines and without the preprocessor's line markers."""
    lines = (line.rstrip() for line in preprocessed.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("#"))


def main(source: str, output: str) -> None:
    """Write the extension module's source from the preprocessed headers."""
    builder = cffi.FFI()
    builder.cdef(declarations(Path(source).read_text(encoding="utf-8")))
    builder.cdef(IN_PYTHON)
    builder.cdef(IN_C)
    builder.set_source("pastream_ng._core", SOURCE)
    builder.emit_c_code(output)


if __name__ == "__main__":
    main(*sys.argv[1:])
