# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The seam: the only package that imports the extension module ``_core``."""

from __future__ import annotations

from importlib import import_module


def _is_main_interpreter() -> bool:
    for name in ("_interpreters", "_xxsubinterpreters"):  # From Python 3.13 on, and before.
        try:
            interpreters = import_module(name)
        except ImportError:
            continue
        return bool(interpreters.get_current() == interpreters.get_main())
    return True


# One process has one audio system; a second interpreter would share it unknowingly.
if not _is_main_interpreter():
    raise ImportError("pastream_ng works in the main interpreter of a process only")

try:
    from pastream_ng._core import ffi, lib
except ImportError as reason:
    raise ImportError(
        "pastream_ng's extension module cannot be loaded. In a checkout the folder 'pastream_ng' "
        "holds only its Python half: run './dev build', or 'pip install .', and start Python "
        f"outside of the checkout or with its .venv (the reason was: {reason})",
        name=reason.name,
        path=reason.path,
    ) from reason

__all__ = ["ffi", "lib"]
