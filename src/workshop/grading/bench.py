"""The bench on which one piece of work is graded: its copy, its runtime, what was asked last."""

from __future__ import annotations

import contextlib
import copy
import functools
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workshop.course import handin
from workshop.course.lessons import Lesson
from workshop.course.progress import Heard
from workshop.engine import engine
from workshop.engine.run import Run
from workshop.grading.drill import Drill
from workshop.outcomes import NotUp, Unchecked
from workshop.patience import Ahead
from workshop.runtimes.contract import Runtime, Service, needs_engine
from workshop.runtimes.embedded import EmbeddedRuntime, LocalRedis, redis_with_relay
from workshop.wire.trail import Trail

if TYPE_CHECKING:  # each is loaded where it is needed: a check should begin at once
    from workshop.clusters.cluster import Cluster
    from workshop.engine.images import Image
    from workshop.exercises.remote import RemoteNotebook
    from workshop.exercises.runners import Runners
    from workshop.probes.registry import Registries
    from workshop.probes.stacks import DrilledStack
    from workshop.runtimes.docker import Session as DockerSession
    from workshop.runtimes.lodging import Lodging

RUNTIMES = ("auto", "docker", "embedded")


def choose(asked: str) -> str:
    """`docker` or `embedded` for what was asked; `auto` takes docker where an engine answers."""
    if asked == "auto":
        return "docker" if engine.trouble() is None else "embedded"
    return asked


class Session:
    """Several gradings in a row, in one run: what they may share stays up in between. Ends with its block.

    With `keeps`, what the last grading brought up stays until the next one begins, so that a person can ask it too.
    Of `strangers` nothing is run outside of a container, or where there is no engine outside of a room; see `lodging`.
    """

    def __init__(self, runtime: str = "auto", keeps: bool = False, strangers: bool = False) -> None:
        self.strangers = strangers
        self._asked, self.runtime, self._keeps = runtime, choose(runtime), keeps
        self._run: Run | None = None
        self._docker: DockerSession | None = None
        self._spare: DockerSession | None = None  # what the next grading gets while a kept service holds the other
        self._tidying: list[tuple[Callable[[], None], Ahead[None]]] = []
        self._let_go: list[Bench] = []  # what was kept and is still to be removed
        self._releasing: Ahead[None] | None = None  # its Redis comes back from it
        self._is_over = False
        self.kept: Bench | None = None
        self.heard: list[Heard] = []  # what was asked in the checks of the last grading that passed
        self._redis: Ahead[LocalRedis] | None = None  # for the next check, where work runs embedded

    @property
    def run(self) -> Run:
        """The run, begun at its first use."""
        if self._is_over:  # somebody works on in the background
            raise Unchecked("The session has ended.")
        if self._run is None:
            self._run = Run()
            self._run.sweep_forgotten()
        return self._run

    def runtime_for(self, folder: Path, lesson: str) -> Runtime:
        """A runtime for one piece of work. An engine that was started since the session began is taken now, if that was left to the session."""
        self._wait_until_tidy()
        if self.runtime == "embedded" and choose(self._asked) == "docker":
            self._end_runners()
            self.runtime = "docker"
        trouble = engine.trouble() if self.runtime == "docker" else None
        self._wait_until_released()
        if self.runtime == "embedded":
            ahead, self._redis = self._redis, None
            return EmbeddedRuntime(self.run, folder, lesson, ahead, self.lodging)
        if trouble is not None:
            raise trouble
        from workshop.runtimes.docker import DockerRuntime

        return DockerRuntime(self.docker, folder, lesson)

    @property
    def docker(self) -> DockerSession:
        """What the docker runtime shares."""
        self._docker = self._docker or self._new_docker()
        return self._docker

    def _new_docker(self) -> DockerSession:
        from workshop.runtimes.docker import Session as DockerSession

        return DockerSession(self.run)

    @functools.cached_property
    def lodging(self) -> Lodging | None:
        """Where strangers' work runs without an engine; None where it has containers, or is no stranger's. Raises Unchecked."""
        if not self.strangers or self.runtime != "embedded":
            return None
        from workshop.runtimes.lodging import Lodging

        return Lodging(self.run)

    def complaint(self) -> str | None:
        """Why nothing that was seen in the last grading counts: a sentence, or None as nearly always."""
        lodging = self.__dict__.get("lodging")  # where none could be made, nothing was seen
        if lodging is None:
            return None
        self._wait_until_tidy()
        said: str | None = lodging.complaint
        lodging.complaint = None
        return said

    @functools.cached_property
    def runners(self) -> Runners:
        """The processes in which notebooks run."""
        from workshop.exercises import hosts, runners

        if self.lodging:
            lodging = self.lodging
            return runners.Runners(lambda _: runners.lodged(self.run, lodging))
        if self.runtime == "embedded":
            return runners.Runners(lambda _: runners.local(self.run))
        return runners.Runners(hosts.Hosts(self.run, lambda: self.docker.network()))

    def warm(self, lesson: Lesson) -> None:
        """Makes ahead what the next check of the lesson will need."""
        self._wait_until_tidy()
        has_notebook, beside = "notebook" in lesson.needs, None
        if self.runtime == "docker" and engine.trouble() is None:
            with_redis = bool({"redis", "relay", "notebook"} & lesson.needs)
            if self._holds_redis():
                self._spare = self._spare or self._new_docker()
                beside = self._spare.warm(with_redis, with_relay=has_notebook)
            else:
                comes_back = self.kept is not None and self.kept.with_redis  # with what was kept
                beside = self.docker.warm(with_redis and not comes_back, with_relay=has_notebook)
        elif self.runtime == "embedded" and has_notebook and self._redis is None:
            self._redis = Ahead(lambda: redis_with_relay(self.run, self.lodging), tidy=LocalRedis.end)
        if has_notebook:
            self.runners.prepare(beside)

    def tidy(self, close: Callable[[], None]) -> None:
        """Has something removed beside whatever comes: a report does not wait for it, the next grading does."""
        self._tidying.append((close, Ahead(close)))

    def _wait_until_tidy(self) -> None:
        while self._tidying:
            close, under_way = self._tidying.pop()
            try:
                under_way.get()
            except Exception:  # what came in between is over, perhaps; if not, it is told now
                close()

    def done_with(self, bench: Bench) -> None:
        """Takes what a grading brought up, once it has ended: for a person to ask, or away."""
        self.remove_let_go()
        if self._keeps and bench.is_up():
            self.kept = bench
        else:
            self.tidy(bench.close)

    def keep_first(self) -> None:
        """Ends what was kept but for the first service: after a pass nobody asks the others again."""
        if self.kept:
            self.tidy(self.kept.keep_first)

    def let_go(self) -> None:
        """Gives up what was kept. It is removed once the next one has told what came of its service: before that, the removal would slow it down."""
        if self._holds_redis():
            self._end_runners()  # they live on its network
            self._docker, self._spare = self._spare, self._docker
        elif self.kept and self.kept.with_redis:  # what comes next shares it, and has other things to do first
            self._releasing = Ahead(self.kept.runtime.release)
        if self.kept:
            self._let_go.append(self.kept)
        self.kept = None

    def _holds_redis(self) -> bool:
        """Whether a service that was kept may still talk to its Redis: what comes next gets another one, on a network of its own, where that is ready."""
        return self.kept is not None and self.kept.with_redis and self.kept.runtime.has_services

    def _wait_until_released(self) -> None:
        releasing, self._releasing = self._releasing, None
        if releasing:
            releasing.get()

    def remove_let_go(self) -> None:
        """Removes what was given up, beside whatever goes on."""
        if self._let_go and self._releasing:
            self._releasing.wait()
        while self._let_go:
            self.tidy(self._let_go.pop().close)

    def abandon(self) -> None:
        """Ends what a grading has under way, from another thread: who waits for it need not wait any longer. `close` is still to come."""
        self._is_over = True
        if self._run:
            self._run.abandon()

    def _end_runners(self) -> None:
        if "runners" in self.__dict__:
            self.runners.close()
            del self.runners

    def close(self, was_interrupted: bool = False) -> None:
        """Removes everything; see `Run.close`."""
        if not was_interrupted:
            self._wait_until_tidy()
        self._is_over, self.kept = True, None
        self._end_runners()
        if self._redis:
            self._redis.drop()
        if self._run:
            self._run.close(was_interrupted)
        self._run = self._docker = self._spare = self._redis = None

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.close(was_interrupted=kind is not None)


class Assignment:
    """What is to be graded, and with which seed; and its bench, made ahead where somebody asked for that."""

    def __init__(self, lesson: Lesson, work: Path, seed: int, session: Session) -> None:
        self.lesson, self.work, self.seed, self.session = lesson, work, seed, session
        self._early: Ahead[Bench] | None = None

    def begin(self) -> None:
        """Makes the bench in the background, with the service on its way up, while this process has something else to load."""
        _ = (
            self.lesson.needs,
            self.lesson.defines,
        )  # parsed here: pytest parses too while the thread runs; see `lessons.parsed`
        self._early = Ahead(self._make, tidy=Bench.close)

    def _make(self) -> Bench:
        made = Bench(self)
        made.begin()
        return made

    def bench(self) -> Bench:
        """The bench. Raises NotUp if the folder cannot be graded, Unchecked where the work cannot run here."""
        early, self._early = self._early, None
        return early.get() if early else Bench(self)

    def end(self) -> None:
        """Removes a bench that was made ahead and that nobody asked for."""
        if self._early:
            self._early.drop()


class Bench:
    """The fixtures' common ground in one grading."""

    def __init__(self, assignment: Assignment) -> None:
        self.lesson, self.seed, self.session = assignment.lesson, assignment.seed, assignment.session
        self._notes = threading.local()  # what goes on beside the checks has notes of its own
        self.calls = Trail()  # the calls of a notebook's functions in this check
        self._drills: dict[str, Drill] = {}  # by the check that has one
        self.session.let_go()
        self.work, self.folder = assignment.work, self.session.run.scratch("work")
        handin.copy_in(assignment.work, self.folder, self.lesson.name)
        self.runtime = self.session.runtime_for(self.folder, self.lesson.name)
        self._ahead: Ahead[Service] | None = None
        self._image: Ahead[Image] | None = None
        self._stack: DrilledStack | None = None
        self._registries: Ahead[Registries] | None = None
        self._cluster: Ahead[Cluster] | None = None
        self._first: Service | None = None
        self._notebook: Ahead[RemoteNotebook] | None = None
        self._worn: list[Service] = []

    @property
    def with_redis(self) -> bool:
        """Whether the grader asks for Redis anywhere, so that the service is told where it is."""
        return bool({"redis", "relay", "notebook"} & self.lesson.needs)

    def docker(self) -> Runtime:
        """The docker runtime. Raises Unchecked if work does not run in containers."""
        if self.runtime.name != "docker":
            raise Unchecked(needs_engine())
        return self.runtime

    def drill(self, check: str) -> Drill:
        """The drill of a check; its clock starts when it is asked for first."""
        return self._drills.setdefault(check, Drill())

    def timeline(self, check: str) -> list[dict[str, Any]] | None:
        """What the drill of a check noted, if it had one."""
        return self._drills[check].timeline if check in self._drills else None

    @property
    def asked(self) -> str | None:
        """What this thread asked last."""
        return getattr(self._notes, "asked", None)

    @asked.setter
    def asked(self, asked: str | None) -> None:
        self._notes.asked, self._notes.got = asked, None

    @property
    def got(self) -> str | None:
        """What came back, where it is known."""
        return getattr(self._notes, "got", None)

    def note(self, asked: str, got: str | None = None) -> None:
        """Remembers what was asked last, as a line to copy, and what came back: the report of a failed check shows it."""
        self._notes.asked, self._notes.got = asked, got

    def start(self, image: Image | None = None, **options: Any) -> Service:
        """A service of the student's, up and noted."""
        if "cluster" in self.lesson.needs:
            options["env"] = {"REDIS_CLUSTER_URL": self.cluster().url, **(options.get("env") or {})}
        service = self.runtime.start(image, with_redis=self.with_redis, **options)
        service.noted, service.another = self.note, functools.partial(self.start, image)
        return service

    def begin(self) -> None:
        """Begins ahead what the first check asks for: the notebook, the stack, the image of the student's Dockerfile, or the first service; see `first`."""
        if "notebook" in self.lesson.needs:
            from workshop.exercises.remote import RemoteNotebook

            self._notebook = Ahead(self._open_notebook, tidy=RemoteNotebook.close)
        if "stack" in self.lesson.needs and self.runtime.name == "docker":
            self.stack()
        if "registries" in self.lesson.needs and self.runtime.name == "docker":
            self._registries = Ahead(self._start_registries)
        if "Dockerfile" in self.lesson.finished():
            if self.runtime.name == "docker" and "image" in self.lesson.needs - self.lesson.defines:
                self._image = Ahead(self.runtime.image)
                self.session.docker.network()
            return
        if "service" not in self.lesson.needs:
            return
        self._ahead = Ahead(lambda: self.start(wait=False))
        self._ahead.wait()  # nobody else asks the runtime meanwhile

    def image(self) -> Image:
        """The image that the student's Dockerfile makes: the one that `begin` began, else one made now."""
        ahead, self._image = self._image, None
        return ahead.get() if ahead else self.docker().image()

    def stack(self) -> DrilledStack:
        """The student's stack, on its way up: begun at the first call."""
        if self._stack is None:
            # reading YAML takes a while to load, and few lessons need it
            from workshop.composefile import file as compose_file
            from workshop.probes.stacks import DrilledStack

            run = self.docker().run
            finished = compose_file.read(self.lesson.finished_in, self.lesson.name).services()
            needs = [name for name in ("web", "redis") if name in finished]
            self._stack = DrilledStack.from_nothing(run, self.copy, self.lesson.name, self.note, needs).begin()
        return self._stack

    def registries(self) -> Registries:
        """Two registries of the workshop's own, begun at the first call. Raises Unchecked if they do not come up."""
        self.docker()
        self._registries = self._registries or Ahead(self._start_registries)
        return self._registries.get()

    def _start_registries(self) -> Registries:
        from workshop.probes.registry import Registries

        return Registries(self.session.run, self.session.docker.network(), self.note)

    def cluster(self) -> Cluster:
        """The Redis Cluster of this grading, up: begun at the first call. Raises Unchecked if it does not come up."""
        if self._cluster is None:
            from workshop.clusters.cluster import Cluster

            run, network = self.docker().run, self.session.docker.network()
            self._cluster = Ahead(lambda: Cluster.up(run, network, self.note))
        return self._cluster.get()

    def first(self, image: Image | None) -> Service:
        """The first service, up: the one that `begin` started, else one of this image."""
        ahead, self._ahead = self._ahead, None
        self._first = ahead.get().wait_until_up() if ahead else self.start(image)
        return self._first

    @property
    def has_service(self) -> bool:
        """Whether the first service came up."""
        return self._first is not None

    def notebook(self) -> RemoteNotebook:
        """The student's notebook, its cells run. Raises NotUp if there is none that can be read."""
        return self._notebook.get() if self._notebook else self._open_notebook()

    def _open_notebook(self) -> RemoteNotebook:
        from workshop.exercises import cells
        from workshop.exercises.remote import RemoteNotebook

        name = f"{self.lesson.name}.ipynb"
        self.session.runners.prepare()  # it starts while Redis and its relay do
        without = cells.measuring(cells.read(self.lesson.notebook)) if self.lesson.notebook else frozenset()
        try:
            path = self.require(name)
            cells.code_cells(cells.read(path))
        except NotUp as error:
            raise cells.with_copy(error, self.work, name) from None
        return RemoteNotebook(path, self.session.runners, self.runtime.redis(), self.note, self.calls, without)

    def revive(self) -> None:
        """Starts the first service again if it has died, or is so unwell that it answers nothing or the next request may be its last.

        It stays the same object: a check fails for itself alone, and whoever holds the service holds the one that runs.
        """
        first = self._first
        if first and (first.get("/healthz", limit=1.5).status is None or first.is_overgrown()):
            self._worn.append(copy.copy(first))  # what it answered may still be looked into
            vars(first).update(vars(first.another()))

    def require(self, name: str) -> Path:
        """The file of that name in the student's folder. Raises NotUp, naming a near miss, if it is missing."""
        return handin.require(self.folder, name, self.lesson.name)

    def scratch(self, name: str) -> Path:
        """An empty folder of the run's, beside the student's files."""
        return self.session.run.scratch(name)

    def known_image(self, name: str) -> Image:
        """An image of the registry's, to be looked at like one of the student's. Raises Unchecked if it cannot be had."""
        from workshop.engine import images

        images.need_image(name)
        return images.Image(name, self.session.run, self.folder)

    def copy(self, changes: Mapping[str, bytes | str] | None = None) -> Path:
        """A copy of the student's folder with some files written anew (name → content)."""
        import shutil

        folder = self.session.run.scratch("copy") / self.folder.name
        shutil.copytree(self.folder, folder)
        for name, content in (changes or {}).items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content if isinstance(content, bytes) else content.encode())
        return folder

    def address(self) -> str | None:
        """Where a person can ask the first service now; None if nothing answers there."""
        first = self._first
        return first.url if first and first.get("/healthz", limit=1.0).status is not None else None

    def is_up(self) -> bool:
        """Whether there is something that a person can ask or look into: a service, also one that ended or is silent, or the stack."""
        return self._stack is not None or self.runtime.has_services or self.address() is not None

    @property
    def first_container(self) -> str | None:
        """The name of the first service's container; None if there is no such service."""
        return self._first.name if self._first else None

    def keep_first(self) -> None:
        """Ends all services but the first: nobody asks them any more, and the next grading has fewer beside it."""
        if self._first:
            self.runtime.keep_only(self._first)

    def log(self) -> str:
        """What the first service has printed; empty if there is none."""
        return self._first.log() if self._first else ""

    def close(self) -> None:
        """Removes what this grading started."""
        if self._image:
            self._image.wait()
        if self._stack:
            self._stack.close()
        if self._registries:
            self._close_registries(self._registries)
        for service in self._worn:
            service.end()
        if self._notebook:
            self._notebook.drop()
        if self._cluster:
            with contextlib.suppress(Unchecked):
                self._cluster.get().end()
        self.runtime.close()

    @staticmethod
    def _close_registries(begun: Ahead[Registries]) -> None:
        with contextlib.suppress(Unchecked):  # they never came up: the run removes what is there of them
            begun.get().close()
