# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Sound files: read, written, played and recorded."""
