# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Write the C source of pastream_ng._core: python write_extension.py DECLARATIONS OUTPUT."""

import sys
from pathlib import Path

import cffi


def declarations(preprocessed: str) -> str:
    """Return the text without blank lines and without the preprocessor's line markers."""
    lines = (line.rstrip() for line in preprocessed.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("#"))


def main(source: str, output: str) -> None:
    """Write the extension module's source from the preprocessed headers."""
    builder = cffi.FFI()
    builder.cdef(declarations(Path(source).read_text(encoding="utf-8")))
    builder.set_source("pastream_ng._core", '#include "pastream/pastream.h"\n')
    builder.emit_c_code(output)


if __name__ == "__main__":
    main(*sys.argv[1:])
