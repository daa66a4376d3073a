"""The notebooks as pages that run in the browser: JupyterLite with Pyodide, made of locked packages alone. Nothing in them asks another machine.

Python, its packages and the course's own checks lie beside the pages. What a student changes is kept by the browser, under the notebook's name and
the mark of its text: a notebook that has changed is another one, so an old copy never hides it.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from email.parser import Parser
from pathlib import Path
from typing import Any

from workshop.course.lessons import Lesson
from workshop.course.places import ROOT, state_folder
from workshop.exercises.source import TAG
from workshop.machine import tools

LOCKS = Path(__file__).with_name("packages")
LOCK_FILES = ("requirements.txt", "package.json", "package-lock.json")
SCRIPTS = Path(__file__).with_name("browser")
KERNEL = "@jupyterlite/pyodide-kernel-extension"
PYODIDE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
OURS = '<link rel="stylesheet" href="../course.css"><script src="../course.js"></script>'
STORAGE = "flask-docker-redis"  # the browser's own store of notebooks; scripts in `browser` know the name too
NOT_NEEDED = {"cli", "web", "lab", "desk", "classroom", "gradebook", "proof", "machine", "handins", "shim", "python"}
UNUSED = ("doc", "rspack.*", "service-worker.js", "package.json")
DRAWING = (
    "matplotlib/__init__.py",
    "matplotlib/pyplot.py",
    "matplotlib/ticker.py",
)  # Pyodide's own is not in a registry
GOES_ON = "raises-exception"  # the tag of a cell after whose error the next ones are run


def packages(python: Path, say: Callable[[str], None]) -> Path:
    """The folder with what is needed of others: Pyodide, and wheels of pure Python. Fetched at the first use, as the locks say.

    Raises `tools.Trouble` if something cannot be had.
    """
    mark = hashlib.sha256(b"".join((LOCKS / name).read_bytes() for name in LOCK_FILES)).hexdigest()[:12]
    folder = state_folder().resolve() / f"lite-{mark}"
    if (folder / "complete").exists():
        return folder
    npm = shutil.which("npm")
    if npm is None:
        raise tools.Trouble("npm is not here; it fetches Pyodide.")
    say(f"Fetching Python for the browser, this once, into {folder}.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in LOCK_FILES:
        shutil.copyfile(LOCKS / name, folder / name)
    tools.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder)
    pure = ("--platform", "any", "--implementation", "py", "--abi", "none", "--python-version", _python_of(folder))
    words = ("-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes", *pure)
    tools.run([python, *words, "--dest", folder / "wheels", "-r", folder / "requirements.txt"])
    (folder / "complete").touch()
    return folder


def _pyodide(fetched: Path) -> Path:
    return fetched / "node_modules" / "pyodide"


def _python_of(fetched: Path) -> str:
    """The version of Python that Pyodide is, as 3.14."""
    about = json.loads((_pyodide(fetched) / "pyodide-lock.json").read_text(encoding="utf-8"))["info"]
    return ".".join(about["python"].split(".")[:2])


def build(lessons: list[Lesson], fetched: Path, python: Path, folder: Path) -> None:
    """Builds the pages into an empty folder. `fetched` is what `packages` returned, `python` has JupyterLite.

    Raises `tools.Trouble` if JupyterLite cannot build them.
    """
    with tempfile.TemporaryDirectory(prefix="workshop-lite-") as scratch:
        # anew each time: with the state of an earlier build beside it, JupyterLite drops changed settings without a word
        work = Path(scratch)
        settings = {"apps": ["notebooks"], "no_sourcemaps": True, "no_unused_shared_packages": True}
        settings |= {"output_dir": str(work / "made"), "cache_dir": str(work / "cache")}
        _write(work / "jupyter_lite_config.json", {"LiteBuildConfig": settings})
        _write(work / "overrides.json", {"@jupyterlab/apputils-extension:themes": {"adaptive-theme": True}})
        tools.run([python, "-m", "jupyterlite_core", "build", "--lite-dir", work], cwd=work)
        shutil.copytree(work / "made", folder, dirs_exist_ok=True)
    for pattern in UNUSED:
        for path in folder.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    place = f"pyodide-{json.loads((_pyodide(fetched) / 'package.json').read_text(encoding='utf-8'))['version']}"
    lock, names = _lay_python(lessons, fetched, folder, folder / place)
    _configure(folder, place, lock, names)
    _lay_notebooks(lessons, folder)
    page = folder / "notebooks" / "index.html"
    for name in ("course.js", "course.css"):
        shutil.copyfile(SCRIPTS / name, folder / name)
    for name in ("busy-1", "notebook"):  # a part of JupyterLite that is not installed would bring them
        icon = folder / "static" / "favicons" / f"favicon-{name}.ico"
        icon.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / "notebooks" / "favicon.ico", icon)
    marked = '<script id="jupyter-config-data" type="application/json" data-jupyter-lite-root="..">'
    head, found, rest = page.read_text(encoding="utf-8").partition(marked)
    if not found:
        raise tools.Trouble(f"JupyterLite's {page.name} has no settings.")
    ours = rest.replace("</script>", f"</script>\n{OURS}", 1)
    page.write_text(head.replace("<html>", '<html lang="en">', 1) + found + ours, encoding="utf-8")


def _write(path: Path, data: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=1), encoding="utf-8")


def _configure(folder: Path, place: str, lock: str, names: list[str]) -> None:
    path = folder / "jupyter-lite.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    page = settings["jupyter-config-data"]
    page["appName"] = "Flask, Docker and Redis"
    page["appUrl"] = ".."  # whoever asks for the folder alone comes to the course
    page["contentsAllJsonFile"] = "all.json"
    page["contentsStorageName"] = page["settingsStorageName"] = page["workspacesStorageName"] = STORAGE
    page["disabledExtensions"] = ["@jupyterlite/application-extension:service-worker-manager"]
    page.setdefault("litePluginSettings", {})[f"{KERNEL}:kernel"] = {
        "pyodideUrl": f"./{place}/pyodide.mjs",
        "disablePyPIFallback": True,
        "loadPyodideOptions": {"lockFileURL": f"./{place}/{lock}", "packages": names},
    }
    _write(path, settings)


def _lay_python(lessons: list[Lesson], fetched: Path, folder: Path, place: Path) -> tuple[str, list[str]]:
    """Lays Python and its packages beside the pages; returns the name of Pyodide's lock, and the packages in it."""
    place.mkdir()
    for name in PYODIDE:
        shutil.copyfile(_pyodide(fetched) / name, place / name)
    own = folder / "extensions" / KERNEL / "static" / "pypi"
    for wheel in [*(fetched / "wheels").glob("*.whl"), *own.glob("p*.whl"), *own.glob("ipykernel*.whl")]:
        shutil.copyfile(wheel, place / wheel.name)
    course_wheel(lessons, place)
    known = json.loads((_pyodide(fetched) / "pyodide-lock.json").read_text(encoding="utf-8"))
    entries = dict(map(_entry, sorted(place.glob("*.whl"))))
    for entry in entries.values():
        entry["depends"] = [name for name in entry["depends"] if name in entries]
    text = json.dumps({"info": known["info"], "packages": entries}, indent=1)
    lock = f"pyodide-lock-{hashlib.sha256(text.encode()).hexdigest()[:8]}.json"  # a cache never holds an old one
    (place / lock).write_text(text, encoding="utf-8")
    return lock, sorted(entries)


def _entry(wheel: Path) -> tuple[str, dict[str, Any]]:
    """A wheel as Pyodide's lock has it."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        about = next(name for name in names if name.endswith(".dist-info/METADATA"))
        told = Parser().parsestr(archive.read(about).decode())
    needs = [need for need in told.get_all("Requires-Dist") or [] if "extra ==" not in need]
    imports = {name.split("/")[0].removesuffix(".py") for name in names if name.endswith(".py")}
    name = normal(told["Name"])
    return name, {
        "name": name,
        "version": told["Version"],
        "file_name": wheel.name,
        "install_dir": "site",
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "package_type": "package",
        "imports": sorted(imports),
        "depends": [normal(re.split(r"[^\w.-]", need, maxsplit=1)[0]) for need in needs],
        "unvendored_tests": False,
    }


def normal(name: str) -> str:
    """A package's name as it is compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


def course_wheel(lessons: list[Lesson], folder: Path) -> Path:
    """The course's own checks as a wheel: what `check` in a notebook takes, and of the lessons no solution."""
    with tempfile.TemporaryDirectory(prefix="workshop-wheel-") as scratch:
        files = {f"course/{path.relative_to(ROOT).as_posix()}": path.read_bytes() for path in _of_the_course(lessons)}
        files["workshop/__init__.py"] = (SCRIPTS / "workshop_package.py").read_bytes()
        files |= dict.fromkeys(DRAWING, (SCRIPTS / "undrawn.py").read_bytes())
        mark = hashlib.sha256(b"".join(name.encode() + files[name] for name in sorted(files))).hexdigest()[:8]
        version = f"0.1.0.post{int(mark, 16)}"  # a cache never holds an old one
        about = f"workshop-{version}.dist-info"
        files[f"{about}/METADATA"] = f"Metadata-Version: 2.1\nName: workshop\nVersion: {version}\n".encode()
        files[f"{about}/WHEEL"] = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        record = "".join(f"{name},,\n" for name in [*files, f"{about}/RECORD"])
        made = Path(scratch) / f"workshop-{version}-py3-none-any.whl"
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in [*files.items(), (f"{about}/RECORD", record.encode())]:
                archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
        return Path(shutil.copy(made, folder))


def _of_the_course(lessons: list[Lesson]) -> Iterable[Path]:
    source = ROOT / "src" / "workshop"
    for path in sorted(source.rglob("*.py")):
        if not NOT_NEEDED & set(path.relative_to(source).parts):
            yield path
    for lesson in lessons:
        if lesson.notebook:
            yield from (lesson.readme, lesson.grader, lesson.folder / "mistakes.py", lesson.notebook)


def mark_of(lesson: Lesson) -> str:
    """The mark of a notebook's text: another one once it changes."""
    assert lesson.notebook
    return hashlib.sha256(lesson.notebook.read_bytes()).hexdigest()[:8]


def address_of(lesson: Lesson) -> str:
    """Where a notebook runs, seen from the folder of these pages. A copy is kept apart for each mark."""
    return f"notebooks/index.html?path={lesson.name}.ipynb&mark={mark_of(lesson)}"


def _lay_notebooks(lessons: list[Lesson], folder: Path) -> None:
    """Lays the notebooks where JupyterLite finds them, and the list of what is current."""
    listed, current = [], {}
    for lesson in lessons:
        if lesson.notebook is None:
            continue
        path = folder / "files" / f"{lesson.name}.ipynb"
        text = json.dumps(_that_goes_on(json.loads(lesson.notebook.read_text(encoding="utf-8"))), ensure_ascii=False)
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        listed.append(_model(path.name, "notebook", None, len(text.encode())))
        current[lesson.name] = {"mark": mark_of(lesson), "title": f"{lesson.number} · {lesson.title}"}
    _write(folder / "api" / "contents" / "all.json", _model("", "directory", listed, None))
    _write(folder / "current.json", current)


def _model(name: str, kind: str, content: Any, size: int | None) -> dict[str, Any]:
    """A file or folder as Jupyter lists it."""
    when = dict.fromkeys(("created", "last_modified"), "2020-01-01T00:00:00Z")
    about = {
        "name": name,
        "path": name,
        "type": kind,
        "content": content,
        "size": size,
        "writable": True,
        "mimetype": None,
    }
    return {**about, **when, "format": "json" if content is not None else None}


def _that_goes_on(notebook: dict[str, Any]) -> dict[str, Any]:
    """The notebook with a tag on its examples: where one cannot be run in a browser, the cells after it still are."""
    for cell in notebook["cells"]:
        tags = cell["metadata"].setdefault("tags", [])
        if cell["cell_type"] == "code" and TAG not in tags:
            tags.append(GOES_ON)
    return notebook
