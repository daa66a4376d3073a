"""The server of the live page: on 127.0.0.1 alone, for who has the address that the terminal shows, and for nobody else.

The address holds a secret, which becomes a cookie for this place alone; Host and Origin are looked at, so that no other page can drive it.
Tornado serves it: JupyterLab brings it along, a stream costs it no thread, and nothing runs while nobody asks (docs/page.md has the figures).
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import logging
import secrets
import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tornado import httpserver, iostream, netutil, web

from workshop.course import hints, lessons
from workshop.course.places import ROOT
from workshop.course.progress import Progress
from workshop.reports import timeline
from workshop.web import health, text
from workshop.web.live import Live
from workshop.web.looking import Looker
from workshop.web.site import coursemap

HERE = "127.0.0.1"
NAMES = (HERE, "localhost")
PAGE = Path(__file__).with_name("page")
ASKED = 4.0  # seconds between two looks at the engine, while a page is open
BREATH = 20.0  # seconds after which a stream that has nothing to say says so
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; worker-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
OF_A_PICTURE = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
# Not a redirect: who came here from elsewhere would be sent on without the cookie, as a stranger's link is.
COME_IN = '<!doctype html><html lang="en"><title>The workshop</title><meta http-equiv="refresh" content="0;url=./">'
NOT_YET = "Lesson {} is not passed yet. A hint may be of more help. Show it all the same?"


def origins(*ports: int) -> list[str]:
    """The origins of pages on these ports of this machine."""
    return [f"http://{name}:{port}" for name in NAMES for port in ports]


class At(NamedTuple):
    """Where the page listens, and the port of 127.0.0.1 on which a browser finds it: another one if it is published out of a container.

    `frames` are the ports of this machine whose pages may be shown within the page.
    """

    host: str = HERE
    port: int = 0  # any that is free
    shown: int = 0  # the same
    frames: tuple[int, ...] = ()


class Page:
    """The live page, served from a thread of its own from `__enter__` to the block's end. `address` is what to open.

    `actions` are what the buttons do, by name; each is called with what the page sent and returns words for the person, or None.
    """

    def __init__(
        self,
        live: Live,
        looker: Looker,
        actions: Mapping[str, Callable[[dict[str, Any]], str | None]],
        at: At = At(),  # noqa: B008 (it never changes)
    ) -> None:
        self.live, self.looker, self.actions = live, looker, actions
        self.secret, self.place = secrets.token_urlsafe(24), secrets.token_hex(4)
        self._sockets = netutil.bind_sockets(at.port, at.host, socket.AF_INET)
        self.port = at.shown or int(self._sockets[0].getsockname()[1])
        self.hosts = {f"{name}:{self.port}" for name in NAMES}
        self.policy = STRICT
        if at.frames:
            self.policy += f"; frame-src {' '.join(origins(*at.frames))}"
        self.address = f"http://{HERE}:{self.port}/{self.place}/?key={self.secret}"
        self.cookie = f"workshop_{self.port}"
        self.streams: set[Stream] = set()
        self.asked = 0.0  # when somebody last asked for the state
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._ready = threading.Event()

    def __enter__(self) -> Page:
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(3)

    async def _serve(self) -> None:
        for name in ("access", "application", "general"):  # the terminal is the desk's
            logging.getLogger(f"tornado.{name}").setLevel(logging.CRITICAL + 1)
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        server = httpserver.HTTPServer(self._application(), max_body_size=10_000, max_header_size=20_000)
        server.add_sockets(self._sockets)
        self.live.subscribe(self._changed)
        looks = asyncio.create_task(self._look_at_engine())
        self._ready.set()
        await self._over.wait()
        looks.cancel()
        server.stop()
        for stream in list(self.streams):
            stream.wake.set()
        await server.close_all_connections()

    def _changed(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        for stream in self.streams:
            stream.wake.set()

    async def _look_at_engine(self) -> None:
        while True:
            await asyncio.sleep(ASKED)
            lesson = self.live.lesson
            is_open = self.streams or self._loop.time() - self.asked < 2 * ASKED
            if is_open and lesson is not None and lesson.needs_engine:
                self.live.engine(await asyncio.to_thread(health.trouble))

    @property
    def is_over(self) -> bool:
        """Whether it is being shut down."""
        return self._over.is_set()

    def _application(self) -> web.Application:
        here = {"page": self}
        routes: list[Any] = [
            (r"", Front, here),
            (r"static/([\w.-]+)", Static, here),
            (r"lessons/(\d\d_\w+)/pictures/([\w.-]+\.svg)", OfALesson, here),
            (r"state", State, here),
            (r"stream", Stream, here),
            (r"(text|hint|log|map|pictures|commands|where|more|solution)", Read, here),
            (r"(picture|timeline)/(\w+)\.svg", Drawn, here),
            (r"do/(\w+)", Do, here),
        ]
        return web.Application(
            [(rf"/{self.place}/{path}", *rest) for path, *rest in routes],
            default_handler_class=Nothing,
            default_handler_args=here,
        )


class Handler(web.RequestHandler):
    """What every answer has in common: who may ask, and the headers."""

    policy = STRICT

    def initialize(self, page: Page) -> None:
        self.page = page

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        for name, value in {
            **{
                "Content-Security-Policy": self.policy,
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "no-referrer",
            },
            **{
                "Cross-Origin-Resource-Policy": "same-origin",
                "Cross-Origin-Opener-Policy": "same-origin",
                "Cache-Control": "no-store",
            },
        }.items():
            self.set_header(name, value)

    def prepare(self) -> None:
        """Refuses whoever has not the secret, came by another name, or from another page."""
        request = self.request
        host, origin = request.headers.get("Host"), request.headers.get("Origin")
        is_here = host in self.page.hosts
        is_own = origin == f"http://{host}" or (origin is None and request.method == "GET")
        site = request.headers.get("Sec-Fetch-Site", "none")
        given = self.get_query_argument("key", "") or self.get_cookie(self.page.cookie) or ""
        is_known = hmac.compare_digest(given.encode(), self.page.secret.encode())
        if is_here and is_own and is_known and (site in ("none", "same-origin") or self.is_navigation()):
            return
        self.set_status(403)
        self.finish("Open the address that the terminal shows: it lets you in.")

    def is_navigation(self) -> bool:
        """Whether a person comes here with a link, which does nothing by itself."""
        return self.request.method == "GET" and self.request.headers.get("Sec-Fetch-Mode") == "navigate"

    def write_error(self, status_code: int, **_: Any) -> None:
        self.finish(f"{status_code}")

    def send_file(self, path: Path) -> None:
        """A file as it stands."""
        if not path.is_file():
            raise web.HTTPError(404)
        self.set_header("Content-Type", TYPES.get(path.suffix, "application/octet-stream"))
        self.finish(path.read_bytes())

    def send(self, data: Any) -> None:
        """Data as JSON."""
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(data, ensure_ascii=False))


class Nothing(Handler):
    """Whatever else is asked for."""

    def get(self, *_: str) -> None:
        raise web.HTTPError(404)


class Front(Handler):
    """The page itself. The secret goes from the address into a cookie, which is sent to this place of this host only."""

    def get(self) -> None:
        if self.get_query_argument("key", None) is None:
            self.set_header("Content-Security-Policy", self.page.policy)
            self.send_file(PAGE / "index.html")
            return
        self.set_cookie(
            self.page.cookie, self.page.secret, path=f"/{self.page.place}/", httponly=True, samesite="Strict"
        )
        self.finish(COME_IN)


class Static(Handler):
    """The page's own files."""

    def get(self, name: str) -> None:
        if name == "map.css":
            self.set_header("Content-Type", TYPES[".css"])
            self.finish(coursemap.style())
        else:
            self.send_file(PAGE / name)


class OfALesson(Handler):
    """A picture that stands beside a lesson's text."""

    policy = OF_A_PICTURE

    def get(self, lesson: str, name: str) -> None:
        self.send_file(ROOT / "lessons" / lesson / "pictures" / name)


class State(Handler):
    """The state, for who asks again and again: nothing if it has not changed."""

    def get(self) -> None:
        self.page.asked = asyncio.get_running_loop().time()
        if self.get_query_argument("since", "") == str(self.page.live.version):
            self.set_status(204)
            return
        self.send(self.page.live.state())


class Stream(Handler):
    """The state at each change, as server-sent events."""

    def initialize(self, page: Page) -> None:
        super().initialize(page)
        self.wake = asyncio.Event()

    async def get(self) -> None:
        self.set_header("Content-Type", "text/event-stream")
        self.page.streams.add(self)
        sent = -1
        try:
            while not self.page.is_over:
                self.wake.clear()
                state = self.page.live.state()
                if state["version"] != sent:
                    sent = state["version"]
                    self.write(f"data: {json.dumps(state, ensure_ascii=False)}\n\n")
                    await self.flush()
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self.wake.wait(), BREATH)
                    continue
                self.write(": nothing new\n\n")
                await self.flush()
        except iostream.StreamClosedError:
            pass
        finally:
            self.page.streams.discard(self)

    def on_connection_close(self) -> None:
        self.page.streams.discard(self)
        self.wake.set()


class Read(Handler):
    """What goes with the lesson: its text, a hint that is open, the log, the pictures, more, the solution."""

    async def get(self, what: str) -> None:
        lesson = self.page.live.lesson
        if lesson is None:
            raise web.HTTPError(404)
        if what == "text":
            self.send({"html": text.lesson_page(lessons.find(self.get_query_argument("lesson", lesson.name)))})
        elif what == "map":
            self.send({"html": await asyncio.to_thread(text.course_map, lessons.catalogue())})
        elif what == "hint":
            place = self.get_query_argument("place", "")
            if not place.isdigit() or int(place) >= len(hints.folds(lesson.text)):
                raise web.HTTPError(404)
            self.send({"html": text.hint(lesson, int(place))})
        elif what == "log":
            self.send({"text": await asyncio.to_thread(self.page.looker.log)})
        elif what == "where":
            self.send({"text": self.page.looker.where(self.get_query_argument("of", "", strip=False))})
        elif what in ("pictures", "commands"):
            found = await (self.pictures() if what == "pictures" else self.commands())
            self.send(
                [{"name": one.name, "title": one.title, "text": one.text, "version": hash(one.svg)} for one in found]
            )
        elif not Progress().has_passed(lesson) and not self.get_query_argument("anyway", ""):
            self.send({"html": None, "words": NOT_YET.format(lesson.number)})
        else:
            self.send({"html": text.more(lesson) if what == "more" else text.solution(lesson)})

    async def pictures(self) -> list[Any]:
        """The pictures of what runs now."""
        live = self.page.live
        assert live.lesson
        return await asyncio.to_thread(self.page.looker.pictures, live.lesson, live.work, live.report, live.began_at)

    async def commands(self) -> list[Any]:
        """Those of them that show what arrives at a Redis, as of this moment."""
        return await asyncio.to_thread(self.page.looker.commands)


class Drawn(Read):
    """A picture of what runs now, or the timeline of a check."""

    policy = OF_A_PICTURE

    async def get(self, what: str, name: str) -> None:  # type: ignore[override]
        if self.page.live.lesson is None:
            raise web.HTTPError(404)
        if what == "picture":
            found = await (self.commands() if name.endswith("commands") else self.pictures())
            drawn = next((one.svg for one in found if one.name == name), None)
        else:
            checks = self.page.live.state()["checks"]
            check = next((one for one in checks if one["id"] == name and one.get("timeline")), None)
            drawn = timeline.svg(check["timeline"], check["claim"]) if check else None
        if drawn is None:
            raise web.HTTPError(404)
        self.set_header("Content-Type", "image/svg+xml")
        self.finish(drawn)


class Do(Handler):
    """A button."""

    async def post(self, what: str) -> None:
        action = self.page.actions.get(what)
        if action is None or not self.request.headers.get("Content-Type", "").startswith("application/json"):
            raise web.HTTPError(404)
        try:
            sent = json.loads(self.request.body or b"{}")
        except ValueError:
            raise web.HTTPError(400) from None
        words = await asyncio.to_thread(action, sent if isinstance(sent, dict) else {})
        self.send({"words": words or ""})
