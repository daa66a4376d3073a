"""How a function of a notebook is written: what it returns, prints and calls. Read from the text of the cells, where the notebook runs."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Any

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
SCOPES = (*FUNCTIONS, ast.Lambda, ast.ClassDef)
PLAIN = (ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Pass, ast.Delete)
NEVER_NONE = (
    ast.JoinedStr,
    ast.List,
    ast.Tuple,
    ast.Set,
    ast.Dict,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.Compare,
)
COLLECTIONS = (ast.List, ast.Set, ast.Dict, ast.ListComp, ast.SetComp, ast.DictComp)
ORDERS = {"sort", "reverse"}
CHANGES = {"append", "extend", "insert", "remove", "clear", "add", "discard", "update"}
NEVER_NONE_CALLS = {"bool", "dict", "float", "int", "len", "list", "round", "set", "sorted", "str", "sum", "tuple"}


def outline(sources: Iterable[str], name: str) -> dict[str, Any] | None:
    """The function called `name`, the last one with a body. None if no cell that can be read as Python defines it.

    gives      whether a return of its own has a value that is not None
    prints     whether it prints something
    must_give  whether each of its returns has a value that is never None: so None means that it came to its end without one
    leaves     the line in its cell of a `return` that a loop comes to in its first turn, or None
    hands_on   the function of the notebook that gives nothing and whose answer it returns, or None
    empty      the functions of the notebook that give nothing and whose answers it uses: [[name, the variable or None], …]
    in_place   the methods that change a list, set or dict and give nothing, whose answer it keeps in a variable or returns: [[name, the
               variable or None], …]
    texts      the texts with which something is compared, each with its line in the cell: [[text, line], …]
    falls      whether a way through it ends without a `return` that has a value; `return None` says that it is meant
    """
    known = functions_in(sources)
    function = known.get(name)
    if function is None:
        return None
    returns = [node for node in own(function) if isinstance(node, ast.Return)]
    values = [node.value for node in returns if gives(node)]
    handed = [value.func.id for value in values if isinstance(value, ast.Call) and isinstance(value.func, ast.Name)]
    return {
        "gives": bool(values),
        "prints": any(calls(node, "print") and node.args for node in own(function)),  # type: ignore[attr-defined]
        "must_give": bool(returns) and len(values) == len(returns) and all(map(is_never_none, values)),
        "leaves": next((node.lineno for node in first_turns(function)), None),
        "hands_on": next((one for one in handed if one in known and is_silent(known[one])), None),
        "empty": [[used, into] for used, into in helpers(function) if used in known and is_silent(known[used])],
        "in_place": list(in_place(function)),
        "texts": list(compared_texts(function)),
        "falls": any(node.value is None for node in returns) or may_end(function.body),
    }


def functions_in(sources: Iterable[str]) -> dict[str, Any]:
    """The functions that the cells define, by name: of several the last one that has a body."""
    known: dict[str, Any] = {}
    for source in sources:
        plain = "\n".join("" if line.startswith(("%", "!")) else line for line in source.splitlines())
        try:
            nodes = ast.parse(plain).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in nodes:
            if isinstance(node, FUNCTIONS) and (has_body(node) or node.name not in known):
                known[node.name] = node
    return known


def has_body(function: Any) -> bool:
    """Whether there is more than a docstring."""
    return any(not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)) for node in function.body)


def own(node: ast.AST) -> Iterator[ast.AST]:
    """What is in a function and not in another function inside it."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, SCOPES):
            yield from own(child)


def gives(node: ast.Return) -> bool:
    """Whether a return has a value that is not None."""
    return node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None)


def is_silent(function: Any) -> bool:
    """Whether a function hands back None however it ends."""
    nodes = list(own(function))
    return not any(
        (isinstance(node, ast.Return) and gives(node)) or isinstance(node, (ast.Yield, ast.YieldFrom))
        for node in nodes
    ) and not isinstance(function, ast.AsyncFunctionDef)


def calls(node: ast.AST, name: str) -> bool:
    """Whether this is a call of the function `name`."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def is_never_none(value: Any) -> bool:
    """Whether an expression has a value that is not None, whatever happens."""
    if isinstance(value, ast.Constant):
        return value.value is not None
    if isinstance(value, ast.IfExp):
        return is_never_none(value.body) and is_never_none(value.orelse)
    if isinstance(value, ast.UnaryOp):
        return isinstance(value.op, ast.Not)
    return isinstance(value, NEVER_NONE) or any(calls(value, name) for name in NEVER_NONE_CALLS)


def first_turns(function: Any) -> Iterator[ast.Return]:
    """The returns with a value to which a loop comes in its first turn, whatever it finds."""
    for loop in own(function):
        if isinstance(loop, (ast.For, ast.While)):
            for statement in loop.body:
                if isinstance(statement, ast.Return) and gives(statement):
                    yield statement
                is_plain = isinstance(statement, PLAIN)
                if not is_plain and not (isinstance(loop, ast.For) and goes_on(statement)):
                    break  # it may go on with the next turn, or leave, before the return


def goes_on(statement: ast.stmt) -> bool:
    """Whether what stands behind a statement in a loop's block is reached in the same turn, unless something is raised."""
    if isinstance(statement, ast.If):
        return all(map(goes_on, [*statement.body, *statement.orelse]))
    return isinstance(statement, PLAIN)


def compared_texts(function: Any) -> Iterator[list[Any]]:
    """The texts with which something is compared for being the same, each with its line in the cell: [[text, line], …]."""
    for node in own(function):
        if isinstance(node, ast.Compare) and all(isinstance(one, (ast.Eq, ast.NotEq)) for one in node.ops):
            for side in (node.left, *node.comparators):
                if isinstance(side, ast.Constant) and isinstance(side.value, str):
                    yield [side.value, node.lineno]


def in_place(function: Any) -> Iterator[list[str | None]]:
    """The methods that change what they are called on and give nothing, whose answer is kept or returned."""
    made = {
        target.id
        for node in own(function)
        if isinstance(node, ast.Assign) and (isinstance(node.value, COLLECTIONS) or makes_one(node.value))
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in own(function):
        value = node.value if isinstance(node, (ast.Return, ast.Assign)) else None
        if not (isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute)):
            continue
        on, method = value.func.value, value.func.attr
        is_made = (isinstance(on, ast.Name) and on.id in made) or isinstance(on, COLLECTIONS) or makes_one(on)
        if (method in ORDERS and not value.args) or (method in CHANGES and is_made):  # SORT takes a key
            into = node.targets[0] if isinstance(node, ast.Assign) else None
            yield [method, into.id if isinstance(into, ast.Name) else None]


def makes_one(value: Any) -> bool:
    """Whether this is a call that makes a list, a set or a dict."""
    return any(calls(value, name) for name in ("list", "set", "dict", "sorted"))


def may_end(body: list[ast.stmt]) -> bool:
    """Whether a block can come to its end, and so go on behind it."""
    return not any(map(never_ends, body))


def never_ends(node: ast.stmt) -> bool:
    """Whether what stands behind this statement is never reached."""
    if isinstance(node, ast.If):
        return bool(node.orelse) and not may_end(node.body) and not may_end(node.orelse)
    if isinstance(node, (ast.With, ast.AsyncWith)):
        return not may_end(node.body)
    if isinstance(node, ast.Try):
        tried = not may_end([*node.body, *node.orelse]) and not any(may_end(one.body) for one in node.handlers)
        return tried or not may_end(node.finalbody)
    if isinstance(node, ast.Match):
        last = node.cases[-1]
        takes_all = last.guard is None and isinstance(last.pattern, ast.MatchAs) and last.pattern.pattern is None
        return takes_all and not any(may_end(one.body) for one in node.cases)
    if isinstance(node, ast.While):
        is_endless = isinstance(node.test, ast.Constant) and bool(node.test.value)
        return is_endless and not any(isinstance(one, ast.Break) for one in own(node))
    return isinstance(node, (ast.Return, ast.Raise))


def helpers(function: Any) -> Iterator[tuple[str, str | None]]:
    """The functions whose answers are used, with the variable that takes one."""
    for node in own(function):
        if isinstance(node, ast.Expr):
            node_calls = []  # an answer that is thrown away
        else:
            node_calls = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.Call)]
        targets = node.targets if isinstance(node, ast.Assign) else []
        into = targets[0].id if len(targets) == 1 and isinstance(targets[0], ast.Name) else None
        for call in node_calls:
            if isinstance(call.func, ast.Name):
                yield call.func.id, into
