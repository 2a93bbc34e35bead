# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Write the C source of pastream_ng._core: python write_extension.py DECLARATIONS OUTPUT."""

import sys
from pathlib import Path

import cffi

# What C calls for file objects of the user's (pst_io_functions), from any thread, with the GIL.
# pastream_ng/_native/places.py defines them.
IN_PYTHON = """
extern "Python" {
    int64_t pst_python_read(void *user, void *data, int64_t n_bytes);
    int64_t pst_python_write(void *user, const void *data, int64_t n_bytes);
    int64_t pst_python_seek(void *user, int64_t position);
    int64_t pst_python_length(void *user);
    int64_t pst_python_truncate(void *user, int64_t n_bytes);
    int64_t pst_python_close(void *user);
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
    builder.set_source("pastream_ng._core", '#include "pastream/pastream.h"\n')
    builder.emit_c_code(output)


if __name__ == "__main__":
    main(*sys.argv[1:])
