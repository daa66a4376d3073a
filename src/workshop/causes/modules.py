"""A module that Python does not find: where it is, before it is said not to be installed.

The order: what the command names; a file of the student's own; a package that is in the image, in a place where this Python does not look;
one that stayed in another stage; a name that is spelled otherwise; at last what was never installed.
"""

from __future__ import annotations

import difflib
import re
import shlex
import sys
from typing import Any

from workshop.mistakes.mistake import mistake, said
from workshop.mistakes.python import raises, traceback
from workshop.probes.inside import Inside, known
from workshop.raised import last_in
from workshop.runtimes.evidence import Evidence

SITE = "/usr/local/lib/python3.13/site-packages"
REMOVED = {
    "distutils": "3.12",
    "imp": "3.12",
    "asyncore": "3.12",
    "asynchat": "3.12",
    "smtpd": "3.12",
    "cgi": "3.13",
    "telnetlib": "3.13",
}
PACKAGES = {  # packages that are called otherwise than the module that they bring
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "jwt": "PyJWT",
    "PIL": "pillow",
    "psycopg2": "psycopg2-binary",
    "sklearn": "scikit-learn",
    "yaml": "PyYAML",
}
WELL_KNOWN = (
    "flask",
    "redis",
    "gunicorn",
    "requests",
    "markupsafe",
    "jinja2",
    "werkzeug",
    "waitress",
    "dramatiq",
    "click",
)
INSTALLS = re.compile(r"\b(?:pip3?|uv|poetry|pdm|pipenv|conda|apt|apt-get|apk)\b")


def missing(log: str) -> dict[str, Any]:
    """The module that Python did not find, and the root of its name; empty if it misses none."""
    seen = raises(r"ModuleNotFoundError: No module named '(?P<module>[\w.]+)'", log)
    if not last_in(log):  # python -m NAME says so without a traceback
        seen = said(r"^\S*python[\d.]*: No module named (?P<module>[\w.]+)", log)
    return {**seen, "root": seen["module"].partition(".")[0]} if seen else {}


def no_module(name: str, inside: Inside | None = None, **more: Any) -> dict[str, Any]:
    """An example: a log that ends because of a module that is not there."""
    return {"log": traceback(f"ModuleNotFoundError: No module named '{name}'"), "inside": inside, **more}


# What the command names


SERVES_MAIN = Evidence(False, 3, command=("gunicorn", "main:app"))


@mistake(example=no_module("main", known(files=["/app/app.py"]), start=SERVES_MAIN))
def module_of_the_command(log, start=None, inside=None):
    """The command, `{command}`, names the module `{module}`, and no such file is in {folder}, the folder that it starts in.{has}"""
    seen = missing(log)
    command = shlex.join(start.command) if start else ""
    if not seen or not re.search(rf"(?<![\w./-]){re.escape(seen['module'])}(?=:|'|\s|$)", command):
        return None
    if seen["root"] in WELL_KNOWN:  # python -m flask: a package
        return None
    folder = inside.workdir if inside else "the container"
    files = inside.files if inside else {}
    here = sorted(
        path.rpartition("/")[2]
        for path in files
        if path.endswith(".py") and path.rpartition("/")[0] == folder.rstrip("/")
    )
    there = [
        path
        for path in files
        if path.endswith(f"/{seen['root']}.py") and "-packages" not in path and "/lib/python" not in path
    ]
    has = (
        f" {', '.join(here[:5])} {'is' if len(here) == 1 else 'are'} there: for `app` in {here[0]}, write {here[0][:-3]}:app."
        if here
        else ""
    )
    has = f" The image has it as {there[0]}: let WORKDIR name its folder." if there else has
    return {**seen, "command": command, "folder": folder, "has": has}


# A file of one's own


@mistake(example=no_module("flask.json", known(["app.py", "flask.py"])))
def own_file_in_place_of_a_package(log, inside=None):
    """Python takes your own file {file} for the module `{root}`, which therefore has no `{module}`. Rename the file."""
    seen = missing(log)
    file = f"{seen['root']}.py" if seen else ""
    return (
        inside
        and file in [name.rpartition("/")[2] for name in inside.names]
        and seen["root"] != seen["module"]
        and {**seen, "file": file}
    )


@mistake(
    example=no_module("settings", known(["app.py", "settings.py"], "FROM x\nCOPY app.py .\n", files=["/app/app.py"]))
)
def own_file_not_copied(log, inside=None):
    """Python finds no module `{module}`. It is your own file {file}, and no COPY brings it into the image."""
    seen = missing(log)
    if not seen or not inside or not inside.files:
        return None
    own = [
        name
        for name in inside.names
        if name.endswith((f"/{seen['root']}.py", f"/{seen['root']}/__init__.py")) or name == f"{seen['root']}.py"
    ]
    own += [name for name in inside.names if name == f"{seen['root']}/__init__.py"]
    return own and not inside.module_places(seen["root"]) and {**seen, "file": own[0]}


# A package in a place where this Python does not look


def places_of(log: str, inside: Inside | None, pattern: str) -> dict[str, Any]:
    """What fills a sentence if the image has the module in a place that the pattern describes: {module}, {place} and the pattern's groups."""
    seen = missing(log)
    for place in inside.module_places(seen["root"]) if seen and inside else []:
        if found := re.fullmatch(pattern, place):
            return {**seen, "place": place, **found.groupdict()}
    return {}


OF_ROOT = "/root/.local/lib/python3.13/site-packages"


@mistake(example=no_module("flask", known(files=[f"{OF_ROOT}/flask/__init__.py"], User="app")))
def packages_in_another_home(log, inside=None):
    """Python finds no module `{module}`: it is in {place}, where `pip install --user` puts what is for one user, and the container runs as {user},
    whose home is {home}. Install without --user, or copy that folder to the home of {user}.
    """
    seen = places_of(log, inside, r"(?P<owner>/root|/home/[^/]+)/\.local/lib/python[\d.]+/site-packages")
    return seen and seen["owner"] != inside.home and {**seen, "user": inside.user, "home": inside.home}


FOR_312 = known(files=["/usr/local/bin/python3.13*", f"{SITE.replace('3.13', '3.12')}/flask/__init__.py"])


@mistake(example=no_module("flask", FOR_312))
def packages_of_another_python(log, inside=None):
    """Python finds no module `{module}`: it is in {place}, which belongs to Python {version}, and the image has Python {own}. Do all stages begin
    with the same Python? Does the path of a COPY name the right one?
    """
    seen = places_of(log, inside, r".*/lib/python(?P<version>3\.\d+)/(?:site|dist)-packages")
    own = re.findall(r"(?m)^\S*/bin/python(3\.\d+)$", "\n".join(inside.files)) if seen else []
    return own and seen["version"] not in own and {**seen, "own": own[0]}


DEBIANS = known(files=["/usr/local/bin/python3.13*", "/usr/lib/python3/dist-packages/flask/__init__.py"])


@mistake(example=no_module("flask", DEBIANS))
def packages_of_debians_python(log, inside=None):
    """Python finds no module `{module}`: it is in {place}. apt installs for Debian's own Python, /usr/bin/python3; the `python` of a Python image is
    another one, in /usr/local/bin. Install with pip.
    """
    seen = places_of(log, inside, r"/usr/lib/python3/dist-packages")
    return any(re.fullmatch(r"/usr/local/bin/python3\.\d+", path) for path in (inside.files if seen else ())) and seen


IN_VENV = known(files=["/venv/pyvenv.cfg", "/venv/lib/python3.13/site-packages/flask/__init__.py"])


@mistake(example=no_module("flask", IN_VENV))
def packages_in_an_environment(log, inside=None):
    """Python finds no module `{module}`: it is in the virtual environment {venv}, and the container starts another Python. `RUN … activate` holds
    for its own line only. Put the environment first, ENV PATH="{venv}/bin:$PATH", or start {venv}/bin/python.
    """
    seen = places_of(log, inside, r"(?P<venv>.*)/lib/python[\d.]+/site-packages")
    return seen and f"{seen['venv']}/pyvenv.cfg" in inside.files and seen


@mistake(example=no_module("flask", known(files=["/install/lib/python3.13/site-packages/flask/__init__.py"])))
def packages_in_a_folder(log, inside=None):
    """Python finds no module `{module}`: the image has it in {place}, a folder where Python does not look. Install without --target and --prefix,
    copy it to where Python looks, or name the folder: ENV PYTHONPATH={place}.
    """
    seen = places_of(log, inside, r"(?!/usr/(?:local/)?lib/python|(?:/root|/home/[^/]+)/\.local/).*")
    return seen and seen["place"] != inside.workdir and seen


# A package that stayed in another stage


STAYED = known(
    dockerfile="FROM python:3.13 AS build\nRUN pip install flask\nFROM python:3.13-slim\nCOPY --from=build /app /app\n"
)
STAYED._stages[0] = known(files=[f"{SITE}/flask/__init__.py"])


@mistake(example=no_module("flask", STAYED))
def packages_in_another_stage(log, inside=None):
    """Python finds no module `{module}`. It was installed in another stage, {stage}, into {place}, and stayed there: the last stage has only what is
    installed in it, and what a COPY --from brings. Copy {place} too, or install in the last stage.
    """
    seen = missing(log)
    dockerfile = inside.dockerfile if seen and inside else None
    if not dockerfile or inside.module_places(seen["root"]):
        return None
    others = [stage for stage in dockerfile.stages if stage.number not in dockerfile.lineage(dockerfile.last_stage)]
    for stage in others:
        if any(INSTALLS.search(one.text) for one in dockerfile.all("RUN", stage=stage.number)):
            look = inside.stage(stage.number)
            places = look.module_places(seen["root"]) if look else []
            if places:
                return {
                    **seen,
                    "stage": f"`{stage.name}`" if stage.name else f"number {stage.number}",
                    "place": places[0],
                }
    return None


# A name


@mistake(example=no_module("Flask"))
def module_misspelt(log):
    """Python finds no module `{module}`. Is `{near}` meant? Capitals count too."""
    seen = missing(log)
    names = [*WELL_KNOWN, *sys.stdlib_module_names]
    if not seen or seen["root"] in names:
        return None
    near = [name for name in names if name.lower() == seen["root"].lower()] or difflib.get_close_matches(
        seen["root"], WELL_KNOWN, 1, 0.75
    )
    return near and {**seen, "near": near[0]}


@mistake(example=no_module("distutils"))
def module_gone_from_python(log):
    """Python finds no module `{module}`: it was a part of Python until {version} came.{who}"""
    seen = missing(log)
    if not seen or seen["root"] not in REMOVED:
        return None
    raised = last_in(log)
    who = re.search(r"-packages/(\w+)", raised.files[-1]) if raised and raised.files else None
    more = f" The package {who[1]} asks for it: take a newer version of that." if who else ""
    return {**seen, "version": REMOVED[seen["root"]], "who": more}


# What was never installed


@mistake(example=no_module("flask", known(["app.py"], "FROM python:3.13-slim\nCOPY . .\n")))
def nothing_installed(log, inside=None):
    """Python finds no module `{module}`. No step of the Dockerfile installs packages; requirements.txt alone does nothing: `RUN pip install -r
    requirements.txt`.
    """
    seen = missing(log)
    dockerfile = inside.dockerfile if seen and inside else None
    runs = dockerfile.all("RUN") if dockerfile else []
    return (
        dockerfile
        and not any(INSTALLS.search(one.text) or one.text.lstrip().startswith("<<") for one in runs)
        and seen
    )


@mistake(
    example=no_module(
        "redis",
        known(
            dockerfile="FROM x\nRUN pip install -r requirements.txt\n", texts={"requirements.txt": "flask==3.1.3\n"}
        ),
    )
)
def not_in_requirements(log, inside=None):
    """Python finds no module `{module}`, and requirements.txt, which is installed, does not name it.{package} A package needs a line there; if it
    is a file of your own, check its spelling.
    """
    seen = missing(log)
    dockerfile = inside.dockerfile if seen and inside else None
    text = inside.text("requirements.txt") if dockerfile else None
    if not dockerfile or text is None or not any("requirements.txt" in one.text for one in dockerfile.shipped("RUN")):
        return None
    package: str = PACKAGES.get(seen["root"], seen["root"])
    if re.search(rf"(?im)^\s*{re.escape(package).replace('_', '[-_.]')}\b", text):
        return None
    return {**seen, "package": f" Its package is called {package}." if package != seen["root"] else ""}


@mistake(example=no_module("numpy", known(["app.py"])))
def not_in_this_lesson(log, inside=None):
    """Python finds no module `{module}`. In this lesson the workshop's own Python runs app.py, with Flask and redis-py and little else: do without it.
    If it is a file of your own, check its spelling.
    """
    return inside and inside.is_bare and "app.py" in inside.names and missing(log)


@mistake(example=no_module("flask"))
def module_not_found(log):
    """Python finds no module `{module}`. If it is a package, the image needs a step that installs it; if it is your own file, check its spelling
    and that it is copied.
    """
    return missing(log)
