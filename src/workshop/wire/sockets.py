"""Sockets that listen: a port that is free for one here, and those of a container as its kernel lists them."""

from __future__ import annotations

import contextlib
import random
import socket

from workshop.outcomes import Unchecked

HERE = "127.0.0.1"
PORTS = range(20000, 32000)


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on now. Raises Unchecked where none is found.

    Drawn from below the ports that systems hand out by themselves (Linux from 32768, macOS and Windows from 49152): one of those may become the
    near end of somebody's connection before the server listens, or be connected with itself by a client that asks too early.
    """
    for port in random.SystemRandom().sample(PORTS, 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((HERE, port))
            return port
    raise Unchecked(f"Of 100 ports of {HERE} between {PORTS[0]} and {PORTS[-1]} none is free.")


def parse_sockets(text: str) -> list[tuple[str, int]]:
    """The listening sockets in the text of /proc/net/tcp and tcp6, without the engine's own name server (127.0.0.11)."""
    found = []
    for line in text.splitlines():
        words = line.split()
        if len(words) < 4 or words[3] != "0A":
            continue
        address, _, port = words[1].partition(":")
        if len(address) == 8:
            shown = ".".join(str(byte) for byte in bytes.fromhex(address)[::-1])
        else:
            shown = "::1" if address.endswith("01000000") and address.startswith("0" * 24) else "::"
        if shown != "127.0.0.11":
            found.append((shown, int(port, 16)))
    return found
