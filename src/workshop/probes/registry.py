"""A registry on a free port of 127.0.0.1, as lesson 6 uses one: read by its HTTP API, filled by it, watched, slowed down, killed.

Before it stands a gateway (see `guests.gateway`), in a container: an engine that lives in a virtual machine finds nothing else on its 127.0.0.1.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import secrets
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workshop.engine import engine, helpers, images
from workshop.engine.engine import must
from workshop.engine.limits import LIMITS, NO_OUTSIDE_NAMES
from workshop.engine.run import Run
from workshop.guests import gateway
from workshop.outcomes import Mismatch, Unchecked
from workshop.patience import Ahead, until
from workshop.probes.small_images import DATA_SIZE, MANIFEST, Platform, SmallImage, archive
from workshop.report import last_lines

INNER = "127.0.0.1"  # where an engine finds what it has published, also if it is a remote one
PORT = 5000
START_LIMIT = 15.0  # seconds in which a registry must answer for the first time
ANSWER_LIMIT = 10.0  # seconds
PULL_LIMIT = 30.0
ELSEWHERE = "0"  # where an image was published before: it comes before every other name
MANIFESTS = (
    MANIFEST,
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
NO_ANSWER = "The registry that the workshop started for this check does not answer. That is not the script's fault. Check again."

Note = Callable[..., None]


@dataclass
class Seen:
    """What went by at the gateway while a block watched: each request as `guests.gateway` tells it; in order, once the block is over."""

    requests: list[dict[str, Any]] = field(default_factory=list)
    held: threading.Event = field(default_factory=threading.Event)  # an upload stands still half-way
    ready: threading.Event = field(default_factory=threading.Event)

    @property
    def uploaded(self) -> list[str]:
        """The digests of the blobs whose upload was completed."""
        return [seen["digest"] for seen in list(self.requests) if seen["digest"]]

    @property
    def tried(self) -> int:
        """How many times an upload was begun, or a manifest sent."""
        return sum(seen["method"] in ("POST", "PUT") for seen in list(self.requests))


class Registry:
    """One registry, and what a grader asks of it. `address` is how a script is given it."""

    def __init__(self, run: Run, note: Note, container: str, control: tuple[str, int, str], port: int) -> None:
        self.run, self._note, self.container, self._control = run, note, container, control
        self.address, self._at = f"{INNER}:{port}", (engine.host(), port)

    def tags(self, name: str) -> list[str]:
        """The tags of a repository, sorted; none if there is no such repository."""
        status, _, body = self._ask("GET", f"/v2/{name}/tags/list")
        return sorted(json.loads(body).get("tags") or []) if status == 200 else []

    def repositories(self) -> list[str]:
        """The names of all repositories."""
        return list(json.loads(self._ask("GET", "/v2/_catalog?n=1000")[2]).get("repositories") or [])

    def digest(self, name: str, tag: str) -> str | None:
        """The digest to which a tag leads, or None."""
        status, headers, _ = self._ask("GET", f"/v2/{name}/manifests/{tag}")
        return headers.get("docker-content-digest") if status == 200 else None

    def manifest(self, name: str, tag: str) -> dict[str, Any]:
        """The manifest to which a tag or a digest leads, {} if to none; of an index, that of its first image."""
        status, _, body = self._ask("GET", f"/v2/{name}/manifests/{tag}")
        found: dict[str, Any] = json.loads(body) if status == 200 else {}
        return self.manifest(name, found["manifests"][0]["digest"]) if found.get("manifests") else found

    def layers(self, name: str, tag: str) -> list[str]:
        """The digests of the layers of the image to which a tag leads."""
        return [layer["digest"] for layer in self.manifest(name, tag).get("layers", [])]

    def diff_ids(self, name: str, tag: str) -> list[str]:
        """The digests of the unpacked layers of that image, as the engine that built it lists them (RootFS.Layers)."""
        config = self.manifest(name, tag).get("config", {}).get("digest")
        status, _, body = self._ask("GET", f"/v2/{name}/blobs/{config}")
        return list(json.loads(body)["rootfs"]["diff_ids"] or []) if status == 200 else []

    def put(self, image: SmallImage, name: str, *tags: str) -> str:
        """Publishes an image of the workshop's own, by the HTTP API; returns its digest."""
        for digest, blob in image.blobs().items():
            _, headers, _ = self._ask("POST", f"/v2/{name}/blobs/uploads/", expected=202)
            place = headers["location"].removeprefix(f"http://{self._at[0]}:{self._at[1]}")
            joint = "&" if "?" in place else "?"
            self._ask("PUT", f"{place}{joint}digest={digest}", blob, expected=201)
        for tag in tags:
            _, headers, _ = self._ask("PUT", f"/v2/{name}/manifests/{tag}", image.manifest(), expected=201)
        return str(headers["docker-content-digest"])

    def _ask(
        self, method: str, path: str, body: bytes | None = None, expected: int | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of an answer. Raises Unchecked if none comes, or not the one that our own request must have."""
        kind = {"Content-Type": MANIFEST if "/manifests/" in path else "application/octet-stream"} if body else {}
        try:
            connection = http.client.HTTPConnection(*self._at, timeout=ANSWER_LIMIT)
            with contextlib.closing(connection):
                connection.request(method, path, body, {"Accept": ", ".join(MANIFESTS), **kind})
                answer = connection.getresponse()
                status, headers, text = answer.status, answer.headers, answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise Unchecked(NO_ANSWER, actual=f"{method} {path}: {error}") from None
        if method == "GET":
            self._note(f"curl {self._header(path)}http://{self.address}{path}")
        if status >= 500 or (expected and status != expected):
            raise Unchecked(NO_ANSWER, actual=f"{method} {path}: {status} {text.decode('utf-8', 'replace')[:300]}")
        return status, {name.lower(): value for name, value in headers.items()}, text

    @staticmethod
    def _header(path: str) -> str:
        return f"--include --header 'Accept: {MANIFEST}' " if "/manifests/" in path else ""

    @contextlib.contextmanager
    def watch(self, name: str, *, slow: float = 0, refuse: str = "", hold: int = 0) -> Iterator[Seen]:
        """Within the block, what goes by about a repository is seen; and see `guests.gateway` for what `slow`, `refuse` and `hold` do to it."""
        seen, ended = Seen(), threading.Event()
        host, port, token = self._control
        asked = {"token": token, "name": name, "slow": slow, "refuse": refuse, "hold": hold}

        def follow(lines: Any) -> None:
            with contextlib.suppress(OSError, ValueError):
                for event in map(json.loads, lines):
                    if "status" in event:
                        seen.requests.append(event)
                    for word, told in {"held": seen.held, "ready": seen.ready, "end": ended}.items():
                        if word in event:
                            told.set()
            ended.set()

        try:
            connection = socket.create_connection((host, port), timeout=ANSWER_LIMIT)
        except OSError as error:
            raise Unchecked(NO_ANSWER, actual=str(error)) from None
        with connection, connection.makefile("rwb") as channel:
            connection.settimeout(None)
            threading.Thread(target=follow, args=(channel,), daemon=True).start()
            _say(channel, asked)
            if not until(lambda: seen.ready.is_set() or ended.is_set(), ANSWER_LIMIT, 0.01) or ended.is_set():
                raise Unchecked(NO_ANSWER)
            try:
                yield seen
            finally:
                with contextlib.suppress(OSError):
                    _say(channel, {"end": True})
                ended.wait(ANSWER_LIMIT)
                seen.requests.sort(key=lambda one: one["begun"])
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def kill(self) -> None:
        """SIGKILL to the registry. What was being uploaded is cut off."""
        must(self.run.docker("kill", self.container))

    def start(self) -> None:
        """Starts the registry again; it has what it had."""
        must(self.run.docker("start", self.container))
        self.wait()

    def wait(self) -> Registry:
        """Returns once it answers. Raises Unchecked with its log if it does not."""

        def answers() -> bool:
            with contextlib.suppress(Unchecked):
                return self._ask("HEAD", "/v2/")[0] == 200
            return False

        if not until(answers, START_LIMIT):
            done = self.run.docker("logs", self.container)
            raise Unchecked(NO_ANSWER, actual=last_lines(done.out + done.err))
        return self

    def forget(self, image: SmallImage) -> None:
        """Removes every copy that the engine has of an image, under whatever name."""
        for _ in range(2):  # one that another is made from goes after it
            listed = ("image", "ls", "--all", "--quiet", "--no-trunc")
            names = (image.name, f"{self.address}/{image.name}", f"{self.address}/*/{image.name}")
            found = {
                word
                for one in names
                for word in must(self.run.docker(*listed, "--filter", f"reference={one}")).out.split()
            }
            if found:
                self.run.docker("image", "rm", "--force", *sorted(found))

    def pull(self, reference: str) -> None:
        """Pulls an image. Raises Mismatch with what the engine said."""
        asked = f"docker pull {reference}"
        done = self.run.docker("pull", "--quiet", reference, timeout=PULL_LIMIT)
        if not done.ok:
            raise Mismatch(
                asked=asked, expected="the image", actual=last_lines(done.err) or f"nothing in {PULL_LIMIT:.0f} s"
            )
        self._note(asked)

    def printed_by(self, reference: str) -> str:
        """What a container of an image prints until it ends, without the line end; or what is said if it cannot be started."""
        self._note(f"docker run --rm {reference}")
        done = helpers.passing(self.run, *LIMITS, "--network", "none", reference, timeout=PULL_LIMIT)
        return (done.out or last_lines(done.err, 3)).rstrip("\n")


def _say(channel: Any, message: dict[str, Any]) -> None:
    channel.write(json.dumps(message).encode() + b"\n")
    channel.flush()


class Registries:
    """Two registries behind one gateway, and images that are built already. `first` is for all but the check that kills one: `second`."""

    def __init__(self, run: Run, network: str, note: Note) -> None:
        """Starts them. Raises Unchecked if the image of the registry cannot be had, or it does not come up."""
        for name in (images.REGISTRY, images.BASE):
            images.need_image(name)
        self.run, token = run, secrets.token_hex(16)
        self._mine = [run.name("gateway"), run.name("registry"), run.name("registry")]
        gate, *names = self._mine
        placed = ("--network", network, *NO_OUTSIDE_NAMES)
        starting = [Ahead(lambda name=name: self._start(name, *placed, images.REGISTRY)) for name in names]  # type: ignore[misc]
        ports = (gateway.CONTROL_PORT, *(gateway.FIRST_PORT + number for number in range(len(names))))
        published = [word for port in ports for word in engine.publish(port)]
        isolated = ("--user", "65534", "--read-only", *placed, "--env", f"GATEWAY_TOKEN={token}", *published)
        script = Path(gateway.__file__).read_text(encoding="utf-8")
        self._start(gate, *isolated, images.BASE, "python", "-c", script, *(f"{name}:{PORT}" for name in names))
        control, *data = (helpers.published(run, gate, port) for port in ports)
        at = (engine.host(), control, token)
        made = [Registry(run, note, name, at, port) for name, port in zip(names, data, strict=True)]
        self.first, self.second = made
        self._platform = Platform.of(run, gate)
        for start in starting:
            start.get()
        for registry in made:
            registry.wait()

    def _start(self, name: str, *words: str) -> None:
        must(self.run.docker("run", "--detach", *helpers.own(self.run, name), *LIMITS, *words, timeout=60))

    def image(self, some: Any, name: str | None = None) -> SmallImage:
        """An image that is not on the engine yet, drawn afresh: its name, version, word and data."""
        version = ".".join(str(some.number(0, 30)) for _ in range(3))
        name = name or f"{some.word(7)}-{self.run.id}"
        return SmallImage.made(
            self._platform, self.run.id, name, version, some.word(12), some.random.randbytes(DATA_SIZE)
        )

    def load(self, built: Sequence[SmallImage]) -> None:
        """Has the engine hold images under their names, as if they had been built there."""
        must(self.run.docker("load", "--quiet", data=archive(built), timeout=60))

    def load_from_elsewhere(self, image: SmallImage) -> None:
        """Has the engine hold an image that was published before, in another repository: RepoDigests names that one first."""
        name = f"{ELSEWHERE}/{image.name}"
        source = f"{self.first.address}/{name}@{self.first.put(image, name, image.version)}"
        must(self.run.docker("pull", "--quiet", source, timeout=PULL_LIMIT))
        must(self.run.docker("tag", source, image.name))

    def close(self) -> None:
        """Removes the registries, and every image under their addresses or with the run's label."""
        helpers.remove(self.run, *self._mine)
        filters = [f"reference={one.address}/{deep}" for one in (self.first, self.second) for deep in ("*", "*/*")]
        found: set[str] = set()
        for one in (*filters, f"label={self.run.label}"):
            found |= set(self.run.docker("image", "ls", "--all", "--quiet", "--no-trunc", "--filter", one).out.split())
        if found:
            self.run.docker("image", "rm", "--force", *sorted(found))
