# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""``pastream demo``: a melody is played and captured while Python stands still."""
