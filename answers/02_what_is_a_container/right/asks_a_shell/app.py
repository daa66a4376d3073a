import os

from flask import Flask

app = Flask(__name__)
LIMIT = "cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes"


def shell(command):
    return os.popen(command).read().strip()


KERNEL = shell("uname -r")


@app.get("/whoami")
def whoami():
    limit = shell(LIMIT)
    return {
        "pid": os.getpid(),
        "hostname": shell("hostname"),
        "kernel": KERNEL,
        "memory": None if limit == "max" or len(limit) > 15 else int(limit),
        "processes": len([name for name in os.listdir("/proc") if name.isdecimal()]),
    }


if __name__ == "__main__":
    app.run(host="0.0.0.0")
