import os
import platform
import socket

from flask import Flask

app = Flask(__name__)


def limit():
    for path in ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]:
        try:
            value = float(open(path).read().replace("max", "inf"))
        except OSError:
            continue
        return int(value) if value < 2**62 else None


ME = {"pid": os.getpid(), "hostname": socket.gethostname(), "kernel": platform.release(), "memory": limit()}


@app.get("/whoami")
def whoami():
    return ME | {"processes": len([p for p in os.listdir("/proc") if p.isdigit()])}


if __name__ == "__main__":
    app.run(host="::", port=5000)
