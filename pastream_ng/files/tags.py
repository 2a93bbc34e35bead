# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What a sound file says about itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pastream_ng._checks import shown
from pastream_ng._native import lib
from pastream_ng._native.errors import check, new_error
from pastream_ng._native.handle import owner
from pastream_ng._native.text import decode
from pastream_ng.errors import ArgumentError, ArgumentTypeError

__all__ = ["Tags"]


class Tags(Mapping[str, str]):
    """The tags of a sound file: a mapping from keys to texts, which cannot be changed.

    Keys are lower-case, looked up in any case, and the same for all kinds of files: those of Vorbis
    comments, such as ``title``, ``artist``, ``album``, ``albumartist``, ``composer``, ``date``,
    ``tracknumber``, ``tracktotal``, ``discnumber``, ``genre``, ``comment``, ``copyright``,
    ``encoder`` and ``isrc``. A key that a file has several times gives its first text here, and all
    of them by `all`.

    Parameters
    ----------
    tags : mapping, or iterable of pairs of str
        Of a mapping, a value may be a sequence of texts, for a key that comes several times.

    Raises
    ------
    ArgumentError
        Of a key: not 1 to 64 printable ASCII characters without ``=``. Of a text: control
        characters other than line breaks and tabs, or surrogates.
    ArgumentTypeError
        Not texts.
    LimitError
        More than 1024 of them, or 1 MiB in all.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> tags = ps.Tags({"Title": "Night", "ARTIST": ["Ann", "Bob"]})
    >>> tags["title"], tags.all("artist"), len(tags)
    ('Night', ('Ann', 'Bob'), 2)
    """

    __slots__ = ("_pairs", "_values")

    def __init__(self, tags: Any = ()) -> None:
        pairs = tuple(_pairs_of(tags))
        native = _new(pairs)
        self._fill(_read(native[0]))

    def _fill(self, pairs: tuple[tuple[str, str], ...]) -> None:
        self._pairs = pairs
        values: dict[str, list[str]] = {}
        for key, text in pairs:
            values.setdefault(key, []).append(text)
        self._values = {key: tuple(texts) for key, texts in values.items()}

    @classmethod
    def _of(cls, native: Any) -> Tags:
        """Return those of a ``const pst_tags *``."""
        self = cls.__new__(cls)
        self._fill(_read(native))
        return self

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """All of them as (key, text), in the order of the file."""
        return self._pairs

    def all(self, key: str) -> tuple[str, ...]:
        """Return all texts of a key, none if the file does not have it."""
        return self._values.get(key.lower(), ())

    def to_dict(self) -> dict[str, str | list[str]]:
        """Return them for JSON: a text for each key, a list where there are several."""
        return {
            key: texts[0] if len(texts) == 1 else list(texts) for key, texts in self._values.items()
        }

    def __getitem__(self, key: str) -> str:
        if not isinstance(key, str):
            raise KeyError(key)
        return self._values[key.lower()][0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Tags):
            return self._values == other._values
        return NotImplemented if not isinstance(other, Mapping) else self.to_dict() == dict(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Tags({self.to_dict()!r})"


def _pairs_of(tags: Any) -> Iterator[tuple[str, str]]:
    if isinstance(tags, Tags):
        yield from tags.pairs
        return
    try:
        items = tags.items() if isinstance(tags, Mapping) else [(key, text) for key, text in tags]
    except (TypeError, ValueError):
        raise ArgumentTypeError(
            f"tags is {shown(tags)} of type {type(tags).__name__}; it must be a mapping from keys "
            "to texts, or pairs of them"
        ) from None
    for key, value in items:
        several = isinstance(value, Sequence) and not isinstance(value, (str, bytes))
        for text in value if several else [value]:
            if not isinstance(key, str) or not isinstance(text, str):
                raise ArgumentTypeError(
                    f"tags has {shown(key)}: {shown(value)}; keys and values must be str, or "
                    "lists of str"
                )
            yield key, text


def _encoded(key: str, text: str) -> bytes:
    if "\0" in text:
        raise ArgumentError(f"tags has {shown(key)}: {shown(text)}; there may be no NUL in it")
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise ArgumentError(
            f"tags has {shown(key)}: {shown(text)}; surrogates cannot be stored"
        ) from None


def _new(pairs: tuple[tuple[str, str], ...]) -> Any:
    """Return an owner of a ``pst_tags *``."""
    made, err = owner("pst_tags *", lib.pst_tags_destroy), new_error()
    check(lib.pst_tags_create(made, err), err)
    for key, text in pairs:
        check(lib.pst_tags_add(made[0], _encoded(key, key), _encoded(key, text), err), err)
    return made


def _read(native: Any) -> tuple[tuple[str, str], ...]:
    return tuple(
        (decode(lib.pst_tags_key(native, i)), decode(lib.pst_tags_value(native, i)))
        for i in range(lib.pst_tags_count(native))
    )


def native_tags(tags: Tags) -> Any:
    """Return an owner of a ``pst_tags *`` with the same in it."""
    return _new(tags.pairs)
