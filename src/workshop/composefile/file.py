"""Reading a student's compose file: YAML with line numbers, every setting of it held against the tables in `settings`.

Compose reads outside files and the environment while it parses, so this comes first. What Compose would read with it, from
inside the folder, is judged in the same way: an override, and the files that `include` and `extends` name.
"""

from __future__ import annotations

import posixpath
import re
from itertools import accumulate
from pathlib import Path
from typing import Any

import yaml

from workshop.composefile import allowed
from workshop.composefile.written import AsWritten
from workshop.course import handin
from workshop.outcomes import NotUp

NAME = "docker-compose.yml"
ALSO = ("compose.yaml", "compose.yml", "docker-compose.yaml")  # Compose takes these too
SIZE_LIMIT = 100_000  # bytes of a file
DEPTH_LIMIT = 100  # brackets in brackets
FILE_LIMIT = 20  # files that are read with it


def read(folder: Path, lesson: str) -> AsWritten:
    """The compose file of a folder, with those beside it. Raises NotUp, with the line, if one is no YAML or holds what is not run here."""
    there = [name for name in (*ALSO[:2], NAME, ALSO[2]) if (folder / name).is_file()]
    path = handin.require(folder, there[0] if there else NAME, lesson)
    written = _read(path, path.name)
    over = [name for name in _overrides(path.name) if (folder / name).is_file()]
    named, seen = {*over[:1], *_named(written)}, {path.name}
    while fresh := sorted(name for name in _places(named, seen) - seen if _is_file(folder / name)):
        seen.update(fresh)
        if len(seen) > FILE_LIMIT:
            hint = f"{path.name} leads to more than {FILE_LIMIT} files. Make them fewer."
            raise NotUp(hint, mistake="too_many_values", actual=", ".join(sorted(seen))[:200])
        for name in fresh:  # Compose says itself if one is not there
            one = _read(folder / name, name)
            written.beside.append(one)
            written.left_out += [f"{left} of {name}" for left in one.left_out]
            named |= _named(one)
    return written


def layers(folder: Path, written: AsWritten) -> list[Path]:
    """The files that Compose lays one over the other by itself: the file, and an override beside it."""
    beside = [one.name for one in written.beside]
    over = [name for name in _overrides(written.name) if name in beside]
    return [folder / written.name, *(folder / name for name in over[:1])]


def _overrides(name: str) -> list[str]:
    return [f"{name.partition('.')[0]}.override.{end}" for end in ("yml", "yaml")]


def _named(written: AsWritten) -> set[str]:
    """The files that `include` and `extends` name in a file, as they stand there."""
    include, named = written.at("include"), list[Any]()
    for one in include.value if include and isinstance(include.value, list) else []:
        paths = one.get("path") if isinstance(one, dict) else one
        named += paths if isinstance(paths, list) else [paths]
    for service in written.services():
        file = written.at("services", service, "extends", "file")
        named.append(file and file.value)
    return {one for one in named if isinstance(one, str)}


def _places(named: set[str], seen: set[str]) -> set[str]:
    """Where the files of these names may be, as seen from the topmost folder.

    Compose looks from the folder of the file, or from that of the first of those which an `include` lays one over the other.
    """
    folders = {"", *(posixpath.dirname(name) for name in seen)}
    return {posixpath.normpath(posixpath.join(folder, one)) for folder in folders for one in named}


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is too long
        return False


def _read(path: Path, name: str) -> AsWritten:
    data = path.read_bytes()
    if len(data) > SIZE_LIMIT:
        hint = f"{name} is larger than {SIZE_LIMIT // 1000} kB. That is no compose file."
        raise NotUp(hint, mistake="compose_file_too_large", actual=f"{len(data)} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        hint = f"{name} is not saved as UTF-8. Save it again with the encoding UTF-8."
        raise NotUp(hint, mistake="compose_file_not_utf_8", actual="bytes that are not UTF-8") from None
    try:
        written = AsWritten(name, _parsed(name, text))
        allowed.judge(written)
    except RecursionError:
        hint = f"{name} is nested without end. Is there an alias inside of what it names?"
        raise NotUp(hint, mistake="nested_without_end") from None
    return written


def _parsed(name: str, text: str) -> yaml.Node:
    depths = accumulate(1 if sign in "[{" else -1 for sign in re.findall(r"[\[{}\]]", text))
    if max(depths, default=0) > DEPTH_LIMIT:  # the parser takes a second for 5,000, and ever longer for more
        raise RecursionError
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = mark.line if mark else 0
        lines = text.splitlines()
        shown = lines[at] if at < len(lines) else ""
        mistake, cause = _cause(error, shown)
        hint = f"{name}, line {at + 1}, is not YAML: {cause}"
        raise NotUp(hint, mistake=mistake, expected="YAML", actual=f"line {at + 1}: {shown.strip()[:200]}") from None
    except yaml.YAMLError as error:
        raise NotUp(f"{name} is not YAML: {str(error)[:200]}", mistake="not_yaml", expected="YAML") from None
    if not isinstance(root, yaml.MappingNode):
        hint = (
            f"{name} holds no settings. It begins with `services:`; below that, indented, stands each service by name."
        )
        raise NotUp(hint, mistake="no_settings", expected="services:", actual=text.strip()[:200] or "an empty file")
    return root


def _cause(error: yaml.MarkedYAMLError, line: str) -> tuple[str, str]:
    """What a beginner did when YAML complains so about that line: its name, and the words for it."""
    problem = str(error.problem or "")
    if "\\t" in problem or "\t" in line[: len(line) - len(line.lstrip())]:
        return "indented_with_a_tab", "it is indented with a tab. YAML takes spaces only, two for each level."
    if "mapping values are not allowed" in problem:
        words = "a `:` is where none can be. Does the line before end in `:`, and is the indentation of both right?"
        return "colon_out_of_place", words
    if "expected <block end>" in problem or "block mapping" in problem:
        words = "its indentation does not fit the lines above. What belongs to one thing begins in one column."
        return "indentation_does_not_fit", words
    if "could not find expected ':'" in problem:
        return "colon_missing", "a `:` is missing after a name, there or on the line before."
    return "not_yaml", f"{problem}. The mistake is there or on the line before."
