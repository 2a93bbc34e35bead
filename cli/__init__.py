# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The ``pastream`` command, installed as ``pastream_ng.cli``; it uses public names only."""
