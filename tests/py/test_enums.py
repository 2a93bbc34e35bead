# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What Python says twice is what C says: enumerations and declarations."""

import ast
import inspect
from pathlib import Path

import pytest

import pastream_ng
from pastream_ng import enums
from pastream_ng._checks import choice
from pastream_ng._native import ffi, lib
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.formats import FORMATS

PAIRS = {
    "ChainState": ("pst_chain_state", "PST_CHAIN_"),
    "BitrateMode": ("pst_bitrate_mode", "PST_BITRATE_"),
    "Container": ("pst_container", "PST_CONTAINER_"),
    "DamageFlags": ("pst_damage_flags", "PST_DAMAGE_"),
    "DiskFull": ("pst_disk_full", "PST_DISK_FULL_"),
    "Dither": ("pst_dither", "PST_DITHER_"),
    "Encoding": ("pst_encoding", "PST_ENCODING_"),
    "ByteOrder": ("pst_byte_order", "PST_BYTES_"),
    "IoMode": ("pst_io_mode", "PST_IO_"),
    "KernelLevel": ("pst_kernel_level", "PST_KERNEL_"),
    "OpusApplication": ("pst_opus_application", "PST_OPUS_"),
    "MediaKind": ("pst_media_kind", "PST_MEDIA_"),
    "PacketFlags": ("pst_packet_flags", "PST_PACKET_"),
    "PauseKind": ("pst_chain_pause_kind", "PST_PAUSE_"),
    "ReduceKind": ("pst_reduce_kind", "PST_REDUCE_"),
    "TapFull": ("pst_tap_full", "PST_TAP_"),
    "TakeState": ("pst_take_state", "PST_TAKE_"),
    "Trigger": ("pst_trigger", "PST_TRIGGER_"),
    "Status": ("pst_status", "PST_"),
    "Format": ("pst_format", "PST_FORMAT_"),
    "RingMemory": ("pst_ring_memory", "PST_RING_"),
    "Direction": ("pst_direction", "PST_"),
    "VirtualClock": ("pst_virtual_clock", "PST_CLOCK_"),
    "VirtualInput": ("pst_virtual_input", "PST_INPUT_"),
    "FaultKind": ("pst_fault_kind", "PST_FAULT_"),
    "OnLost": ("pst_on_lost", "PST_ON_LOST_"),
    "Overflow": ("pst_overflow", "PST_OVERFLOW_"),
    "Underflow": ("pst_underflow", "PST_UNDERFLOW_"),
    "StreamState": ("pst_state", "PST_STATE_"),
    "StreamFlags": ("pst_flag", "PST_FLAG_"),
    "CallbackResult": ("pst_callback_result", "PST_CALLBACK_"),
    "ResampleEngine": ("pst_resample_engine", "PST_RESAMPLER_"),
    "ResampleQuality": ("pst_resample_quality", "PST_RESAMPLE_"),
    "EventKind": ("pst_event_kind", "PST_EVENT_"),
    "Curve": ("pst_curve", "PST_CURVE_"),
    "VoiceState": ("pst_voice_state", "PST_VOICE_"),
    "CommandKind": ("pst_command_kind", "PST_COMMAND_"),
    "AttributeKind": ("pst_attribute_kind", "PST_ATTRIBUTE_"),
    "AutomationKind": ("pst_automation_kind", "PST_AUTOMATE_"),
    "ChannelFreedom": ("pst_channel_freedom", "PST_CHANNELS_"),
    "ChannelMixing": ("pst_mixing", "PST_MIXING_"),
    "CountMode": ("pst_count_mode", "PST_COUNT_"),
    "ParamRate": ("pst_param_rate", "PST_RATE_"),
    "ProcessResult": ("pst_process_result", "PST_PROCESS_"),
    "Underrun": ("pst_underrun", "PST_UNDERRUN_"),
}


def test_every_enumeration_is_compared():
    assert set(PAIRS) == set(enums.__all__)
    in_c = {name for name in ffi.list_types()[0] if ffi.typeof(name).kind == "enum"}
    assert in_c == {c_name for c_name, _ in PAIRS.values()}


@pytest.mark.parametrize("name", PAIRS)
def test_members_equal_the_c_enum(name):
    c_name, prefix = PAIRS[name]
    kind = getattr(enums, name)
    in_python = {prefix + member: int(value) for member, value in kind.__members__.items()}
    assert in_python == ffi.typeof(c_name).relements


def test_choice_takes_members_and_names_in_any_spelling():
    kind = enums.Overflow
    for value in (kind.DROP_OLDEST, "drop-oldest", "drop_oldest", "Drop-Oldest"):
        assert choice("overflow", value, kind) is kind.DROP_OLDEST
    with pytest.raises(ArgumentError, match=r"overflow is 'no'; .*\"drop-oldest\""):
        choice("overflow", "no", kind)
    with pytest.raises(ArgumentTypeError, match="overflow is 1"):
        choice("overflow", 1, kind)


def test_formats_are_those_of_c():
    for row in FORMATS.values():
        name = "int24" if row.name == "int24" else row.dtype
        code = row.device_code or row.code
        assert ffi.string(lib.pst_format_name(code)).decode() == name
        assert lib.pst_format_bytes(row.code) == {"f": 4}.get(row.dtype, row.bits // 8) or (
            row.name == "int24"
        )


def stub():
    """Return the functions of the stub: name -> (parameters, result)."""
    path = Path(inspect.getfile(pastream_ng)).with_name("_core.pyi")
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and node.name == "_Lib":
            return {
                item.name: (
                    [ast.unparse(a.annotation) for a in item.args.posonlyargs[1:]],
                    ast.unparse(item.returns),
                )
                for item in node.body
                if isinstance(item, ast.FunctionDef)
            }
    raise AssertionError("no class _Lib")


def in_python(ctype):
    if ctype.kind in ("pointer", "array"):
        return "CData"
    if ctype.cname == "double":
        return "float"
    return {"void": "None", "_Bool": "bool"}.get(ctype.cname, "int")


def test_the_stub_declares_exactly_the_functions_of_the_module():
    functions = {}
    for name in dir(lib):
        value = getattr(lib, name)
        if not isinstance(value, int):
            signature = ffi.typeof(value)
            functions[name] = ([in_python(t) for t in signature.args], in_python(signature.result))
    assert stub() == functions
