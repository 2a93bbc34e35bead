# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Params: numbers of nodes that follow a timeline, and the sound of other nodes."""

from __future__ import annotations

import itertools
import math
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pastream_ng._checks import shown
from pastream_ng.enums import ParamRate
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.graph.wiring import Target

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from pastream_ng.graph.contexts.base import BaseAudioContext
    from pastream_ng.graph.core import CoreParam
    from pastream_ng.graph.kinds import ParamInfo

__all__ = ["AudioParam"]

_RATES = {ParamRate.A: "a-rate", ParamRate.K: "k-rate"}


def number(name: str, value: Any) -> float:
    """Return a finite number."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ArgumentTypeError(
            f"{name} is {shown(value)} of type {type(value).__name__}; it must be a number"
        )
    result = float(value)
    if not math.isfinite(result):
        raise ArgumentError(f"{name} is {shown(value)}; it must be finite")
    return result


def numbers(name: str, values: ArrayLike) -> list[float]:
    """Return a list of finite numbers."""
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise ArgumentTypeError(f"{name} is {shown(values)}; it must be numbers") from None
    if array.ndim != 1:
        raise ArgumentError(f"{name} has {array.ndim} dimensions; it must have one")
    if not np.isfinite(array).all():
        raise ArgumentError(f"{name} has numbers that are not finite")
    result: list[float] = array.tolist()
    return result


class AudioParam(Target):
    """A number of a node, such as the gain of a `GainNode`.

    It has a timeline, which methods write to, and it can be the target of a connection: then the
    sound of the other node, brought to one channel, is added. Times are in seconds of the context's
    clock (`BaseAudioContext.current_time`), and exact; times that have passed count as now.

    All methods that change the timeline return the param, so that calls can be chained.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ctx = ps.OfflineAudioContext(channels=1, length=8000, sample_rate=8000)
    >>> gain = ctx.create_gain(0)
    >>> param = gain.gain.set_value_at_time(0, 0).linear_ramp_to_value_at_time(1, 0.5)
    >>> param.ramp(0, 1.0)
    <AudioParam gain of GainNode: 0>
    """

    def __init__(
        self, context: BaseAudioContext, core: CoreParam, info: ParamInfo, owner: str
    ) -> None:
        self._context = context
        self._core = core
        self._info = info
        self._owner = owner

    @property
    def name(self) -> str:
        """Its name in its node."""
        return self._info.name

    @property
    def context(self) -> BaseAudioContext:
        """The context of its node."""
        return self._context

    # ---- Its value -----------------------------------------------------------------------------

    @property
    def value(self) -> float:
        """The timeline's value at the start of the last quantum, or what was set since.

        To set it is to call `set_value_at_time` for now. Sound of connections is not in it.
        """
        return self._core.value

    @value.setter
    def value(self, value: float) -> None:
        checked = number(self.name, value)
        self._context._check_open()
        self._core.value = checked

    @property
    def default_value(self) -> float:
        """What it is when nobody says anything else."""
        return self._info.initial

    @property
    def min_value(self) -> float:
        """What it is at least: the sum of timeline and sound is limited, not the timeline."""
        return self._core.limits[0]

    @property
    def max_value(self) -> float:
        """What it is at most."""
        return self._core.limits[1]

    @property
    def automation_rate(self) -> Literal["a-rate", "k-rate"]:
        """``"a-rate"``: a value for each frame; ``"k-rate"``: one for each quantum.

        Raises `UnsupportedOptionError` where the kind of node leaves no choice.
        """
        return _RATES[self._core.rate]  # type: ignore[return-value]

    @automation_rate.setter
    def automation_rate(self, rate: Literal["a-rate", "k-rate"]) -> None:
        found = {name: member for member, name in _RATES.items()}.get(rate)
        if found is None:
            raise ArgumentError(
                f"automation_rate is {shown(rate)}; it must be one of 'a-rate', 'k-rate'"
            )
        self._context._check_open()
        self._core.rate = found

    def __float__(self) -> float:
        return self.value

    # ---- Its timeline --------------------------------------------------------------------------

    def _call(self, method: str, *args: Any) -> AudioParam:
        self._context._check_open()
        self._core.automate(method, *args)
        return self

    def set_value_at_time(self, value: float, start_time: float) -> AudioParam:
        """Have a value from a time on.

        Parameters
        ----------
        value : float
            In the param's own unit.
        start_time : float
            In seconds.

        Raises
        ------
        ArgumentError
            A number is not finite, or the time is negative.
        UnsupportedOptionError
            The time lies within a curve.
        """
        return self._call(
            "set_value_at_time", number("value", value), number("start_time", start_time)
        )

    def linear_ramp_to_value_at_time(self, value: float, end_time: float) -> AudioParam:
        """Go in a line from the event before, or from now, to a value.

        Parameters
        ----------
        value : float
            Where to go.
        end_time : float
            When to be there, in seconds.

        Raises
        ------
        ArgumentError
            A number is not finite, or the time is negative.
        UnsupportedOptionError
            The time lies within a curve.
        """
        return self._call(
            "linear_ramp_to_value_at_time", number("value", value), number("end_time", end_time)
        )

    def exponential_ramp_to_value_at_time(self, value: float, end_time: float) -> AudioParam:
        """Go by equal factors from the event before, or from now, to a value.

        From 0, or to another sign, there is no such way: it stays, and jumps at the end.

        Parameters
        ----------
        value : float
            Where to go; not 0.
        end_time : float
            When to be there, in seconds.

        Raises
        ------
        ArgumentError
            A number is not finite, the value is 0, or the time is negative.
        UnsupportedOptionError
            The time lies within a curve.
        """
        return self._call(
            "exponential_ramp_to_value_at_time",
            number("value", value),
            number("end_time", end_time),
        )

    def set_target_at_time(
        self, target: float, start_time: float, time_constant: float
    ) -> AudioParam:
        """Go towards a value, ever slower, from a time on.

        Parameters
        ----------
        target : float
            What it comes near.
        start_time : float
            When it begins, in seconds.
        time_constant : float
            How long it takes until only 37 percent of the distance are left, in seconds. 0 jumps.

        Raises
        ------
        ArgumentError
            A number is not finite, or a time is negative.
        UnsupportedOptionError
            The time lies within a curve.
        """
        return self._call(
            "set_target_at_time",
            number("target", target),
            number("start_time", start_time),
            number("time_constant", time_constant),
        )

    def set_value_curve_at_time(
        self, values: ArrayLike, start_time: float, duration: float
    ) -> AudioParam:
        """Go along values, evenly spread over a duration, with lines between them.

        Parameters
        ----------
        values : array of float
            At least 2; copied. The last one stays.
        start_time, duration : float
            In seconds; the duration is more than 0.

        Raises
        ------
        ArgumentError
            A number is not finite, there are too few, or a time is out of range.
        UnsupportedOptionError
            It would overlap with something else on the timeline.
        """
        return self._call(
            "set_value_curve_at_time",
            numbers("values", values),
            number("start_time", start_time),
            number("duration", duration),
        )

    def cancel_scheduled_values(self, cancel_time: float) -> AudioParam:
        """Forget all that is to happen at a time, in seconds, or later.

        Raises
        ------
        ArgumentError
            The time is not finite, or negative.
        """
        return self._call("cancel_scheduled_values", number("cancel_time", cancel_time))

    def cancel_and_hold_at_time(self, cancel_time: float) -> AudioParam:
        """Forget all that is to happen later than a time, in seconds, and keep its value then.

        Raises
        ------
        ArgumentError
            The time is not finite, or negative.
        """
        return self._call("cancel_and_hold_at_time", number("cancel_time", cancel_time))

    # ---- Short names ---------------------------------------------------------------------------

    def set(self, value: float, at: float | None = None) -> AudioParam:
        """Have a value from a time on, or from now: `set_value_at_time`."""
        return self.set_value_at_time(value, self._now() if at is None else at)

    def ramp(
        self, to: float, at: float, curve: Literal["linear", "exponential"] = "linear"
    ) -> AudioParam:
        """Go to a value until a time: `linear_ramp_to_value_at_time`, or its exponential sister."""
        if curve == "linear":
            return self.linear_ramp_to_value_at_time(to, at)
        if curve == "exponential":
            return self.exponential_ramp_to_value_at_time(to, at)
        raise ArgumentError(f"curve is {shown(curve)}; it must be one of 'linear', 'exponential'")

    def curve(self, values: ArrayLike, at: float, duration: float) -> AudioParam:
        """Go along values: `set_value_curve_at_time`."""
        return self.set_value_curve_at_time(values, at, duration)

    def cancel(self, at: float | None = None) -> AudioParam:
        """Forget what is to happen from a time, or from now on: `cancel_scheduled_values`."""
        return self.cancel_scheduled_values(self._now() if at is None else at)

    def hold(self, at: float | None = None) -> AudioParam:
        """Keep the value that there is at a time, or now: `cancel_and_hold_at_time`."""
        return self.cancel_and_hold_at_time(self._now() if at is None else at)

    def automate(
        self,
        times: ArrayLike,
        values: ArrayLike,
        curve: Literal["linear", "exponential", "step"] = "linear",
    ) -> AudioParam:
        """Go through points.

        Parameters
        ----------
        times : array of float
            In seconds, none less than the one before.
        values : array of float
            As many. The first is set at its time, whatever the curve.
        curve : {"linear", "exponential", "step"}, optional
            How to go from one to the next.

        Raises
        ------
        ArgumentError
            There are not as many times as values, or times go back; nothing has changed then.

        Examples
        --------
        >>> import pastream_ng as ps
        >>> ctx = ps.OfflineAudioContext(channels=1, length=8000, sample_rate=8000)
        >>> gain = ctx.create_gain()
        >>> _ = gain.gain.automate([0, 0.01, 0.5, 1], [0, 1, 0.5, 0])
        """
        when, what = numbers("times", times), numbers("values", values)
        if len(when) != len(what):
            raise ArgumentError(
                f"times has {len(when)} numbers and values {len(what)}; there must be as many"
            )
        if any(b < a for a, b in itertools.pairwise(when)):
            raise ArgumentError("times go back; none may be less than the one before")
        if when and when[0] < 0:
            raise ArgumentError(f"times[0] is {when[0]:g}; it must be 0 or more")
        if curve not in ("linear", "exponential", "step"):
            raise ArgumentError(
                f"curve is {shown(curve)}; it must be one of 'linear', 'exponential', 'step'"
            )
        if curve == "exponential" and 0.0 in what[1:]:
            raise ArgumentError(
                "values has a 0; an exponential curve can go near it, but not to it"
            )
        with self._context.batch():
            for i, (time, value) in enumerate(zip(when, what, strict=True)):
                if i == 0 or curve == "step":
                    self.set_value_at_time(value, time)
                else:
                    self.ramp(value, time, curve)
        return self

    def _now(self) -> float:
        return self._context.current_time

    def __repr__(self) -> str:
        return f"<AudioParam {self.name} of {self._owner}: {self.value:g}>"

    # ---- As a target ---------------------------------------------------------------------------

    def _receive(self, source: Any, output: int) -> None:
        source._core.connect(self._core, output)

    def _refuse(self, source: Any, output: int) -> None:
        source._core.disconnect(self._core, output)
