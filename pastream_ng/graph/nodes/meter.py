# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The node that tells how loud it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pastream_ng._native import ffi, lib
from pastream_ng._native.errors import check, new_error
from pastream_ng.graph.nodes.members import Integer, Number
from pastream_ng.graph.nodes.node import AudioNode, ChannelOptions
from pastream_ng.streams.meters import MeterReading

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from pastream_ng.graph.contexts.base import BaseAudioContext

__all__ = ["MeterNode"]


class MeterNode(AudioNode):
    """Passes sound on as it is, and tells any thread how loud it is: peaks, power, clipping.

    It measures also if its output leads nowhere. Spectra are told by an `AnalyserNode`.

    Parameters
    ----------
    context : BaseAudioContext
        Where it belongs.
    channels : int, optional
        How many are measured, 1 to 32; sound with others is mixed to it.
    window : float, optional
        How much of the last sound `peak` and `rms` are of, in seconds, 0.001 to 10; it is rounded
        to whole quanta.
    **rules : ChannelOptions
        How its input is mixed.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ctx = ps.OfflineAudioContext(channels=1, length=8192, sample_rate=8192)
    >>> osc, meter = ctx.create_oscillator(frequency=512), ctx.create_meter(channels=1)
    >>> _ = osc >> ctx.create_gain(0.5) >> meter
    >>> osc.start()
    >>> _ = ctx.render()
    >>> reading = meter.read()
    >>> float(reading.peak[0]), round(float(reading.rms_db[0]), 2)
    (0.5, -9.03)
    """

    _kind = "meter"
    channels = Integer("How many channels are measured. It is given when the node is made.")
    window = Number("How much of the last sound is measured, in seconds. It is given at the start.")

    def __init__(
        self,
        context: BaseAudioContext,
        *,
        channels: int = 2,
        window: float = 0.3,
        **rules: Unpack[ChannelOptions],
    ) -> None:
        super().__init__(context, channels=channels, window=window, **rules)

    def read(self) -> MeterReading:
        """Return the levels up to the last quantum.

        Returns
        -------
        MeterReading
            Its ``frames`` are those of the context, its ``window`` is in frames, and ``max_peak``
            and ``clipped`` are of all that was heard, or since `reset`. Before the context's
            beginning there was silence; what is not finite counts as 0.
        """
        found, err = ffi.new("pst_graph_meter_reading *"), new_error()
        check(lib.pst_gnode_read_meter(self._core.pointer, found, err), err)
        n = int(found.n_channels)

        def row(name: str, dtype: type) -> np.ndarray[Any, Any]:
            return np.array(list(getattr(found, name)[0:n]), dtype=dtype)

        return MeterReading(
            frames=int(found.n_frames),
            window=int(found.window_frames),
            peak=row("peak", np.float64),
            rms=row("rms", np.float64),
            max_peak=row("max_peak", np.float64),
            clipped=row("n_clipped", np.int64),
        )

    def reset(self) -> None:
        """Begin ``max_peak`` and ``clipped`` anew."""
        err = new_error()
        check(lib.pst_gnode_reset_meter(self._core.pointer, err), err)
