# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT

import pytest


@pytest.fixture
def axes():
    """Return axes of a figure without a window."""
    figures = pytest.importorskip("matplotlib.figure", reason="matplotlib is not installed")
    return figures.Figure().subplots()
