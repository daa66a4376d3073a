"""A Dockerfile, read: its instructions with their lines, and its stages. What the engine makes of it is asked of the engine."""

from __future__ import annotations

import json
import re
from functools import cached_property
from typing import NamedTuple

from workshop.engine.packages import instructions

FLAGS = re.compile(r"(?:--[\w-]+(?:=\S+)?\s+)*")


class Instruction(NamedTuple):
    """One instruction: its word in capitals, what follows it in one line, its line in the file, the number of its stage."""

    word: str
    text: str
    line: int
    stage: int

    @property
    def bare(self) -> str:
        """What follows the word and its flags."""
        return self.text[FLAGS.match(self.text).end() :]  # type: ignore[union-attr]

    @property
    def words(self) -> list[str]:
        """The words behind the flags, of a list as well as of a line."""
        if self.bare.startswith("["):
            try:
                return [str(word) for word in json.loads(self.bare)]
            except ValueError:
                pass
        return self.bare.split()

    def flag(self, name: str) -> str | None:
        """The value of a flag, as in `--from=build`."""
        found = re.search(rf"--{name}=(\S+)", FLAGS.match(self.text)[0])  # type: ignore[index]
        return found[1] if found else None

    @property
    def whole(self) -> str:
        """The instruction as one would write it in one line."""
        return f"{self.word} {self.text}"


class Stage(NamedTuple):
    """A stage: its number, its name (lower case, or "" if it has none) and the image or stage that it begins with."""

    number: int
    name: str
    base: str


class Dockerfile:
    """The instructions of a Dockerfile. A file that Docker would refuse is read as far as it goes."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def instructions(self) -> list[Instruction]:
        """All instructions, in their order."""
        found, line, stage = [], 1, -1
        for group in instructions(self.text):
            word, _, rest = joined(group).partition(" ")
            if re.fullmatch(r"[A-Za-z]+", word):
                stage += word.upper() == "FROM"
                found.append(Instruction(word.upper(), rest.strip(), line, stage))
            line += len(group)
        return found

    def all(self, *words: str, stage: int | None = None) -> list[Instruction]:
        """The instructions with one of these words; of one stage only, if it is given."""
        return [one for one in self.instructions if one.word in words and stage in (None, one.stage)]

    @cached_property
    def stages(self) -> list[Stage]:
        """The stages, in their order."""
        made = []
        for number, one in enumerate(self.all("FROM")):
            base, _, name = one.bare.partition(" ")
            named = re.fullmatch(r"(?i)\s*as\s+(\S+)\s*", name)
            made.append(Stage(number, named[1].lower() if named else "", base))
        return made

    def stage(self, name: str) -> Stage | None:
        """The stage that a flag `--from` names, by its name or number."""
        return next((one for one in self.stages if name.lower() in (one.name, str(one.number))), None)

    @property
    def last_stage(self) -> int:
        """The number of the stage that ships."""
        return len(self.stages) - 1

    def lineage(self, stage: int) -> list[int]:
        """The stage and those that it begins with, itself first."""
        numbers = [stage]
        while 0 <= numbers[-1] < len(self.stages):
            below = self.stage(self.stages[numbers[-1]].base)
            if below is None or below.number >= numbers[-1]:
                break
            numbers.append(below.number)
        return numbers

    def shipped(self, *words: str) -> list[Instruction]:
        """The instructions with one of these words that the last stage has, its own or those of a stage that it begins with."""
        numbers = self.lineage(self.last_stage)
        return [one for one in self.all(*words) if one.stage in numbers]


def joined(lines: list[str]) -> str:
    """The lines of an instruction as one, without comments in between; those of a here-document stay apart."""
    kept = [line.rstrip("\r\n") for line in lines if not line.lstrip().startswith("#")]
    text = ""
    for number, line in enumerate(kept):
        text += line.rstrip().removesuffix("\\") if line.rstrip().endswith("\\") else line
        if not line.rstrip().endswith("\\") and number + 1 < len(kept):
            text += "\n"
    return re.sub(r"[ \t]+", " ", text).strip()
