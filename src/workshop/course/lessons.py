"""The catalogue: a lesson, its files, its starter, its solution, and the student's own place.

A lesson is a folder `lessons/NN_topic`. Number and name come from the folder, the title from its README's first heading,
its promises from its grader's docstrings. There is no manifest.
"""

from __future__ import annotations

import ast
import difflib
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

from workshop.course.places import ROOT, state_folder

FOLDER = re.compile(r"(\d\d)_(\w+)")
ENGINE_FIXTURES = {"image", "stack", "coming", "cluster", "containers", "registries"}
MORE = "One more thing to try"
ELSEWHERE = (
    "elsewhere.txt"  # in a solution: names of files and folders of the checkout that are the solution, one a line
)
NOT_STARTER = {"README.md", "pictures", "__pycache__", ".ipynb_checkpoints", ".DS_Store"}


_PARSING = threading.Lock()


def parsed(source: str, name: str = "<unknown>") -> ast.Module:
    """What `ast.parse` makes of the source. One at a time: Python 3.11 may raise SystemError where two threads parse at once (its issue 106905)."""
    with _PARSING:
        return ast.parse(source, name)


class _Written(NamedTuple):
    """What stands in a grader: why it cannot be read, its functions, the fixtures that they ask for, and whether it calls the docker command."""

    fault: SyntaxError | None
    functions: dict[str, ast.FunctionDef]
    needs: set[str]
    docker: bool


@lru_cache(maxsize=128)
def _written(grader: Path, _changed: int, _size: int) -> _Written:
    try:
        tree = parsed(grader.read_text(encoding="utf-8"), str(grader))
    except SyntaxError as error:
        return _Written(error, {}, set(), docker=False)
    nodes = list(ast.walk(tree))
    return _Written(
        None,
        {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)},
        {one.arg for node in nodes if isinstance(node, ast.FunctionDef) for one in node.args.args},
        docker=any(isinstance(node, ast.Attribute) and node.attr == "docker" for node in nodes),
    )


class NoSuchLesson(LookupError):
    """The lesson asked for is not there. `next_step` says what to type instead."""

    def __init__(self, asked: str, near: list[Lesson]) -> None:
        super().__init__(f"There is no lesson {asked}.")
        names = ", ".join(f"{lesson.number} ({lesson.topic})" for lesson in near)
        self.next_step = f"The nearest are {names}. `./workshop` lists all lessons."


@dataclass(frozen=True)
class Lesson:
    """One lesson of the workshop, found at `folder` inside the checkout at `root`."""

    folder: Path
    root: Path = ROOT

    @property
    def name(self) -> str:
        """The folder's name, for instance 07_redis_api."""
        return self.folder.name

    @property
    def number(self) -> int:
        """7 for 07_redis_api."""
        return int(self.name[:2])

    @property
    def topic(self) -> str:
        """redis_api for 07_redis_api."""
        return self.name[3:]

    @property
    def readme(self) -> Path:
        """The lesson's text."""
        return self.folder / "README.md"

    @property
    def grader(self) -> Path:
        """The lesson's pytest file."""
        return self.folder / f"test_{self.topic}.py"

    @property
    def mistakes(self) -> Path:
        """What goes wrong in the lesson, beside its grader."""
        return self.folder / "mistakes.py"

    @property
    def answers(self) -> Path:
        """The folder with the answers whose verdict is known."""
        return self.root / "answers" / self.name

    @property
    def solution(self) -> Path:
        """The folder with the finished files."""
        return self.root / "solutions" / self.name

    @property
    def work(self) -> Path:
        """The student's own place."""
        return self.root / "work" / self.name

    @property
    def notebook(self) -> Path | None:
        """The student's notebook as it is handed out, where this lesson is one."""
        path = self.root / "notebooks" / f"{self.name}.ipynb"
        return path if path.exists() else None

    @cached_property
    def title(self) -> str:
        """The README's first heading, without a leading number."""
        for line in self.text.splitlines():
            if line.startswith("# "):
                return re.sub(r"^(Lesson )?\d+\s*[·:.-]\s*", "", line[2:].strip())
        return self.topic.replace("_", " ")

    @cached_property
    def _written(self) -> _Written:
        """What stands in the grader, as it is when this is first asked for."""
        at = self.grader.stat()
        return _written(self.grader, at.st_mtime_ns, at.st_size)

    @property
    def fault(self) -> SyntaxError | None:
        """Why the grader cannot even be read; None if it can. A lesson with a fault has no promises."""
        return self._written.fault

    @property
    def functions(self) -> dict[str, ast.FunctionDef]:
        """The functions at the top of the grader, by name, in file order."""
        return self._written.functions

    @cached_property
    def promises(self) -> dict[str, str]:
        """Each check that the grader declares, by name, with the line the student reads, in file order."""
        tests = {name: node for name, node in self.functions.items() if name.startswith("test_")}
        return {name: (ast.get_docstring(test) or name).splitlines()[0] for name, test in tests.items()}

    @cached_property
    def worth(self) -> dict[str, float]:
        """How many points each check is worth: what `@worth(3)` above it says, otherwise 1."""
        points = dict.fromkeys(self.promises, 1.0)
        for name in points:
            for mark in self.functions[name].decorator_list:
                if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id == "worth":
                    points[name] = float(ast.literal_eval(mark.args[0]))
        return points

    @property
    def defines(self) -> set[str]:
        """The names of the functions in the grader."""
        return set(self.functions)

    @property
    def own_mistakes(self) -> set[str]:
        """The names of the mistakes that the lesson itself describes."""
        if not self.mistakes.exists():
            return set()
        at = self.mistakes.stat()
        return set(_written(self.mistakes, at.st_mtime_ns, at.st_size).functions)

    def line_of(self, check: str) -> int:
        """The line of the grader in which a check begins."""
        return self.functions[check].lineno if check in self.functions else 1

    @property
    def needs(self) -> set[str]:
        """The fixtures that the grader asks for: `redis`, `image`, `stack`, …"""
        return self._written.needs

    @property
    def needs_engine(self) -> bool:
        """Whether some of its promises can be asked of containers alone."""
        return "Dockerfile" in self.finished() or self._written.docker or bool(self.needs & ENGINE_FIXTURES)

    @property
    def text(self) -> str:
        """The lesson's text, as it is in its README; empty if there is none."""
        return self.readme.read_text(encoding="utf-8") if self.readme.exists() else ""

    @property
    def more_to_try(self) -> str:
        """The text's section “One more thing to try”, for who has passed; empty if there is none."""
        found = re.search(rf"^## {MORE}\s*\n(.*?)(?=^## |\Z)", self.text, re.MULTILINE | re.DOTALL)
        return found[1].strip() if found else ""

    def starter(self) -> dict[str, Path]:
        """What the student starts from: name inside the student's folder → file. Names use forward slashes."""
        files = {}
        for path in sorted(self.folder.rglob("*")):
            inside = path.relative_to(self.folder)
            if path.is_file() and path not in (self.grader, self.mistakes) and not NOT_STARTER & set(inside.parts):
                files[inside.as_posix()] = path
        if self.notebook:
            files[self.notebook.name] = self.notebook
        return files

    @property
    def finished_in(self) -> Path:
        """The folder in which the finished files stand under their own names: the solution's, or the checkout itself."""
        return self.root if (self.solution / ELSEWHERE).exists() else self.solution

    def finished(self) -> dict[str, Path]:
        """The solution's files, named as in the student's folder. They may stand elsewhere in the checkout: no copy, nothing that drifts."""
        listed, top = self.solution / ELSEWHERE, self.finished_in
        names = listed.read_text(encoding="utf-8").split() if listed.exists() else ["."]
        inside = (path for name in names for path in sorted([top / name, *(top / name).rglob("*")]))
        return {
            path.relative_to(top).as_posix(): path
            for path in inside
            if path.is_file() and "__pycache__" not in path.parts
        }

    def solved(self) -> Path:
        """A folder with the finished files and nothing else, to be graded: the solution's, or a copy if they stand elsewhere, brought up to date."""
        if self.finished_in == self.solution:
            return self.solution
        folder, finished = state_folder() / "solutions" / self.name, self.finished()
        for old in [path for path in folder.rglob("*") if path.is_file()]:
            if old.relative_to(folder).as_posix() not in finished:
                old.unlink(missing_ok=True)
        laid = {
            name for name, path in finished.items() if _is_copy(folder / name, path)
        }  # others may be reading those
        lay({name: path for name, path in finished.items() if name not in laid}, folder)
        return folder

    def open(self) -> Path:
        """The student's own place; made from the starter where it is not there yet."""
        if not self.work.exists():
            lay(self.starter(), self.work)
        return self.work

    def is_untouched(self, work: Path) -> bool:
        """Whether `work` still holds the starter and nothing else of weight."""
        starter = self.starter()
        for name in self.finished().keys() | starter.keys():
            mine, theirs = work / name, starter.get(name)
            if not mine.is_file():
                if theirs is not None:
                    return False
            elif theirs is None or not _same_text(mine, theirs):
                return False
        return True


def _is_copy(one: Path, other: Path) -> bool:
    """Whether a file is there and has the same bytes as another."""
    return one.is_file() and one.read_bytes() == other.read_bytes()


def _same_text(one: Path, other: Path) -> bool:
    """Whether two files say the same, whatever their line ends."""
    if one.stat().st_size > 2 * other.stat().st_size + 1000:
        return False
    try:
        return one.read_bytes().replace(b"\r\n", b"\n").strip() == other.read_bytes().replace(b"\r\n", b"\n").strip()
    except OSError:
        return False


def lay(files: dict[str, Path], folder: Path) -> None:
    """Copies `files` (name → file) into `folder`, which is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, source in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        shutil.copymode(source, target)


def catalogue(root: Path = ROOT) -> list[Lesson]:
    """All lessons of the checkout, by number."""
    return list(_lessons(root))


def _lessons(root: Path) -> Iterator[Lesson]:
    for folder in sorted((root / "lessons").iterdir()):
        if FOLDER.fullmatch(folder.name) and (folder / f"test_{folder.name[3:]}.py").is_file():
            yield Lesson(folder, root)


def find(asked: str, root: Path = ROOT) -> Lesson:
    """The lesson of a number ("7", "07"), a folder's name or a topic ("redis_api").

    Raises NoSuchLesson, which names the nearest ones.
    """
    lessons = catalogue(root)
    for lesson in lessons:
        if asked in (str(lesson.number), f"{lesson.number:02}", lesson.name, lesson.topic):
            return lesson
    if asked.lstrip("-").isdigit():
        near = sorted(lessons, key=lambda lesson: abs(lesson.number - int(asked)))[:2]
    else:
        names = difflib.get_close_matches(
            asked, [n for lesson in lessons for n in (lesson.topic, lesson.name)], 2, 0.3
        )
        near = [lesson for lesson in lessons if {lesson.topic, lesson.name} & set(names)] or lessons[:2]
    raise NoSuchLesson(asked, sorted(near, key=lambda lesson: lesson.number))
