"""Which settings of a compose file are run here. What is not on the list is refused, named with its line.

The list keeps a stack inside its folder and its own network: nothing that reads or mounts a file outside, reaches other
containers, or gives a container more rights.
"""

from __future__ import annotations

import difflib
import posixpath
from collections.abc import Callable
from typing import Any

import yaml

from workshop.composefile.written import AsWritten, Budget, line_of, pairs
from workshop.outcomes import NotUp

TAGS = "tag:yaml.org,2002:"


class Refused(NotUp):
    """A setting that is not run here."""


def inside(value: str) -> str | None:
    """Why a path leads out of the folder, or cannot be told to stay in it; None where it stays."""
    plain = value.replace("\\", "/")
    if "$" in plain:
        return "holds a variable, and the workshop runs plain paths only"
    if plain.startswith(("/", "~")) or ":" in plain:
        return "is no path inside the folder"
    if posixpath.normpath(plain).split("/")[0] == "..":
        return "leads out of the folder"
    return None


def _mount(value: str) -> str | None:
    """A volume in its short form: a named volume, or a path inside the folder."""
    source, colon, _ = value.partition(":")
    is_path = source.startswith((".", "/", "~", "\\", "$")) or "/" in source or len(source) == 1
    return inside(source) if colon and is_path else None


def _only(*allowed: str) -> Callable[[str], str | None]:
    return lambda value: None if value in allowed else f"is not run here; it can be {' or '.join(allowed)}"


def _argument(value: str) -> str | None:
    return "sets how the build itself works" if value.startswith("BUILDKIT_") else None


def _any(value: str) -> str | None:
    return None


# A rule is a check of a text, or settings by name, or both. Lists are judged item by item; "*" stands for any name.
Check = Callable[[str], str | None]
Rule = Any

BUILD = {
    **dict.fromkeys(("target", "labels", "tags"), _any),
    "context": inside,
    "dockerfile": inside,
    "args": ({"BUILDKIT_SYNTAX": lambda value: "sets how the build itself works", "*": _any}, _argument),
}
MOUNT = {
    **dict.fromkeys(("target", "read_only", "consistency"), _any),
    "type": _only("volume", "bind", "tmpfs"),
    "source": inside,
    "volume": {"nocopy": _any},
    "bind": {"create_host_path": _any},
    "tmpfs": {"size": _any, "mode": _any},
}
DEPLOY = {
    **dict.fromkeys(("replicas", "labels"), _any),
    "mode": _only("replicated"),
    "resources": dict.fromkeys(("limits", "reservations"), dict.fromkeys(("cpus", "memory", "pids"), _any)),
    "restart_policy": dict.fromkeys(("condition", "delay", "max_attempts", "window"), _any),
}
FREE = (
    *("command", "container_name", "cpus", "depends_on", "entrypoint", "environment", "expose", "healthcheck"),
    *("hostname", "image", "init", "labels", "links", "logging", "mem_limit", "mem_reservation", "memswap_limit"),
    *("pids_limit", "ports", "profiles", "pull_policy", "read_only", "restart", "scale", "stdin_open"),
    *("stop_grace_period", "stop_signal", "tmpfs", "tty", "user", "working_dir", "x-*"),
)
SERVICE = {
    **dict.fromkeys(FREE, _any),
    "build": (BUILD, inside),
    "deploy": DEPLOY,
    "env_file": ({"path": inside, "required": _any, "format": _any}, inside),
    "volumes": (MOUNT, _mount),
    "networks": ({"*": {"aliases": _any}}, _any),
}
NETWORK = {**dict.fromkeys(("internal", "name", "labels", "attachable"), _any), "driver": _only("bridge")}
VOLUME = {**dict.fromkeys(("name", "labels"), _any), "driver": _only("local")}
FILE = {
    **dict.fromkeys(("name", "version", "x-*"), _any),
    "services": {"*": SERVICE},
    "networks": {"*": NETWORK},
    "volumes": {"*": VOLUME},
}

REASONS = {
    "privileged": "it gives the container the whole machine",
    "network_mode": "it takes the container off the stack's own network",
    "pid": "it shows the container the processes of others",
    "ipc": "it shows the container the memory of others",
    "cap_add": "it gives the container rights over the machine",
    "security_opt": "it weakens what keeps the container apart",
    "devices": "it gives the container the machine's devices",
    "external": "the stack starts from nothing, and nothing outside of it is there",
    "extends": "it takes settings from another file",
    "include": "it takes settings from another file",
    "driver_opts": "it can lead out of the folder",
    "ipam": "a fixed range of addresses is there for one copy of the stack only",
    "ipv4_address": "a fixed address is there for one copy of the stack only",
}
OWNERS = {"services": "a service", "networks": "a network", "volumes": "a volume"}


def judge(written: AsWritten) -> None:
    """Raises Refused where the file holds a setting that is not on the list, NotUp where one stands there twice."""
    _Judge(written).look(written.root, FILE, ())


class _Judge:
    def __init__(self, written: AsWritten) -> None:
        self.written, self.budget = written, Budget()

    def look(self, node: yaml.Node, rule: Rule, path: tuple[str, ...]) -> None:
        rules = rule if isinstance(rule, tuple) else (rule,)
        if not node.tag.startswith(TAGS):
            raise self.refused("yaml_tag", node, f"the tag `{node.tag}` is not run here. Remove it.", node.tag)
        if isinstance(node, yaml.SequenceNode):
            self.budget.spend(node)
            for item in node.value:
                self.look(item, rule, path)
        elif isinstance(node, yaml.MappingNode):
            self.budget.spend(node)
            self.once(node)
            settings = next((one for one in rules if isinstance(one, dict)), None)
            for key, value in pairs(node):
                below = _any if settings is None else self.rule_of(settings, key, value, path)
                self.look(value, below, (*path, key.value))
        else:
            for check in rules:
                if callable(check) and node.value and (fault := check(node.value)):
                    shown = f"{path[-1]}: {node.value}" if path else node.value
                    mistake = "path_out_of_the_folder" if check in (inside, _mount) else "value_not_run_here"
                    raise self.refused(mistake, node, f"`{shown[:100]}` {fault}.", shown[:200])

    def once(self, node: yaml.MappingNode) -> None:
        seen: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self.refused(
                    "not_a_name", key, "a list or mapping is no name. Is there one `:` too many?", "no name"
                )
            if key.value in seen:
                lines = f"lines {seen[key.value]} and {line_of(key)}"
                hint = f"{self.written.name} has `{key.value}` twice, on {lines}. Put both into one."
                raise NotUp(hint, mistake="setting_twice", expected=f"`{key.value}` once", actual=lines)
            seen[key.value] = line_of(key)

    def rule_of(self, settings: dict[str, Rule], key: yaml.Node, value: yaml.Node, path: tuple[str, ...]) -> Rule:
        name = str(key.value)
        if name in settings:
            return settings[name]
        if name.startswith("x-") and "x-*" in settings:
            return _any
        if "*" in settings:
            return settings["*"]
        if len(path) == 2 and path[0] == "services" and path[1] in FILE:
            text = f"`{path[1]}` is below `services`, so it is taken for a service. Start it at the left edge."
            raise self.refused("section_below_services", key, text, f"services: {path[1]}: {name}")
        owner = "the file" if not path else OWNERS.get(path[0], "it") if len(path) == 2 else f"`{path[-1]}`"
        if name in REASONS:
            text = f"a stack with `{name}` is not run here: {REASONS[name]}. Remove it."
            raise self.refused("setting_not_run_here", key, text, name)
        if near := difflib.get_close_matches(name, [one for one in settings if "*" not in one], 1, 0.7):
            text = f"{owner} has no setting `{name}`. Do you mean `{near[0]}`?"
            raise self.refused("setting_misspelt", key, text, name)
        if (
            not path
            and isinstance(value, yaml.MappingNode)
            and {"image", "build"} & {str(one.value) for one, _ in pairs(value)}
        ):
            text = f"`{name}` looks like a service and is outside of `services:`. Indent it."
            raise self.refused("service_outside_of_services", key, text, name)
        told = f"`{name}` is not among the settings of {owner} that are run here."
        text = f"{told} Is it indented as it should be? If so, remove it."
        raise self.refused("unknown_setting", key, text, name)

    def refused(self, mistake: str, node: yaml.Node, text: str, shown: str) -> Refused:
        line = line_of(node)
        hint = f"{self.written.name}, line {line}: {text}"
        return Refused(hint, mistake=mistake, actual=f"line {line}: {shown}")
