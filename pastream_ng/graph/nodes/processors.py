# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Nodes whose sound is made by objects of the user's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pastream_ng._checks import shown
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.graph.functions.styles import adapted, choose_style
from pastream_ng.graph.nodes.functional import Functional, planned, ports_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pastream_ng.graph.contexts.base import BaseAudioContext
    from pastream_ng.graph.nodes.functional import UnderrunName

__all__ = ["AudioProcessor", "ProcessorNode"]


class AudioProcessor:
    """A base for the classes of `ProcessorNode`, which tells them the time. It may be left out.

    Attributes
    ----------
    sample_rate : float
        Frames per second; set before ``__init__``.
    current_frame : int
        The number of the first frame of the block.
    current_time : float
        The same in seconds.

    Examples
    --------
    >>> import numpy as np, pastream_ng as ps
    >>> class Count(ps.AudioProcessor):
    ...     def process(self, inputs, outputs, params):
    ...         outputs[0][:] = self.current_frame
    >>> ctx = ps.OfflineAudioContext(channels=1, length=256, sample_rate=8192)
    >>> _ = ctx.create_processor(Count, inputs=0, channels=1) >> ctx.destination
    >>> ctx.render()[::128, 0].tolist()
    [0.0, 128.0]
    """

    sample_rate: float = 0.0
    current_frame: int = 0
    current_time: float = 0.0


class ProcessorNode(Functional):
    """A node whose sound is made by an object, in the manner of an AudioWorklet.

    The object's class has ``process(self, inputs, outputs, params)``, which is called as a
    `FunctionNode`'s function of ports, with as many frames as `block` each time, and may have
    ``parameter_descriptors``: a list of dicts with "name", "default", "min", "max" and "rate". What
    returns None or True is called again; after False, only while an input sounds.

    Unlike in a browser, an input with nothing connected is silence, not an empty list; and the
    channels do not change.

    Parameters
    ----------
    context : BaseAudioContext
        Where it belongs.
    processor : class or object
        A class is called with `options` as keywords.
    options : mapping, optional
        See above.
    channels, inputs, outputs, output_channels, parameter_data, block, look_ahead, underrun, \
channel_interpretation : optional
        As for `FunctionNode`. It runs from its making on, with and without inputs.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> class Gain:
    ...     parameter_descriptors = [{"name": "gain", "default": 1, "min": 0}]
    ...     def process(self, inputs, outputs, params):
    ...         outputs[0][:] = inputs[0] * params["gain"]
    >>> ctx = ps.OfflineAudioContext(channels=1, length=256, sample_rate=8192)
    >>> one = ctx.create_constant_source()
    >>> gain = ctx.create_processor(Gain, channels=1)
    >>> gain.gain.set_value_at_time(0.25, 0)
    <AudioParam gain of ProcessorNode: 0.25>
    >>> _ = one >> gain >> ctx.destination
    >>> one.start()
    >>> ctx.render()[0, 0].item()
    0.25
    """

    def __init__(
        self,
        context: BaseAudioContext,
        processor: Any,
        *,
        options: Mapping[str, Any] | None = None,
        channels: int = 2,
        inputs: int = 1,
        outputs: int = 1,
        output_channels: int | Sequence[int] | None = None,
        parameter_data: Mapping[str, float] | None = None,
        block: int | None = None,
        look_ahead: int | float | None = None,
        underrun: UnderrunName = "silence",
        channel_interpretation: Literal["speakers", "discrete"] = "speakers",
    ) -> None:
        kind = processor if isinstance(processor, type) else type(processor)
        if not callable(getattr(kind, "process", None)):
            raise ArgumentTypeError(
                f"processor is {shown(processor)}; it must be a class with "
                "process(self, inputs, outputs, params), or an object of one"
            )
        if options is not None and not isinstance(processor, type):
            raise ArgumentError(
                f"options is {shown(options)}; the processor is made already: {shown(processor)}"
            )
        plan = planned(
            context,
            channels=channels,
            inputs=inputs,
            outputs=outputs,
            output_channels=output_channels,
            params=_descriptors(processor),
            block=block,
            look_ahead=look_ahead,
            underrun=underrun,
        )
        context._check_open()
        made = _instance(processor, options, context.sample_rate)
        ports = ports_of(plan, context.sample_rate)
        call = adapted(made.process, choose_style(made.process, ports, "ports"), ports)
        host = self._make(context, plan, None, parameter_data)
        assert host is not None
        if isinstance(made, AudioProcessor):
            host.clock = made
        host.call = call
        self._processor = made
        if channel_interpretation != "speakers":
            self.channel_interpretation = channel_interpretation
        self._core.start()

    @property
    def processor(self) -> Any:
        """The object that makes its sound."""
        return self._processor


def _descriptors(processor: Any) -> Any:
    """Return the params that a processor declares."""
    found = getattr(processor, "parameter_descriptors", None)
    if isinstance(found, property):
        raise ArgumentTypeError(
            "parameter_descriptors is a property; it must be a list, or a class method"
        )
    return found() if callable(found) else found


def _instance(processor: Any, options: Mapping[str, Any] | None, rate: float) -> Any:
    if not isinstance(processor, type):
        if isinstance(processor, AudioProcessor):
            processor.sample_rate = rate
        return processor
    if not issubclass(processor, AudioProcessor):
        return processor(**(options or {}))
    made = processor.__new__(processor)
    made.sample_rate = rate  # For its __init__.
    made.__init__(**(options or {}))  # type: ignore[misc]
    return made
