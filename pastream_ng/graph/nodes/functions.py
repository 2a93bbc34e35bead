# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Nodes whose sound is made by functions of the user's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pastream_ng._checks import shown
from pastream_ng.callbacks.compiled import compiled_callback
from pastream_ng.errors import ArgumentError, ArgumentTypeError, StateError
from pastream_ng.graph.functions.host import Host
from pastream_ng.graph.functions.native import COMPILED
from pastream_ng.graph.functions.styles import adapted, choose_style
from pastream_ng.graph.nodes.functional import Functional, planned, ports_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pastream_ng.callbacks import CompiledCallback
    from pastream_ng.graph.contexts.base import BaseAudioContext
    from pastream_ng.graph.functions.styles import StyleName
    from pastream_ng.graph.nodes.functional import UnderrunName

__all__ = ["FunctionNode"]


class FunctionNode(Functional):
    """A node whose sound is made by a function: of NumPy arrays, or in machine code.

    A Python function takes one of these, which its arguments tell, or `signature` does:

    * ``function(block)``: an array of shape (frames, channels), to be changed in place, or another
      one to be returned. ``"block"``
    * ``function(channel, buffer)``: one channel after another, an array of shape (frames,) that is
      changed in place. ``"channel"``
    * ``function(inputs, outputs, params)``: lists of arrays of shape (channels, frames), of which
      the outputs, zeros, are to be filled, and a dict of the params' values: arrays with one value
      each where it is the same for all frames, else one for each frame. It may return False once it
      has nothing more to say: it is called only while an input sounds, then. ``"ports"``

    Besides that, it may take params, ``frame`` (the number of the first frame), ``time`` (in
    seconds) and ``sample_rate`` by keyword only; params are columns for a function of a block. All
    arrays are float32, and views of memory that the next block overwrites.

    In an offline context whoever renders calls it, in line. In a live one a thread of Python does,
    never the audio thread: its output is heard `look_ahead` frames after its input. What is not
    there by then is replaced, as `underrun` says, and counted in `stats`; sound does not wait.
    An exception silences the node for good; see `on_error`.

    A compiled function runs on the audio thread itself, without the GIL and without latency. It has
    the signature of ``pst_process_fn`` in ``pastream/process.h``, and comes as a function
    of CFFI, ctypes or numba, as a capsule, or as a `CompiledCallback`.

    Parameters
    ----------
    context : BaseAudioContext
        Where it belongs.
    function : callable, optional
        See above; None: `set_process_function` tells it later.
    channels : int, optional
        What each input is mixed to, 1 to 32.
    inputs, outputs : int, optional
        How many, 0 to 32. A node without inputs is a source, which `start` starts; others run at
        once. One without outputs only listens.
    output_channels : int or list of int, optional
        Of the outputs; None: `channels`.
    params : mapping or list, optional
        Names and defaults of params, as ``{"drive": 1.0}``, or dicts with "name", "default", "min",
        "max" and "rate" ("a-rate", or "k-rate": the value at the first frame of a block). Each
        becomes an `AudioParam`, ``node.drive``.
    parameter_data : mapping, optional
        Other values for them to begin with.
    block : int, optional
        How many frames the function gets at once, 1 to 16384; None: the render quantum. In line, a
        block that does not divide the quantum costs up to a block of latency; see `latency_frames`.
        Compiled functions get at most a quantum without it.
    look_ahead : int or float, optional
        Of a Python function in a live context: frames as an int, seconds as a float; at least a
        block and a quantum less their greatest common divisor. None: 30 ms or 4 blocks, and what
        the device takes at once.
    underrun : {"silence", "hold", "bypass"}, optional
        What is heard in place of output that is late: silence, the last sample of each channel, or
        the first input.
    signature : {"block", "channel", "ports"}, optional
        Which of the above it is, where its arguments do not tell.
    userdata : buffer or pointer, optional
        The last argument of a compiled function.
    channel_interpretation : {"speakers", "discrete"}, optional
        How the inputs are mixed.

    Examples
    --------
    >>> import numpy as np, pastream_ng as ps
    >>> ctx = ps.OfflineAudioContext(channels=1, length=256, sample_rate=8192)
    >>> one = ctx.create_constant_source(offset=3)
    >>> def bend(block, *, drive):
    ...     return np.tanh(drive * block)
    >>> shape = ctx.create_function(bend, params={"drive": 1.0})
    >>> shape.drive = 0.5
    >>> _ = one >> shape >> ctx.destination
    >>> one.start()
    >>> print(f"{ctx.render()[0, 0]:.4f}")
    0.9051
    """

    def __init__(
        self,
        context: BaseAudioContext,
        function: Any = None,
        *,
        channels: int = 1,
        inputs: int = 1,
        outputs: int = 1,
        output_channels: int | Sequence[int] | None = None,
        params: Any = None,
        parameter_data: Mapping[str, float] | None = None,
        block: int | None = None,
        look_ahead: int | float | None = None,
        underrun: UnderrunName = "silence",
        signature: StyleName | None = None,
        userdata: Any = None,
        channel_interpretation: Literal["speakers", "discrete"] = "speakers",
    ) -> None:
        plan = planned(
            context,
            channels=channels,
            inputs=inputs,
            outputs=outputs,
            output_channels=output_channels,
            params=params,
            block=block,
            look_ahead=look_ahead,
            underrun=underrun,
        )
        compiled = None if function is None else compiled_callback(function, userdata, COMPILED)
        _check_compiled(compiled, userdata, look_ahead, signature)
        ports = ports_of(plan, context.sample_rate)
        style = None
        if function is not None and compiled is None:
            style = choose_style(function, ports, signature)
        host = self._make(context, plan, compiled, parameter_data)
        if host is not None and style is not None:
            host.call = adapted(function, style, ports)
        self._signature = signature
        self._function = function
        if channel_interpretation != "speakers":
            self.channel_interpretation = channel_interpretation
        if plan.inputs > 0:
            self._core.start()

    @property
    def function(self) -> Any:
        """What makes its sound."""
        return self._function

    def set_process_function(self, function: Any) -> None:
        """Have another Python function make the sound, from the next block on.

        Parameters
        ----------
        function : callable
            As for the class; ``function(channel, buffer)`` above all.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            It takes other arguments.
        StateError
            The node was made with a compiled function.
        """
        if not isinstance(self._kept, Host):
            raise StateError("this node was made with a compiled function; make another one")
        if compiled_callback(function, None, COMPILED) is not None:
            raise ArgumentTypeError(
                f"function is {shown(function)}; compiled functions are given when a node is made"
            )
        self._context._check_open()
        ports = ports_of(self._plan, self._context.sample_rate)
        style = choose_style(function, ports, self._signature)
        self._kept.call = adapted(function, style, ports)
        self._function = function


def _check_compiled(
    compiled: CompiledCallback | None, userdata: Any, look_ahead: Any, signature: Any
) -> None:
    if compiled is None:
        if userdata is not None:
            raise ArgumentError(f"userdata is {shown(userdata)}; it needs a compiled function")
        return
    for name, value in (("look_ahead", look_ahead), ("signature", signature)):
        if value is not None:
            raise ArgumentError(f"{name} is {shown(value)}; it needs a function in Python")
