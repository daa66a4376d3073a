"""A student's compose file as its author wrote it: any place of it, as plain data with its line.

What Compose reads with it (an override, what `include` and `extends` name) hangs on it: a place is looked for there too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from workshop.outcomes import NotUp

NODE_LIMIT = 5_000  # values in the file, aliases counted each time
TEXT_LIMIT = 1_000_000  # signs in them, counted so too
MERGE = "tag:yaml.org,2002:merge"
NULL = "tag:yaml.org,2002:null"


@dataclass(frozen=True)
class Place:
    """A value of a file, as plain data with text for every scalar, and the line it begins on."""

    value: Any
    line: int
    file: str = ""


class AsWritten:
    """The file as its author wrote it, and the files beside it that Compose reads with it.

    `left_out` are the settings that the check leaves out, each with its place.
    """

    def __init__(self, name: str, root: yaml.Node) -> None:
        self.name, self.root = name, root
        self.beside: list[AsWritten] = []
        self.left_out: list[str] = []

    def at(self, *path: str | int) -> Place | None:
        """What stands at a path of keys and indexes, for instance `at("services", "web", "ports")`, or None."""
        for one in (self, *self.beside):
            if found := one.node(*path):
                node, line = found
                return Place(_plain(node, Budget()), line, one.name)
        return None

    def node(self, *path: str | int) -> tuple[yaml.Node, int] | None:
        """The YAML at a path in this file, with the line where it begins: that of its key, if it has one."""
        node, line = self.root, 1
        for step in path:
            if isinstance(node, yaml.MappingNode):
                found = {key.value: (key, value) for key, value in pairs(node)}.get(step)
                if found is None:
                    return None
                line, node = line_of(found[0]), found[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = line_of(node)
            else:
                return None
        return node, line

    def services(self) -> list[str]:
        """The services' names, in the file's order."""
        names: dict[str, None] = {}
        for one in (self, *self.beside):
            found = one.node("services")
            if found and isinstance(found[0], yaml.MappingNode):
                names |= {str(key.value): None for key, _ in pairs(found[0])}
        return list(names)

    def where(self, *path: str | int) -> str:
        """The place of a value, as a hint names it."""
        found = self.at(*path)
        return f"{found.file}, line {found.line}" if found else self.name

    def uses(self, variable: str, *path: str | int) -> str | None:
        """The place below a path at which `${variable}` stands, or None."""
        return self.having(rf"(?<!\$)\$(?:\{{{re.escape(variable)}\b|{re.escape(variable)}\b)", *path)

    def having(self, pattern: str, *path: str | int) -> str | None:
        """The place below a path at which a value matches a pattern somewhere, or None."""
        for one in (self, *self.beside):
            found = one.node(*path)
            for scalar in scalars(found[0]) if found else ():
                if re.search(pattern, str(scalar.value)):
                    return f"{one.name}, line {line_of(scalar)}"
        return None


class Budget:
    """How much more may be looked at: a short file can stand for millions of values, or for gigabytes of text, by aliases."""

    def __init__(self) -> None:
        self.left, self.signs = NODE_LIMIT, TEXT_LIMIT

    def spend(self, node: yaml.Node) -> None:
        """Counts a list or a mapping with what it holds. Raises NotUp when there are too many."""
        self._take(1 + len(node.value))

    def pairs(self, node: yaml.MappingNode) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
        """The keys and values of a mapping, counted one by one: what `<<` merges may be merged from much more."""
        self._take(1)
        for pair in pairs(node, lambda: self._take(1)):
            self._take(1)
            yield pair

    def read(self, node: yaml.Node) -> None:
        """Counts the signs of a text."""
        self.signs -= len(node.value)
        if self.signs < 0:
            hint = f"The file holds more than {TEXT_LIMIT // 1000} kB of text, aliases counted each time. Make it smaller."
            raise NotUp(hint, mistake="too_many_values", actual="too much text")

    def _take(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            hint = f"The file holds more than {NODE_LIMIT} values, aliases counted each time. Make it smaller."
            raise NotUp(hint, mistake="too_many_values", actual="too many values")


def pairs(
    node: yaml.MappingNode, merging: Callable[[], None] = lambda: None
) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
    """The keys and values of a mapping; what `<<` merges into it comes before its own. `merging` is told of each thing merged."""
    for key, value in node.value:
        if key.tag == MERGE:
            for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                merging()
                if isinstance(source, yaml.MappingNode):
                    yield from pairs(source, merging)
    yield from ((key, value) for key, value in node.value if key.tag != MERGE)


def scalars(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    """The texts below a value. The file was judged before, so it ends."""
    if isinstance(node, yaml.MappingNode):
        for _, value in pairs(node):
            yield from scalars(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from scalars(item)
    elif isinstance(node, yaml.ScalarNode):
        yield node


def line_of(node: yaml.Node) -> int:
    """The line on which a value begins, counted from 1."""
    return int(node.start_mark.line) + 1


def is_nothing(node: yaml.Node) -> bool:
    """Whether nothing stands there."""
    return node.tag == NULL


def _plain(node: yaml.Node, budget: Budget) -> Any:
    if isinstance(node, yaml.MappingNode):
        budget.spend(node)
        return {key.value: _plain(value, budget) for key, value in pairs(node)}
    if isinstance(node, yaml.SequenceNode):
        budget.spend(node)
        return [_plain(item, budget) for item in node.value]
    return None if node.tag == NULL else node.value
