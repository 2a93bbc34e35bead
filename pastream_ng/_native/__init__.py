# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The seam: the only package that imports the extension module ``_core``."""

from __future__ import annotations

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
