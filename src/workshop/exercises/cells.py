"""A notebook file, read as plain JSON: its code cells, or what is wrong with it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from workshop.course import handin
from workshop.outcomes import NotUp

MEASURES = "measures"  # the tag of a cell that measures and draws, and defines nothing that an exercise needs
CONFLICT = re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE)
SIZE_LIMIT = 20 * 1024 * 1024  # bytes


def read(path: Path) -> dict[str, Any]:
    """The notebook at `path`. Raises NotUp if it is none, with the cause."""
    name = path.name
    back = f"{handin.command('reset', path.stem)} restores the notebook as it was handed out."
    if path.stat().st_size > SIZE_LIMIT:
        size = f"{path.stat().st_size / 2**20:.0f} MB"
        raise NotUp(
            f"{name} is {size} large. Clear its outputs (Edit, Clear Outputs of All Cells) and save it.",
            mistake="notebook_too_large",
            actual=size,
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise NotUp(
            f"{name} is not saved as UTF-8. {back}", mistake="notebook_not_utf_8", actual="bytes that are not UTF-8"
        ) from None
    if not text.strip():
        raise NotUp(f"{name} is an empty file. {back}", mistake="notebook_empty", actual="an empty file")
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _no_json(name, text, error, back) from None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise NotUp(
            f"{name} is JSON, but not a notebook of format 4: it has no list of cells. {back}",
            mistake="notebook_without_cells",
            expected="a notebook",
            actual=text[:80],
        )
    return notebook


def _no_json(name: str, text: str, error: Exception, back: str) -> NotUp:
    """What to say of a file that is not JSON: whether it was merged badly, or cut off, or is something else."""
    facts = {"expected": "a notebook (JSON)", "actual": str(error)[:200]}
    if marks := CONFLICT.search(text):
        line = text.count("\n", 0, marks.start()) + 1
        hint = f"{name} is not JSON: line {line} is a conflict mark of git. Choose one of the two versions there, or take the file from one of both sides."
        return NotUp(hint, mistake="notebook_with_conflict_marks", **facts)
    ends = len(text.rstrip())
    unended = isinstance(error, json.JSONDecodeError) and (error.pos >= ends or error.msg.startswith("Unterminated"))
    if unended and text.lstrip().startswith("{"):
        hint = f"{name} ends in the middle: it was not saved or not copied whole. {back}"
        return NotUp(hint, mistake="notebook_cut_off", **facts)
    hint = f"{name} is not a notebook any more: it is not JSON. Was it edited as text? {back}"
    return NotUp(hint, mistake="notebook_not_json", **facts)


def with_copy(error: NotUp, work: Path, name: str) -> NotUp:
    """The same, with the copy that JupyterLab keeps beside a notebook in the folder `work`, if that one is whole."""
    copy = work / ".ipynb_checkpoints" / f"{Path(name).stem}-checkpoint.ipynb"
    try:
        code_cells(read(copy))
    except (NotUp, OSError):
        return error
    error.hint += f" JupyterLab has kept a copy, which is whole: copy {copy} to {work / name}."
    return error


def source_of(cell: Any) -> str:
    """A cell's text, whichever way it is stored."""
    source = cell.get("source", "") if isinstance(cell, dict) else ""
    return "".join(str(line) for line in source) if isinstance(source, list) else str(source)


def code_cells(notebook: dict[str, Any]) -> list[tuple[int, str]]:
    """The code cells as (number among all code cells, source). Raises NotUp if there is none."""
    code = [cell for cell in notebook["cells"] if isinstance(cell, dict) and cell.get("cell_type") == "code"]
    numbered = [(number, source_of(cell)) for number, cell in enumerate(code, 1)]
    if not any(source.strip() for _, source in numbered):
        raise NotUp(
            "The notebook has no code cell. `./workshop reset` restores it as it was handed out.",
            mistake="notebook_without_code",
            actual=f"{len(notebook['cells'])} cells, none with code",
        )
    return [(number, source) for number, source in numbered if source.strip()]


def text_cells(notebook: dict[str, Any]) -> list[str]:
    """The sources of all cells that hold no code."""
    return [
        source_of(cell) for cell in notebook["cells"] if isinstance(cell, dict) and cell.get("cell_type") != "code"
    ]


def measuring(notebook: dict[str, Any]) -> frozenset[str]:
    """The sources of the cells of the lesson's own notebook that only measure and draw: who grades can leave them out where they are unchanged."""
    return frozenset(
        source_of(cell).strip() for cell in notebook["cells"] if MEASURES in cell.get("metadata", {}).get("tags", [])
    )
