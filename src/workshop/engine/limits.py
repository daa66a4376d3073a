"""The walls of a container, told once: as flags of `docker run` and as keys of a compose file."""

from __future__ import annotations

from typing import Any

MEMORY = 256 * 1024 * 1024  # bytes, with swap
PIDS = 128  # processes and threads
CPUS = 1.0
ULIMITS = {"core": 0, "fsize": 512 * 1024 * 1024}  # bytes that a file may have
LOG_DRIVER, LOG_OPTIONS = "json-file", {"max-size": "1m", "max-file": "2"}
NAME_SERVER = "127.0.0.1"  # nobody: else a name that is gone takes 8 s to fail
NETWORK = {"com.docker.network.bridge.enable_ip_masquerade": "false"}  # published ports work, and no way leads out

CONFINED = (
    *("--memory", f"{MEMORY}", "--memory-swap", f"{MEMORY}", "--pids-limit", f"{PIDS}", "--cpus", f"{CPUS:g}"),
    *("--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
    *(word for name, most in ULIMITS.items() for word in ("--ulimit", f"{name}={most}")),
)
LOGGED = (
    "--log-driver",
    LOG_DRIVER,
    *(word for item in LOG_OPTIONS.items() for word in ("--log-opt", "=".join(item))),
)
LIMITS = (*CONFINED, *LOGGED)
NO_OUTSIDE_NAMES = ("--dns", NAME_SERVER)
NETWORK_OPTIONS = tuple(word for item in NETWORK.items() for word in ("--opt", "=".join(item)))


def keys(memory: int = MEMORY, cpus: float = CPUS) -> dict[str, Any]:
    """The same walls as keys of a service in a compose file; `memory` (bytes) and `cpus` may be less than the most."""
    return {
        **{"mem_limit": memory, "memswap_limit": memory, "pids_limit": PIDS, "cpus": cpus, "ulimits": ULIMITS},
        **{"cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"], "dns": [NAME_SERVER]},
        "logging": {"driver": LOG_DRIVER, "options": LOG_OPTIONS},
    }
