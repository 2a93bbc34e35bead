# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Classes of nodes say what C's tables say."""

import inspect

import pytest

import pastream_ng as ps
from pastream_ng.enums import AttributeKind
from pastream_ng.graph import nodes
from pastream_ng.graph.kinds import kinds
from pastream_ng.graph.nodes import members
from pastream_ng.graph.nodes.node import classes_of_kinds

CLASSES = classes_of_kinds()
MADE = sorted(name for name, info in kinds().items() if not info.is_single)
# What an attribute of a kind is in Python.
MEMBERS = {
    AttributeKind.BOOL: members.Flag,
    AttributeKind.INTEGER: members.Integer,
    AttributeKind.NUMBER: members.Number,
    AttributeKind.CHOICE: members.Choice,
    AttributeKind.SOUND: members.Sound,
    AttributeKind.WAVE: members.Wave,
    AttributeKind.NUMBERS: members.Numbers,
}


def member(kind, name):
    return inspect.getattr_static(kind, name, None)


def default(kind, name):
    return inspect.signature(kind).parameters[name].default


def test_each_kind_has_a_class_that_is_public():
    assert set(MADE) <= set(CLASSES)
    for kind in CLASSES.values():
        assert getattr(ps, kind.__name__) is kind
        assert kind.__name__ in nodes.__all__ or "function" in kind.__module__


@pytest.mark.parametrize("name", MADE)
def test_params_are_those_of_the_table(name):
    kind = CLASSES[name]
    for param in kinds()[name].params.values():
        assert isinstance(member(kind, param.name), members.Param)
        assert default(kind, param.name) == pytest.approx(param.initial, rel=1e-7)
    ours = {found for found in dir(kind) if isinstance(member(kind, found), members.Param)}
    assert ours == set(kinds()[name].params)


@pytest.mark.parametrize("name", MADE)
def test_attributes_are_those_of_the_table(name):
    kind = CLASSES[name]
    for attribute in kinds()[name].attributes.values():
        if attribute.name in kind._derived:
            continue
        wanted = MEMBERS[attribute.kind]
        found = member(kind, attribute.name)
        if not isinstance(found, property):
            assert isinstance(found, wanted)
        given = default(kind, attribute.name)
        if attribute.kind == AttributeKind.CHOICE:
            assert given == attribute.choices[int(attribute.initial)]
        elif wanted in (members.Sound, members.Wave, members.Numbers):
            assert given in (None, inspect.Parameter.empty)
        else:
            assert given == attribute.initial


@pytest.mark.parametrize("name", MADE)
def test_a_context_makes_each_kind(name):
    create = inspect.getattr_static(ps.BaseAudioContext, f"create_{name}")
    assert inspect.signature(create) == inspect.signature(CLASSES[name])
    assert CLASSES[name].__name__ in create.__doc__


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_members_are_described(name):
    for found in dir(CLASSES[name]):
        item = member(CLASSES[name], found)
        if isinstance(item, (members.Param, members.Attribute)):
            assert item.__doc__.endswith(".")
