"""How the service is served: `python app/serve.py`. By granian, which answered twice as many requests as gunicorn (docs/performance.md).

It is run as a file and not as a part of the package: nothing may count before the folder for the counts is there, and empty.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from granian import Granian
from granian.constants import Interfaces

THREADS = (
    16  # as many requests at a time in each worker; while Redis hangs, each that asks it holds one for the time-out
)
END = 3  # seconds for requests in flight after SIGTERM, and for a worker that was just starting and missed it; Docker waits 10 before it kills


def serve() -> None:
    """Serves until SIGTERM or SIGINT, then answers what is in flight and ends."""
    server = Granian(
        "app:create_app",
        factory=True,
        interface=Interfaces.WSGI,
        address="0.0.0.0",
        port=int(os.environ.get("PORT", "5000")),
        workers=int(os.environ.get("WORKERS", "1")),
        blocking_threads=THREADS,
        workers_kill_timeout=END,
        working_dir=Path(__file__).resolve().parent.parent,
    )
    server.on_startup(empty_counts)
    server.on_shutdown(lambda: print("goodbye", flush=True))
    server.serve()


def empty_counts() -> None:
    """Makes an empty folder for what the workers count: numbers of an earlier start would be added to it."""
    if folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        shutil.rmtree(folder, ignore_errors=True)
        Path(folder).mkdir(parents=True)


if __name__ == "__main__":
    serve()
