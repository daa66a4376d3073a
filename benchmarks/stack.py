"""The finished service with all that stands in the checkout's own `docker-compose.yml`, up for as long as it is measured."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import yaml

from workshop.course.places import ROOT
from workshop.engine import builds, engine
from workshop.engine.run import Run
from workshop.outcomes import Unchecked

PORTS = ("PORT", "CLUSTER_PORT")  # the variables that choose host ports: 0 leaves them to the engine
UP_LIMIT = 120.0


@dataclass(frozen=True)
class Stack:
    """The stack, under a project name of its own."""

    run: Run
    project: str
    files: tuple[str, ...]

    def compose(self, *words: str, profile: str = "*", limit: float = UP_LIMIT) -> engine.Done:
        """`docker compose …` on this stack."""
        place = ("--project-directory", str(ROOT), "--project-name", self.project, "--profile", profile)
        env = {**os.environ, **dict.fromkeys(PORTS, "0")}
        return self.run.docker("compose", *place, *self.files, *words, timeout=limit, env=env)

    def container(self, service: str) -> str:
        """The name of a service's container."""
        return f"{self.project}-{service}-1"

    def port(self, service: str) -> int:
        """The host port on which a service is published."""
        return int(engine.must(self.compose("port", service, "5000")).out.strip().rpartition(":")[2])


@contextmanager
def up(run: Run, *services: str, targets: Sequence[str] = ("service",)) -> Iterator[Stack]:
    """These services and what they depend on, healthy; the `targets` of the Dockerfile are built first."""
    written = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    project, made = run.name("shipped"), []
    for target in targets:
        image = builds.build(run, ROOT, flags=("--target", target))
        made.append(image.id)
        for name, service in written["services"].items():
            build = service.get("build")
            if build and (build.get("target") if isinstance(build, dict) else "service") == target:
                engine.must(run.docker("tag", image.id, f"{project}-{name}"))  # where Compose looks for it
                made.append(f"{project}-{name}")
    labels = {"labels": {run.label.partition("=")[0]: run.label.partition("=")[2]}}
    marked = {kind: dict.fromkeys(written[kind], labels) for kind in ("services", "volumes")}
    extra = run.scratch("compose") / "labels.json"
    extra.write_text(json.dumps({**marked, "networks": {"default": labels}}), encoding="utf-8")
    stack = Stack(run, project, ("--file", str(ROOT / "docker-compose.yml"), "--file", str(extra)))
    try:
        done = stack.compose("up", "--detach", "--wait", "--no-build", *services)
        if not done.ok:
            said = stack.compose("logs", "--no-log-prefix", "--tail", "20", "cluster", "web", "web-cluster").out
            raise Unchecked("The stack did not come up.", actual=f"{done.err[-500:]}\n{said}")
        yield stack
    finally:
        stack.compose("down", "--volumes", "--timeout", "1")
        run.docker("image", "rm", "--force", *made)
