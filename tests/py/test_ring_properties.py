# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The ring against a model: whatever is called in whatever order, it behaves like a deque."""

from collections import deque

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import pastream_ng as ps

pytestmark = pytest.mark.sanitize

AMOUNTS = st.integers(0, 90)


class RingModel(RuleBasedStateMachine):
    """One ring, the deque of its own reader, and those of others."""

    @initialize(
        size=st.integers(1, 70),
        memory=st.sampled_from(["mirrored", "copying", "flat"]),
        channels=st.integers(1, 3),
    )
    def make(self, size, memory, channels):
        if memory == "flat":
            buffer = np.zeros((size, channels), "int32")
            self.ring = ps.RingBuffer(buffer=buffer, dtype="int32", channels=channels)
        else:
            self.ring = ps.RingBuffer(size=size, dtype="int32", channels=channels, memory=memory)
        self.channels = channels
        self.next = 0
        # Small rings are rounded up to pages: pretend that there was less room.
        self.models = [(self.ring, deque())]

    def rows(self, first, n):
        column = np.arange(first, first + n, dtype="int32")
        return column if self.channels == 1 else np.repeat(column[:, None], self.channels, axis=1)

    def numbers(self, frames):
        array = np.asarray(frames)
        assert array.dtype == "int32"
        if self.channels > 1:
            assert (array == array[:, :1]).all()
            array = array[:, 0]
        return array.tolist()

    def room(self):
        return len(self.ring) - max(len(model) for _, model in self.models)

    def wrote(self, n):
        for _, model in self.models:
            model.extend(range(self.next, self.next + n))
        self.next += n

    @rule(n=AMOUNTS)
    def write(self, n):
        expected = min(n, self.room())
        assert self.ring.write(self.rows(self.next, n)) == expected
        self.wrote(expected)

    @rule()
    def fill(self):
        n = self.room()
        assert self.ring.write(self.rows(self.next, n + 1)) == n
        self.wrote(n)

    @rule(n=AMOUNTS, published=AMOUNTS)
    def write_regions(self, n, published):
        given_frames, first, second = self.ring.get_write_buffers(n)
        assert given_frames == len(first) + len(second) == min(n, self.room())
        first[:] = self.rows(self.next, len(first))
        second[:] = self.rows(self.next + len(first), len(second))
        published = min(published, given_frames)
        self.wrote(published)
        assert self.ring.advance_write_index(published) == self.next

    @rule(n=AMOUNTS, fails=st.booleans())
    def write_view(self, n, fails):
        n = min(n, len(self.ring))
        try:
            with self.ring.write_view(n) as frames:
                got = len(frames)
                assert got == min(n, self.room()) or self.ring.memory == "flat"
                frames[:] = self.rows(self.next, got)
                if fails:
                    raise KeyError
        except KeyError:
            return
        self.wrote(got)

    @rule(which=st.integers(0, 3), n=st.integers(-1, 90))
    def read(self, which, n):
        reader, model = self.models[which % len(self.models)]
        expected = [model.popleft() for _ in range(len(model) if n < 0 else min(n, len(model)))]
        assert self.numbers(reader.read(n)) == expected

    @rule(which=st.integers(0, 3), n=AMOUNTS)
    def skip(self, which, n):
        reader, model = self.models[which % len(self.models)]
        expected = min(n, len(model))
        for _ in range(expected):
            model.popleft()
        assert reader.skip(n) == expected

    @rule(which=st.integers(0, 3), n=AMOUNTS, consumed=AMOUNTS)
    def read_regions(self, which, n, consumed):
        reader, model = self.models[which % len(self.models)]
        got, first, second = reader.get_read_buffers(n)
        assert got == min(n, len(model))
        assert self.numbers(np.concatenate((first, second))) == list(model)[:got]
        consumed = min(consumed, got)
        reader.advance_read_index(consumed)
        for _ in range(consumed):
            model.popleft()

    @rule(which=st.integers(0, 3), n=AMOUNTS, kept=AMOUNTS)
    def read_view(self, which, n, kept):
        reader, model = self.models[which % len(self.models)]
        view = reader.read_view(n)
        with view as frames:
            got = len(frames)
            assert got == min(n, len(model)) or self.ring.memory == "flat"
            assert self.numbers(frames) == list(model)[:got]
            kept = min(kept, got)
            view.keep(kept)
        for _ in range(got - kept):
            model.popleft()

    @precondition(lambda self: len(self.models) < 4)
    @rule()
    def attach(self):
        self.models.append((self.ring.reader(), deque()))

    @precondition(lambda self: len(self.models) > 1)
    @rule(which=st.integers(1, 3))
    def detach(self, which):
        reader, _ = self.models.pop(1 + which % (len(self.models) - 1))
        reader.close()

    @invariant()
    def counts(self):
        assert self.ring.written == self.next
        assert self.ring.write_available == self.room()
        for reader, model in self.models:
            assert reader.read_available == len(model)
            assert reader.position == self.next - len(model)
            assert reader.dropped == 0


TestRingModel = RingModel.TestCase
TestRingModel.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@given(
    size=st.integers(1, 5000),
    parts=st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 3000)), max_size=20),
    memory=st.sampled_from(["mirrored", "copying"]),
)
@settings(max_examples=50, deadline=None)
def test_everything_written_arrives_once_and_in_order(size, parts, memory):
    ring = ps.RingBuffer(8, size, memory=memory)
    sent, got = 0, []
    for n_write, n_read in parts:
        sent += ring.write(np.arange(sent, sent + n_write, dtype="int64").tobytes())
        got.append(np.frombuffer(ring.read(n_read), "int64"))
    got.append(np.frombuffer(ring.read(), "int64"))
    assert np.array_equal(np.concatenate(got), np.arange(sent))
