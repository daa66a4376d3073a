"""The same five facts, each found on another way than most take."""

import glob
import json
import os

from flask import Flask, Response

app = Flask(__name__)


def read(path):
    with open(path) as file:
        return file.read().strip()


def limit():
    if os.path.exists("/sys/fs/cgroup/cgroup.controllers"):
        text = read("/sys/fs/cgroup/memory.max")
        return int(text) if text.isdigit() else None
    stat = dict(line.split() for line in read("/sys/fs/cgroup/memory/memory.stat").splitlines())
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    found = int(stat["hierarchical_memory_limit"])
    return found if found <= machine else None


@app.route("/whoami")
def whoami():
    facts = {
        "pid": int(os.readlink("/proc/self")),
        "hostname": os.environ["HOSTNAME"],
        "kernel": read("/proc/sys/kernel/osrelease"),
        "memory": limit(),
        "processes": len(glob.glob("/proc/[0-9]*")),
        "read": "from files",
    }
    return Response(json.dumps(facts), content_type="application/json; charset=utf-8")


app.run("0.0.0.0", 5000)
