"""Loaded by Python at the start of a student's process in the embedded runtime, through PYTHONPATH. Standard library only.

Port 5000 may be taken on this machine, so a service that asks for it gets a free port of 127.0.0.1 instead. What it asked for is written
down, so that a wrong address or port is found out as it would be in a container. Memory and file sizes are limited where the system can.
"""

import os
import socket
from typing import Any


def _bind(self: socket.socket, address: Any) -> None:
    wanted = os.environ.get("WORKSHOP_PORT")
    if wanted and self.family in (socket.AF_INET, socket.AF_INET6) and self.type & socket.SOCK_STREAM and address[1]:
        host, port = address[0], int(address[1])
        socket.getaddrinfo(host or None, port)  # raises what bind does where the host is none
        with open(os.environ["WORKSHOP_BINDS"], "a", encoding="utf-8") as binds:
            binds.write(f"{host or '0.0.0.0'} {port}\n")
        loopback = host.startswith("127.") or host in ("localhost", "::1")
        right = port == int(os.environ["WORKSHOP_INNER_PORT"]) and not loopback
        home = "127.0.0.1"
        if self.family == socket.AF_INET6:
            self.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            home = "::ffff:127.0.0.1"
        address = (home, int(wanted) if right else 0)
    _plain_bind(self, address)


def _limit() -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    for what, limit in ((resource.RLIMIT_AS, 1 << 30), (resource.RLIMIT_FSIZE, 1 << 29), (resource.RLIMIT_CORE, 0)):
        try:
            resource.setrlimit(what, (limit, limit))
        except (ValueError, OSError):
            continue  # macOS knows no limit of the address space


if "WORKSHOP_BINDS" in os.environ:
    _plain_bind = socket.socket.bind
    socket.socket.bind = _bind  # type: ignore[method-assign,assignment]
    _limit()
