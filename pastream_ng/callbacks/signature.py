# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The signature of compiled callbacks, in the words of everybody who can tell one.

Types come down to letters: ``P`` is a pointer, ``i8`` an integer of 8 bytes whatever its sign,
``?`` something else.
"""

from __future__ import annotations

import re
import struct
from typing import Any, NamedTuple

from pastream_ng.errors import ArgumentTypeError

__all__ = ["CALLBACK", "Wanted", "check_signature", "of_cffi", "of_ctypes", "of_numba", "of_text"]


class Wanted(NamedTuple):
    """What a compiled function is to be.

    Attributes
    ----------
    name : str
        Of the argument that takes it.
    types : list of str
        The result and the arguments.
    text : str
        The same as a C compiler reads it.
    """

    name: str
    types: list[str]
    text: str


#: The callback of a stream.
CALLBACK = Wanted(
    "callback",
    ["i4", "P", "P", "i8", "P", "i4", "P"],
    "int32_t (const void *input, void *output, int64_t n_frames, "
    "const pst_callback_time *time, uint32_t flags, void *user)",
)

_LONG = struct.calcsize("l")
_INTEGERS = {
    "char": 1,
    "signed char": 1,
    "unsigned char": 1,
    "int8_t": 1,
    "uint8_t": 1,
    "short": 2,
    "unsigned short": 2,
    "int16_t": 2,
    "uint16_t": 2,
    "int": 4,
    "unsigned int": 4,
    "int32_t": 4,
    "uint32_t": 4,
    "long": _LONG,
    "unsigned long": _LONG,
    "long int": _LONG,
    "unsigned long int": _LONG,
    "long long": 8,
    "unsigned long long": 8,
    "long long int": 8,
    "unsigned long long int": 8,
    "int64_t": 8,
    "uint64_t": 8,
    # As SciPy calls those of ctypes.
    "uint": 4,
    "ulong": _LONG,
    "longlong": 8,
    "ulonglong": 8,
    "intptr_t": struct.calcsize("P"),
    "ssize_t": struct.calcsize("P"),
    "size_t": struct.calcsize("P"),
}


def check_signature(wanted: Wanted, found: list[str] | None, told: str) -> None:
    """Raise unless a compiled function has the signature that is wanted; None is not known."""
    if found is not None and found != wanted.types:
        raise ArgumentTypeError(
            f"{wanted.name} has the signature {told}; on the audio thread it must have "
            f"{wanted.text}"
        )


def _of_c_name(name: str) -> str:
    words = " ".join(word for word in name.replace("*", " * ").split() if word != "const")
    if words.endswith("*"):
        return "P"
    return f"i{_INTEGERS[words]}" if words in _INTEGERS else "?"


def of_text(text: str) -> list[str]:
    """Return the types of a signature in C, as in ``"int (double, void *)"``, without names."""
    match = re.fullmatch(r"([^()]*)\(([^()]*)\)", text.strip())
    if match is None:
        return ["?"]
    return [_of_c_name(match[1]), *(_of_c_name(part) for part in match[2].split(","))]


def of_cffi(kind: Any) -> list[str]:
    """Return the types of a function type of CFFI."""
    names = [kind.result, *kind.args]
    return ["P" if item.kind == "pointer" else _of_c_name(item.cname) for item in names]


def of_ctypes(function: Any) -> list[str] | None:
    """Return the types of a function of ctypes, None if it was never told its arguments."""
    import ctypes

    if function.argtypes is None:
        return None
    pointers = (ctypes._Pointer, ctypes.c_void_p, ctypes.c_char_p)
    types = []
    for kind in (function.restype, *function.argtypes):
        if isinstance(kind, type) and issubclass(kind, pointers):
            types.append("P")
        elif isinstance(kind, type) and issubclass(kind, ctypes._SimpleCData):
            letter = str(vars(kind)["_type_"])
            types.append(f"i{ctypes.sizeof(kind)}" if letter in "bBhHiIlLqQ" else "?")
        else:
            types.append("?")
    return types


def of_numba(signature: Any) -> list[str]:
    """Return the types of a signature of numba."""
    types = []
    for kind in (signature.return_type, *signature.args):
        if type(kind).__name__ in ("CPointer", "RawPointer") or str(kind) == "void*":
            types.append("P")
        elif type(kind).__name__ == "Integer":
            types.append(f"i{kind.bitwidth // 8}")
        else:
            types.append("?")
    return types
