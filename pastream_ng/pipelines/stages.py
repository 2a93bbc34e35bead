# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The stages that C makes of the configurations of nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from pastream_ng._native import ffi, lib
from pastream_ng._native.errors import check, new_error
from pastream_ng._native.handle import owner
from pastream_ng.enums import Format, MediaKind
from pastream_ng.packets.sample_types import SAMPLE_TYPES
from pastream_ng.pipelines import configs
from pastream_ng.pipelines.buffers import kind_of

if TYPE_CHECKING:
    from pastream_ng.packets import AudioFormat

__all__ = ["convert_stage", "make_stage", "new_stage"]


def new_stage(make: Any, *arguments: Any) -> Any:
    """Return an owner of the stage that a C function makes."""
    out, err = owner("pst_stage *", lib.pst_stage_destroy), new_error()
    check(make(out, *arguments, err), err)
    return out


def _expect(stage: Any, form: AudioFormat | None, *, converts: bool = True) -> Any:
    """Tell a node what has to come."""
    if form is not None:
        media, err = ffi.new("pst_media *"), new_error()
        media.kind = MediaKind.FRAMES
        media.n_channels, media.rate_hz = form.channels, form.sample_rate
        if converts:
            media.format = SAMPLE_TYPES[form.sample_type].code
        check(lib.pst_node_expect(stage[0], media, err), err)
    return stage


def convert_stage(code: Format) -> Any:
    """Return an owner of a stage that changes the format of samples."""
    return new_stage(lib.pst_node_convert, ffi.NULL, code, 0, 0)


def _identity(config: configs.IdentityNodeConfig) -> Any:
    return new_stage(lib.pst_node_identity, ffi.NULL, kind_of(config.kind))


def _resample(config: configs.ResampleNodeConfig) -> Any:
    native, form = ffi.new("pst_resample_node_config *"), config.out_format
    lib.pst_resample_node_config_default(native)
    native.rate_hz, native.n_channels = form.sample_rate, form.channels
    native.format = SAMPLE_TYPES[form.sample_type].code
    native.out_chunk_frames = config.out_chunk_samples or 0
    native.pads_final = config.pad_final
    stage = new_stage(lib.pst_node_resample, ffi.NULL, native)
    return _expect(stage, config.in_format, converts=False)


def _gain(config: configs.GainNodeConfig) -> Any:
    return _expect(new_stage(lib.pst_node_gain, ffi.NULL, config.gain, 0), config.format)


def _channel_map(config: configs.ChannelMapNodeConfig) -> Any:
    if config.gains is not None:
        n_out, n_in = config.gains.shape
        gains = ffi.from_buffer("float[]", np.ascontiguousarray(config.gains))
        stage = new_stage(lib.pst_node_remix, _MAP, gains, n_out, n_in)
    elif isinstance(config.channels, int):
        native = ffi.new("pst_resample_node_config *")
        lib.pst_resample_node_config_default(native)
        native.n_channels = config.channels
        stage = new_stage(lib.pst_node_resample, _MAP, native)
    else:
        sources = ffi.new("int32_t[]", config.channels)
        stage = new_stage(lib.pst_node_pick, _MAP, sources, len(sources))
    return _expect(stage, config.format)


def _delay(config: configs.DelayNodeConfig) -> Any:
    stage = new_stage(lib.pst_node_delay, ffi.NULL, config.delay_ms / 1000)
    return _expect(stage, config.format)


def _doubles(numbers: Any) -> Any:
    return ffi.from_buffer("double[]", np.ascontiguousarray(numbers, "float64"))


def _fir(config: configs.FirNodeConfig) -> Any:
    taps = _doubles(config.taps)
    return _expect(new_stage(lib.pst_node_fir, ffi.NULL, taps, len(taps)), config.format)


def _iir(config: configs.IirNodeConfig) -> Any:
    sos = _doubles(config._sections())
    return _expect(new_stage(lib.pst_node_iir, ffi.NULL, sos, len(sos) // 6), config.format)


def _compressor(config: configs.CompressorNodeConfig) -> Any:
    native = ffi.new("pst_compressor_config *")
    native.rate_hz = 0 if config.sample_rate is None else config.sample_rate
    native.threshold_db = config.threshold_db
    native.knee_width_db = config.knee_width_db
    native.ratio = config.ratio
    native.expansion_ratio = config.expansion_ratio
    native.expansion_threshold_db = config.expansion_threshold_db
    native.attack_s = config.attack_time
    native.release_s = config.release_time
    native.master_gain_db = config.master_gain_db
    return _expect(new_stage(lib.pst_node_compressor, ffi.NULL, native), config.format)


def _limiter(config: configs.LimiterNodeConfig) -> Any:
    native = ffi.new("pst_limiter_config *")
    native.ceiling_db = config.ceiling_db
    native.lookahead_s = config.look_ahead
    native.release_s = config.release_time
    return _expect(new_stage(lib.pst_node_limiter, ffi.NULL, native), config.format)


_MAP = ffi.new("char[]", b"channel-map")

_MAKERS: dict[type[configs.NodeConfig], Callable[[Any], Any]] = {
    configs.ChannelMapNodeConfig: _channel_map,
    configs.CompressorNodeConfig: _compressor,
    configs.DelayNodeConfig: _delay,
    configs.FirNodeConfig: _fir,
    configs.GainNodeConfig: _gain,
    configs.IdentityNodeConfig: _identity,
    configs.IirNodeConfig: _iir,
    configs.LimiterNodeConfig: _limiter,
    configs.ResampleNodeConfig: _resample,
}


def make_stage(config: configs.NodeConfig) -> Any:
    """Return an owner of the stage for a configuration that was checked."""
    return _MAKERS[type(config)](config)
