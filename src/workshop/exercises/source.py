"""The solution notebook is what is edited; the student's is made from it, and its outputs are made by running it.

    python -m workshop.exercises.source [NN_topic …]                     writes notebooks/NN_topic.ipynb from solutions/NN_topic
    python -m workshop.exercises.source --execute REDIS_URL [NN_topic …]  runs the solution first, and writes its outputs

In a cell with the tag `exercise`, each function keeps its first lines and its docstring for the student; the rest is theirs to write.
A cell with the tag `measures` only measures and draws; see `cells.measuring`.
A Markdown cell shows a picture of the lesson by `<!-- picture: NAME.svg -->` and an `<img …>` in the next line, whose data is put in here.
"""

from __future__ import annotations

import ast
import base64
import copy
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

from workshop.course.lessons import parsed
from workshop.course.places import ROOT
from workshop.exercises.cells import read, source_of

TAG = "exercise"
YOUR_TURN = "# Your turn"
PICTURE = re.compile(r'(<!-- picture: (\w+\.svg) -->\s*<img src=")[^"]*(")')
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def written(notebook: dict[str, Any]) -> str:
    """The notebook as text, always the same for the same content: no timestamps, no editor's settings, sorted keys."""
    cells = []
    for cell in notebook["cells"]:
        tags = cell.get("metadata", {}).get("tags")
        kept = {"cell_type": cell["cell_type"], "id": cell["id"], "metadata": {"tags": tags} if tags else {}}
        kept["source"] = source_of(cell).strip("\n").splitlines(keepends=True)
        if cell["cell_type"] == "code":
            kept |= {"execution_count": cell.get("execution_count"), "outputs": cell.get("outputs", [])}
        cells.append(kept)
    document = {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def for_students(solution: dict[str, Any]) -> dict[str, Any]:
    """The student's notebook: the bodies of exercises and all outputs are out."""
    notebook = copy.deepcopy(solution)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["execution_count"], cell["outputs"] = None, []
            if TAG in cell.get("metadata", {}).get("tags", []):
                cell["source"] = without_bodies(source_of(cell))
    return notebook


def without_bodies(source: str) -> str:
    """The source with each function cut after its docstring. Raises ValueError for a function that has none."""
    lines = source.splitlines()
    for function in reversed([node for node in parsed(source).body if isinstance(node, ast.FunctionDef)]):
        first = function.body[0]
        if ast.get_docstring(function) is None:
            raise ValueError(f"{function.name} has no docstring to keep")
        indent = " " * first.col_offset
        lines[first.end_lineno : function.end_lineno] = [indent + YOUR_TURN]
    return "\n".join(lines)


def with_pictures(notebook: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The notebook with the data of each picture that its Markdown names, from `folder`."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = PICTURE.sub(
                lambda picture: picture[1] + data_of(folder / picture[2]) + picture[3], source_of(cell)
            )
    return notebook


def data_of(picture: Path) -> str:
    """An SVG file as an address that holds it."""
    return "data:image/svg+xml;base64," + base64.b64encode(picture.read_bytes().replace(b"\r\n", b"\n")).decode()


def with_functions(path: Path, source: str) -> bytes:
    """The notebook at `path` with functions of `source` in the place of its own of the same names.

    What else `source` defines or imports comes before the first function that it replaces, in the same cell.
    """
    notebook = read(path)
    tree, lines = parsed(source), source.splitlines()
    mine = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    replaced: set[str] = set()
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code" or not any(f"def {name}(" in source_of(cell) for name in mine):
            continue
        rows = source_of(cell).splitlines()
        for node in reversed(
            [node for node in parsed(source_of(cell)).body if isinstance(node, ast.FunctionDef) and node.name in mine]
        ):
            rows[_start(node) : node.end_lineno] = _text(lines, mine[node.name])
            replaced.add(node.name)
        cell["source"] = "\n".join(rows)
        cell["outputs"], cell["execution_count"] = [], None
    others = [node for node in tree.body if not (isinstance(node, ast.FunctionDef) and node.name in replaced)]
    if others:
        code = (cell for cell in notebook["cells"] if cell["cell_type"] == "code")
        first = next(cell for cell in code if any(f"def {name}(" in source_of(cell) for name in replaced))
        first["source"] = "\n".join([*(row for node in others for row in _text(lines, node)), source_of(first)])
    return written(notebook).encode()


def _start(node: ast.stmt) -> int:
    decorators = getattr(node, "decorator_list", [])
    return int(min([node.lineno, *(one.lineno for one in decorators)])) - 1


def _text(lines: list[str], node: ast.stmt) -> list[str]:
    return lines[_start(node) : node.end_lineno]


def executed(notebook: dict[str, Any], folder: Path, url: str) -> dict[str, Any]:
    """The notebook with the outputs that it has on the Redis at `url`. Raises where a cell fails."""
    import nbclient
    import nbformat

    os.environ["REDIS_URL"] = url
    node = nbformat.reads(written(notebook), as_version=4)
    nbclient.NotebookClient(
        node, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    result: dict[str, Any] = json.loads(nbformat.writes(node))
    for cell in result["cells"]:
        for output in cell.get("outputs", []):
            output["metadata"] = {} if "metadata" in output else output.get("metadata")
            if output["metadata"] is None:
                del output["metadata"]
    return result


def sources(names: list[str], root: Path = ROOT) -> list[Path]:
    """The solution notebooks of the lessons named, or all."""
    return [path for path in sorted((root / "solutions").glob("*/*.ipynb")) if not names or path.stem in names]


def main(words: list[str]) -> None:
    """Writes what is told by the words of the command line; see above."""
    url = words.pop(1) if words[:1] == ["--execute"] else None
    for path in sources(words[1:] if url else words):
        notebook = with_pictures(read(path), ROOT / "lessons" / path.stem / "pictures")
        target = ROOT / "notebooks" / path.name
        target.parent.mkdir(exist_ok=True)
        target.write_text(written(for_students(notebook)), encoding="utf-8", newline="\n")
        if url:
            notebook = executed(notebook, path.parent, url)
        path.write_text(written(notebook), encoding="utf-8", newline="\n")
        print(f"{path.relative_to(ROOT)} → {target.relative_to(ROOT)}")


if __name__ == "__main__":
    main(sys.argv[1:])
