import os
import platform
import socket
from pathlib import Path

from flask import Flask

app = Flask(__name__)

CGROUP = Path("/sys/fs/cgroup")
LIMIT_FILES = [CGROUP / "memory.max", CGROUP / "memory/memory.limit_in_bytes"]  # version 2, version 1
NO_LIMIT = 2**60  # version 1 has no word for "none": it writes a number larger than any memory


def memory_limit():
    for file in LIMIT_FILES:
        if file.exists():
            text = file.read_text().strip()
            if text == "max" or int(text) >= NO_LIMIT:
                return None
            return int(text)
    return None


def count_processes():
    return sum(name.isdigit() for name in os.listdir("/proc"))


@app.get("/whoami")
def whoami():
    return {
        "pid": os.getpid(),
        "hostname": socket.gethostname(),
        "kernel": platform.release().split("."),
        "memory": memory_limit(),
        "processes": count_processes(),
    }


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000)
