# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Every example in every docstring runs, and everything public is described."""

import doctest
import importlib
import inspect
import pkgutil

import pytest

import pastream_ng as ps

MODULES = sorted(
    info.name
    for info in pkgutil.walk_packages(ps.__path__, "pastream_ng.")
    if "._core" not in info.name and ".cli" not in info.name
)


@pytest.mark.parametrize("name", ["pastream_ng", *MODULES])
def test_examples_run(name):
    result = doctest.testmod(importlib.import_module(name), verbose=False, report=True)
    assert result.failed == 0


@pytest.mark.parametrize("name", MODULES)
def test_modules_say_what_they_offer(name):
    module = importlib.import_module(name)
    assert module.__doc__
    assert len(set(module.__all__)) == len(module.__all__)
    assert all(hasattr(module, item) for item in module.__all__)


def members(kind):
    """Yield the public methods and properties that a class defines or inherits from ours."""
    for name, value in inspect.getmembers(kind):
        home = next((base for base in kind.__mro__ if name in vars(base)), None)
        is_ours = home is not None and "pastream_ng" in home.__module__
        if (
            is_ours
            and not name.startswith("_")
            and (callable(value) or isinstance(value, property))
        ):
            yield name, value


@pytest.mark.parametrize("name", ps.__all__)
def test_everything_public_is_described(name):
    item = getattr(ps, name)
    assert inspect.getdoc(item)
    if inspect.isclass(item) and not issubclass(item, Exception):
        for member, value in members(item):
            assert inspect.getdoc(value), f"{name}.{member}"


@pytest.mark.parametrize(
    "name", [name for name in ps.__all__ if inspect.isfunction(getattr(ps, name))]
)
def test_functions_with_arguments_describe_them(name):
    function = getattr(ps, name)
    text = inspect.getdoc(function)
    if "see `" in text.splitlines()[0]:
        return
    for parameter in inspect.signature(function).parameters:
        assert parameter in text, f"{name}({parameter})"


def test_the_curated_list_is_sorted_and_complete():
    assert sorted(ps.__all__) == ps.__all__
    public = {
        name
        for name in vars(ps)
        if not name.startswith("_") and not inspect.ismodule(vars(ps)[name])
    } - {"annotations"}
    assert public == set(ps.__all__)
