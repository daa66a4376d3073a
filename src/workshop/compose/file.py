"""A student's compose file as written: YAML with line numbers, every setting of it on the list in `compose_allowed`.

Compose reads outside files and the environment while it parses, so this comes first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from workshop.course import handin
from workshop.outcomes import NotUp

NAME = "docker-compose.yml"
ALSO = ("compose.yaml", "compose.yml", "docker-compose.yaml")  # Compose takes these too
OVERRIDES = tuple(f"{stem}.override.{end}" for stem in ("compose", "docker-compose") for end in ("yaml", "yml"))
SIZE_LIMIT = 100_000  # bytes of the file
NODE_LIMIT = 5_000  # values in it, aliases counted each time
MERGE = "tag:yaml.org,2002:merge"
NULL = "tag:yaml.org,2002:null"


@dataclass(frozen=True)
class Place:
    """A value of the file, as plain data with text for every scalar, and the line it begins on."""

    value: Any
    line: int


class AsWritten:
    """The file as its author wrote it."""

    def __init__(self, name: str, root: yaml.Node) -> None:
        self.name, self.root = name, root

    def at(self, *path: str | int) -> Place | None:
        """What stands at a path of keys and indexes, for instance `at("services", "web", "ports")`, or None."""
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
        return Place(_plain(node, Budget()), line)

    def services(self) -> list[str]:
        """The services' names, in the file's order."""
        found = self.at("services")
        return list(found.value) if found and isinstance(found.value, dict) else []

    def where(self, *path: str | int) -> str:
        """The place of a value, as a hint names it."""
        found = self.at(*path)
        return f"{self.name}, line {found.line}" if found else self.name


class Budget:
    """How many more values may be looked at: a short file can stand for millions, by aliases."""

    def __init__(self) -> None:
        self.left = NODE_LIMIT

    def spend(self, node: yaml.Node) -> None:
        """Counts a list or a mapping with what it holds. Raises NotUp when there are too many."""
        self.left -= 1 + len(node.value)
        if self.left < 0:
            hint = f"The file holds more than {NODE_LIMIT} values, aliases counted each time. Make it smaller."
            raise NotUp(hint, actual="too many values")


def pairs(node: yaml.MappingNode) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
    """The keys and values of a mapping; what `<<` merges into it comes before its own."""
    for key, value in node.value:
        if key.tag == MERGE:
            for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                if isinstance(source, yaml.MappingNode):
                    yield from pairs(source)
    yield from ((key, value) for key, value in node.value if key.tag != MERGE)


def line_of(node: yaml.Node) -> int:
    """The line on which a value begins, counted from 1."""
    return int(node.start_mark.line) + 1


def _plain(node: yaml.Node, budget: Budget) -> Any:
    if isinstance(node, yaml.MappingNode):
        budget.spend(node)
        return {key.value: _plain(value, budget) for key, value in pairs(node)}
    if isinstance(node, yaml.SequenceNode):
        budget.spend(node)
        return [_plain(item, budget) for item in node.value]
    return None if node.tag == NULL else node.value


def read(folder: Path, lesson: str) -> AsWritten:
    """The compose file of a folder. Raises NotUp, with the line, where it is no YAML or holds what is not run here."""
    from workshop.compose import allowed as compose_allowed

    there = [name for name in (*ALSO[:2], NAME, ALSO[2]) if (folder / name).is_file()]
    path = handin.require(folder, there[0] if there else NAME, lesson)
    for other in OVERRIDES:
        if (folder / other).exists():
            hint = f"Compose would lay a second file, {other}, over {path.name}. Write everything into {path.name}."
            raise NotUp(hint, actual=other)
    data = path.read_bytes()
    if len(data) > SIZE_LIMIT:
        hint = f"{path.name} is larger than {SIZE_LIMIT // 1000} kB. That is no compose file."
        raise NotUp(hint, actual=f"{len(data)} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        hint = f"{path.name} is not saved as UTF-8. Save it again with the encoding UTF-8."
        raise NotUp(hint, actual="bytes that are not UTF-8") from None
    try:
        written = AsWritten(path.name, _parsed(path.name, text))
        compose_allowed.judge(written)
    except RecursionError:
        raise NotUp(f"{path.name} is nested without end. Is there an alias inside of what it names?") from None
    return written


def _parsed(name: str, text: str) -> yaml.Node:
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = mark.line if mark else 0
        lines = text.splitlines()
        shown = lines[at] if at < len(lines) else ""
        hint = f"{name}, line {at + 1}, is not YAML: {_cause(error, shown)}"
        raise NotUp(hint, expected="YAML", actual=f"line {at + 1}: {shown.strip()[:200]}") from None
    except yaml.YAMLError as error:
        raise NotUp(f"{name} is not YAML: {str(error)[:200]}", expected="YAML") from None
    if not isinstance(root, yaml.MappingNode):
        hint = (
            f"{name} holds no settings. It begins with `services:`; below that, indented, stands each service by name."
        )
        raise NotUp(hint, expected="services:", actual=text.strip()[:200] or "an empty file")
    return root


def _cause(error: yaml.MarkedYAMLError, line: str) -> str:
    """What a beginner did when YAML complains so about that line."""
    problem = str(error.problem or "")
    if "\\t" in problem or "\t" in line[: len(line) - len(line.lstrip())]:
        return "it is indented with a tab. YAML takes spaces only, two for each level."
    if "mapping values are not allowed" in problem:
        return "a `:` stands where none can. Does the line before end in `:`, and are both indented as they should be?"
    if "expected <block end>" in problem or "block mapping" in problem:
        return "its indentation does not fit the lines above. What belongs to one thing begins in one column."
    if "could not find expected ':'" in problem:
        return "a `:` is missing after a name, there or on the line before."
    return f"{problem}. The mistake is there or on the line before."
