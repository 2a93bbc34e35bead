# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Settings of Sphinx. The build is strict: a warning is an error."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import c_reference  # noqa: E402

import pastream_ng  # noqa: E402

# The C reference is made from the headers before Sphinx looks for pages.
c_reference.write()

project = "pastream_ng"
author = "The pastream_ng authors"
copyright = "2026, The pastream_ng authors"
version = release = pastream_ng.__version__

extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon", "node_reference"]
root_doc = "index"
default_role = "py:obj"
primary_domain = "py"
highlight_language = "python"

autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "none"  # The parameters' types stand in the docstrings.
napoleon_google_docstring = False
napoleon_use_ivar = False
napoleon_use_param = False  # Types are words, not names to be looked up.
napoleon_use_rtype = False

html_theme = "furo"
html_title = f"pastream_ng {release}"
html_static_path: list[str] = []
