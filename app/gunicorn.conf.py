"""How gunicorn serves the application: `gunicorn --config app/gunicorn.conf.py "app:create_app()"`."""

import os
import shutil
from pathlib import Path
from typing import Any

bind = f"0.0.0.0:{os.environ.get('PORT', '5000')}"
workers = int(os.environ.get("WORKERS", "2"))
worker_class = "gthread"
threads = 16  # as many requests at a time; while Redis hangs, each that asks it holds one for the time-out
timeout = 30
graceful_timeout = 5  # seconds for requests in flight after SIGTERM; Docker waits 10 before it kills
worker_tmp_dir = "/dev/shm"  # where workers show that they live: in memory, so that no slow disk delays it
accesslog = "-"
control_socket_disable = True


def on_starting(server: Any) -> None:
    """Makes an empty folder for what the workers count: numbers of an earlier start would be added to it."""
    if folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        shutil.rmtree(folder, ignore_errors=True)
        Path(folder).mkdir(parents=True)


def child_exit(server: Any, worker: Any) -> None:
    """Forgets what only a living worker has."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)


def on_exit(server: Any) -> None:
    """Says in the log that the end was an orderly one."""
    server.log.info("goodbye")
