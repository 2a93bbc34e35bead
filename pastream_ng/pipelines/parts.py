# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Python's own sources, sinks and nodes, as C calls them: from its thread, with the GIL."""

from __future__ import annotations

import errno
import time
import traceback
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import ref

from pastream_ng._checks import shown
from pastream_ng._native import ffi, lib
from pastream_ng._native.errors import check, new_error
from pastream_ng._native.handle import owner
from pastream_ng._native.waits import Deadline
from pastream_ng.enums import Status
from pastream_ng.errors import ArgumentError, ArgumentTypeError, StateError
from pastream_ng.packets import NodeBuffer
from pastream_ng.pipelines.buffers import fill_buffer, kind_of, read_buffer

if TYPE_CHECKING:
    from pastream_ng.pipelines.line import Line

__all__ = ["Failure", "NodePart", "Part", "SinkPart", "SourcePart"]

# Tells Python, while there is one, that C lets a part go.
_DROP = ffi.addressof(lib, "pst_python_drop")

# How long a new line waits for what is about to be let go, and how often it looks; in seconds.
_SETTLE_S = 5.0
_STEP_S = 0.001

# What C still has in use; it tells when it lets go. Nothing that leads to a pipeline or a runner
# may hang on this, or these would live as long as C's objects, which they own.
_in_use: set[_Grip] = set()

_TEXT_BYTES = int(ffi.sizeof(ffi.typeof("pst_error").fields[2][1].type))


def _nothing() -> None:
    """Stand for a reference to nothing."""


class _Grip:
    """What C has in its hands in place of a part, which it may outlive."""

    __slots__ = ("handle", "part")

    def __init__(self, part: Part) -> None:
        self.part: Part | None = part
        self.handle = ffi.new_handle(self)


class Failure:
    """What a part has raised; kept by whoever made the chain, since it leads back there.

    Attributes
    ----------
    error : BaseException or None
        The first exception.
    part : Part
    """

    __slots__ = ("__weakref__", "error", "part")

    def __init__(self, part: Part) -> None:
        self.error: BaseException | None = None
        self.part = part


class Part:
    """An object of the user's in a chain.

    What it raises is kept in a `Failure`, and C only sees that something failed: whoever waits for
    the chain raises the same object.

    Attributes
    ----------
    line : callable or None
        Refers weakly to what the part works in, once that is complete.
    """

    def __init__(self, noun: str) -> None:
        self._failure: Callable[[], Failure | None] = _nothing
        self._noun = noun
        self._held: list[Any] = []
        self._grip: _Grip | None = None
        self.line: Callable[[], Line | None] | None = None

    def watched(self) -> Failure:
        """Return where what it raises will be found."""
        made = Failure(self)
        self._failure = ref(made)
        return made

    def lend(self) -> Any:
        """Return what C calls the part."""
        self._grip = _Grip(self)
        _in_use.add(self._grip)
        return self._grip.handle

    def let_go(self) -> None:
        """C does not call the part any more: its object may work elsewhere."""
        grip, self._grip = self._grip, None
        if grip is not None:
            grip.part = None
        self._held = []
        self.forget()

    def take_back(self) -> None:
        """C has never got it."""
        if self._grip is not None:
            _in_use.discard(self._grip)
        self.let_go()

    def forget(self) -> None:
        """Let go of what is the user's."""

    def attempt(self, act: Callable[[], int], err: Any, moves: bool = True) -> int:
        """Return what a call gives; what it raised as a status, with text for `err`.

        Of calls that move buffers, `BlockingIOError` and `EOFError` are no errors.
        """
        try:
            return int(act())
        except BaseException as error:
            if moves and isinstance(error, BlockingIOError):
                return int(Status.TIMEOUT)
            if moves and isinstance(error, EOFError):
                return int(Status.END)
            # Not our own frames: they refer to this part, which refers to the exception.
            error.__traceback__ = _theirs(error.__traceback__)
            failure = self._failure()
            if failure is not None and failure.error is None:
                failure.error = error
            _put_text(err, error)
            return int(Status.SYSTEM_ERROR)

    def put(self, given: Any, target: Any, call: str) -> int:
        """Fill what a call of the user's gave into a buffer, whose memory is kept."""
        if not isinstance(given, NodeBuffer):
            raise ArgumentTypeError(
                f"{call} of the {self._noun} gave {shown(given)} of type {type(given).__name__}; "
                "it must give a NodeBuffer or None"
            )
        expected = "packet" if target.media.kind else "pcm"
        if given.kind != expected:
            raise ArgumentError(
                f"{call} of the {self._noun} gave {given!r}; its kind must be {expected!r}"
            )
        self._held = fill_buffer(target, given)
        return int(Status.OK)


def _theirs(trace: Any) -> Any:
    """Return the part of a traceback that is not of this file."""
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    return trace


def _put_text(err: Any, error: BaseException) -> None:
    if err == ffi.NULL:
        return
    try:
        told = "".join(traceback.format_exception_only(type(error), error)).strip()
    except Exception:  # Of a __str__ of the user's.
        told = type(error).__name__
    err.status, err.native_code = Status.SYSTEM_ERROR, errno.EIO
    text = told.encode("utf-8", "replace")[: _TEXT_BYTES - 1]
    ffi.memmove(err.text, text + b"\0", len(text) + 1)


# ---- The three kinds -----------------------------------------------------------------------------


class SourcePart(Part):
    """An object with ``pull``, or anything that gives buffers when it is called."""

    def __init__(self, pull: Callable[[], Any], kind: str, close: Any = None) -> None:
        super().__init__("source")
        self._pull: Any = pull
        self._kind = kind
        self._close = close

    def forget(self) -> None:
        """Let go of the source."""
        self._pull = self._close = None

    def make(self) -> Any:
        """Return an owner of a ``pst_source``."""
        functions = ffi.new("pst_source_functions *")
        functions.pull, functions.free = lib.pst_python_pull, _DROP
        out, err = owner("pst_source *", lib.pst_source_destroy), new_error()
        handle = self.lend()
        status = lib.pst_source_user(out, kind_of(self._kind), functions, handle, err)
        if status != Status.OK:
            self.take_back()
        check(status, err)
        return out

    def pull(self, target: Any) -> int:
        """Give the next buffer."""
        given = self._pull()
        return int(Status.END) if given is None else self.put(given, target, "pull()")


class SinkPart(Part):
    """An object with ``push`` and perhaps ``finalize``."""

    def __init__(self, push: Callable[[Any], Any], finalize: Any, kind: str, planar: bool) -> None:
        super().__init__("sink")
        self._push: Any = push
        self._finalize = finalize
        self._kind = kind
        self._planar = planar

    def forget(self) -> None:
        """Let go of the sink."""
        self._push = self._finalize = None

    def make(self) -> Any:
        """Return an owner of a ``pst_sink``."""
        functions = ffi.new("pst_sink_functions *")
        functions.push, functions.end = lib.pst_python_push, lib.pst_python_finalize
        functions.free = _DROP
        out, err = owner("pst_sink *", lib.pst_sink_destroy), new_error()
        handle = self.lend()
        status = lib.pst_sink_user(out, kind_of(self._kind), functions, handle, err)
        if status != Status.OK:
            self.take_back()
        check(status, err)
        return out

    def push(self, source: Any) -> int:
        """Take a buffer."""
        self._push(read_buffer(source, self._planar))
        return int(Status.OK)

    def finalize(self) -> int:
        """Complete what was pushed, once."""
        finalize, self._finalize = self._finalize, None
        if finalize is not None:
            finalize()
        return int(Status.OK)


class NodePart(Part):
    """An object with ``push``, ``pull`` and perhaps ``flush`` and ``reset``."""

    def __init__(self, node: Any, name: str, input_kind: str, output_kind: str) -> None:
        super().__init__(f"node {name!r}")
        self._node = node
        self._name = name
        self._kinds = (input_kind, output_kind)
        self._is_flushed = False

    def forget(self) -> None:
        """Let go of the node."""
        self._node = None

    def make(self) -> Any:
        """Return an owner of a ``pst_stage``."""
        for grip in list(_in_use):
            other = grip.part
            if isinstance(other, NodePart) and other._node is self._node:
                self._wait_for(grip)
        functions = ffi.new("pst_stage_functions *")
        functions.push, functions.pull = lib.pst_python_push, lib.pst_python_pull
        functions.flush, functions.reset = lib.pst_python_flush, lib.pst_python_reset
        functions.free = _DROP
        out, err = owner("pst_stage *", lib.pst_stage_destroy), new_error()
        name = ffi.new("char[]", self._name.encode())
        taken, given = (kind_of(kind) for kind in self._kinds)
        handle = self.lend()
        status = lib.pst_stage_user(out, name, taken, given, functions, handle, err)
        if status != Status.OK:
            self.take_back()
        check(status, err)
        return out

    def _wait_for(self, grip: _Grip) -> None:
        """Wait until another line lets go of the same object, if it is about to; else raise."""
        deadline = Deadline(_SETTLE_S)
        while (other := grip.part) is not None and grip in _in_use:
            line = None if other.line is None else other.line()
            # Of one that was dropped C alone is left, and has been told to end.
            if other.line is None or (line is not None and not line.lets_go()):
                raise StateError(
                    f"the Python object of node {self._name!r} works in another pipeline already; "
                    "close that one first, or make another object"
                )
            if deadline.left() == 0.0:
                raise StateError(
                    f"the Python object of node {self._name!r} is still at work in a pipeline that "
                    "was closed; it must return first, or make another object"
                )
            del other, line
            time.sleep(_STEP_S)

    def push(self, source: Any) -> int:
        """Take a buffer."""
        self._node.push(read_buffer(source, True))
        return int(Status.OK)

    def pull(self, target: Any) -> int:
        """Give the next buffer of what has come of those."""
        given = self._node.pull()
        if given is None:
            return int(Status.END if self._is_flushed else Status.TIMEOUT)
        return self.put(given, target, "pull()")

    def flush(self) -> int:
        """Say that no more comes."""
        flush = getattr(self._node, "flush", None)
        if flush is None:
            self._node.push(None)
        else:
            flush()
        self._is_flushed = True
        return int(Status.OK)

    def reset(self) -> int:
        """Forget what is inside."""
        self._is_flushed = False
        reset = getattr(self._node, "reset", None)
        if reset is not None:
            reset()
        return int(Status.OK)


# ---- What C calls --------------------------------------------------------------------------------


def _part(user: Any) -> Any:
    return ffi.from_handle(user).part


@ffi.def_extern()  # type: ignore[untyped-decorator]
def pst_python_pull(user: Any, buffer: Any, err: Any) -> int:
    """Pull for C."""
    part = _part(user)
    return int(part.attempt(partial(part.pull, buffer), err))


@ffi.def_extern()  # type: ignore[untyped-decorator]
def pst_python_push(user: Any, buffer: Any, err: Any) -> int:
    """Push for C."""
    part = _part(user)
    return int(part.attempt(partial(part.push, buffer), err))


@ffi.def_extern()  # type: ignore[untyped-decorator]
def pst_python_flush(user: Any, err: Any) -> int:
    """Flush for C."""
    part = _part(user)
    return int(part.attempt(part.flush, err, moves=False))


@ffi.def_extern()  # type: ignore[untyped-decorator]
def pst_python_reset(user: Any, err: Any) -> int:
    """Reset for C."""
    part = _part(user)
    return int(part.attempt(part.reset, err, moves=False))


@ffi.def_extern()  # type: ignore[untyped-decorator]
def pst_python_finalize(user: Any, how: int, err: Any) -> int:
    """Finalize for C."""
    part = _part(user)
    return int(part.attempt(part.finalize, err, moves=False))


@ffi.def_extern()  # type: ignore[untyped-decorator]
def pst_python_let_go(user: Any) -> None:
    """Let go for C."""
    grip = ffi.from_handle(user)
    _in_use.discard(grip)
    if grip.part is not None:
        grip.part.let_go()
    grip.handle = None
