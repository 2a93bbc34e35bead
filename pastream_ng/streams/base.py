# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What all streams have in common: their life and their errors."""

from __future__ import annotations

import os
import weakref
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from pastream_ng._checks import seconds
from pastream_ng._native import ffi, hostlog, lib, system
from pastream_ng._native.errors import check, new_error
from pastream_ng._native.handle import keep_for_ever
from pastream_ng._native.ring import NativeRing
from pastream_ng._native.waits import Deadline, wait, wait_async
from pastream_ng.callbacks.attached import AttachedCallback
from pastream_ng.callbacks.compiled import CompiledCallback
from pastream_ng.callbacks.function import PythonCallback
from pastream_ng.enums import Direction, Status, StreamState
from pastream_ng.errors import (
    ArgumentError,
    ArgumentTypeError,
    ClosedError,
    PastreamTimeoutError,
    StateError,
)
from pastream_ng.rings import RingBuffer
from pastream_ng.streams.advice import advise_on_priority, advise_on_silence
from pastream_ng.streams.aio import AsyncStream, in_thread
from pastream_ng.streams.endpoints import function_end
from pastream_ng.streams.failures import StreamFailures
from pastream_ng.streams.launch import Launch, Launcher, caller_of, prebuffer_of
from pastream_ng.streams.lengths import Limits, lengths_of
from pastream_ng.streams.limits import limits_of
from pastream_ng.streams.options import Options, configure, open_stream
from pastream_ng.streams.run import JOIN_S

if TYPE_CHECKING:
    from pastream_ng.rings.consumer import Waiter
    from pastream_ng.streams.endpoints import Endpoint
    from pastream_ng.streams.options import Configured, Side
    from pastream_ng.streams.run import Run
    from pastream_ng.streams.worker import Worker

__all__ = ["Limits", "StreamBase"]

S = TypeVar("S", bound="StreamBase")

# Arguments of streams that make no sense where the run is the caller's.
_OF_RUNS = ("frames", "pad", "offset", "reader", "writer", "prebuffer_timeout")


class StreamBase(StreamFailures):
    """A stream on one or two devices; the base of the public classes.

    All methods may be called from any thread. ``with stream:`` closes the stream at the end of the
    block; it does not start it.
    """

    _direction: Direction

    def __init__(
        self,
        options: Options,
        input_ring: NativeRing | None = None,
        output_ring: NativeRing | None = None,
    ) -> None:
        configured = configure(self._direction, options)
        if isinstance(configured.callback, PythonCallback) and (input_ring or output_ring):
            raise ArgumentError("callback is given; this call moves the frames itself")
        # Rings over memory of the caller's: it must outlive the device.
        self._borrowed: list[object] = [
            ring for ring in (input_ring, output_ring) if ring is not None
        ]
        self._prepare(configured)
        self._told_silence = False
        self._is_given_up = False  # The host may still touch the memory.
        self._rings: dict[str, RingBuffer] = {}
        self._callback: AttachedCallback | None = None
        self._lengths = lengths_of(options.frames, options.pad, options.offset)
        self._prebuffer_timeout = seconds("prebuffer_timeout", options.prebuffer_timeout)
        self._launcher = launcher = Launcher(caller_of(options.finished_callback))
        for name, function in (("writer", options.writer), ("reader", options.reader)):
            if function is not None and configured.callback is not None:
                raise ArgumentError(f"callback and {name} are given; only one can move the frames")
        if options.writer is not None:
            launcher.source = function_end("writer", options.writer)
        if options.reader is not None:
            launcher.sink = function_end("reader", options.reader)
        super().__init__(open_stream(configured, input_ring, output_ring), configured)
        if isinstance(configured.callback, CompiledCallback):
            self._borrowed.append(configured.callback)
        elif configured.callback is not None:
            try:
                self._callback = AttachedCallback(self, configured.callback)
            except BaseException:
                self._close()
                raise

    def _prepare(self, configured: Configured) -> None:
        """Complete the configuration, and add to `_borrowed` what must outlive the device."""

    @classmethod
    def from_file(cls: type[S], file: Any, *args: Any, **kw: Any) -> S:
        """Return a stream with the sample rate and channels of a sound file.

        The file is only looked at; `OutputStream.play` and `OutputStream.set_source` play it.

        Parameters
        ----------
        file : str, os.PathLike, int, binary file object or SoundFile
            The file. Of a duplex stream it is the output that gets its channels.
        *args, **kw
            As for the class; what is given here counts.

        Raises
        ------
        FileFormatError, OSError
            The file cannot be read.
        """
        from pastream_ng.files.fitting import options_for

        return cls(*args, **options_for(cls._direction, file, args, kw))

    @classmethod
    def _over(
        cls: type[S],
        options: dict[str, Any],
        input_ring: NativeRing | None = None,
        output_ring: NativeRing | None = None,
    ) -> S:
        """Return a stream over rings of the caller's."""
        self = cls.__new__(cls)
        StreamBase.__init__(self, cls._options(options), input_ring, output_ring)
        return self

    @classmethod
    def _check(cls, options: dict[str, Any]) -> None:
        """Raise what is wrong with the arguments, without opening anything."""
        configure(cls._direction, cls._options(options))

    @classmethod
    def _options(cls, options: dict[str, Any]) -> Options:
        code = cls.__init__.__code__
        known = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
        for name in options:
            if name not in known:
                raise ArgumentTypeError(
                    f"{name} is no argument of {cls.__name__}; it knows {', '.join(known)}"
                )
            if name in _OF_RUNS:
                raise ArgumentTypeError(f"{name} is no argument of this function")
        return Options(**options)

    # ---- Life -----------------------------------------------------------------------------------

    def start(self, prebuffer: bool | int = True, timeout: float | None = None) -> None:
        """Start a new run, as long as `frames`, `pad` and `offset` say.

        Counters go back to 0, and what the input ring still holds is discarded. On a running stream
        this does nothing. A stream can be started again after it has ended, in whatever way.

        Parameters
        ----------
        prebuffer : bool or int, optional
            With a writer: how many frames it must have written before the device starts. True
            means one; what has been written when it returns is enough, too.
        timeout : float, optional
            Seconds to wait for that; None takes the stream's ``prebuffer_timeout``.

        Raises
        ------
        StateError
            A chunk loop or a view has not let go of the last run's frames yet, or a reader or
            writer of the last run has not returned; or another thread has stopped the stream while
            this one waited for the writer.
        PastreamTimeoutError
            The writer did not write in time. The stream was not started.
        Exception
            What the writer has raised meanwhile, or a function since the last run.
        ClosedError, ForkedError, HostError, DeviceLostError
        """
        self._use()
        limit = seconds("timeout", timeout)
        launcher = self._launcher
        limits = limits_of(self._direction, self._lengths, launcher.source)
        self._start(Launch(limits, launcher.source, launcher.sink, prebuffer_of(prebuffer), limit))

    def _start(self, launch: Limits | Launch, reader: RingBuffer | None = None) -> Run | None:
        """Start a run and return it; None if there was one already.

        `reader` is the input ring if the caller has claimed it.
        """
        if self.active:
            return None
        launcher = self._launcher
        if isinstance(launch, Limits):
            launch = Launch(launch, launcher.source, launcher.sink)
        if self._callback is not None:
            if self._callback.start(self, launch.limits):
                launcher.accompany(self)
            return launcher.run
        if not launcher.may_start(self):
            return None
        with launcher.lock:
            if self.active:
                return None
            run = launcher.prepare(self, launch)
            try:
                self._begin(launch.limits, reader, reads=launch.sink is not None)
            except BaseException as error:
                launcher.give_up(self, run, error)
                raise
            run.has_begun = True
            launcher.join_in(self, run, launch.sink if reader is None else None)
            return run

    def _begin(self, limits: Limits, reader: RingBuffer | None, reads: bool) -> None:
        ring = self._own_input()
        if ring is None or ring is reader:
            self._start_device(limits)
            return
        # A start empties the ring: nobody may be reading meanwhile, or hold on to what is in it.
        with ring._read_lock:
            ring._check_reader()
            if reads:
                # A sink begins a little later, and wants the first frame all the same.
                lib.pst_ring_claim(ring._ring.pointer, True)
            try:
                self._start_device(limits)
            finally:
                if reads:
                    lib.pst_ring_claim(ring._ring.pointer, False)

    def _own_input(self) -> RingBuffer | None:
        """Return the input ring of streams that have one."""
        return None

    def _own_output(self) -> RingBuffer | None:
        """Return the output ring of streams that have one."""
        return None

    def _take_output_ring(self, source: Endpoint | None) -> None:
        """Play the ring that a source brings along, or the stream's own."""

    def _give_back_output_ring(self) -> None:
        """Leave the ring of a run that brought one along, once that is over."""

    def _start_device(self, limits: Limits) -> None:
        pointer, err = self._use(), new_error()
        status = lib.pst_stream_set_limits(pointer, *limits, err)
        if status == Status.BAD_STATE and self.active:
            return  # Another thread was quicker.
        check(status, err)
        self._told_silence = False
        self._forget_events()
        status = lib.pst_stream_start(pointer, err)
        hostlog.drain(system.get())
        check(status, err)
        self._is_fresh = False

    def stop(self) -> None:
        """Stop: what the host already took is played, what the output ring holds is discarded.

        Frames in the input ring can still be read. On a stream that does not run this only raises
        what is pending.

        Raises
        ------
        BufferFull, BufferEmpty
            The stream had ended with an error that was not raised yet.
        DeviceLostError
            The same, or the host does not come back; the stream is closed then.
        """
        self._end(lib.pst_stream_stop)

    def abort(self) -> None:
        """Stop at once: nothing more is played. Otherwise as `stop`."""
        self._end(lib.pst_stream_abort)

    def _end(self, function: Any) -> None:
        pointer, err = self._use(), new_error()
        run = self._launcher.run
        self._end_workers()
        status = self._after_host_call(function(pointer, err))
        self._join_workers(JOIN_S, run)
        self._raise_pending()
        check(status, err)

    def _end_workers(self) -> None:
        """Tell the threads that serve the run that it is over."""
        if self._callback is not None:
            self._callback.end()
        self._launcher.cancel(self)

    def _join_workers(self, timeout: float | None, run: Run | None) -> bool:
        """Wait for these threads, unless this is one of them; False if the time ran out."""
        self._launcher.retire(run)
        deadline = Deadline(timeout)
        done = self._callback is None or self._callback.join(timeout)
        if not done and timeout == JOIN_S:
            hostlog.warn("%s: the callback did not return within %g s", self, timeout)
        if not self._launcher.see_off(self, run, deadline.left()):
            done = False
            if timeout == JOIN_S:
                self._launcher.warn_of_leftovers(run)
        if done:
            self._give_back_output_ring()
        return done

    def _stop_quietly(self) -> None:
        """Stop without raising what is pending: a later call will."""
        run = self._launcher.run
        self._after_host_call(lib.pst_stream_stop(self._pointer, ffi.NULL))
        self._launcher.retire(run)

    def _serves(self, worker: Worker) -> bool:
        """Whether a thread of a callback belongs to the last run, or its run is not over."""
        return not worker.is_over or self._callback is None or self._callback.serves(worker)

    def _abort_run(self) -> None:
        """Abort on behalf of a function that has failed."""
        self._after_host_call(lib.pst_stream_abort(self._pointer, ffi.NULL))

    def close(self) -> None:
        """Close the devices, aborting a run. Idempotent; returns in bounded time.

        Threads that wait in another method of the stream get a `ClosedError`.

        Raises
        ------
        BufferFull, BufferEmpty, DeviceLostError
            The stream had ended with an error that was not raised yet, or the host does not come
            back. It is closed all the same.
        """
        if not self._is_closed:
            self._close()
        self._raise_pending()

    def _close(self) -> None:
        """Close without raising what is pending."""
        self._exception = self.exception
        self._end_workers()
        status = lib.pst_stream_close(self._pointer, ffi.NULL)
        self._is_closed = True
        self._after_host_call(status)
        self._join_workers(JOIN_S, self._launcher.run)

    def _after_host_call(self, status: int) -> int:
        if status == Status.TIMEOUT:
            self._is_closed = self._is_given_up = True
            keep_for_ever(self._borrowed)
            hostlog.warn("%s: the host did not come back; its handle is abandoned", self)
        if self._pid == os.getpid():
            hostlog.drain(system.get())
            advise_on_priority(self)
            advise_on_silence(self)
        return status

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the stream does not run any more, and its reader and writer have returned.

        Parameters
        ----------
        timeout : float, optional
            Seconds; None waits for ever.

        Returns
        -------
        bool
            True once it does not run, False if the time ran out.

        Raises
        ------
        BufferFull, BufferEmpty, DeviceLostError
            It ended with an error that was not raised yet.
        ClosedError
            It is closed, or was closed meanwhile.
        """
        limit = seconds("timeout", timeout)
        pointer, err = self._use(), new_error()
        if self._callback is not None:
            self._callback.refuse_itself("wait")
        deadline, run = Deadline(limit), self._launcher.run
        status = wait(lambda slice_ns: lib.pst_stream_wait(pointer, slice_ns, err), limit)
        if status != Status.TIMEOUT and not self._join_workers(deadline.left(), run):
            return False
        return self._is_over(status, err)

    def _run(self, call: str, launch: Launch, limit: float | None, *, waits: bool) -> None:
        """Start a run of the caller's own, and wait for its end if that is wanted.

        If the end does not come in time, or Ctrl-C does, the run is stopped. Another thread may
        have started another one by then, which is none of our business.
        """
        run = self._start(launch)
        if run is None:
            raise StateError(f"another thread has started the stream; stop it before {call}")
        if not waits:
            return
        pointer, err = self._pointer, new_error()
        deadline = Deadline(limit)
        try:
            status = wait(
                lambda slice_ns: (
                    lib.pst_stream_wait(pointer, slice_ns, err) if self._launcher.run is run else 0
                ),
                limit,
            )
            if status == Status.TIMEOUT or not self._join_workers(deadline.left(), run):
                raise PastreamTimeoutError(f"timeout: the run was not over within {limit} s")
            if self._launcher.run is run:
                self._is_over(status, err)
        except BaseException:
            if not self.closed:
                self._stop_quietly()
            raise

    def _refuse_running(self, call: str) -> None:
        if self._callback is not None:
            raise StateError(f"the stream has a callback, which moves its frames; {call} cannot")
        if self.active:
            raise StateError(f"the stream is running; stop it before {call}")

    async def _wait_async(self, timeout: float | None) -> bool:
        """Await what `wait` waits for."""
        limit = seconds("timeout", timeout)
        deadline = Deadline(limit)
        pointer, err = self._use(), new_error()
        run = self._launcher.run
        status = await wait_async(
            lambda slice_ns: lib.pst_stream_wait(pointer, slice_ns, err),
            lambda: lib.pst_stream_arm_over(pointer),
            limit,
        )
        if status != Status.TIMEOUT and not self._join_workers(0, run):
            # Seldom, and soon over: a function is still under way.
            status = await wait_async(
                lambda slice_ns: status if self._join_workers(0, run) else int(Status.TIMEOUT),
                lambda: int(Status.UNSUPPORTED),
                deadline.left(),
            )
        return self._is_over(status, err)

    def _is_over(self, status: int, err: Any) -> bool:
        """Return what a wait for the end has found, or raise it."""
        if status == Status.TIMEOUT:
            return False
        if status == Status.CLOSED:
            raise ClosedError("the stream was closed while this call was waiting for its end")
        self._raise_pending()
        if self.exception is None:
            check(status, err)
        return True

    @property
    def aio(self) -> AsyncStream:
        """The stream's methods as coroutines; see `AsyncStream`."""
        return AsyncStream(self)

    async def __aenter__(self) -> AsyncStream:
        self._use()
        return self.aio

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await in_thread(self.__exit__, kind, None, None)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        elif not self._is_closed:
            self._close()

    def _is_leaked(self) -> bool:
        return super()._is_leaked() and self.state != StreamState.CLOSED

    def __del__(self) -> None:
        super().__del__()
        # Without a close the library closes the device a little later, by a thread of its own. The
        # caller's memory would not last that long.
        if hasattr(self, "_pointer") and self._borrowed and not self._is_closed:
            self._after_host_call(lib.pst_stream_close(self._pointer, ffi.NULL))

    @property
    def callback_latency(self) -> float:
        """How far ahead of the device a Python callback's output is kept, in seconds; else 0."""
        return self._callback.ahead / self.samplerate if self._callback is not None else 0.0

    # ---- Rings ----------------------------------------------------------------------------------

    def _ring(self, name: str, side: Side, pointer: Any, waiter: Waiter) -> RingBuffer:
        ring = self._rings.get(name)
        if pointer == ffi.NULL:
            raise StateError(
                f"the stream has no {name} ring: only its compiled callback has the {name}; give "
                "buffersize to have a ring besides"
            )
        if ring is None:
            native = NativeRing.adopt(pointer, self._pid, self._borrowed or None)
            ring = RingBuffer._of_stream(native, side.form, side.channels, name, waiter)
            ring = self._rings.setdefault(name, ring)
        return ring

    def _waiter(self, stream_wait: Any, ring_wait: Any) -> Waiter:
        """Return a wait on a ring that also notices a device that is gone.

        It does not keep the stream alive: a ring that outlives its stream waits by itself.
        """
        reference = weakref.ref(self)

        def waiter(reader: int, n: int, slice_ns: int) -> int:
            stream = reference()
            if stream is None:
                return int(ring_wait(reader, n, slice_ns))
            err = new_error()
            status = int(stream_wait(stream._pointer, reader, n, slice_ns, err))
            if status >= 0 or status in (Status.TIMEOUT, Status.CLOSED):
                return status
            stream._raise_pending()
            return int(Status.END)

        return waiter
