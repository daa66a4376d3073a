"""What Python's own words name, with a look at where it came from: the student's code, or a package that another does not fit.

These stand before the plain words of Python (mistakes/python.py).
"""

from __future__ import annotations

import ast
import re
from typing import Any

from workshop.causes.modules import SITE
from workshop.mistakes.mistake import mistake, said
from workshop.mistakes.python import raises, traceback
from workshop.probes.inside import Inside, known
from workshop.raised import last_in

OF_FLASK = "escape Flask request jsonify render_template render_template_string redirect url_for abort Response make_response g session Markup"
FROM_WHERE = dict.fromkeys(OF_FLASK.split(), "flask") | {
    "escape": "markupsafe",
    "Markup": "markupsafe",
    "Path": "pathlib",
    "datetime": "datetime",
}
OF_PYTHON = {
    "os",
    "time",
    "json",
    "redis",
    "signal",
    "atexit",
    "socket",
    "platform",
    "random",
    "sys",
    "re",
    "logging",
    "threading",
}


def view(inside: Inside | None, name: str) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """The function of this name in the student's app.py, if it can be read."""
    try:
        tree = ast.parse((inside and inside.text("app.py")) or "")
    except (SyntaxError, ValueError):
        return None
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return next((node for node in ast.walk(tree) if isinstance(node, functions) and node.name == name), None)


def is_call_of_a_view(log: str) -> bool:
    """Whether the call that failed is the one with which Flask calls the view of a route, and not another one of Flask's or the student's."""
    raised = last_in(log)
    is_flasks = raised and raised.files and "-packages/flask/" in raised.files[-1]
    return bool(is_flasks and raised and raised.function == "dispatch_request")


def from_flask(last_line: str) -> str:
    """An example: a log that ends with an exception that Flask's own call of a view brought about."""
    return traceback(last_line, f"{SITE}/flask/app.py", "dispatch_request")


# A view and its route


@mistake(
    example={
        "log": from_flask("TypeError: hello() got an unexpected keyword argument 'name'"),
        "inside": known(texts={"app.py": '@app.get("/hello/<name>")\ndef hello(user):\n    return user\n'}),
    }
)
def view_argument_of_another_name(log, inside=None):
    """The route says <{argument}>, so Flask calls `{view}` with an argument `{argument}`.{has} Give the two the same name:
    `def {view}({argument}):`.
    """
    seen = raises(
        r"TypeError: (?:[\w.<>]*\.)?(?P<view>\w+)\(\) got an unexpected keyword argument '(?P<argument>\w+)'", log
    )
    if not seen or not is_call_of_a_view(log):
        return None
    found = view(inside, seen["view"])
    names = [one.arg for one in found.args.args] if found else []
    return {**seen, "has": f" The view takes `{names[0]}`." if names else " The view takes no such argument."}


@mistake(example=from_flask("TypeError: hello() missing 1 required positional argument: 'name'"))
def route_without_its_argument(log):
    """The view `{view}` takes an argument `{argument}`, and its route does not bring one. A part of the path comes to a view if it stands in the route
    under that name: <{argument}>.
    """
    seen = raises(
        r"TypeError: (?:[\w.<>]*\.)?(?P<view>\w+)\(\) missing \d+ required positional arguments?: '(?P<argument>\w+)'",
        log,
    )
    return is_call_of_a_view(log) and seen


MISSPELT = "TypeError: run_simple() got an unexpected keyword argument 'prot'. Did you mean 'port'?"


@mistake(example={"log": traceback(MISSPELT, f"{SITE}/flask/app.py", "run")})
def argument_of_no_such_name(log):
    """`{function}` was called with an argument `{argument}`, and takes none of that name.{guess} Look where you give it: is it spelled as
    the documentation has it?
    """
    raised = last_in(log)
    seen = raises(
        r"TypeError: (?:[\w.<>]*\.)?(?P<function>\w+)\(\) got an unexpected keyword argument '(?P<argument>\w+)'", log
    )
    near = re.search(r"Did you mean '(\w+)'", raised.message) if raised else None
    return seen and {**seen, "guess": f" Did you mean `{near[1]}`?" if near else ""}


TEMPLATE_OF_ANOTHER = known(["app.py", "template/hello.html"])


@mistake(example={"log": traceback("jinja2.exceptions.TemplateNotFound: hello.html"), "inside": TEMPLATE_OF_ANOTHER})
def template_in_another_folder(log, inside=None):
    """Flask finds no template {template}. It looks in the folder `templates` beside app.py, and the file is {near}."""
    seen = raises(r"TemplateNotFound: (?P<template>\S+)", log) or {}
    names = inside.names if seen and inside else []
    near = [name for name in names if name.rpartition("/")[2].lower() == seen["template"].rpartition("/")[2].lower()]
    return near and f"templates/{seen['template']}" not in near and {**seen, "near": near[0]}


NOT_COPIED = known(["app.py", "templates/hello.html"], "FROM x\nCOPY app.py .\n", files=["/app/app.py"])


@mistake(example={"log": traceback("jinja2.exceptions.TemplateNotFound: hello.html"), "inside": NOT_COPIED})
def template_not_copied(log, inside=None):
    """Flask finds no template {template}. It is in your folder, and was not copied into the image, to the folder `templates` beside app.py."""
    seen = raises(r"TemplateNotFound: (?P<template>\S+)", log) or {}
    if not seen or not inside or not inside.dockerfile or f"templates/{seen['template']}" not in inside.names:
        return None
    return inside.files and not any(path.endswith(f"/templates/{seen['template']}") for path in inside.files) and seen


@mistake(example={"log": traceback("jinja2.exceptions.TemplateNotFound: hello.html"), "inside": known(["app.py"])})
def no_such_template(log, inside=None):
    """Flask finds no template {template}. It looks in the folder `templates` beside app.py.{has}"""
    seen = raises(r"TemplateNotFound: (?P<template>\S+)", log) or {}
    pages = (
        [name for name in inside.names if name.endswith((".html", ".htm", ".txt")) and name != "requirements.txt"]
        if inside
        else []
    )
    return seen and {
        **seen,
        "has": f" Your folder has {', '.join(pages[:4])}." if pages else " Your folder has no such file.",
    }


# Names


@mistake(example=traceback("NameError: name 'jsonify' is not defined"))
def name_not_imported(log):
    """Python does not know the name `{name}`{where}. It has to be imported: `{line}`, at the top of the file."""
    seen = raises(r"NameError: name '(?P<name>\w+)' is not defined", log)
    raised = last_in(log)
    if not seen or not raised or seen["name"] not in {*FROM_WHERE, *OF_PYTHON}:
        return None
    name = seen["name"]
    line = f"from {FROM_WHERE[name]} import {name}" if name in FROM_WHERE else f"import {name}"
    return {**seen, "line": line, "where": f" ({raised.place}, line {raised.line})" if raised.place else ""}


HANDLER = "TypeError: signal handler must be signal.SIG_IGN, signal.SIG_DFL, or a callable object"
HANDED_OVER = traceback(HANDLER).replace("return answer()", "signal.signal(signal.SIGTERM, say_goodbye())")


@mistake(example=HANDED_OVER)
def called_instead_of_handed_over(log):
    """{place}, line {line}: {what} takes a function, and was given what a call of it returned. `name()` calls the function at once; hand over `name`,
    without parentheses.
    """
    seen = raises(
        r"TypeError: (?:(?P<signal>signal handler must be)|(?P<atexit>the first argument must be callable))", log
    )
    raised = last_in(log)
    if not re.search(
        r"(?m)^ +(?:\w+\.)*(?:signal|register)\(.*\w\(", log
    ):  # a text, or None, may have been handed over
        return None
    what = "signal.signal" if seen and seen["signal"] != "it" else "atexit.register"
    return seen and raised and raised.place and {"place": raised.place, "line": raised.line, "what": what}


@mistake(example="--- no python application found, check your startup logs for errors ---\n")
def uwsgi_without_an_app(log):
    """UWSGI runs and has no app to serve: when it started it could not load the module that it was told, or found no such name in it. For `app` in app.py
    it is `module = app:app`.
    """
    return said(r"^--- no python application found", log)


# Packages that do not fit


OLD = "ImportError: cannot import name 'url_quote' from 'werkzeug.urls' (/usr/local/lib/python3.13/site-packages/werkzeug/urls.py)"


@mistake(
    example={
        "log": traceback(OLD, f"{SITE}/flask/app.py"),
        "inside": known(texts={"requirements.txt": "Flask==2.0.0\n"}),
    }
)
def versions_that_do_not_fit(log, inside=None):
    """The package `{package}` asks {lib} for `{name}`, which the installed {lib} does not have: their versions do not fit together.{pinned}"""
    seen = raises(
        r"(?:ImportError: cannot import name '(?P<name>\w+)' from '(?P<lib>[\w.]+)'|AttributeError: module '(?P<module>[\w.]+)' has no attribute '(?P<attribute>\w+)')",
        log,
    )
    raised = last_in(log)
    owner = re.search(r"-packages/(\w+)", raised.files[-1]) if seen and raised and raised.files else None
    if not seen or not owner:
        return None
    lib, name = (seen["lib"], seen["name"]) if seen["lib"] != "it" else (seen["module"], seen["attribute"])
    if lib.partition(".")[0] == owner[1]:
        return None
    return {
        "package": owner[1],
        "lib": f"`{lib.partition('.')[0]}`",
        "name": name,
        "pinned": pins(inside, owner[1], lib.partition(".")[0]),
    }


def pins(inside: Inside | None, package: str, lib: str) -> str:
    """What requirements.txt says of two packages that do not fit, as the end of a sentence."""
    text = (inside and inside.text("requirements.txt")) or ""
    lines: dict[str, Any] = {
        name: found[0].strip()
        for name in (package, lib)
        if (found := re.search(rf"(?im)^\s*{re.escape(name)}\s*[=<~][^#\n]*", text))
    }
    if package in lines and lib not in lines:
        newer = " (flask==3.1.3 is one)" if package == "flask" else ""
        return f" requirements.txt keeps {package} at an old version, {lines[package]}, and {lib} came along in its newest. Take a newer {package}{newer}."
    if lib in lines:
        return f" requirements.txt says {lines[lib]}: leave that line out, and pip takes one that fits."
    return f" Take a newer {package}, whichever step installs it."
