"""The compose file that is run for grading: the student's services, volumes and networks, within the workshop's limits.

It is made from what `docker compose config` reads in the student's file, setting by setting. Host ports become the
engine's choice on 127.0.0.1, names that the student fixed get the run's own prefix, everything carries the run's label.
"""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workshop.compose.command import environment
from workshop.composefile.settings import MOST_COPIES, START_RIGHTS
from workshop.engine import engine
from workshop.engine import limits as walls
from workshop.engine.limits import CPUS, MEMORY
from workshop.engine.run import LABEL
from workshop.outcomes import NotUp, Unchecked

STACK_LABEL = "workshop.stack"
UNNAMED = "workshop-unnamed"  # the volume that stands in for one without a name
PROBE = 0.25  # seconds between two health probes until one is passed: Compose looks twice a second, and should find it passed at its first look
SETTLED = 5.0  # seconds between two at least, after that: probes of three copies keep a machine busy
UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
OWN_ULIMITS = (
    "nofile",
    "nproc",
    "memlock",
    "stack",
)  # those that a service may choose: memory is counted all the same
OFFICIAL_START = "docker-entrypoint.sh"  # the start script of the official images, redis among them
AS_THEY_ARE = (
    *(
        "command",
        "configs",
        "depends_on",
        "entrypoint",
        "expose",
        "group_add",
        "hostname",
        "init",
        "links",
    ),
    *("post_start", "pre_stop", "read_only", "restart", "secrets", "stdin_open", "stop_grace_period", "stop_signal"),
    *("sysctls", "tmpfs", "tty", "user", "working_dir"),
)
# Waits for a signal, then becomes what it was given to run. `$$` is how a compose file spells `$`.
GATE = 'go=0; trap "go=1" USR1; while [ $$go = 0 ]; do sleep 0.1; done; trap - USR1; exec "$$@"'


@dataclass
class Plan:
    """How a stack is to be run: under which names, from which images, with which service held back."""

    run_id: str
    token: str
    project: str
    folder: Path
    images: Mapping[str, str]
    configs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # what the images say: Entrypoint, User, …
    commands: Mapping[str, list[str]] = field(default_factory=dict)  # the whole command line of services held back
    held: str | None = None
    is_copy: bool = False  # a copy beside the first: a network or volume whose name the file fixes is its own
    apart: bool = (
        False  # it shares nothing with the other copies: not the name that the file fixes for a container either
    )
    small: str | None = None  # the size of each volume, in memory, where a disk is to be filled

    @property
    def labels(self) -> dict[str, str]:
        """The labels by which a sweep finds what the run made, and the stack what is its own."""
        return {LABEL: self.run_id, STACK_LABEL: self.token}


def rewritten(config: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    """The file to run. `config` is the JSON of `docker compose config`; its `$` are spelled `$$` already."""
    return {
        "services": {name: _service(name, config, plan) for name in config["services"]},
        "networks": {
            name: _network(name, found or {}, plan) for name, found in (config.get("networks") or {}).items()
        },
        "volumes": {name: _volume(name, found or {}, plan) for name, found in _volumes(config, plan).items()},
        **{
            kind: {name: _given(name, found or {}, plan) for name, found in config[kind].items()}
            for kind in ("secrets", "configs")
            if config.get(kind)
        },
    }


def _service(name: str, config: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    service = config["services"][name]
    limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
    memory = min([MEMORY, *(int(found) for found in (service.get("mem_limit"), limits.get("memory")) if found)])
    cpus = min([CPUS, *(float(found) for found in (service.get("cpus"), limits.get("cpus")) if found)])
    made: dict[str, Any] = {key: service[key] for key in AS_THEY_ARE if service.get(key) is not None}
    made |= {
        "image": plan.images[name],
        "pull_policy": "never",
        "labels": plan.labels,
        **walls.keys(memory, cpus),
        "ports": [_port(port) for port in service.get("ports") or []],
        "volumes": [_mount(mount, plan) for mount in service.get("volumes") or []],
    }
    if networks := service.get("networks"):
        made["networks"] = {key: _aliases(found or {}) for key, found in networks.items()}
    if plan.small:
        made["volumes"] += _places_without_a_mount(made["volumes"], plan.configs.get(name, {}))
    if environment := service.get("environment"):  # one without a value would be taken from this machine
        made["environment"] = {key: value for key, value in environment.items() if value is not None}
    if names := {host: found for host, found in hosts(service).items() if host in config["services"]}:
        made["extra_hosts"] = names
    if found := service.get("ulimits"):
        made["ulimits"] = {key: found[key] for key in OWN_ULIMITS if key in found} | made["ulimits"]
    if found := service.get("shm_size"):
        made["shm_size"] = min(int(found), memory)
    if found := rights(service, plan.configs.get(name, {})):
        made["cap_add"] = found
    if service.get("container_name") and not plan.apart:
        made["container_name"] = f"workshop-{plan.run_id}-{service['container_name']}"
    if found := health_of(service, plan.configs.get(name, {})):
        made["healthcheck"] = quick(found, patient=plan.held is not None)
    deploy = {
        key: service["deploy"][key] for key in ("replicas", "restart_policy") if service.get("deploy", {}).get(key)
    }
    if service.get("scale"):
        deploy["replicas"] = service["scale"]
    if deploy.get("replicas"):
        deploy["replicas"] = min(int(deploy["replicas"]), MOST_COPIES)
    if deploy:
        made["deploy"] = deploy
    if name == plan.held:
        made |= {"entrypoint": ["sh", "-c", GATE, "gate"], "command": plan.commands[name]}
    return made


def _aliases(network: Mapping[str, Any]) -> dict[str, Any] | None:
    """What is kept of a service's place in a network: its further names there."""
    return {"aliases": network["aliases"]} if network.get("aliases") else None


def hosts(service: Mapping[str, Any]) -> dict[str, Any]:
    """What `extra_hosts` adds to the names that a service knows: those of services count here, and no other."""
    found = service.get("extra_hosts") or {}
    lines = [re.split("[=:]", line, maxsplit=1) for line in found] if isinstance(found, list) else found.items()
    return {name: address for name, address in lines if "host-gateway" not in address}


def rights(service: Mapping[str, Any], image: Mapping[str, Any]) -> list[str]:
    """The capabilities that a service begins with: what an official image's start script needs, less what the service drops itself."""
    user = str(service.get("user") or image.get("User") or "root").partition(":")[0]
    entry = [Path(word).name for word in image.get("Entrypoint") or []]
    if user not in ("root", "0") or OFFICIAL_START not in entry:
        return []
    dropped, added = (
        {right.upper().removeprefix("CAP_") for right in service.get(key) or []} for key in ("cap_drop", "cap_add")
    )
    return [right for right in START_RIGHTS if right in added or not {right, "ALL"} & dropped]


def health_of(service: Mapping[str, Any], image: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """A service's health test: its own, else its image's, in the words of a compose file."""
    own, found = service.get("healthcheck") or {}, image.get("Healthcheck") or {}
    if own.get("test") or own.get("disable") or not found.get("Test"):
        return own or None
    spans = {"Interval": "interval", "Timeout": "timeout", "StartPeriod": "start_period"}
    made: dict[str, Any] = {"test": [word.replace("$", "$$") for word in found["Test"]]}
    made |= {word: f"{found[key]}ns" for key, word in spans.items() if found.get(key)}
    return made | ({"retries": found["Retries"]} if found.get("Retries") else {}) | own


def _port(port: Mapping[str, Any]) -> dict[str, Any]:
    place = {} if engine.is_remote() else {"host_ip": "127.0.0.1"}
    return {"target": port["target"], "protocol": port.get("protocol", "tcp"), **place}


def _mount(mount: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    made = {key: mount[key] for key in ("type", "target", "read_only") if key in mount}
    if mount["type"] == "volume":
        source = mount.get("source") or (UNNAMED if plan.small else None)
        made |= {"source": source} if source else {}
        made["volume"] = {"nocopy": bool((mount.get("volume") or {}).get("nocopy"))}
    elif mount["type"] == "bind":
        if engine.is_remote():
            raise Unchecked("The engine is on another machine and cannot see this folder, which the stack mounts.")
        source = Path(mount["source"])
        if plan.small and not mount.get("read_only") and _is_empty(source):  # it waits for data, as a volume does
            return made | {"type": "volume", "source": UNNAMED}
        if plan.folder not in (source.resolve(), *source.resolve().parents):
            hint = f"The mount on {mount['target']} leads out of the folder."
            raise NotUp(hint, mistake="mount_out_of_the_folder", actual=str(mount["target"]))
        made |= {"source": str(source), "bind": {"create_host_path": True}}
    elif mount["type"] == "tmpfs":
        made["tmpfs"] = {key: found for key, found in (mount.get("tmpfs") or {}).items() if key in ("size", "mode")}
    else:
        hint = f"A mount of the type {mount['type']} is not run here."
        raise NotUp(hint, mistake="mount_not_run_here", actual=str(mount["target"]))
    return made


def _is_empty(folder: Path) -> bool:
    return not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))


def _given(name: str, thing: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    """A secret or a config: a file inside the folder, a text, or a variable that the file's own `.env` sets."""
    if file := thing.get("file"):
        if plan.folder not in (Path(file).resolve(), *Path(file).resolve().parents):
            hint = f"The file of `{name}` is outside of the folder."
            raise NotUp(hint, mistake="path_out_of_the_folder", actual=name)
        if engine.is_remote():
            raise Unchecked(
                "The engine is on another machine and cannot see this folder, of which the stack takes a file."
            )
    if thing.get("environment") in environment(plan.folder):
        hint = f"`{name}` is a variable of the machine that runs the stack. Write it into a file."
        raise NotUp(hint, mistake="path_out_of_the_folder", actual=str(thing["environment"]))
    return {key: thing[key] for key in ("file", "content", "environment") if thing.get(key) is not None}


def set_aside(made: Mapping[str, Any], folder: Path, aside: Path) -> None:
    """Has secrets and configs come from copies that are `aside`, and puts the file's `.env` beside them.

    A container that may write to the folder could put a link in their place, and the engine, or Compose, would follow it on its own machine.
    """
    for kind in ("secrets", "configs"):
        for name, thing in (made.get(kind) or {}).items():
            if file := thing.get("file"):
                thing["file"] = str(aside / f"{kind}-{name}")
                if Path(file).is_dir():
                    shutil.copytree(file, thing["file"], symlinks=True)
                else:
                    shutil.copy(file, thing["file"])
    if (folder / ".env").is_file():
        shutil.copy(folder / ".env", aside / ".env")


def _network(name: str, network: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    made = {
        "name": _name(name, network, plan),
        "labels": plan.labels,
        "driver": "bridge",
        "driver_opts": walls.NETWORK,
    }
    return made | ({"internal": True} if network.get("internal") else {})


def _volumes(config: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    """The named volumes of the file; with small ones also that of the places for which an image alone asks."""
    return {**(config.get("volumes") or {}), **({UNNAMED: {}} if plan.small else {})}


def _places_without_a_mount(mounts: list[dict[str, Any]], image: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A small volume on the first place for which the image asks for one, and the file has none."""
    free = sorted((image.get("Volumes") or {}).keys() - {mount["target"] for mount in mounts})
    return [{"type": "volume", "source": UNNAMED, "target": place} for place in free[:1]]


def _volume(name: str, volume: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    made: dict[str, Any] = {"name": _name(name, volume, plan), "labels": plan.labels}
    if plan.small:
        in_memory = {"type": "tmpfs", "device": "tmpfs", "o": f"size={plan.small},mode=1777"}
        made |= {"driver": "local", "driver_opts": in_memory}
    return made


def _name(key: str, thing: Mapping[str, Any], plan: Plan) -> str:
    """Its name in the engine. Copies share none: in one network the first `web` may find the second `redis`, in one volume two write over each other."""
    own = f"{plan.project}_{key}"
    fixed = thing.get("name", own) != own and not plan.is_copy
    return f"workshop-{plan.run_id}-{thing['name']}" if fixed else own


def quick(health: Mapping[str, Any], patient: bool = False) -> dict[str, Any]:
    """The same health test, asked four times a second until it is passed, for as long as the student gave it before it fails.

    `patient` gives it two minutes: for a service that is held back.
    """
    if health.get("disable") or health.get("test") == ["NONE"]:
        return {"disable": True}
    interval = seconds(health.get("interval"), 30.0)
    span = seconds(health.get("start_period"), 0.0) + interval * int(health.get("retries") or 3)
    span = max(span, 120.0 if patient else 0.0)
    made = {key: health[key] for key in ("test", "timeout") if health.get(key)}
    if engine.knows_start_interval():
        often = {
            "start_period": f"{span:.3f}s",
            "start_interval": f"{PROBE}s",
            "interval": f"{max(interval, SETTLED):.3f}s",
        }
        return made | often | {"retries": 1}
    probe = min(interval, PROBE)
    return made | {"interval": f"{probe:.3f}s", "retries": math.ceil(span / probe)}


def seconds(duration: Any, default: float) -> float:
    """A duration of Compose ("1m30s") in seconds; `default` where there is none."""
    found = re.findall(r"([\d.]+)(h|ms|us|µs|ns|m|s)", str(duration or ""))
    return sum(float(number) * UNITS[unit] for number, unit in found) or default
