# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""From the arguments of a stream to the configuration that C opens it with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pastream_ng._checks import choice, flag, integer, pair, real, shown
from pastream_ng._native import ffi, hostlog, lib, system
from pastream_ng._native.errors import check, new_error
from pastream_ng._native.handle import owner
from pastream_ng.callbacks.choose import Callback, choose_callback, put_callback
from pastream_ng.defaults import default
from pastream_ng.enums import Direction, OnLost, Overflow, ResampleQuality, Underflow
from pastream_ng.errors import ArgumentError, UnsupportedSettingsError
from pastream_ng.formats import SampleFormat, sample_format
from pastream_ng.hosts.host_settings import check_host_settings, fill_host_settings
from pastream_ng.hosts.select import select_device
from pastream_ng.hosts.settings import accepts, channel_count
from pastream_ng.hosts.virtual import VirtualDevice, virtual_config
from pastream_ng.streams.mapping import channel_map, mapping_pair

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array
    from pastream_ng._native.ring import NativeRing
    from pastream_ng.hosts.host_settings import HostSettings
    from pastream_ng.hosts.info import DeviceInfo

__all__ = ["Configured", "Options", "Side", "configure", "open_stream"]

# How far apart the rates of a stream and its device may be; that of resample.h.
_MOST_FACTOR = 256


class Side(NamedTuple):
    """One side of a stream, with everything decided."""

    info: DeviceInfo
    channels: int
    form: SampleFormat
    device_code: int
    latency_s: float
    extra: HostSettings | None
    device_channels: int
    gains: Array | None  # (destinations, sources) float32; None takes channel k to channel k.


class Options(NamedTuple):
    """The arguments of a stream as the user gave them; see `InputStream` and `OutputStream`."""

    device: Any = None
    samplerate: Any = None
    channels: Any = None
    dtype: Any = None
    blocksize: Any = None
    latency: Any = None
    buffersize: Any = None
    overflow: Any = Overflow.RAISE
    underflow: Any = Underflow.SILENCE
    device_dtype: Any = None
    extra_settings: Any = None
    device_samplerate: Any = None
    resample_quality: Any = ResampleQuality.MEDIUM
    stall_after: Any = None
    lost_after: Any = None
    control_timeout: Any = None
    keep_nonfinite: Any = False
    on_lost: Any = OnLost.RAISE
    reopen_timeout: Any = None
    mapping: Any = None
    callback: Any = None
    callback_latency: Any = None
    userdata: Any = None
    frames: Any = -1
    pad: Any = 0
    offset: Any = 0
    reader: Any = None
    writer: Any = None
    finished_callback: Any = None
    prebuffer_timeout: Any = 5.0


class Configured(NamedTuple):
    """What a stream is to be opened with; `config` is valid as long as `keep` lives."""

    config: Any
    input: Side | None
    output: Side | None
    overflow: Overflow
    callback: Callback | None
    keep: Any


def configure(direction: Direction, options: Options) -> Configured:
    """Check all arguments and look the devices up. Nothing is opened."""
    names = ("device", "samplerate", "channels", "dtype", "blocksize", "latency", "extra_settings")
    options = options._replace(
        **{name: default._fill(name, getattr(options, name), direction) for name in names}
    )
    callback = choose_callback(
        direction, options.callback, options.callback_latency, options.userdata
    )
    sides = _sides(direction, options)
    config = ffi.new("pst_stream_config *")
    lib.pst_stream_config_default(config)
    kept = []
    targets = ((config.input, config.input_map), (config.output, config.output_map))
    for side, (target, channels) in zip(sides, targets, strict=True):
        if side is not None:
            _fill_side(target, side)
            kept.append(_fill_map(channels, side))
    first = sides[0] or sides[1]
    assert first is not None
    rate = options.samplerate
    config.samplerate_hz = (
        first.info.default_samplerate if rate is None else real("samplerate", rate, 1.0, 1e6, "Hz")
    )
    config.resample_quality = choice("resample_quality", options.resample_quality, ResampleQuality)
    config.device_samplerate_hz = _device_rate(options.device_samplerate, config, first.info)
    if options.blocksize is not None:
        config.block_frames = integer("blocksize", options.blocksize, 0, 65536, "frames")
    size = options.buffersize
    sizes = pair("buffersize", size) if direction == Direction.DUPLEX else (size, size)
    config.input_ring_frames, config.output_ring_frames = map(_ring_frames, sizes)
    overflow = choice("overflow", options.overflow, Overflow)
    config.overflow = overflow
    config.underflow = choice("underflow", options.underflow, Underflow)
    config.stall_after_s = _delay("stall_after", options.stall_after)
    config.lost_after_s = _delay("lost_after", options.lost_after)
    config.control_timeout_s = _delay("control_timeout", options.control_timeout)
    config.keep_nonfinite = flag("keep_nonfinite", options.keep_nonfinite)
    config.on_lost = choice("on_lost", options.on_lost, OnLost)
    config.reopen_timeout_s = _delay("reopen_timeout", options.reopen_timeout)
    if options.reopen_timeout is not None and config.on_lost == OnLost.RAISE:
        raise ArgumentError(
            f"reopen_timeout is {options.reopen_timeout}; without on_lost it has no meaning"
        )
    virtual = _virtual(options.device)
    if virtual is not None:
        config.virtual_config = virtual
    put_callback(config, callback, options.buffersize is not None)
    return Configured(config, *sides, overflow, callback, (virtual, kept))


def open_stream(
    configured: Configured, input_ring: NativeRing | None, output_ring: NativeRing | None
) -> Any:
    """Open a stream, over rings of the caller's where they are given; return its `owner`."""
    config = configured.config
    if input_ring is not None:
        config.input_ring = input_ring.pointer
        config.without_input_ring = False
    if output_ring is not None:
        config.output_ring = output_ring.pointer
        config.without_output_ring = False
    owned, err = owner("pst_stream *", lib.pst_stream_release), new_error()
    pointer = system.get()
    status = lib.pst_stream_open(owned, pointer, config, err)
    hostlog.drain(pointer)
    check(status, err)
    return owned


def _sides(direction: Direction, options: Options) -> tuple[Side | None, Side | None]:
    if direction == Direction.INPUT:
        return _side(Direction.INPUT, *_single(options)), None
    if direction == Direction.OUTPUT:
        return None, _side(Direction.OUTPUT, *_single(options))
    names = ("device", "channels", "dtype", "device_dtype", "latency", "extra_settings")
    *values, mapping = _single(options)
    inputs, outputs = zip(
        *(pair(name, value) for name, value in zip(names, values, strict=True)),
        mapping_pair(mapping),
        strict=True,
    )
    return _side(Direction.INPUT, *inputs), _side(Direction.OUTPUT, *outputs)


def _single(options: Options) -> tuple[Any, ...]:
    return (
        options.device,
        options.channels,
        options.dtype,
        options.device_dtype,
        options.latency,
        options.extra_settings,
        options.mapping,
    )


def _side(
    direction: Direction,
    device: Any,
    channels: Any,
    dtype: Any,
    device_dtype: Any,
    latency: Any,
    extra: Any,
    mapping: Any,
) -> Side:
    form = sample_format(dtype)
    device_code = form.device_code
    if device_dtype is not None:
        wanted = sample_format(device_dtype, "device_dtype")
        device_code = wanted.device_code or wanted.code
    latency_s = _latency(latency)
    if channels is not None:
        integer("channels", channels, 1, 256)
    plan = None if mapping is None else channel_map("mapping", mapping, channels, direction)
    info = select_device(device, direction)
    if plan is None:
        count = device_count = channel_count(channels, info, direction)
    else:
        count, device_count = plan.channels, plan.device_channels
    most = info.max_input_channels if direction == Direction.INPUT else info.max_output_channels
    if device_count > most:
        what = f"channels is {count}" if plan is None else f"mapping needs channel {device_count}"
        raise UnsupportedSettingsError(
            f'{what}; "{info.name}" has 1 to {most} {direction.name.lower()} channels'
        )
    host = check_host_settings(extra, info, device_count)
    gains = None if plan is None else plan.gains
    return Side(info, count, form, device_code, latency_s, host, device_count, gains)


def _fill_side(target: Any, side: Side) -> None:
    target.device = side.info.index
    target.uid = side.info.uid.encode()
    target.n_channels = side.channels
    target.format = side.form.code
    target.device_format = side.device_code
    target.latency_s = side.latency_s
    fill_host_settings(target, side.extra)


def _fill_map(target: Any, side: Side) -> Any:
    """Fill in a channel map; return what must live as long as the configuration."""
    target.n_device_channels = side.device_channels
    if side.gains is not None:
        target.gains = memory = ffi.from_buffer("float[]", side.gains)
        return memory
    return None


def _latency(value: Any) -> float:
    """Return the latency as C wants it: 0 for low, negative for high."""
    if value is None:
        return -1.0
    if isinstance(value, str):
        if value in ("low", "high"):
            return 0.0 if value == "low" else -1.0
        raise ArgumentError(
            f'latency is {shown(value)}; it must be "low", "high" or a number of seconds'
        )
    return real("latency", value, 0.0, 10.0, "seconds")


def _device_rate(value: Any, config: Any, info: DeviceInfo) -> float:
    """Return the rate to open the devices with, 0 for that of the stream."""
    if value is None:
        return 0.0
    if isinstance(value, str):
        if value == "auto":
            return 0.0 if accepts(config) else info.default_samplerate
        raise ArgumentError(
            f'device_samplerate is {shown(value)}; it must be "auto" or a number of Hz'
        )
    rate = real("device_samplerate", value, 1.0, 1e6, "Hz")
    if not 1 / _MOST_FACTOR <= rate / config.samplerate_hz <= _MOST_FACTOR:
        raise ArgumentError(
            f"device_samplerate is {shown(value)}; it must be within a factor of {_MOST_FACTOR} of "
            f"samplerate, {config.samplerate_hz:g} Hz"
        )
    return rate


def _ring_frames(value: Any) -> int:
    """Return a capacity in frames, 0 for C's default."""
    return 0 if value is None else integer("buffersize", value, 1, 2**40, "frames")


def _delay(name: str, value: Any) -> float:
    """Return a time in seconds, 0 for C's default."""
    return 0.0 if value is None else real(name, value, 0.001, 86400.0, "seconds")


def _virtual(device: Any) -> Any:
    devices = {item for item in pair("device", device) if isinstance(item, VirtualDevice)}
    if len(devices) > 1:
        first, second = devices
        raise ArgumentError(
            f"device is {shown((first, second))}; both sides of a stream run by one clock, so they "
            "must be the same virtual device; open a stream for each"
        )
    return virtual_config(devices.pop()) if devices else None
