# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Sources, nodes and sinks of the tests, written in Python."""

import threading

import numpy as np

import pastream_ng as ps

MONO = ps.AudioFormat(48000, 1, "f32")
STEREO = ps.AudioFormat(48000, 2, "f32")


def ramp(first=0, samples=100, form=STEREO, **times):
    """Return a buffer whose samples count, the later channels downwards."""
    row = np.arange(first, first + samples, dtype="float32") / 2**20
    rows = np.stack([row if k == 0 else -row for k in range(form.channels)])
    return ps.NodeBuffer.pcm(rows if form.planar else rows.T, form, **times)


def joined(buffers):
    """Return the sound of buffers in a row, (channels, samples)."""
    return np.concatenate([buffer.as_pcm() for buffer in buffers], axis=1)


class Pass(ps.Node):
    """Gives each buffer on."""

    def __init__(self):
        self.waiting = []
        self.threads = set()

    def push(self, buf):
        """Take one."""
        self.threads.add(threading.get_ident())
        if buf is not None:
            self.waiting.append(buf)

    def pull(self):
        """Give one."""
        return self.waiting.pop(0) if self.waiting else None


class Failing(Pass):
    """Raises in one of its calls."""

    def __init__(self, call, error):
        super().__init__()
        self.call = call
        self.error = error

    def _at(self, call):
        if call == self.call:
            raise self.error

    def push(self, buf):
        self._at("push")
        super().push(buf)

    def pull(self):
        self._at("pull")
        return super().pull()

    def flush(self):
        self._at("flush")


class Gate:
    """A node, source and sink that waits at a gate until that is opened."""

    def __init__(self):
        self.opened = threading.Event()
        self.reached = threading.Event()
        self.got = []
        self.finalized = 0

    def push(self, buf):
        self.reached.set()
        self.opened.wait(30)
        self.got.append(buf)

    def pull(self):
        self.reached.set()
        self.opened.wait(30)

    def finalize(self):
        self.finalized += 1


class Sink:
    """Keeps what comes, and may fail."""

    def __init__(self, call="", error=None, after=0):
        self.got = []
        self.finalized = 0
        self.call, self.error, self.after = call, error, after

    def push(self, buf):
        if self.call == "push" and len(self.got) >= self.after:
            raise self.error
        self.got.append(buf)

    def finalize(self):
        self.finalized += 1
        if self.call == "finalize":
            raise self.error
