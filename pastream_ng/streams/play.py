# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Playing from something: an array, a function, a ring."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from weakref import ref

from pastream_ng._checks import flag, seconds
from pastream_ng._native import lib
from pastream_ng._native.errors import check, new_error
from pastream_ng._native.ring import NativeRing
from pastream_ng.enums import Direction, RingMemory
from pastream_ng.rings import RingBuffer
from pastream_ng.rings.views import STREAM, nobody
from pastream_ng.streams.launch import Launch
from pastream_ng.streams.lengths import lengths_of
from pastream_ng.streams.limits import limits_of
from pastream_ng.streams.run import is_own_thread
from pastream_ng.streams.sources import make_source
from pastream_ng.streams.writing import WritingStream

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pastream_ng.streams.endpoints import Endpoint

__all__ = ["PlayingStream"]


class PlayingStream(WritingStream):
    """A stream that has a source to play."""

    #: The stream's own ring, once it has played another.
    _home: NativeRing | None = None
    #: What it plays now in place of that.
    _guest: Endpoint | None = None

    def set_source(
        self,
        source: Any,
        loop: bool = False,
        buffersize: int | None = None,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> RingBuffer:
        """Set what the stream plays in all runs from the next on.

        Parameters
        ----------
        source : callable, RingBuffer, SoundFile, path, array_like, buffer, or None
            A function ``source(stream, ring, *args, **kwargs)`` runs on a thread of its own during
            each run and writes to `ring`; it gets ``loop=`` too if it has such an argument. A ring
            is played until it was ended and is empty; its frames must have the stream's size. An
            open `SoundFile` is played from where it stands, a file given by its path from its
            start; both are read in C, and resampled and mixed where the file has another rate or
            other channels than the stream. An array or memory is played from its start in each
            run, where it lies: it must not be changed meanwhile. None: what is written to the
            stream's own ring.
        loop : bool, optional
            Play an array or a sound file again and again, without a gap.
        buffersize : int, optional
            Frames of the ring between a function or a sound file and the device; None takes the
            stream's own.
        args, kwargs : optional
            More arguments for a function.

        Returns
        -------
        RingBuffer
            What the device will read: the ring given, or the stream's.

        Raises
        ------
        StateError
            The stream is running.
        ArgumentError, ArgumentTypeError
            A source of a wrong kind, shape, dtype or element size, or without frames. Nothing was
            changed.

        Examples
        --------
        >>> import numpy as np, pastream_ng as ps
        >>> def tone(stream, ring, frequency):
        ...     t = np.arange(4800) / stream.samplerate
        ...     ring.write(np.sin(2 * np.pi * frequency * t), timeout=10)
        >>> device = ps.VirtualDevice("null", clock="free")
        >>> with ps.OutputStream(device, samplerate=48000, channels=1) as stream:
        ...     ring = stream.set_source(tone, args=(440,))
        ...     stream.start()
        ...     stream.wait()
        ...     stream.stats.played_frames
        True
        4800
        """
        self._use()
        end = None if source is None else make_source(self, source, loop, buffersize, args, kwargs)
        _ = self.output_ring  # Raises if there is none.
        self._launcher.check_may_start(self)
        with self._launcher.lock:
            self._refuse_running("set_source")
            self._launcher.source = end
            self._take_output_ring(end)
        return self.output_ring

    def play(
        self,
        playback: Any,
        frames: int = -1,
        pad: int = 0,
        loop: bool = False,
        buffersize: int | None = None,
        blocking: bool = False,
        *,
        timeout: float | None = None,
    ) -> None:
        """Play something in one run, of which nothing is left for the next.

        Parameters
        ----------
        playback : callable, RingBuffer, array_like or buffer
            As for `set_source`.
        frames : int, optional
            Frames to play; -1 plays all.
        pad : int, optional
            Frames of silence after that; -1 fills up to `frames`, or goes on for ever.
        loop, buffersize : optional
            As for `set_source`.
        blocking : bool, optional
            Return when all is played, not at once.
        timeout : float, optional
            With `blocking`: seconds to wait for that; the stream is stopped then.

        Raises
        ------
        StateError
            The stream is running.
        PastreamTimeoutError
            The time ran out.
        ArgumentError, ArgumentTypeError
            As for `set_source`; or `frames` is more than there are.
        PastreamError
            As for `start` and `wait`.

        Examples
        --------
        >>> import numpy as np, pastream_ng as ps
        >>> device = ps.VirtualDevice("null", clock="free")
        >>> with ps.OutputStream(device, samplerate=48000, channels=1) as stream:
        ...     stream.play(np.ones(100), frames=250, loop=True, blocking=True)
        ...     stream.stats.played_frames
        250
        """
        self._use()
        limit = seconds("timeout", timeout)
        self._refuse_running("play")
        source = make_source(self, playback, loop, buffersize, name="playback")
        returns_late = flag("blocking", blocking)
        limits = limits_of(Direction.OUTPUT, lengths_of(frames, pad), source)
        # What is captured meanwhile is not wanted: it must not fill its ring.
        launch = Launch(limits._replace(input_total=0), source)
        self._run("play", launch, limit, waits=returns_late)

    # ---- Rings ----------------------------------------------------------------------------------

    def _take_output_ring(self, source: Endpoint | None) -> None:
        guest = source if source is not None and source.ring is not None else None
        if guest is self._guest:
            return
        if self._home is None:
            self._home = self.output_ring._ring
        native = self._home if guest is None or guest.ring is None else guest.ring
        face = None if guest is None else guest.face
        if face is not None:
            face._check_reader()
        loops = guest is not None and guest.loops
        err = new_error()
        check(lib.pst_stream_set_output_ring(self._use(), native.pointer, loops, err), err)
        self._let_guest_go()
        self._guest = guest
        if guest is None:
            return
        if native.kind == RingMemory.FLAT:
            self._borrowed.append(native)
        assert self._output is not None
        waiter = self._output_waiter(native.pointer)
        if face is None:
            face = RingBuffer._of_stream(
                native,
                self._output.form,
                self._output.channels,
                "output",
                waiter,
            )
            if guest.loops or guest.frames is not None:
                face._write_user = ref(STREAM)
        else:
            face._read_user = ref(STREAM)
            face._write_waiter = waiter
        self._rings["output"] = face

    def _source_of_write(self, data: Any) -> tuple[Any, int]:
        self._give_back_output_ring()
        return super()._source_of_write(data)

    def _give_back_output_ring(self) -> None:
        launcher = self._launcher
        source = launcher.source
        if self._guest in (None, source) or self._is_closed or is_own_thread(self):
            return
        # If a start is under way, it will see to it.
        if not launcher.lock.locked():
            with launcher.lock:
                if not self.active:
                    self._take_output_ring(source)

    def _let_guest_go(self) -> None:
        """Give the ring that was played back to its owner."""
        guest, self._guest = self._guest, None
        face = self._rings.get("output")
        if guest is None or guest.ring is None:
            if face is not None:
                self._rings["home"] = face
            return
        native = guest.ring
        self._borrowed[:] = [ring for ring in self._borrowed if ring is not native]
        if guest.face is not None:
            guest.face._read_user = nobody
            guest.face._write_waiter = None
            lib.pst_ring_interrupt(native.pointer, False)
        self._rings["output"] = self._rings["home"]

    def _close(self) -> None:
        super()._close()
        # In a forked child the ring is as little ours as the device.
        if self._pid == os.getpid() and not self._is_given_up:
            self._let_guest_go()

    def _end_output(self) -> None:
        # What was set as the source knows its own end.
        if self._guest is not None and self._guest.frames is not None:
            self._use()
            return
        super()._end_output()
