"""Payloads without what moves although nothing changed: paths that never make a record "changed"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from deskferry.connectors.kit.mapping import Raw

_Tree = dict[str, "_Tree | None"]
"""Volatile paths as a tree of their steps; `[]` stands for each element of a list, None ends a path."""


def stripper(paths: tuple[str, ...]) -> Callable[[Raw], Raw] | None:
    """Return a function that gives a payload without its volatile paths; None where there is none."""
    if not paths:
        return None
    if len(paths) == 1 and not {".", "["} & set(paths[0]):
        return _without_key(paths[0])
    tree: _Tree = {}
    for path in paths:
        *steps, leaf = path.replace("[]", ".[]").split(".")
        branch = tree
        for step in steps:
            below = branch.setdefault(step, {})
            branch = below if below is not None else {}
        branch[leaf] = None
    return lambda raw: _without(raw, tree)


def _without_key(key: str) -> Callable[[Raw], Raw]:
    def without(raw: Raw) -> Raw:
        if key not in raw:
            return raw
        copy = raw.copy()
        del copy[key]
        return copy

    return without


def _without(value: Any, tree: _Tree) -> Any:
    """Return a copy of an object without what lies at the paths of a tree; itself where nothing lies there."""
    if type(value) is not dict:
        return value
    copy = value
    for step, below in tree.items():
        held = value.get(step)
        if held is None and step not in value:
            continue
        if below is None:
            kept: Any = None
        else:
            elements = below.get("[]")
            kept = _without(held, below) if elements is None else _each_without(held, elements)
            if kept is held:
                continue
        if copy is value:
            copy = value.copy()
        if below is None:
            del copy[step]
        else:
            copy[step] = kept
    return copy


def _each_without(value: Any, tree: _Tree) -> Any:
    if type(value) is not list:
        return value
    copies = [_without(element, tree) for element in value]
    return value if all(one is other for one, other in zip(copies, value, strict=True)) else copies
