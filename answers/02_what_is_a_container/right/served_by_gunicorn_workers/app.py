import os

from flask import Flask, jsonify

app = Flask(__name__)


def memory_limit():
    try:
        text = open("/sys/fs/cgroup/memory.max").read().strip()
    except FileNotFoundError:
        text = open("/sys/fs/cgroup/memory/memory.limit_in_bytes").read().strip()
    if text == "max":
        return None
    limit = int(text)
    return None if limit > 10**15 else limit


@app.get("/whoami")
def whoami():
    system = os.uname()
    processes = [entry for entry in os.scandir("/proc") if entry.name.isdecimal()]
    return jsonify(
        pid=os.getpid(), hostname=system.nodename, kernel=system.release, memory=memory_limit(), processes=len(processes)
    )


if __name__ == "__main__":
    os.execvp("gunicorn", ["gunicorn", "--bind", "0.0.0.0:5000", "--workers", "2", "app:app"])
