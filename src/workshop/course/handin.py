"""A student's folder, looked over and copied aside before anything runs, so that it cannot change or surprise in mid-check."""

from __future__ import annotations

import difflib
import io
import os
import stat
import tarfile
from pathlib import Path

from workshop.outcomes import NotUp
from workshop.report import NOT_BEGUN

SIZE_LIMIT = 50 * 1024 * 1024  # bytes of all files together
COUNT_LIMIT = 2000  # files
CLEAR = "Clear its outputs (Edit, Clear Outputs of All Cells) and save it."
PASSED_OVER = {
    "__pycache__",
    "venv",
    ".venv",
    "node_modules",
    ".git",
    ".ipynb_checkpoints",
    ".pytest_cache",
    ".idea",
    ".vscode",
    ".DS_Store",
}


def copy_in(work: Path, folder: Path, lesson: str) -> None:
    """Copies the files of `work` into `folder`, readable for every user. Environments and caches are passed over.

    Raises NotUp if there is no such folder, it is empty, too large, or holds a link that leads out of it.
    """
    if not work.exists():
        raise NotUp(
            f"There is no folder {work}. {command('start', lesson)} makes it from the starter.",
            mistake=NOT_BEGUN,
            actual="no such folder",
        )
    if not work.is_dir():
        raise NotUp(
            f"{work} is a file. The grader needs the folder with the lesson's files.",
            mistake="file_for_a_folder",
            actual="a file",
        )
    top = work.resolve()
    total = count = 0
    for base, folders, files in os.walk(work):
        folders[:] = sorted(name for name in folders if name not in PASSED_OVER)
        if not folders and not files and Path(base) != work:  # a folder that waits for what a container writes
            count += 1
            _open(folder / Path(base).relative_to(work))
        for name in sorted(files + [name for name in folders if (Path(base) / name).is_symlink()]):
            source = Path(base) / name
            inside = source.relative_to(work)
            if name in PASSED_OVER:
                continue
            _refuse_odd(source, inside, top)
            count, total = count + 1, total + source.stat().st_size
            if source.suffix == ".ipynb" and source.stat().st_size > SIZE_LIMIT:
                raise NotUp(
                    f"{inside} is {source.stat().st_size / 2**20:.0f} MB large. {CLEAR}",
                    mistake="notebook_too_large",
                    actual=f"{source.stat().st_size / 2**20:.0f} MB",
                )
            if total > SIZE_LIMIT or count > COUNT_LIMIT:
                raise NotUp(
                    f"The folder is too large to hand in: with {inside} it has more than {SIZE_LIMIT // 2**20} MB or {COUNT_LIMIT} files. "
                    "Remove what the lesson does not ask for.",
                    mistake="folder_too_large",
                    actual=f"{inside}: {source.stat().st_size / 2**20:.0f} MB",
                )
            if not source.is_dir():
                _copy(source, folder / inside)
    if not count:
        raise NotUp(
            f"The folder {work} is empty. {command('reset', lesson)} restores the starter.",
            mistake="folder_empty",
            actual="an empty folder",
        )
    folder.chmod(0o755)


def _refuse_odd(source: Path, inside: Path, top: Path) -> None:
    if source.is_symlink():
        try:
            target = source.resolve()
        except (OSError, RuntimeError):
            raise NotUp(
                f"{inside} is a symbolic link that leads back to itself. Put the file itself there.",
                mistake="link_in_a_circle",
                actual=str(inside),
            ) from None
        if top not in (target, *target.parents) or not target.exists():
            raise NotUp(
                f"{inside} is a symbolic link that leads out of the folder. Put the file itself there.",
                mistake="link_out_of_the_folder",
                actual=f"{inside} → a place outside",
            )
        if target.is_dir():
            raise NotUp(
                f"{inside} is a symbolic link to a folder. Put the files themselves there.",
                mistake="link_to_a_folder",
                actual=f"{inside} → a folder",
            )
    elif not (stat.S_ISREG(source.lstat().st_mode) or source.is_dir()):
        raise NotUp(
            f"{inside} is neither a file nor a folder. Remove it.",
            mistake="special_file",
            actual=f"{inside}: a special file",
        )


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.write_bytes(source.read_bytes())
        executable = source.stat().st_mode & 0o111
    except OSError as error:
        raise NotUp(
            f"{source.name} cannot be read: {error.strerror}. Check its permissions.",
            mistake="file_unreadable",
            actual=str(error),
        ) from None
    target.chmod(0o755 if executable else 0o644)
    _open(target.parent)


def _open(folder: Path) -> None:
    """Makes a folder, and lets every user into it and those above it."""
    folder.mkdir(parents=True, exist_ok=True)
    for one in (folder, *folder.parents):
        if one.stat().st_mode & 0o055 == 0o055:
            break
        one.chmod(0o755)


def require(folder: Path, name: str, lesson: str) -> Path:
    """The file `name` of a handed-in folder. Raises NotUp, naming a near miss, if it is missing."""
    path = folder / name
    if path.is_file():
        return path
    others = [other.name for other in sorted(folder.iterdir())]
    near = [other for other in others if other.lower().startswith(name.lower())]
    near = near or difflib.get_close_matches(name, others, 1, 0.75)
    if name.endswith(".ipynb") and not near:
        near = [other for other in others if other.endswith(".ipynb")]
    scripts = [other for other in near or others if other.endswith(".py")]
    if name.endswith(".ipynb") and scripts and near[:1] in ([], scripts[:1]):
        raise NotUp(
            f"There is a Python file, {scripts[0]}, and no notebook {name}. To rename it makes no notebook of it. `./workshop reset` restores the "
            "starter: put your functions into its cells, and hand in the notebook as JupyterLab saves it.",
            mistake="script_for_a_notebook",
            expected=name,
            actual=scripts[0],
        )
    if near:
        raise NotUp(
            f"There is no file {name}, but one called {near[0]}. Rename it to exactly {name}; "
            "on Windows, turn on file name extensions in the Explorer to see the whole name.",
            mistake="file_misnamed",
            expected=name,
            actual=near[0],
        )
    raise NotUp(
        f"There is no file {name} in the folder. Lesson {lesson} asks for one; {command('reset', lesson)} restores the starter.",
        mistake="file_missing",
        expected=name,
        actual="no such file",
    )


def command(verb: str, lesson: str) -> str:
    """`./workshop reset 7` for 07_redis_api, as one types it; without the number where the name has none."""
    number = lesson.partition("_")[0]
    return f"`./workshop {verb} {int(number)}`" if number.isdigit() else f"`./workshop {verb}`"


def packed(folder: Path) -> bytes:
    """The folder as a tar archive, owned by root."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.add(folder, arcname=".")
    return buffer.getvalue()
