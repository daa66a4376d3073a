"""Pins: what a build installs if the version that it installs now cannot be had."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from workshop.engine import packages
from workshop.engine.images import Image
from workshop.outcomes import NotUp, Unchecked
from workshop.probes.layers import read_layers

FROM = re.compile(r"(?im)^[ \t]*FROM[ \t](?:[^\n]*\\\n)*[^\n]*$")
REFUSED = re.compile(r"(?i)\(constraint\)|dependency.conflict|No matching distribution|unsatisfiable")
CONSTRAINTS = "/dev/workshop-constraints.txt"
TRIES = 3  # of builds that are the same at the same time, one may be told of the failure without its reason


def version_without(
    name: str, version: str, dockerfile: Path, scratch: Path, build: Callable[..., Image]
) -> str | None:
    """The version of a package that a Dockerfile installs where `version` is not to be had; None where the build then fails.

    `build(text, *flags)` makes an image of the Dockerfile's changed text, or raises NotUp. `scratch` takes the file that holds the constraint.
    """
    (scratch / "constraints.txt").write_text(f"{name}!={version}\n", encoding="utf-8")
    text = dockerfile.read_text(encoding="utf-8-sig")
    text = FROM.sub(rf"\g<0>\nENV PIP_CONSTRAINT={CONSTRAINTS} UV_CONSTRAINT={CONSTRAINTS}", text)
    text = packages.with_mounts(text, [f"--mount=type=secret,id=workshop-constraints,target={CONSTRAINTS},mode=0444"])
    for _ in range(TRIES):
        try:
            image = build(text, "--secret", f"id=workshop-constraints,src={scratch / 'constraints.txt'}")
        except NotUp as problem:
            if REFUSED.search(problem.actual or ""):
                return None
            unclear = problem.actual
        else:
            found = read_layers(image).packages().get(name)
            return found.version if found else None
    raise Unchecked("Whether the packages are pinned could not be asked.", actual=unclear)
