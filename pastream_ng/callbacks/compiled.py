# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Callbacks in machine code, which run on the audio thread itself and without the GIL."""

from __future__ import annotations

import os
from typing import Any

from pastream_ng._checks import integer, shown
from pastream_ng._native import ffi
from pastream_ng.callbacks import signature
from pastream_ng.callbacks.signature import CALLBACK, Wanted
from pastream_ng.errors import ArgumentError, ArgumentTypeError

__all__ = ["CompiledCallback", "compiled_callback", "get_include"]

_MOST_ADDRESS = 2**64 - 1


def get_include() -> str:
    """Return the folder with the C headers that compiled callbacks include.

    Examples
    --------
    >>> import pathlib, pastream_ng as ps
    >>> (pathlib.Path(ps.get_include()) / "pastream" / "callback.h").exists()
    True
    """
    return os.path.join(os.path.dirname(os.path.dirname(__file__)), "include")


class CompiledCallback:
    """A compiled function at a known address, to be a stream's ``callback``.

    It is called on the audio thread, without the GIL. It must not allocate, lock, wait, or call
    Python. What has a type of its own (functions of CFFI, ctypes and numba, SciPy's
    ``LowLevelCallable``) is given to streams as it is; this is for bare addresses, whose signature
    nobody can check. It must be that of ``pst_callback_fn`` in ``pastream/callback.h``.

    Parameters
    ----------
    address : int
        Of the function.
    user_data : int, buffer, or pointer of CFFI or ctypes, optional
        What its last argument points to: an address, or memory, which is kept alive.
    keep : object, optional
        Anything else that must live as long as the function may be called.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> ps.CompiledCallback(0x7f0012345678)
    <pastream_ng.CompiledCallback at 0x7f0012345678>
    """

    def __init__(self, address: int, user_data: Any = None, keep: object = None) -> None:
        self._address = integer("address", address, 1, _MOST_ADDRESS)
        if isinstance(user_data, int) and not isinstance(user_data, bool):
            self._user_address = integer("user_data", user_data, 0, _MOST_ADDRESS)
            memory: object = None
        else:
            self._user_address, memory = _address_of("user_data", user_data)
        self._keep = (memory, keep)

    @property
    def address(self) -> int:
        """Where the function is."""
        return self._address

    @property
    def user_address(self) -> int:
        """What it is handed as its last argument; 0 is NULL."""
        return self._user_address

    def __repr__(self) -> str:
        return f"<pastream_ng.CompiledCallback at {self._address:#x}>"


def compiled_callback(
    value: Any, userdata: Any = None, wanted: Wanted = CALLBACK
) -> CompiledCallback | None:
    """Return what an argument is in machine code; None if it is Python."""
    found = value if isinstance(value, CompiledCallback) else None
    for convert in (_from_cffi, _from_ctypes, _from_numba, _from_capsule):
        found = found or convert(value, wanted)
    if found is None:
        _refuse_wrappers(value, wanted.name)
        return None
    if userdata is None:
        return found
    if found.user_address:
        raise ArgumentError(
            f"userdata is {shown(userdata)}; the {wanted.name} has user data of its own already"
        )
    user_address, memory = _address_of("userdata", userdata)
    merged = CompiledCallback(found.address, user_address, (found, memory))
    return merged


def _address_of(name: str, value: Any) -> tuple[int, object]:
    """Return where user data is, and what keeps it there."""
    if value is None:
        return 0, None
    if isinstance(value, ffi.CData):
        kind = ffi.typeof(value)
        if kind.kind in ("pointer", "array"):
            return int(ffi.cast("uintptr_t", ffi.cast("void *", value))), value
        raise ArgumentTypeError(f"{name} is {shown(value)}; it must be a pointer or an array")
    if type(value).__module__ == "ctypes" or hasattr(type(value), "_b_base_"):
        return _address_of_ctypes(name, value)
    try:
        view = ffi.from_buffer(value)
    except (TypeError, BufferError, ValueError):
        raise ArgumentTypeError(
            f"{name} is {shown(value)} of type {type(value).__name__}; it must be a C-contiguous "
            "array or another buffer, or a pointer of CFFI or ctypes"
        ) from None
    return int(ffi.cast("uintptr_t", view)), (value, view)


def _address_of_ctypes(name: str, value: Any) -> tuple[int, object]:
    import ctypes

    if isinstance(value, (ctypes._Pointer, ctypes.c_void_p, ctypes.c_char_p)):
        return ctypes.cast(value, ctypes.c_void_p).value or 0, value
    try:
        return ctypes.addressof(value), value
    except TypeError:
        raise ArgumentTypeError(
            f"{name} is {shown(value)}; it must be a pointer, an array or a structure of ctypes"
        ) from None


def _from_cffi(value: Any, wanted: Wanted) -> CompiledCallback | None:
    if not isinstance(value, ffi.CData):
        return None
    kind = ffi.typeof(value)
    if kind.kind == "pointer" and kind.item.kind == "function":
        kind = kind.item
    if kind.kind != "function":
        raise ArgumentTypeError(
            f"{wanted.name} is {shown(value)}; it must be a function, as "
            'ffi.addressof(lib, "name") gives it'
        )
    if " calling " in repr(value):
        raise ArgumentTypeError(
            f"{wanted.name} is {shown(value)}, which calls Python and so would make the audio "
            "thread wait for it; give the Python function itself, which a thread of its own will "
            "call"
        )
    signature.check_signature(wanted, signature.of_cffi(kind), kind.cname)
    address = int(ffi.cast("uintptr_t", ffi.cast("void *", value)))
    return CompiledCallback(address, keep=value) if address else _refuse_null(value, wanted.name)


def _from_ctypes(value: Any, wanted: Wanted) -> CompiledCallback | None:
    # Whoever has such a function has imported ctypes.
    if not any(base.__name__ == "CFuncPtr" for base in type(value).__mro__):
        return None
    import ctypes

    thunks = [item for item in (value._objects or {}).values() if "Thunk" in type(item).__name__]
    takes_gil = type(value)._flags_ & 4  # Of ctypes.PyDLL and PYFUNCTYPE.
    if thunks or takes_gil:
        raise ArgumentTypeError(
            f"{wanted.name} is {shown(value)}, which calls Python and so would make the audio "
            "thread wait for it; give the Python function itself, which a thread of its own will "
            "call"
        )
    told = f"{value.restype} {value.argtypes}"
    signature.check_signature(wanted, signature.of_ctypes(value), told)
    address = ctypes.cast(value, ctypes.c_void_p).value
    return CompiledCallback(address, keep=value) if address else _refuse_null(value, wanted.name)


def _from_numba(value: Any, wanted: Wanted) -> CompiledCallback | None:
    if not type(value).__module__.startswith("numba.") or not hasattr(value, "address"):
        return None
    signature.check_signature(wanted, signature.of_numba(value._sig), str(value._sig))
    return CompiledCallback(value.address, keep=value)


def _from_capsule(value: Any, wanted: Wanted) -> CompiledCallback | None:
    kind = type(value)
    capsule = value
    if kind.__name__ == "LowLevelCallable" and issubclass(kind, tuple):
        capsule = tuple.__getitem__(value, 0)
    if type(capsule).__name__ != "PyCapsule":
        return None
    import ctypes

    api = ctypes.pythonapi
    get_name = ctypes.PYFUNCTYPE(ctypes.c_char_p, ctypes.py_object)(("PyCapsule_GetName", api))
    get_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
        ("PyCapsule_GetPointer", api)
    )
    get_context = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object)(
        ("PyCapsule_GetContext", api)
    )
    name = get_name(capsule)
    text = "" if name is None else name.decode("utf-8", "replace")
    signature.check_signature(wanted, signature.of_text(text), shown(text))
    return CompiledCallback(
        get_pointer(capsule, name), user_data=get_context(capsule) or 0, keep=value
    )


def _refuse_null(value: Any, name: str) -> CompiledCallback:
    raise ArgumentError(f"{name} is {shown(value)}; it must be a function, not NULL")


def _refuse_wrappers(value: Any, name: str) -> None:
    """Raise for what can be called from Python, but is meant as machine code."""
    if isinstance(value, int) and not isinstance(value, bool):
        raise ArgumentTypeError(
            f"{name} is {value}; wrap an address in CompiledCallback, which tells that nobody "
            "can check it"
        )
    if type(getattr(value, "__self__", None)).__name__ == "Lib":
        raise ArgumentTypeError(
            f'{name} is {shown(value)}; give ffi.addressof(lib, "{value.__name__}"), which is '
            "the function in machine code"
        )
