"""Where a Python program starts its server, read from its text: a start that is never reached, and why."""

from __future__ import annotations

import ast
from enum import Enum, auto
from typing import NamedTuple

STARTS = {"run", "serve", "run_simple", "serve_forever", "run_forever", "start"}  # what starts a server is called so
OTHERS = {
    "subprocess",
    "asyncio",
    "os",
    "sys",
    "thread",
    "process",
    "t",
    "p",
    "timer",
}  # and these have such names, too
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Kind(Enum):
    """Why a program starts no server."""

    NOWHERE = auto()  # it has no line that does
    BEHIND_THE_END = auto()  # below a return, in the function `name`
    IN_A_VIEW = auto()  # in the view `name`, which is called once there is a server
    IN_A_FUNCTION = auto()  # in the function `name`, which nobody calls
    GUARDED = auto()  # below an `if` that is not true when the file is run; `name` is its condition
    NOT_CALLED = auto()  # it is named, without parentheses
    IN_THE_BACKGROUND = auto()  # in a thread that ends with the program


class Missed(NamedTuple):
    """Why a program starts no server, and the line where one would think that it does."""

    kind: Kind
    line: int = 0
    name: str = ""


def why_no_server(source: str) -> Missed | None:
    """Why a program, run as a file, starts no server; None if it may well start one, or cannot be read."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return None
    above = {below: node for node in ast.walk(tree) for below in ast.iter_child_nodes(node)}
    found: list[Missed] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and starts_a_server(node.func):
            missed = _unreached(node, above, tree)
            if missed is None:
                return None
            found.append(missed)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Attribute) and node.value.attr == "run":
            found.append(Missed(Kind.NOT_CALLED, node.lineno, ast.unparse(node.value)))
        elif isinstance(node, ast.keyword) and node.arg == "target" and starts_a_server(node.value):
            found.append(Missed(Kind.IN_THE_BACKGROUND, node.value.lineno))
    return found[0] if found else Missed(Kind.NOWHERE)


def starts_a_server(called: ast.expr) -> bool:
    """Whether a call of this starts a server, by its name."""
    if isinstance(called, ast.Name):
        return called.id in STARTS - {"run", "start"}
    if not isinstance(called, ast.Attribute) or called.attr not in STARTS:
        return False
    owner = called.value.func if isinstance(called.value, ast.Call) else called.value
    name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
    return name.lower() not in OTHERS


def _unreached(node: ast.AST, above: dict[ast.AST, ast.AST], tree: ast.Module) -> Missed | None:
    """Why a start is not reached, or None if it may be."""
    line = getattr(node, "lineno", 0)
    below, guard = node, None
    while (outer := above.get(below)) is not None:
        if isinstance(outer, ast.If) and below in outer.body and is_never_true(outer.test):
            guard = Missed(Kind.GUARDED, outer.lineno, ast.unparse(outer.test))
        if isinstance(outer, FUNCTIONS):
            if is_behind_the_end(below, outer):
                return Missed(Kind.BEHIND_THE_END, line, outer.name)
            if outer.decorator_list:
                return Missed(Kind.IN_A_VIEW, line, outer.name)
            if not is_called(outer.name, outer, tree):
                return Missed(Kind.IN_A_FUNCTION, line, outer.name)
        below = outer
    return guard


def is_behind_the_end(statement: ast.AST, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a statement of a function's own body comes after one that ends it."""
    at = function.body.index(statement) if statement in function.body else 0
    return any(isinstance(earlier, (ast.Return, ast.Raise)) for earlier in function.body[:at])


def is_called(name: str, function: ast.AST, tree: ast.Module) -> bool:
    """Whether a function's name is used anywhere outside of it."""
    inside = set(ast.walk(function))
    return any(
        node not in inside
        and (
            (isinstance(node, ast.Name) and node.id == name) or (isinstance(node, ast.Attribute) and node.attr == name)
        )
        for node in ast.walk(tree)
    )


def is_never_true(test: ast.expr) -> bool:
    """Whether the condition asks for another name than the one that a file has when it is run."""
    if not isinstance(test, ast.Compare) or len(test.comparators) != 1:
        return False
    sides = [test.left, test.comparators[0]]
    names = [side.id for side in sides if isinstance(side, ast.Name)]
    texts = [side.value for side in sides if isinstance(side, ast.Constant)]
    if "__name__" in names and texts:
        return (texts[0] == "__main__") != isinstance(test.ops[0], ast.Eq)
    return len(texts) == 2 and isinstance(test.ops[0], ast.Eq) and texts[0] != texts[1]
