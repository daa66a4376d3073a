"""The workshop by Docker alone: what the engine publishes is found in its container, through the gate."""

import asyncio
import contextlib
import gc
import os
import queue
import re
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import yaml

from workshop.alone import serve
from workshop.alone.mirror import Mirror, Place, leading_to, published
from workshop.course.places import ROOT
from workshop.guests import gate
from workshop.patience import until

FILE = yaml.safe_load((ROOT / "compose.workshop.yaml").read_text(encoding="utf-8"))


def found(ports, running=True, **networks):
    """What `docker inspect` says of a container, as far as it matters here."""
    networks = {name: {"IPAddress": address} for name, address in (networks or {"net": "172.20.0.3"}).items()}
    return {"State": {"Running": running}, "NetworkSettings": {"Ports": ports, "Networks": networks}}


def bound(port, host="127.0.0.1"):
    return {"HostIp": host, "HostPort": str(port)}


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        (found({"5000/tcp": [bound(32768)]}), {32768: Place("172.20.0.3", 5000)}),
        (found({"80/tcp": [bound(8080, "0.0.0.0"), bound(8080, "::")]}), {8080: Place("172.20.0.3", 80)}),
        (found({"5000/tcp": [bound(1)], "53/udp": [bound(2)]}, one="", two="10.0.0.2"), {1: Place("10.0.0.2", 5000)}),
        (found({"5000/tcp": [bound(1, "192.0.2.1")]}), {}),
        (found({"5000/tcp": None}), {}),
        (found({"5000/tcp": [bound(32768)]}, running=False), {}),
        (found({}, host=""), {}),
    ],
)
def test_what_is_published_on_this_machine(described, expected):
    assert published(described) == expected


@pytest.fixture
def at_gate(tmp_path):
    """The socket of a gate that serves."""
    path = str(tmp_path / "gate")
    threading.Thread(target=gate.serve, args=(path,), daemon=True).start()
    assert until(Path(path).exists, 5)
    return path


@contextlib.contextmanager
def leading(place, at_gate):
    """A port of 127.0.0.1 that leads to the place."""
    ports, over = queue.Queue(), []

    async def serve():
        over[:] = [asyncio.get_running_loop(), asyncio.Event()]
        async with await asyncio.start_server(leading_to(place, at_gate), "127.0.0.1", 0) as server:
            ports.put(server.sockets[0].getsockname()[1])
            await over[1].wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        yield ports.get(timeout=10)
    finally:
        over[0].call_soon_threadsafe(over[1].set)
        thread.join()


def backwards(server):
    """Answers each connection with all that came, backwards, once the other side has said all it has to say."""
    with contextlib.suppress(OSError):
        while True:
            with server.accept()[0] as one:
                one.sendall(b"".join(iter(lambda one=one: one.recv(4096), b""))[::-1])


def test_a_connection_leads_there_and_back_with_its_end(at_gate):
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=backwards, args=(server,), daemon=True).start()
        with leading(Place(*server.getsockname()), at_gate) as port:
            for size in (5, 300_000):
                data = os.urandom(size)
                with socket.create_connection(("127.0.0.1", port), 5) as one:
                    one.sendall(data)
                    one.shutdown(socket.SHUT_WR)
                    assert b"".join(iter(lambda one=one: one.recv(65536), b"")) == data[::-1]


def test_one_that_only_waits_for_its_container_is_kept(at_gate):
    """The client has said all it has to say, and the answer takes its time, in which what nobody holds is cleared away."""
    may_answer = threading.Event()

    def late(server):
        with server.accept()[0] as one:
            one.recv(10)
            may_answer.wait(10)
            one.sendall(b"late")

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=late, args=(server,), daemon=True).start()
        with (
            leading(Place(*server.getsockname()), at_gate) as port,
            socket.create_connection(("127.0.0.1", port), 5) as one,
        ):
            one.sendall(b"?")
            one.shutdown(socket.SHUT_WR)
            time.sleep(0.1)
            gc.collect()
            may_answer.set()
            assert one.recv(10) == b"late"


def test_where_nobody_listens_it_is_taken_and_closed_as_by_the_engines_own_proxy(at_gate):
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    with (
        leading(Place("127.0.0.1", free), at_gate) as port,
        socket.create_connection(("127.0.0.1", port), 5) as one,
        contextlib.suppress(ConnectionResetError),
    ):
        assert one.recv(10) == b""


def test_a_look_that_nobody_waits_for_any_longer_leaves_no_docker_command(tmp_path, monkeypatch):
    """A container is inspected as the mirror ends: a command that runs on is told of by Python's own warnings, too."""
    (tmp_path / "docker").write_text(
        "#!/bin/sh\n"
        "case $1 in\n"
        "  events) echo start one; exec sleep 60 ;;\n"
        f"  inspect) echo $$ > {tmp_path}/pid; exec sleep 60 ;;\n"
        "esac\n",
        encoding="utf-8",
    )
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    pid = tmp_path / "pid"
    with Mirror(tmp_path / "gate"):
        assert until(lambda: pid.exists() and pid.read_text().strip(), 10)
    assert not Path("/proc", pid.read_text().strip()).exists()
    gc.collect()


def test_only_the_workshop_has_the_socket_and_nothing_is_published_beyond_this_machine():
    services = FILE["services"]
    assert [name for name, one in services.items() if "docker.sock" in str(one)] == ["workshop"]
    published_ports = [port for one in services.values() for port in one.get("ports", [])]
    assert published_ports and all(port.startswith("127.0.0.1:") for port in published_ports)
    alone = [name for name, one in services.items() if one.get("network_mode") == "host"]
    assert alone == ["gate"] and services["gate"]["cap_drop"] == ["ALL"] and services["gate"]["read_only"]


def test_the_checkout_has_its_own_name_in_there():
    workshop = FILE["services"]["workshop"]
    assert ".:${PWD}" in workshop["volumes"] and workshop["working_dir"] == "${PWD}"


def test_the_command_takes_an_environment_that_was_made_elsewhere(tmp_path):
    (tmp_path / "workshop").write_text((ROOT / "workshop").read_text(encoding="utf-8"), encoding="utf-8")
    env = {**os.environ, "WORKSHOP_VENV": sys.prefix, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [sys.executable, "workshop", "--version"], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert re.fullmatch(r"workshop, version \S+\n", done.stdout), done.stderr
    assert not (tmp_path / ".venv").exists()


def test_what_cannot_be_removed_is_no_reason_not_to_start(tmp_path, monkeypatch):
    left = tmp_path / "tmp" / "left"
    left.mkdir(parents=True)
    monkeypatch.setenv("TMPDIR", str(left.parent))
    serve.temporary()
    assert left.parent.is_dir() and not left.exists()
    left.mkdir()
    monkeypatch.setattr(serve.shutil, "rmtree", lambda folder, ignore_errors: None)  # as where root has written
    serve.temporary()
    assert left.is_dir()
