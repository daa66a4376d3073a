"""A lesson's own mistakes: `mistakes.py` beside its grader, loaded and held against it.

A function that is not there, a parameter that nothing can fill, a name used twice is a fault of that file; grading goes on without hints.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

from workshop.course.lessons import Lesson, parsed
from workshop.mistakes.finding import EVIDENCE, fault_of
from workshop.mistakes.mistake import Mistake, mistakes_in

FIXTURES = frozenset(
    {
        "service",
        "redis",
        "relay",
        "notebook",
        "stack",
        "coming",
        "image",
        "bench",
        "some",
        "request",
        "monkeypatch",
        "tmp_path",
    }
)


@dataclass(frozen=True)
class LessonMistakes:
    """The mistakes of a lesson, from the top; none where the file has a fault."""

    mistakes: tuple[Mistake, ...] = ()
    fault: str | None = None


_loaded: dict[tuple[Path, int, int], LessonMistakes] = {}


def mistakes_of(lesson: Lesson) -> LessonMistakes:
    """The lesson's mistakes as its files stand now."""
    path = lesson.mistakes
    if not path.is_file():
        return LessonMistakes()
    key = (path, path.stat().st_mtime_ns, lesson.grader.stat().st_mtime_ns)
    if key not in _loaded:
        _loaded[key] = _load(lesson)
    return _loaded[key]


def _load(lesson: Lesson) -> LessonMistakes:
    path = lesson.mistakes
    try:
        spec = importlib.util.spec_from_file_location(f"mistakes_of_{lesson.name}", path)
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        mistakes = mistakes_in(module)
        faults = list(_faults(lesson, mistakes))
    except Exception as error:  # whatever is wrong with the file is its own fault, and is told as that
        return LessonMistakes((), fault_of(error, path))
    return LessonMistakes((), "\n".join(faults)) if faults else LessonMistakes(mistakes)


def _faults(lesson: Lesson, mistakes: tuple[Mistake, ...]) -> Iterator[str]:
    source = lesson.mistakes.read_text(encoding="utf-8")
    tree = parsed(source)
    lines: dict[str, int] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            if node.name in lines:
                yield f"{lesson.mistakes}:{node.lineno}: the name {node.name} is used twice; it is in line {lines[node.name]} too"
            lines[node.name] = node.lineno
    grader = lesson.grader.read_text(encoding="utf-8")
    functions = dict(_functions(compile(grader, str(lesson.grader), "exec")))
    constants = {name for node in parsed(grader).body for name in _bound(node)}
    for mistake in mistakes:
        place = f"{lesson.mistakes}:{inspect.getsourcelines(mistake.condition)[1]}"
        if not mistake.sentence:
            yield f"{place}: {mistake.name} has no docstring: it is the sentence that the student reads"
        for name in mistake.functions:
            if name not in functions:
                yield f"{place}: {mistake.name} names {name}, and {lesson.grader.name} has no such function"
        known = set().union(*(functions.get(name, set()) for name in mistake.functions))
        for name, is_optional in mistake.needs.items():
            if not is_optional and name not in known | set(EVIDENCE) | FIXTURES | functions.keys() | constants:
                yield f"{place}: nothing can fill the parameter {name} of {mistake.name}"


def _functions(code: CodeType) -> Iterator[tuple[str, set[str]]]:
    """The functions of a module, each with the names of its variables."""
    for one in code.co_consts:
        if isinstance(one, CodeType) and not one.co_name.startswith("<"):
            yield one.co_name, {*one.co_varnames, *one.co_cellvars}


def _bound(node: ast.stmt) -> Iterator[str]:
    """The names that a statement of a module binds."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from ((alias.asname or alias.name).partition(".")[0] for alias in node.names)
    targets = (
        node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    )
    for target in targets:
        yield from (inner.id for inner in ast.walk(target) if isinstance(inner, ast.Name))
