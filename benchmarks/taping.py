"""Stands in for the docker command while a tape is recorded: notes a call, keeps the files that it is given, and passes it on.

Called as `taping.py TAPE SCRATCH DOCKER WORDS…`; runs have their folders in SCRATCH. A call becomes a folder in TAPE: `note.json`; `files` with the run's folder; `said-…` with its standard
input, in a new file `said-TIME` (in nanoseconds) for each notebook that runs in a container; `ended` with its exit code, if it was not killed.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

MARK = b'{"mark":'  # begins the next notebook in its container
DIES_WITH_ITS_PARENT = 1  # prctl's PR_SET_PDEATHSIG


def kept(folder: Path, scratch: str, words: list[str]) -> list[str]:
    """Copies the run's folder where the words name it, since its files change and go; returns the words with the copy's place."""
    found = re.search(rf"{re.escape(scratch)}/workshop-[\w-]+", " ".join(words))
    if not found:
        return words
    run, copy = found[0], folder / "files"
    shutil.copytree(run, copy, symlinks=True, ignore_dangling_symlinks=True)
    for path in (path for path in copy.rglob("*") if path.is_file() and not path.is_symlink()):
        data = path.read_bytes()
        if run.encode() in data:
            path.write_bytes(data.replace(run.encode(), str(copy).encode()))
    return [word.replace(run, str(copy)) for word in words]


def pass_on(folder: Path, to: IO[bytes]) -> None:
    """Hands on what comes on standard input, and keeps it."""
    said = None
    with to:
        while data := os.read(0, 65536):
            if said is None or MARK in data:
                said = folder / f"said-{time.time_ns()}"
            with said.open("ab", buffering=0) as file:
                file.write(data)
            try:
                to.write(data)
                to.flush()
            except OSError:
                return


def main() -> None:
    """Notes and passes on one call; ends as it ended."""
    tape, scratch, docker, words = Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:]
    folder = tape / f"{time.time_ns()}-{os.getpid()}"
    folder.mkdir()
    (folder / "note.json").write_text(json.dumps({"words": kept(folder, scratch, words), "begin": time.time()}))
    is_told = stat.S_ISFIFO(os.fstat(0).st_mode)
    process = subprocess.Popen(
        [docker, *words],
        stdin=subprocess.PIPE if is_told else None,
        close_fds=False,  # the run's sweeper knows its commands by a descriptor that they inherit
        preexec_fn=lambda: ctypes.CDLL(None).prctl(DIES_WITH_ITS_PARENT, signal.SIGKILL),
    )
    if process.stdin:
        threading.Thread(target=pass_on, args=(folder, process.stdin), daemon=True).start()
    code = process.wait()
    (folder / "ended").write_text(str(code))
    os._exit(code if code >= 0 else 1)


if __name__ == "__main__":
    main()
