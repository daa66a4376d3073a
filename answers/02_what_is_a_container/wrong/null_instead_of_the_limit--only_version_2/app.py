import os
import platform
import socket
from pathlib import Path

from flask import Flask

app = Flask(__name__)

CGROUP = Path("/sys/fs/cgroup")
LIMIT_FILE = CGROUP / "memory.max"


def memory_limit():
    if not LIMIT_FILE.exists():
        return None
    text = LIMIT_FILE.read_text().strip()
    return None if text == "max" else int(text)


def count_processes():
    return sum(name.isdigit() for name in os.listdir("/proc"))


@app.get("/whoami")
def whoami():
    return {
        "pid": os.getpid(),
        "hostname": socket.gethostname(),
        "kernel": platform.release(),
        "memory": memory_limit(),
        "processes": count_processes(),
    }


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000)
