"""Reading a student's compose file: YAML with line numbers, every setting of it on the list in `allowed`.

Compose reads outside files and the environment while it parses, so this comes first.
"""

from __future__ import annotations

from pathlib import Path

import yaml

from workshop.composefile import allowed
from workshop.composefile.written import AsWritten
from workshop.course import handin
from workshop.outcomes import NotUp

NAME = "docker-compose.yml"
ALSO = ("compose.yaml", "compose.yml", "docker-compose.yaml")  # Compose takes these too
OVERRIDES = tuple(f"{stem}.override.{end}" for stem in ("compose", "docker-compose") for end in ("yaml", "yml"))
SIZE_LIMIT = 100_000  # bytes of the file


def read(folder: Path, lesson: str) -> AsWritten:
    """The compose file of a folder. Raises NotUp, with the line, where it is no YAML or holds what is not run here."""
    there = [name for name in (*ALSO[:2], NAME, ALSO[2]) if (folder / name).is_file()]
    path = handin.require(folder, there[0] if there else NAME, lesson)
    for other in OVERRIDES:
        if (folder / other).exists():
            hint = f"Compose would lay a second file, {other}, over {path.name}. Write everything into {path.name}."
            raise NotUp(hint, mistake="second_compose_file", actual=other)
    data = path.read_bytes()
    if len(data) > SIZE_LIMIT:
        hint = f"{path.name} is larger than {SIZE_LIMIT // 1000} kB. That is no compose file."
        raise NotUp(hint, mistake="compose_file_too_large", actual=f"{len(data)} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        hint = f"{path.name} is not saved as UTF-8. Save it again with the encoding UTF-8."
        raise NotUp(hint, mistake="compose_file_not_utf_8", actual="bytes that are not UTF-8") from None
    try:
        written = AsWritten(path.name, _parsed(path.name, text))
        allowed.judge(written)
    except RecursionError:
        hint = f"{path.name} is nested without end. Is there an alias inside of what it names?"
        raise NotUp(hint, mistake="nested_without_end") from None
    return written


def _parsed(name: str, text: str) -> yaml.Node:
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
