import multiprocessing
import os
import subprocess
import time

import flask


def tick():
    while True:
        time.sleep(60)


def memory():
    page = os.sysconf("SC_PAGE_SIZE")
    unlimited = ("max", str((2**63 - 1) // page * page))
    for path in ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory.max"):
        if os.path.isfile(path):
            with open(path) as file:
                text = file.read().strip()
            return None if text in unlimited else int(text)


def processes():
    count = 0
    for name in os.listdir("/proc"):
        try:
            int(name)
        except ValueError:
            continue
        count += 1
    return count


def create_app():
    app = flask.Flask(__name__)

    @app.route("/whoami", methods=["GET"])
    def whoami():
        count = processes()
        return {
            "pid": os.getpid(),
            "hostname": subprocess.run(["hostname"], capture_output=True, text=True).stdout.strip(),
            "kernel": subprocess.run(["uname", "-r"], capture_output=True, text=True).stdout.strip(),
            "memory": memory(),
            "processes": count,
        }

    return app


if __name__ == "__main__":
    multiprocessing.Process(target=tick, daemon=True).start()
    create_app().run("0.0.0.0", 5000)
