"""Workers on several machines: jobs go to them through dramatiq on a Redis, and results come back in a list of the same Redis.

What is kept in Redis for a class, below `workshop-class:ID:`: `alive`, a mark whose absence says that Redis has lost everything; `out`,
the jobs that are under way; `work:JOB`, the files of one; `busy:JOB`, that a worker is at it; `runs`, how often each was begun; `done` and
`results`.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import secrets
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker

from workshop.classroom.crew import JOB_LIMIT, PAUSE, Grader, trouble_now
from workshop.classroom.digests import grader_of
from workshop.classroom.ledger import ENGINE_FAILED, SENDER, TRIES, Job, Ledger, set_aside
from workshop.classroom.queues import BadQueue, checked
from workshop.course.lessons import Lesson
from workshop.handins.unpack import files_in, read, unpack
from workshop.outcomes import Unchecked
from workshop.report import Outcome, Report

NAME, QUEUE = "workshop-class", "grading"
HEARTBEAT = 5000  # milliseconds after which a worker that says nothing has lost its jobs; dramatiq's own is a minute
MAINTENANCE = (
    200_000  # of a million commands, those that look for such workers; with dramatiq's own, nobody looked for minutes
)
BUSY = 6  # seconds that a job counts as being graded after its worker last said so
BEAT = 1.0  # seconds between two such words
KEPT = 86400  # seconds that a job's files stay in Redis, and all else of a class that is through
AHEAD = 32  # jobs that are under way at once, running or waiting in the queue
POLL = 0.2
# A result counts once, also if a worker that was cut off comes back with one that another has brought meanwhile.
ANSWER = "if redis.call('sadd', KEYS[1], ARGV[1]) == 1 then redis.call('rpush', KEYS[2], ARGV[2]) end"
TROUBLES = (redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError)


def ident(job: Job) -> str:
    """The same job again has the same name, so that the count of its runs goes on."""
    return hashlib.sha256(
        json.dumps([job.student, job.lesson, job.work, job.grader, job.seed, job.tries]).encode()
    ).hexdigest()[:24]


class Post:
    """The Redis between a teacher and the workers. Each call waits until Redis is there again, unless `gives_up` says otherwise."""

    def __init__(self, url: str, gives_up: Callable[[], bool] = lambda: False) -> None:
        self.client: Any = redis.Redis.from_url(checked(url), socket_timeout=10, socket_connect_timeout=5)
        self._gives_up = gives_up
        self.broker = RedisBroker(
            url=url, namespace=NAME, heartbeat_timeout=HEARTBEAT, maintenance_chance=MAINTENANCE, middleware=[]
        )
        self.broker.declare_queue(QUEUE)

    def ask(self, *command: Any) -> Any:
        """One command. Raises BadQueue for a wrong password."""
        return self.again(lambda: self.client.execute_command(*command))

    def again(self, call: Callable[[], Any]) -> Any:
        """What the call returns; it is made again as long as Redis is away."""
        while True:
            try:
                return call()
            except redis.AuthenticationError as error:
                raise BadQueue(f"The queue's Redis refuses the password: {error}.") from None
            except TROUBLES:
                if self._gives_up():
                    raise
                time.sleep(1.0)

    @staticmethod
    def key(of: str, word: str) -> str:
        """The key of something that belongs to a class."""
        return f"{NAME}:{of}:{word}"

    def send(self, about: Mapping[str, Any]) -> None:
        """Queues a message for some worker."""
        message: Any = dramatiq.Message(
            queue_name=QUEUE, actor_name="grade", args=(dict(about),), kwargs={}, options={}
        )
        self.again(lambda: self.broker.enqueue(message))


class NetworkCrew:
    """The teacher's end: leases jobs from the ledger, sends them, and writes down what comes back."""

    def __init__(
        self,
        ledger: Ledger,
        lessons: Mapping[str, Lesson],
        url: str,
        *,
        among: set[tuple[str, str]] | None = None,
        on_done: Callable[[Job, Report], None] = lambda job, report: None,
        on_note: Callable[[str], None] = lambda text: None,
        limit: float = JOB_LIMIT,
    ) -> None:
        self._ledger, self._lessons, self._among = ledger, lessons, among
        self._on_done, self._on_note, self._limit = on_done, on_note, limit
        self._post = Post(url)
        self._class = ledger.noted("class") or secrets.token_hex(8)
        ledger.note(**{"class": self._class})
        self._out: dict[str, Job] = {}

    def work(self) -> None:
        """Has everything graded that is queued; what has to be asked once more goes out one at a time, once the rest is through."""
        try:
            self._through(AHEAD, alone=False)
            self._through(1, alone=True)
        except BaseException:
            self._call_back()
            raise
        for word in ("alive", "out", "runs", "done", "results"):
            self._post.ask("EXPIRE", self._key(word), KEPT)

    def take_results(self) -> int:
        """Writes down the results that have come, each before it leaves Redis. Returns how many there were."""
        key, count = self._key("results"), 0
        while data := self._post.ask("LINDEX", key, 0):
            self._take(json.loads(data))
            self._post.ask("LPOP", key)
            count += 1
        return count

    def _key(self, word: str) -> str:
        return self._post.key(self._class, word)

    def _through(self, most: int, alone: bool) -> None:
        while True:
            moved = self.take_results()
            if not self._post.ask("SET", self._key("alive"), "1", "NX", "GET") and self._out:
                self._on_note("Redis had lost the queue: what was under way is sent again.")
                for lost in self._out.values():
                    self._send(lost)
            while len(self._out) < most and (job := self._ledger.lease(SENDER, self._among, alone)):
                self._out[ident(job)] = job
                if not self._post.ask("HEXISTS", self._key("out"), ident(job)):
                    self._send(job)
                moved += 1
            if not self._out:
                return
            if not moved:
                time.sleep(POLL)

    def _send(self, job: Job) -> None:
        name = ident(job)
        self._post.ask("SET", self._key(f"work:{name}"), zipped(Path(job.folder)), "EX", KEPT)
        self._post.ask("SREM", self._key("done"), name)
        self._post.ask("HSET", self._key("out"), name, json.dumps(asdict(job)))
        self._post.send({**asdict(job), "class": self._class, "name": name, "limit": self._limit})

    def _take(self, answer: dict[str, Any]) -> None:
        job = Job(**answer["job"])
        lesson, name = self._lessons.get(job.lesson), ident(job)
        if lesson is None:  # it has another name by now, and its work is graded under that
            self._forget(name)
            return
        tried = replace(job, tries=job.tries + answer.get("runs", 1) - 1)  # one whose worker was gone is a try too
        final: Report | None = None
        if "report" in answer:
            report = Report.from_dict(answer["report"])
            if report.count(Outcome.UNCHECKED):
                final = self._ledger.try_failed(tried, lesson, "", report)
            elif self._ledger.done(job, report):
                final = report
        elif "lost" in answer:
            final = set_aside(lesson, job.seed, TRIES, str(answer["lost"]))
            self._ledger.done(job, final)
        elif "back" in answer:
            self._on_note(f"A job was handed back: {answer['back']}")
            self._ledger.hand_back(job, lesson, ENGINE_FAILED if answer.get("is_of_engine") else None)
        else:
            final = self._ledger.try_failed(tried, lesson, str(answer["failed"]))
        self._forget(name)
        if final is not None:
            self._on_done(job, final)

    def _forget(self, name: str) -> None:
        self._out.pop(name, None)
        self._post.ask("HDEL", self._key("out"), name)
        self._post.ask("DEL", self._key(f"work:{name}"))

    def _call_back(self) -> None:
        """Takes back what is under way: a worker that has not begun it finds no files, and a result that comes later still counts."""
        for name, job in list(self._out.items()):
            self._ledger.hand_back(job, self._lessons[job.lesson])
            with contextlib.suppress(redis.RedisError):
                self._post.client.hdel(self._key("out"), name)
                self._post.client.delete(self._key(f"work:{name}"))


def zipped(folder: Path) -> bytes:
    """A folder's files as a zip."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in files_in(folder):
            member = zipfile.ZipInfo(name)
            member.create_system, member.compress_type = 3, zipfile.ZIP_DEFLATED
            member.external_attr = (0o100755 if path.lstat().st_mode & 0o100 else 0o100644) << 16
            archive.writestr(member, read(path))
    return whole.getvalue()


class Hand:
    """A worker: takes jobs off the queue, several at once, grades them on its own engine, and sends back what came of them."""

    def __init__(
        self,
        url: str,
        lessons: Mapping[str, Lesson],
        count: int,
        *,
        on_note: Callable[[str], None] = lambda text: None,
        new_grader: Callable[[], Grader] = Grader,
        trouble: Callable[[], Unchecked | None] = trouble_now,
    ) -> None:
        self._lessons, self._count, self._on_note, self._new_grader = lessons, count, on_note, new_grader
        self._trouble, self._asking = trouble, threading.Lock()
        self._is_over = threading.Event()
        self._post = Post(url, self._is_over.is_set)
        self._mine, self._graders = threading.local(), list[Grader]()
        self._graders_of: dict[str, str] = {}
        self._running: set[str] = set()  # the keys that say which jobs are being graded here
        self.fault = ""

    def work(self) -> None:
        """Serves until Ctrl-C, or until it finds that it is of another version than the teacher."""
        self._post.ask("PING")
        dramatiq.actor(actor_name="grade", queue_name=QUEUE, broker=self._post.broker)(
            lambda about: self._serve(about)
        )
        worker = dramatiq.Worker(self._post.broker, queues={QUEUE}, worker_threads=self._count)
        worker.queue_prefetch = self._count  # what one worker holds back no other can take
        worker.start()
        try:
            while not self._is_over.wait(BEAT):
                self._beat()
        finally:
            self._is_over.set()
            for grader in list(self._graders):
                grader.interrupt()
            worker.stop(timeout=30_000)
            for grader in self._graders:
                grader.end()

    def _beat(self) -> None:
        """Says that this worker lives, and which jobs it is at."""
        with contextlib.suppress(*TROUBLES):
            self._post.broker.do_qsize(QUEUE)
            for key in list(self._running):
                self._post.client.set(key, "1", ex=BUSY)

    def _serve(self, about: dict[str, Any]) -> None:
        of, name = str(about["class"]), str(about["name"])
        try:
            self._grade(of, name, about)
        except TROUBLES:
            raise  # Redis is away and this worker ends: another gets the job
        except Exception as error:
            self._answer(of, name, about, failed=f"its worker had a fault: {type(error).__name__}: {error}")

    def _grade(self, of: str, name: str, about: dict[str, Any]) -> None:
        job = Job(**{key: about[key] for key in Job.__dataclass_fields__})
        files = self._post.ask("GET", self._post.key(of, f"work:{name}"))
        if self._post.ask("SISMEMBER", self._post.key(of, "done"), name):
            return  # another worker has done it
        if files is None:
            if self._post.ask("HEXISTS", self._post.key(of, "out"), name):  # if not, it was taken back
                self._answer(of, name, about, failed="its files were gone from Redis.")
            return
        lesson = self._lessons.get(job.lesson)
        if lesson is None or self._grader_of(lesson) != job.grader:
            self.fault = "This worker has another version of the workshop, or of its lessons, than the teacher: its verdicts could differ."
            self._answer(of, name, about, back=self.fault)
            self._is_over.set()
            return
        busy = self._post.key(of, f"busy:{name}")
        while not self._post.ask("SET", busy, "1", "NX", "EX", BUSY):  # queued again while another is still at it
            if self._is_over.wait(BEAT):
                self._answer(of, name, about, back="its worker was ended.")
                return
            if self._post.ask("SISMEMBER", self._post.key(of, "done"), name):
                return
        if self._post.ask("SISMEMBER", self._post.key(of, "done"), name):  # since it was asked above
            self._post.ask("DEL", busy)
            return
        runs = int(self._post.ask("HINCRBY", self._post.key(of, "runs"), name, 1))
        if job.tries - 1 + runs > TRIES:
            self._answer(of, name, about, lost="each time its worker was gone before it had a result.")
            return
        self._running.add(busy)
        try:
            self._answer_with(of, name, {**about, "runs": runs}, lesson, files)
        finally:
            self._running.discard(busy)
            self._post.ask("DEL", busy)

    def _answer_with(self, of: str, name: str, about: dict[str, Any], lesson: Lesson, files: bytes) -> None:
        with tempfile.TemporaryDirectory(prefix="workshop-class-") as scratch:
            archive, folder = Path(scratch) / "work.zip", Path(scratch) / lesson.name
            archive.write_bytes(files)
            folder.mkdir()
            unpack(archive, folder)
            grader = self._grader()
            found = grader.graded(lesson, folder, int(about["seed"]), float(about["limit"]), bool(about["alone"]))
        if self._is_over.is_set():
            self._answer(of, name, about, back="its worker was ended.")
            return
        if isinstance(found, Report) and not found.count(Outcome.UNCHECKED):
            self._answer(of, name, about, report=found.to_dict())
            return
        grader.end(at_once=isinstance(found, str))
        trouble = self._trouble()
        if trouble is not None:
            self._answer(of, name, about, back=trouble.hint, is_of_engine=True)
            self._wait_for_engine()
        elif isinstance(found, str):
            self._answer(of, name, about, failed=found)
        else:
            self._answer(of, name, about, report=found.to_dict())

    def _answer(self, of: str, name: str, about: dict[str, Any], **answer: Any) -> None:
        job = {key: about[key] for key in Job.__dataclass_fields__}
        data = json.dumps({"job": job, "runs": about.get("runs", 1), **answer})
        if "back" in answer:
            self._post.again(lambda: self._post.client.hincrby(self._post.key(of, "runs"), name, -1))
        keys = (self._post.key(of, "done"), self._post.key(of, "results"))
        self._post.again(lambda: self._post.client.eval(ANSWER, 2, *keys, name, data))

    def _grader(self) -> Grader:
        if not hasattr(self._mine, "grader"):
            self._mine.grader = self._new_grader()
            self._graders.append(self._mine.grader)
        grader: Grader = self._mine.grader
        return grader

    def _grader_of(self, lesson: Lesson) -> str:
        return self._graders_of.setdefault(lesson.name, grader_of(lesson))

    def _wait_for_engine(self) -> None:
        """Takes nothing more until the engine answers."""
        with self._asking:
            trouble = self._trouble()
            if trouble is not None:
                self._on_note(f"Paused: {trouble.hint}")
            while trouble is not None and not self._is_over.wait(PAUSE):
                trouble = self._trouble()
