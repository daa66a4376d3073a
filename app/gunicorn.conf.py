"""How gunicorn serves the application: `gunicorn --config app/gunicorn.conf.py "app:create_app()"`."""

import os
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


def on_exit(server: Any) -> None:
    """Says in the log that the end was an orderly one."""
    server.log.info("goodbye")
