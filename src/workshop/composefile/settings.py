"""The settings of a compose file, and what becomes of each: kept, confined, left out, or refused.

A setting is kept if it stays inside the stack. It is confined if the walls can hold it: a path must stay inside the folder. It is left out, with a
word, if it matters on other machines only (ELSEWHERE). It is refused, with the reason, if it would reach out of the stack (No). What stands
in no table is no setting of Compose.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# A rule is a check of a text, or settings by name, or both. Lists are judged item by item; "*" stands for any name.
Check = Callable[[str], str | None]
Rule = Any

MOST_COPIES = 10  # containers of one service that are brought up
MOST_CONTAINERS = 20  # of a stack: each may take a container's memory
MOST_PORTS = 50  # of a stack: each is a process of the engine's

# What the start script of an official image needs to hand its folder to a user and become that user. It drops them all. KILL is for the
# small init of `init: true`, which stays root and hands signals on to that user's process: without it SIGTERM would never arrive.
START_RIGHTS = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETPCAP", "SETUID")


@dataclass(frozen=True)
class No:
    """A setting that is not run, and why. `false` and an empty list ask for nothing, and are let through."""

    reason: str


ELSEWHERE = object()
KEYS = "names"  # in a table: the check of the names themselves


def keep(value: str) -> str | None:
    """Any value."""
    return None


def plain_path(value: str) -> str | None:
    """Why a path leads out of the folder, or cannot be told to stay there; None if it stays.

    One that does not climb stays inside, from whichever folder inside Compose looks.
    """
    if "$" in value:
        return (
            "holds a variable, and Compose reads this file before the workshop could look at it. Write the path itself"
        )
    return any_path(value)


def any_path(value: str) -> str | None:
    """The same for a path that Compose only resolves: where a variable leads is looked at later."""
    given = value.replace("\\", "/")
    if "$" in given:
        return None
    if given.startswith(("/", "~")) or ":" in given:
        return "is no path inside the folder"
    if posixpath.normpath(given).split("/")[0] == "..":
        return "leads out of the folder"
    return None


def from_context(value: str) -> str | None:
    """A Dockerfile, seen from the folder of the build: whether a climb leads out is looked at when it is built."""
    return any_path(value.replace("../", ""))


def compose_path(value: str) -> str | None:
    """The same for another compose file: Compose would fetch one of GitHub's."""
    return "is no path inside the folder" if value.startswith("github.com/") else plain_path(value)


def mount(value: str) -> str | None:
    """A volume in its short form: a named volume, or a path inside the folder."""
    source, colon, _ = value.partition(":")
    is_path = source.startswith((".", "/", "~", "\\")) or "/" in source or len(source) == 1
    return any_path(source) if colon and is_path else None


def context(value: str) -> str | None:
    """A named context of a build: NAME=path in a list, else a path."""
    return any_path(value.partition("=")[2] or value)


RESOLVED = (
    any_path,
    from_context,
    mount,
    context,
)  # where they lead is looked at once more before anything is done with them
PATHS = (plain_path, compose_path, *RESOLVED)


def only(*allowed: str) -> Check:
    """One of some values."""
    return lambda value: None if value in allowed else f"is not run here; it can be {' or '.join(allowed)}"


def few(value: str) -> str | None:
    """How many containers of a service: more than a stack here may have, or not. What a variable says is capped later."""
    is_more = value.isdecimal() and int(value) > MOST_COPIES
    return f"is more than is brought up here: at most {MOST_COPIES} containers of a service" if is_more else None


def argument(value: str) -> str | None:
    """An argument of a build."""
    return "sets how the build itself works" if value.startswith("BUILDKIT_") else None


def capability(value: str) -> str | None:
    """A right that every container of Docker's begins with adds nothing; see START_RIGHTS for what is given of them."""
    usual = {
        *START_RIGHTS,
        "AUDIT_WRITE",
        "FSETID",
        "MKNOD",
        "NET_BIND_SERVICE",
        "NET_RAW",
        "SETFCAP",
        "SYS_CHROOT",
    }
    known = value.upper().removeprefix("CAP_") in usual
    return None if known else "gives the container rights over the machine. Remove it"


def security(value: str) -> str | None:
    """`no-new-privileges` is how every container is run here; all else takes walls down."""
    kept = value.replace("=", ":").lower() in ("no-new-privileges", "no-new-privileges:true")
    return None if kept else "takes down a wall that keeps the container apart. Remove it"


def sysctl(value: str) -> str | None:
    """A kernel setting that a container has for itself."""
    own = value.startswith(("net.", "fs.mqueue.", "kernel.msg", "kernel.sem", "kernel.shm"))
    return (
        None
        if own
        else "is a setting of the whole machine's kernel, which no container can have for itself. Remove it"
    )


def each(*names: str, rule: Rule = keep) -> dict[str, Rule]:
    """The same rule for several settings."""
    return dict.fromkeys(names, rule)


def elsewhere(*names: str) -> dict[str, Rule]:
    """Settings that are left out."""
    return dict.fromkeys(names, ELSEWHERE)


MACHINE, FILES = (
    "it gives the container the machine's devices",
    "it takes settings from a container outside of the stack",
)
OWN_NETWORK = No("it takes the container off the stack's own network")
ADDRESS = No("a fixed address is there for one copy of the stack only")
BUILD = {
    **each("target", "dockerfile_inline"),
    **elsewhere("labels", "tags", "pull", "no_cache", "cache_from", "cache_to", "platforms", "shm_size", "ulimits"),
    **elsewhere("extra_hosts", "isolation", "provenance", "sbom"),
    "context": any_path,
    "dockerfile": from_context,
    "args": ({"BUILDKIT_SYNTAX": lambda value: "sets how the build itself works", "*": keep}, argument),
    "additional_contexts": ({"*": any_path}, context),
    "secrets": (each("source", "target", "uid", "gid", "mode"), keep),
    "network": No("it takes the build onto another network"),
    **each("privileged", "entitlements", rule=No("it gives the build the whole machine")),
    "ssh": No("it gives the build the keys of whoever runs it"),
}
MOUNT = {
    **each("target", "read_only", "consistency"),
    "type": only("volume", "bind", "tmpfs"),
    "source": any_path,
    "volume": each("nocopy") | elsewhere("labels"),
    "bind": each("create_host_path") | elsewhere("selinux") | {"propagation": No("it can show mounts to the machine")},
    "tmpfs": each("size", "mode"),
}
RESOURCES = each("cpus", "memory", "pids") | elsewhere("generic_resources") | {"devices": No(MACHINE)}
DEPLOY = {
    **each("replicas", rule=few),
    **elsewhere("labels", "endpoint_mode", "placement", "update_config", "rollback_config"),
    "mode": only("replicated", "global"),
    "resources": each("limits", "reservations", rule=RESOURCES),
    "restart_policy": each("condition", "delay", "max_attempts", "window"),
}
HEALTH = each("test", "interval", "timeout", "retries", "start_period", "start_interval", "disable")
HOOK = {
    **each("command", "user", "working_dir", "environment"),
    "privileged": No("it gives the command the whole machine"),
}
GIVEN = (each("source", "target", "uid", "gid", "mode"), keep)
SERVICE = {
    **each("command", "container_name", "cpus", "depends_on", "entrypoint", "environment", "expose", "group_add"),
    **each("hostname", "image", "init", "links", "mem_limit", "ports", "profiles", "read_only", "restart"),
    **each("shm_size", "stdin_open", "stop_grace_period", "stop_signal", "tmpfs", "tty", "user", "working_dir"),
    **each("cap_drop", "ulimits", "x-*"),
    **each("scale", rule=few),
    **elsewhere("annotations", "attach", "blkio_config", "cpu_count", "cpu_percent", "cpu_period", "cpu_quota"),
    **elsewhere("cpu_rt_period", "cpu_rt_runtime", "cpu_shares", "cpuset", "develop", "dns", "dns_opt", "dns_search"),
    **elsewhere("domainname", "extra_hosts", "isolation", "labels", "logging", "mac_address", "mem_reservation"),
    **elsewhere("mem_swappiness", "memswap_limit", "oom_kill_disable", "oom_score_adj", "pids_limit", "platform"),
    **elsewhere("pull_policy", "storage_opt"),
    "build": (BUILD, any_path),
    "deploy": DEPLOY,
    "healthcheck": HEALTH,
    "env_file": ({"path": plain_path, **each("required", "format")}, plain_path),
    "label_file": plain_path,
    "extends": ({"file": compose_path, "service": keep}, keep),
    "volumes": (MOUNT, mount),
    "networks": (
        {
            "*": {
                **each("aliases"),
                **elsewhere("priority", "gw_priority", "interface_name", "mac_address", "driver_opts"),
                **each("ipv4_address", "ipv6_address", "link_local_ips", rule=ADDRESS),
            }
        },
        keep,
    ),
    **each("secrets", "configs", rule=GIVEN),
    **each("post_start", "pre_stop", rule=HOOK),
    "cap_add": capability,
    "security_opt": security,
    "sysctls": ({KEYS: sysctl, "*": keep}, sysctl),
    "privileged": No("it gives the container the whole machine"),
    "network_mode": OWN_NETWORK,
    "pid": No("it shows the container the processes of others"),
    "ipc": No("it shows the container the memory of others"),
    **each(
        "uts",
        "userns_mode",
        "cgroup",
        "cgroup_parent",
        "runtime",
        rule=No("it takes down a wall between container and machine"),
    ),
    **each("devices", "device_cgroup_rules", "gpus", "credential_spec", rule=No(MACHINE)),
    **each("external_links", "volumes_from", rule=No(FILES)),
    **each("provider", "models", "use_api_socket", rule=No("it runs, or asks, a program on the machine itself")),
    "driver_opts": No("it can lead out of the stack"),
}
OUTSIDE = No("the stack starts from nothing, and nothing outside of it is there")
NETWORK = {
    **each("internal", "name"),
    **elsewhere("labels", "attachable", "driver_opts", "enable_ipv4", "enable_ipv6"),
    "driver": only("bridge"),
    "external": OUTSIDE,
    "ipam": No("a fixed range of addresses is there for one copy of the stack only"),
}
VOLUME = {
    **each("name"),
    **elsewhere("labels"),
    "driver": only("local"),
    "external": OUTSIDE,
    "driver_opts": No("it can lead out of the folder"),
}
GIVER = {
    **each("name", "content"),
    **elsewhere("labels"),
    "file": any_path,
    "environment": keep,
    "external": OUTSIDE,
    **each("driver", "driver_opts", "template_driver", rule=No("it fetches the file from another program")),
}
FILE = {
    **each("name", "version", "x-*"),
    "services": {"*": SERVICE},
    "networks": {"*": NETWORK},
    "volumes": {"*": VOLUME},
    **each("secrets", "configs", rule={"*": GIVER}),
    "include": (
        {
            **each("path", "env_file", rule=compose_path),
            "project_directory": No("it moves the folder in which the paths of another file begin"),
        },
        compose_path,
    ),
    "models": No("it runs a program on the machine itself"),
}
OWNERS = {
    "services": "a service",
    "networks": "a network",
    "volumes": "a volume",
    "secrets": "a secret",
    "configs": "a config",
}
