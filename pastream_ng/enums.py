# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The C enumerations, written out; a test compares every number with the C headers.

Functions of this library accept a member or its name as a string, in any case and with ``-`` or
``_`` between words: ``overflow="drop-oldest"`` is ``overflow=Overflow.DROP_OLDEST``.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Literal, TypeAlias

__all__ = [
    "AttributeKind",
    "AutomationKind",
    "BitrateMode",
    "ByteOrder",
    "CallbackResult",
    "ChainState",
    "ChannelFreedom",
    "ChannelMixing",
    "CommandKind",
    "Container",
    "CountMode",
    "Curve",
    "DamageFlags",
    "Direction",
    "DiskFull",
    "Dither",
    "Encoding",
    "EventKind",
    "FaultKind",
    "Format",
    "IoMode",
    "KernelLevel",
    "MediaKind",
    "OnLost",
    "OpusApplication",
    "Overflow",
    "PacketFlags",
    "ParamRate",
    "PauseKind",
    "ProcessResult",
    "ReduceKind",
    "ResampleEngine",
    "ResampleQuality",
    "RingMemory",
    "Status",
    "StreamFlags",
    "StreamState",
    "TakeState",
    "TapFull",
    "Trigger",
    "Underflow",
    "Underrun",
    "VirtualClock",
    "VirtualInput",
    "VoiceState",
]


class Status(IntEnum):
    """The outcome of a C call; zero and above are success."""

    END = 1
    OK = 0
    NO_MEMORY = -1
    BAD_ARGUMENT = -2
    BAD_STATE = -3
    CLOSED = -4
    TIMEOUT = -5
    NO_DEVICE = -6
    DEVICE_BUSY = -7
    DEVICE_LOST = -8
    UNSUPPORTED = -9
    OVERFLOW = -10
    UNDERFLOW = -11
    HOST_ERROR = -12
    SYSTEM_ERROR = -13
    FORKED = -14
    LIMIT = -15
    BAD_FILE = -16


class Format(IntEnum):
    """Sample formats of the C library."""

    F32 = 1
    F64 = 2
    I32 = 3
    I24 = 4
    I16 = 5
    I8 = 6
    U8 = 7


class RingMemory(IntEnum):
    """How a ring's memory is laid out."""

    AUTO = 0
    MIRRORED = 1
    COPYING = 2
    FLAT = 3


class Direction(IntEnum):
    """Which way frames flow through a device."""

    INPUT = 1
    OUTPUT = 2
    DUPLEX = 3


class VirtualClock(IntEnum):
    """What drives a virtual device: real time, or the other side of its rings."""

    WALL = 0
    FREE = 1


class VirtualInput(IntEnum):
    """What a virtual device captures."""

    DEVICE = 0
    COUNTER = 1
    SINE = 2


class FaultKind(IntEnum):
    """What goes wrong on a virtual device; see `pastream_ng.Fault`."""

    LATE = 1
    STALL = 2
    VANISH = 3
    DEAD = 4
    BURST = 5
    XRUN = 6
    DRIFT = 7
    BLOCK = 8
    EMPTY = 9
    LATENCY = 10


class Overflow(IntEnum):
    """What happens when captured frames find the input ring full."""

    RAISE = 0  #: Abort the stream; the next call raises `BufferFull`.
    DROP_OLDEST = 1  #: Take the oldest frames that nobody is looking at.
    DROP_NEWEST = 2  #: Leave the new frames out.
    SILENCE = 3  #: Leave them out, and put as much silence there later: time is kept.


class OnLost(IntEnum):
    """What a stream does when its device goes away while it runs."""

    RAISE = 0  #: The next call raises `DeviceLostError`.
    REOPEN = 1  #: Look for the same device, and go on with it.
    DEFAULT = 2  #: The same, or go on with the default device as long as that one is not there.


class Underflow(IntEnum):
    """What happens when the output ring is empty before its producer has ended it."""

    SILENCE = 0  #: Play silence, count it, go on.
    RAISE = 1  #: Abort the stream; the next call raises `BufferEmpty`.


class CallbackResult(IntEnum):
    """What a callback says about the run: the values that compiled functions return."""

    CONTINUE = 0
    COMPLETE = 1  #: End the run once this block is played.
    ABORT = 2  #: End the run at once.


class ResampleQuality(IntEnum):
    """How well sample rates are changed: signal to noise, and the share of the bandwidth kept."""

    MEDIUM = 0  #: 121 dB, 90 %.
    FAST = 1  #: 97 dB, 80 %.
    BEST = 2  #: 144 dB, 97 %.
    LINEAR = 3  #: Straight lines between the frames: nothing is filtered.
    HOLD = 4  #: Each frame lasts until the next one.


#: The names of the members of `ResampleQuality`, as arguments take them.
ResampleQualityName: TypeAlias = Literal["fast", "medium", "best", "linear", "hold"]


class ResampleEngine(IntEnum):
    """What computes the filtered resampling qualities."""

    AUTO = 0  #: soxr where the build has it, else libsamplerate.
    SAMPLERATE = 1  #: libsamplerate. It computes in float32.
    SOXR = 2  #: soxr. It looks further ahead.


class StreamState(IntEnum):
    """The life of a stream."""

    STOPPED = 0  #: Open; not started yet, or stopped.
    RUNNING = 1
    STALLED = 2  #: Running, but the host has called nobody for a while. May come back.
    FINISHED = 3  #: Ran to the end of its limits or its data.
    ABORTED = 4  #: Ended before that, by ``abort()``, a policy or an error.
    LOST = 5  #: The device or its server went away.
    CLOSED = 6
    REOPENING = 7  #: Running, but the device is away, and is being looked for; see `OnLost`.


class StreamFlags(IntFlag):
    """Flags that a host sets on a callback; the first five are PortAudio's."""

    INPUT_UNDERFLOW = 1
    INPUT_OVERFLOW = 2
    OUTPUT_UNDERFLOW = 4
    OUTPUT_OVERFLOW = 8
    PRIMING = 16
    GAP = 32  #: Frames are missing.


class EventKind(IntEnum):
    """What a `pastream_ng.StreamEvent` tells."""

    HOST_XRUN = 1  #: The host set flags. A flag is not an amount: ``frames`` is 0.
    DEVICE_LOSS = 2  #: The device's clock went on without us.
    INPUT_DROPPED = 3  #: The input ring was full.
    OUTPUT_MISSING = 4  #: The output ring was empty: silence was played.
    FINISHED = 5
    ABORTED = 6
    DEVICE_LOST = 7  #: The device is away, and is being looked for; see `OnLost`.
    DEVICE_BACK = 8  #: It is back, or another one is; ``frames`` were lost meanwhile.
    INPUT_SILENT = 9  #: The last ``frames`` of the input were exactly zero: 5 s or more.


class ChainState(IntEnum):
    """The life of a worker of the library that moves frames from one place to another."""

    CREATED = 0
    RUNNING = 1
    DRAINING = 2  #: Stopping: what is under way still arrives.
    DONE = 3
    FAILED = 4
    CANCELLED = 5


class PauseKind(IntEnum):
    """What a worker does while it is paused."""

    NONE = 0  #: It is not.
    HOLD = 1  #: Nothing moves.
    DROP = 2  #: What comes is dropped.


class Curve(IntEnum):
    """How a gain moves from one value to another within a number of frames."""

    LINEAR = 0
    EQUAL_POWER = 1  #: By sine and cosine: two sounds blended by it keep their loudness.
    EXPONENTIAL = 2  #: Even in decibels; 0 counts as -100 dB on the way.


class KernelLevel(IntEnum):
    """How the loops that convert, mix and filter are compiled."""

    SCALAR = 1
    SSE42 = 2
    AVX2 = 3
    AVX512 = 4
    NEON = 5
    SVE = 6


class VoiceState(IntEnum):
    """The life of a `pastream_ng.Voice`."""

    SCHEDULED = 0  #: Its start is still to come.
    PLAYING = 1
    PAUSED = 2
    FINISHED = 3  #: Played to its end.
    CANCELLED = 4
    LATE = 5  #: It came too late for its start, with ``allow_belated=False``.


class CommandKind(IntEnum):
    """What a voice is told."""

    PAUSE = 1
    RESUME = 2
    CANCEL = 3
    GAIN = 4
    SEEK = 5
    LOOP = 6


class Container(IntEnum):
    """The kinds of sound files."""

    WAV = 1
    WAVEX = 2
    RF64 = 3
    AIFF = 4
    AU = 5
    CAF = 6
    W64 = 7
    RAW = 8
    FLAC = 9
    OGG = 10
    MP3 = 11
    ADTS = 12
    MP4 = 13
    #: Each packet by itself, with nothing around it: no file.
    PACKETS = 14


class Encoding(IntEnum):
    """How samples are stored in a sound file."""

    DEFAULT = 0
    PCM = 1
    FLAC = 2
    MP3 = 3
    OPUS = 4
    VORBIS = 5
    AAC = 6
    ULAW = 7
    ALAW = 8
    IMA_ADPCM = 9
    MS_ADPCM = 10
    GSM = 11


class DamageFlags(IntFlag):
    """What was found to be wrong with a sound file."""

    TRUNCATED = 1
    CORRUPT = 2
    MISSING = 4
    CHECKSUM = 8
    HEADER = 16


class MediaKind(IntEnum):
    """What moves along a chain."""

    FRAMES = 0
    PACKETS = 1


class PacketFlags(IntFlag):
    """What is special about a packet of an encoded stream."""

    HEADER = 1  #: It holds no sound, but decoders need it before all others.


class BitrateMode(IntEnum):
    """How the bits of a lossy file are given out over time."""

    DEFAULT = 0
    VARIABLE = 1
    CONSTANT = 2
    AVERAGE = 3


class OpusApplication(IntEnum):
    """What an Opus encoder is to be good at."""

    AUDIO = 0
    VOIP = 1
    LOWDELAY = 2


class Dither(IntEnum):
    """The noise that is added where samples lose bits."""

    NONE = 0
    TPDF = 1


class ReduceKind(IntEnum):
    """What becomes of the sound, or the packets, of several branches."""

    SUM = 1
    PRODUCT = 2
    MEAN = 3
    MAX = 4
    MIN = 5
    CONCAT = 6
    XOR = 7


class TapFull(IntEnum):
    """What happens when what a tap leads into is full."""

    WAIT = 0
    DROP_OLDEST = 1
    DROP_NEWEST = 2


class ByteOrder(IntEnum):
    """The order of a sample's bytes in a sound file."""

    DEFAULT = 0
    LITTLE = 1
    BIG = 2


class IoMode(IntEnum):
    """What a place for bytes is opened for."""

    READ = 1
    WRITE = 2
    CREATE = 3


class Trigger(IntEnum):
    """What begins a recording once it has started to listen."""

    NONE = 0
    LEVEL = 1
    CALL = 2


class TakeState(IntEnum):
    """Whether a recording takes the frames that come."""

    WAITING = 0  #: For the stream's run, the start or the trigger.
    TAKING = 1
    PAUSED = 2
    OVER = 3


class DiskFull(IntEnum):
    """What a `Recorder` does when the disk is full."""

    STOP = 0  #: The recording ends with the error; the device goes on.
    CONTINUE = 1  #: Frames are left out until there is room for another file.


class AttributeKind(IntEnum):
    """What an attribute of a graph's node is."""

    BOOL = 0
    INTEGER = 1
    NUMBER = 2
    CHOICE = 3
    NUMBERS = 4
    SOUND = 5
    WAVE = 6
    RING = 7


class AutomationKind(IntEnum):
    """What is done to the timeline of a param."""

    SET = 0
    LINEAR = 1
    EXPONENTIAL = 2
    TARGET = 3
    CURVE = 4
    CANCEL = 5
    HOLD = 6


class ChannelFreedom(IntEnum):
    """What a user may change of how the inputs of a node are mixed."""

    FREE = 0
    AT_MOST_STEREO = 1
    FIXED_COUNT = 2
    FIXED = 3


class ChannelMixing(IntEnum):
    """How channels become more or fewer."""

    SPEAKERS = 0
    DISCRETE = 1


class CountMode(IntEnum):
    """How many channels the input of a node is mixed to."""

    MAX = 0
    CLAMPED_MAX = 1
    EXPLICIT = 2


class ProcessResult(IntEnum):
    """What the function of a node says about the next block."""

    CONTINUE = 0  #: Call again, whether there is input or not.
    MAY_END = 1  #: Nothing more to say, unless an input sounds.


class Underrun(IntEnum):
    """What is heard in place of output that a function has not made in time."""

    SILENCE = 0
    HOLD = 1  #: The last sample of each channel.
    BYPASS = 2  #: The input.


class ParamRate(IntEnum):
    """How often a param has a value."""

    A = 0  #: For each frame.
    K = 1  #: For each quantum.
