"""What a student's code can reach over the network, asked by canaries: what is shut, and what docs/teachers.md says is open.

The canaries are servers of our own: in a container on another bridge, and on this machine. Nothing outside of it is asked.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import threading
import time

import pytest
from missing import cannot

from workshop.compose.stack import Stack
from workshop.course import lessons
from workshop.course.places import ROOT
from workshop.engine import engine, images
from workshop.engine.run import Run
from workshop.runtimes import docker

OUTSIDE = "canary.example"  # a name that exists nowhere, and that a name server outside would be asked for
TRY = """
import json, socket, sys, time
found = {}
for name, host, port in json.loads(sys.argv[1]):
    start = time.monotonic()
    try:
        with socket.create_connection((host, port), timeout=2) as connection:
            found[name] = connection.recv(20).decode()
    except OSError as error:
        found[name] = type(error).__name__
    found[name] += "" if time.monotonic() - start < 3 else " after a long while"
print(json.dumps(found))
"""
SERVE = """
import socket
server = socket.create_server(("0.0.0.0", 7000))
while True:
    try:
        server.accept()[0].sendall(b"canary")
    except OSError:
        pass
"""
# The others are shut: another bridge, this machine's loopback, an outside name.
OPEN = {"this machine through the gateway", "this machine's own address"}


@pytest.fixture(scope="module")
def run(has_engine):
    with Run() as made:
        yield made


@pytest.fixture(scope="module")
def canaries(run):
    """A function from a network's gateway to the places to try: (name, host, port)."""
    bridge, name = run.name("canary-net"), run.name("canary")
    engine.must(run.docker("network", "create", "--label", run.label, bridge))
    images.need_image(images.BASE)
    flags = ("--detach", "--pull", "never", "--label", run.label, "--network", bridge, "--name", name)
    engine.must(run.docker("run", *flags, images.BASE, "python", "-c", SERVE))
    address = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
    other = engine.must(run.docker("inspect", "--format", address, name)).out.strip()
    listens(other)
    open_to_all, loopback = socket.create_server(("0.0.0.0", 0)), socket.create_server(("127.0.0.1", 0))
    for server in (open_to_all, loopback):
        threading.Thread(target=_sing, args=(server,), daemon=True).start()
    ports = [server.getsockname()[1] for server in (open_to_all, loopback)]

    def places(gateway: str) -> list[tuple[str, str, int]]:
        return [
            ("another bridge", other, 7000),
            ("this machine's loopback", gateway, ports[1]),
            ("this machine through the gateway", gateway, ports[0]),
            ("this machine's own address", own_address(), ports[0]),
            ("an outside name", OUTSIDE, 80),
        ]

    yield places
    open_to_all.close()
    loopback.close()


@pytest.fixture(scope="module")
def outside(run):
    """The address of another machine: a network namespace of our own behind this machine, which knows no way back to a bridge."""
    if engine.is_remote() or not hasattr(os, "geteuid") or os.geteuid() or not shutil.which("ip"):
        cannot("makes a network namespace: takes root and the command ip, beside the engine")
    name, here, there = f"canary-{secrets.token_hex(3)}", "198.51.100.1", "198.51.100.2"  # addresses kept for examples
    veth = f"v{name[-6:]}"

    def ip(*words: str) -> None:
        subprocess.run(["ip", *words], check=True)

    server = None
    try:
        ip("netns", "add", name)
        ip("link", "add", veth, "type", "veth", "peer", "name", "eth0", "netns", name)
        ip("address", "add", f"{here}/30", "dev", veth)
        ip("link", "set", veth, "up")
        for words in (("address", "add", f"{there}/30", "dev", "eth0"), ("link", "set", "eth0", "up")):
            ip("-netns", name, *words)
        server = subprocess.Popen(["ip", "netns", "exec", name, sys.executable, "-c", SERVE])
        listens(there)
        yield there
    finally:
        if server:
            server.kill()
            server.wait()
        ip("netns", "delete", name)
        with contextlib.suppress(subprocess.CalledProcessError):  # it goes with the namespace, sooner or later
            subprocess.run(["ip", "link", "delete", veth], check=True, stderr=subprocess.DEVNULL)


def test_another_machine_is_out_of_reach(run, outside, tmp_path):
    places = json.dumps([("another machine", outside, 7000)])
    flags = ("--rm", "--pull", "never", "--label", run.label)
    usual = engine.must(run.docker("run", *flags, images.BASE, "python", "-c", TRY, places))
    assert reached(usual.out) == {"another machine"}, "the canary itself is not heard on an ordinary bridge"
    work = shutil.copytree(lessons.find("1").solution, tmp_path / "work")
    service = docker.DockerRuntime(docker.Session(run), work, "01_hello_flask").start()
    assert reached(engine.must(service.exec("python", "-c", TRY, places, timeout=30)).out) == set()


def listens(host: str) -> None:
    """Returns once a canary is heard at this address."""
    for _ in range(100):
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection((host, 7000), timeout=5):
            return
        time.sleep(0.1)


def _sing(server: socket.socket) -> None:
    try:
        while True:
            with server.accept()[0] as connection:
                connection.sendall(b"canary")
    except OSError:
        return  # closed


def own_address() -> str:
    """This machine's address in its own network; asked of the routing table, nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("203.0.113.1", 9))  # an address that is kept for examples
        return str(probe.getsockname()[0])


def gateway_of(run: Run, network: str) -> str:
    return engine.must(
        run.docker("network", "inspect", "--format", "{{(index .IPAM.Config 0).Gateway}}", network)
    ).out.strip()


def reached(said: str) -> set[str]:
    """The canaries that were heard. Each failure must come quickly, too."""
    found = json.loads(said)
    assert not [name for name, what in found.items() if "long while" in what], found
    return {name for name, what in found.items() if what == "canary"}


def test_on_this_machine_the_canaries_sing(canaries):
    for name, host, port in canaries("127.0.0.1"):
        if name in ("this machine's loopback", "this machine through the gateway", "another bridge"):
            with socket.create_connection((host, port), timeout=5) as connection:
                assert connection.recv(20) == b"canary", name


def test_what_a_checks_container_reaches(run, canaries, tmp_path):
    work = shutil.copytree(lessons.find("1").solution, tmp_path / "work")
    session = docker.Session(run)
    service = docker.DockerRuntime(session, work, "01_hello_flask").start()
    places = canaries(gateway_of(run, session.network()))
    assert reached(engine.must(service.exec("python", "-c", TRY, json.dumps(places), timeout=30)).out) == OPEN


def test_what_a_stacks_container_reaches(run, canaries):
    lesson = lessons.find("8")

    def copy():
        return shutil.copytree(lesson.solution, run.scratch("copy") / "work")

    stack = Stack.from_nothing(run, copy, lesson.name, lambda asked: None)
    try:
        web = stack.up().service("web")
        (network,) = web.inspect()["NetworkSettings"]["Networks"]
        places = canaries(gateway_of(run, network))
        assert reached(engine.must(web.exec("python", "-c", TRY, json.dumps(places), timeout=30)).out) == OPEN
    finally:
        stack.close()


def test_the_teachers_page_names_what_is_open():
    text = " ".join((ROOT / "docs" / "teachers.md").read_text(encoding="utf-8").split())
    assert re.search(r"gateway is the engine's host\.\*\* What listens there on all addresses can be reached", text)
    assert "What listens on 127.0.0.1 only cannot" in text
