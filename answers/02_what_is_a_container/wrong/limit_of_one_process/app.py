import os
import platform
import resource
import socket
from pathlib import Path

from flask import Flask

app = Flask(__name__)

CGROUP = Path("/sys/fs/cgroup")
def memory_limit():
    return resource.getrlimit(resource.RLIMIT_AS)[0]


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
