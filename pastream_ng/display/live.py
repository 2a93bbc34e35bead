# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""A picture of what an analyser hears now."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pastream_ng._checks import real, shown
from pastream_ng.display.pictures import new_axes
from pastream_ng.display.sounds import needed
from pastream_ng.errors import ArgumentError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pastream_ng.graph.nodes import AnalyserNode

__all__ = ["LivePlot", "live"]


class LivePlot:
    """What an analyser hears, drawn anew with each `update`.

    Parameters
    ----------
    analyser : AnalyserNode
    what : {"spectrum", "waveform"}, optional
    ax : matplotlib.axes.Axes, optional
        Where to draw; else in a new figure.

    Attributes
    ----------
    ax : matplotlib.axes.Axes
    line : matplotlib.lines.Line2D
    """

    def __init__(
        self,
        analyser: AnalyserNode,
        what: Literal["spectrum", "waveform"] = "spectrum",
        *,
        ax: Axes | None = None,
    ) -> None:
        if what not in ("spectrum", "waveform"):
            raise ArgumentError(f"what is {shown(what)}; it must be 'spectrum' or 'waveform'")
        self._analyser = analyser
        self._is_spectrum = what == "spectrum"
        self._handle: Any = None
        self.ax = new_axes(ax)
        (self.line,) = self.ax.plot([], [])
        rate = analyser.context.sample_rate
        if self._is_spectrum:
            self.ax.set_xscale("log")
            self.ax.set(xlabel="frequency (Hz)", ylabel="level (dB)")
            self.ax.set_xlim(rate / analyser.fft_size, rate / 2)
            self.ax.set_ylim(analyser.min_decibels, analyser.max_decibels)
        else:
            self.ax.set(xlabel="time (s)", ylabel="amplitude", ylim=(-1, 1))
            self.ax.set_xlim(-analyser.fft_size / rate, 0)
        self.update()

    def update(self) -> None:
        """Take what the analyser has now."""
        if self._is_spectrum:
            levels = self._analyser.get_float_frequency_data()
            frequencies = self._analyser.frequencies
            # Silence has -inf, which has no place in a picture.
            self.line.set_data(frequencies[1:], np.maximum(levels[1:], -1000.0))
        else:
            samples = self._analyser.get_float_time_domain_data()
            rate = self._analyser.context.sample_rate
            self.line.set_data(np.arange(-len(samples), 0) / rate, samples)
        self.ax.figure.canvas.draw_idle()

    def run(self, seconds: float, interval: float = 0.05) -> None:
        """Draw it again and again, in a window or in a notebook's cell.

        Parameters
        ----------
        seconds : float
            How long, by the clock on the wall.
        interval : float, optional
            Seconds from one picture to the next, if the machine is quick enough.
        """
        end = time.monotonic() + real("seconds", seconds, 0, 1e9, "seconds")
        pause = real("interval", interval, 0.001, 60, "seconds")
        while True:
            self.update()
            self._show()
            left = end - time.monotonic()
            if left <= 0:
                break
            self._wait(min(pause, left))

    def _in_notebook(self) -> bool:
        pyplot = needed("matplotlib.pyplot", "plot")
        return "inline" in pyplot.get_backend()

    def _show(self) -> None:
        if not self._in_notebook():
            return
        if self._handle is None:
            show = needed("IPython.display", "notebook").display
            self._handle = show(self.ax.figure, display_id=True)
        else:
            self._handle.update(self.ax.figure)

    def _wait(self, seconds: float) -> None:
        if self._in_notebook():
            time.sleep(seconds)
        else:
            needed("matplotlib.pyplot", "plot").pause(seconds)


def live(
    analyser: AnalyserNode,
    seconds: float,
    what: Literal["spectrum", "waveform"] = "spectrum",
    *,
    ax: Axes | None = None,
    interval: float = 0.05,
) -> LivePlot:
    """Show for some seconds what an analyser hears.

    Parameters
    ----------
    analyser : AnalyserNode
        Of a context that plays.
    seconds : float
        How long.
    what : {"spectrum", "waveform"}, optional
        Levels over frequencies, or samples over the time.
    ax : matplotlib.axes.Axes, optional
        Where to draw; else in a new figure.
    interval : float, optional
        Seconds from one picture to the next.

    Returns
    -------
    LivePlot
        With the last picture.
    """
    plot = LivePlot(analyser, what, ax=ax)
    plot.run(seconds, interval)
    return plot
