# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The C mixer against a model that plays frame by frame: scripts of commands at random."""

import itertools
import math
from dataclasses import dataclass, field

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pastream_ng._native import ffi, lib
from pastream_ng.enums import CommandKind, Curve, VoiceState

FRAMES = 90
NEVER = -1

frames = st.integers(0, FRAMES)
gains = st.sampled_from([0.0, 0.25, 0.5, 1.0, 1.5])
curves = st.sampled_from(list(Curve))
ramps = st.sampled_from([0, 0, 1, 2, 7, 25])
# Pauses that fade, and loops that change within crossfades, need many commands close together.
kinds = st.sampled_from([*CommandKind, CommandKind.PAUSE, CommandKind.RESUME, CommandKind.LOOP])


# ---- Scripts -------------------------------------------------------------------------------------


@dataclass
class Loop:
    start: int = 0
    end: int = 0
    repeats: int = 0
    fade: int = 0
    curve: Curve = Curve.LINEAR

    @property
    def blend(self):
        return self.start - self.fade if self.start >= self.fade else self.start


@dataclass
class Sound:
    length: int
    at: int
    offset: int
    gain: float
    fade_in: int
    curve: Curve
    loop: Loop
    replaces: int = NEVER


@dataclass
class Order:
    voice: int  # NEVER: the mixer.
    kind: CommandKind
    at: int
    ramp: int = 0
    curve: Curve = Curve.LINEAR
    gain: float = 1.0
    seek: int = 0
    loop: Loop = field(default_factory=Loop)


@st.composite
def loops(draw, length):
    start = draw(st.integers(0, length - 1))
    end = draw(st.integers(start + 1, length))
    fade = draw(st.integers(0, (end - start) // 2))
    if draw(st.booleans()):
        fade = draw(st.integers(0, min(start, end - start)))
    return Loop(start, end, draw(st.sampled_from([-1, -1, 0, 1, 2, 5])), fade, draw(curves))


@st.composite
def sounds(draw, number):
    length = draw(st.integers(1, 40))
    return Sound(
        length,
        draw(st.integers(0, 20)),
        draw(st.integers(0, length - 1)),
        draw(gains),
        draw(ramps),
        draw(curves),
        draw(loops(length)),
        draw(st.integers(NEVER, number - 1)),
    )


@st.composite
def scripts(draw):
    voices = [draw(sounds(number)) for number in range(draw(st.integers(1, 2)))]
    orders = []
    for _ in range(draw(st.integers(0, 14))):
        voice = draw(st.integers(NEVER, len(voices) - 1))
        kind = CommandKind.GAIN if voice == NEVER else draw(kinds)
        order = Order(voice, kind, draw(frames), draw(ramps), draw(curves), draw(gains))
        if kind == CommandKind.SEEK:
            order.seek = draw(st.integers(0, voices[voice].length))
        if kind == CommandKind.LOOP:
            order.loop = draw(loops(voices[voice].length))
        orders.append(order)
    cuts = draw(st.lists(st.integers(1, FRAMES), max_size=8))
    return voices, orders, sorted({0, FRAMES, *(cut for cut in cuts if cut < FRAMES)})


def data_of(number, length):
    return (np.arange(1, length + 1) * (0.5 if number % 2 else -1) / 64).astype("float32")


# ---- The model -----------------------------------------------------------------------------------


@dataclass
class Ramp:
    a: float
    b: float
    length: int = 0
    done: int = 0
    curve: Curve = Curve.LINEAR

    @property
    def left(self):
        return self.length - self.done

    @property
    def value(self):
        return shape(self.curve, self.a, self.b, self.done / self.length) if self.left else self.b

    def move(self, to, length, curve):
        return Ramp(self.value, to, length, 0, curve)

    def step(self):
        self.done += self.left > 0


def shape(curve, a, b, x):
    if curve == Curve.LINEAR:
        return a + (b - a) * x
    if curve == Curve.EQUAL_POWER:
        return math.hypot(a * math.cos(x * math.pi / 2), b * math.sin(x * math.pi / 2))
    a, b = max(a, 1e-5), max(b, 1e-5)
    return a * (b / a) ** x


class Played:
    """One voice of the model."""

    def __init__(self, number, sound):
        self.data = data_of(number, sound.length).astype(float)
        self.state = VoiceState.SCHEDULED
        self.position = sound.offset
        self.gain = Ramp(sound.gain, sound.gain)
        first = 1.0 if sound.fade_in == 0 else 0.0
        self.fade = Ramp(first, 1.0, sound.fade_in, 0, sound.curve)
        self.loop, self.left = sound.loop, sound.loop.repeats
        self.next_loop = None
        self.held = False
        self.goal = None  # What a fade leads to.
        self.played = self.repeats = 0
        self.started = -1

    @property
    def over(self):
        return self.state >= VoiceState.FINISHED

    def start(self, frame):
        if self.state != VoiceState.SCHEDULED:
            return
        self.started = frame
        self.state = VoiceState.PAUSED if self.held else VoiceState.PLAYING
        if self.position >= len(self.data):
            self.state = VoiceState.FINISHED

    def obey(self, order):
        if not self.over:
            getattr(self, f"on_{order.kind.name.lower()}")(order)

    def on_pause(self, order):
        if self.state == VoiceState.SCHEDULED:
            self.held = True
        elif self.state == VoiceState.PLAYING and self.goal != VoiceState.CANCELLED:
            if order.ramp:
                self.fade = self.fade.move(0.0, order.ramp, order.curve)
                self.goal = VoiceState.PAUSED
            else:
                self.state = VoiceState.PAUSED

    def on_resume(self, order):
        if self.state == VoiceState.SCHEDULED:
            self.held = False
        elif self.goal != VoiceState.CANCELLED:
            paused = self.state == VoiceState.PAUSED
            if paused and order.ramp:
                self.fade = Ramp(0.0, 0.0).move(1.0, order.ramp, order.curve)
            elif self.goal == VoiceState.PAUSED:
                self.fade = self.fade.move(1.0, order.ramp, order.curve)
            self.goal, self.state = None, VoiceState.PLAYING

    def on_cancel(self, order):
        if self.state == VoiceState.PLAYING and order.ramp:
            self.fade = self.fade.move(0.0, order.ramp, order.curve)
            self.goal = VoiceState.CANCELLED
        else:
            self.state = VoiceState.CANCELLED

    def on_gain(self, order):
        length = 0 if self.state == VoiceState.SCHEDULED else order.ramp
        self.gain = self.gain.move(order.gain, length, order.curve)

    def on_seek(self, order):
        self.position = order.seek
        self.take_loop()
        if self.position >= len(self.data) and self.state != VoiceState.SCHEDULED:
            self.state = VoiceState.FINISHED

    @property
    def ahead(self):
        return self.left != 0 and self.position < self.loop.end

    def on_loop(self, order):
        blending = self.ahead and self.position > self.loop.end - self.loop.fade
        self.next_loop = order.loop
        if not blending:
            self.take_loop()

    def take_loop(self):
        if self.next_loop is not None:
            self.loop, self.left = self.next_loop, self.next_loop.repeats
            self.next_loop = None

    def sample(self):
        value, done = self.data[self.position], self.position - (self.loop.end - self.loop.fade)
        if self.ahead and done >= 0:
            x = done / self.loop.fade
            value *= shape(self.loop.curve, 1.0, 0.0, x)
            value += self.data[self.loop.blend + done] * shape(self.loop.curve, 0.0, 1.0, x)
        return value * self.gain.value * self.fade.value

    def step(self):
        """Return the next sample, and go on."""
        if self.state != VoiceState.PLAYING:
            self.gain.step()
            return 0.0
        value, jumps = self.sample(), self.ahead
        self.position += 1
        self.played += 1
        self.gain.step()
        if self.fade.left:
            self.fade.step()
            if not self.fade.left and self.goal is not None:
                self.state = self.goal
        if jumps and self.position == self.loop.end:
            self.position = self.loop.blend + self.loop.fade
            self.repeats += 1
            self.left -= self.left > 0
            self.take_loop()
        elif self.position == len(self.data) and self.state != VoiceState.CANCELLED:
            self.state = VoiceState.FINISHED
        return value


def model_of(voices, orders):
    """Return what is heard, and the voices of the model."""
    played = [Played(number, sound) for number, sound in enumerate(voices)]
    gain = Ramp(1.0, 1.0)
    # What happens at one frame happens in the order in which it was sent: sounds first here.
    sent = [(sound.at, sound, None) for sound in voices] + [(o.at, None, o) for o in orders]
    out = np.zeros(FRAMES)
    for frame in range(FRAMES):
        for at, sound, order in sent:
            if at != frame:
                continue
            if order is None:
                number = next(n for n, other in enumerate(voices) if other is sound)
                if played[number].over:
                    continue
                played[number].start(frame)
                if sound.replaces != NEVER:
                    played[sound.replaces].obey(
                        Order(0, CommandKind.CANCEL, at, sound.fade_in, sound.curve)
                    )
            elif order.voice == NEVER:
                gain = gain.move(order.gain, order.ramp, order.curve)
            else:
                played[order.voice].obey(order)
        out[frame] = gain.value * sum(voice.step() for voice in played)
        gain.step()
    return out, played


# ---- The mixer -----------------------------------------------------------------------------------


def fill_loop(target, loop):
    target.start_frame, target.end_frame = loop.start, loop.end
    target.n_repeats, target.crossfade_frames = loop.repeats, loop.fade
    target.crossfade_curve = loop.curve


def send_sound(mixer, number, sound, handles, data):
    config = ffi.new("pst_voice_config *")
    lib.pst_voice_config_default(config)
    config.data = ffi.cast("float *", ffi.from_buffer(data))
    config.n_frames, config.n_channels = sound.length, 1
    config.start.frame, config.offset_frames = sound.at, sound.offset
    config.gain, config.fade_in_frames, config.fade_in_curve = (
        sound.gain,
        sound.fade_in,
        sound.curve,
    )
    fill_loop(config.loop, sound.loop)
    if sound.replaces != NEVER:
        config.replaces = handles[sound.replaces]
    out = ffi.new("pst_voice **")
    assert lib.pst_mixer_play(mixer, config, out, ffi.NULL) == 0
    handles.append(out[0])


def send_order(mixer, order, handles):
    command = ffi.new("pst_command *")
    lib.pst_command_default(command, order.kind)
    command.moment.frame, command.ramp_frames = order.at, order.ramp
    command.curve, command.gain, command.seek_frame = order.curve, order.gain, order.seek
    fill_loop(command.loop, order.loop)
    voice = ffi.NULL if order.voice == NEVER else handles[order.voice]
    assert lib.pst_mixer_command(mixer, voice, command, ffi.NULL) == 0


def mixed(voices, orders, cuts):
    """Return what the mixer plays in blocks between the cuts, and what it says of the voices."""
    place = ffi.new("pst_mixer **")
    assert lib.pst_mixer_create(place, 1, False, ffi.NULL) == 0
    mixer, handles = place[0], []
    data = [data_of(number, sound.length) for number, sound in enumerate(voices)]
    for number, sound in enumerate(voices):
        send_sound(mixer, number, sound, handles, data[number])
    for order in orders:
        send_order(mixer, order, handles)
    out = np.zeros(FRAMES, "float32")
    time = ffi.new("pst_callback_time *")
    time.samplerate_hz = 48000
    for first, end in itertools.pairwise(cuts):
        time.frame = first
        block = ffi.from_buffer(out[first:end])
        lib.pst_mixer_render(ffi.NULL, block, end - first, time, 0, mixer)
    results = []
    for handle in handles:
        status = ffi.new("pst_voice_status *")
        lib.pst_voice_get_status(handle, status)
        results.append(status)
        lib.pst_voice_release(handle)
    lib.pst_mixer_release(mixer)
    return out, results


@settings(max_examples=250)
@given(scripts())
def test_the_mixer_does_what_the_model_does(script):
    voices, orders, cuts = script
    out, results = mixed(voices, orders, cuts)
    wanted, played = model_of(voices, orders)
    np.testing.assert_allclose(out, wanted, atol=3e-6)
    for status, voice in zip(results, played, strict=True):
        assert VoiceState(status.state) == voice.state
        assert status.position_frame == voice.position
        assert status.played_frames == voice.played
        assert status.n_repeats == voice.repeats
        assert status.started_frame == voice.started
        if not voice.over:
            assert abs(status.gain - voice.gain.value) < 1e-6


@settings(max_examples=60)
@given(scripts(), st.integers(1, FRAMES))
def test_blocks_do_not_matter(script, block):
    """However the frames are cut, the same samples come out, to the bit."""
    voices, orders, cuts = script
    out, _ = mixed(voices, orders, cuts)
    others = sorted({*range(0, FRAMES, block), FRAMES})
    assert np.array_equal(mixed(voices, orders, others)[0], out)
