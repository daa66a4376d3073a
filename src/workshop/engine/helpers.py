"""Containers of the workshop's own: helpers that look at a student's container, or act on it, and are gone at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workshop.engine.engine import Done, must
from workshop.engine.images import BASE, need_image
from workshop.engine.run import Run


def own(run: Run, name: str | None = None) -> tuple[str, ...]:
    """The flags of every container of a run: its label and name; and nothing is pulled behind the workshop's back."""
    return ("--pull", "never", "--label", run.label, *(("--name", name) if name else ()))


def passing(run: Run, *words: str, **options: Any) -> Done:
    """`docker run --rm WORDS`, of which nothing stays, also if it was ended: the container of a command that is cut off would run on.

    `options` are those of `engine.docker`.
    """
    name = run.name("passing")
    done = run.docker("run", "--rm", *own(run, name), *words, **options)
    if done.code is None:
        remove(run, name)
    return done


def helper(
    run: Run,
    *command: str,
    network: str = "none",
    rights: Sequence[str] = (),
    flags: Sequence[str] = (),
    **options: float,
) -> Done:
    """Runs a command in a container of the base image that goes with it, and returns what became of it.

    `network` is one as `docker run` takes it, `rights` are the capabilities that it keeps, `options` are those of `engine.docker`.
    """
    need_image(BASE)
    kept = [word for right in rights for word in ("--cap-add", right)]
    return passing(run, "--network", network, "--cap-drop", "ALL", *kept, *flags, BASE, *command, **options)


def find_published(run: Run, container: str, port: int) -> int | None:
    """The host port on which a container's port is published; None if it is on none, or the container does not run."""
    done = run.docker("port", container, f"{port}/tcp")
    return int(done.out.splitlines()[0].rsplit(":", 1)[1]) if done.ok and done.out.strip() else None


def published(run: Run, container: str, port: int) -> int:
    """The same of a container of the workshop's own, which has no reason not to run. Raises EngineTrouble if it does not."""
    return int(must(run.docker("port", container, f"{port}/tcp")).out.splitlines()[0].rsplit(":", 1)[1])


def remove(run: Run, *containers: str) -> Done:
    """Removes containers by force, with their anonymous volumes."""
    return run.docker("rm", "--force", "--volumes", *containers)
