"""The gateway before a registry, the registry behind it as a grader asks it, the small images, and a student's script: all without an engine."""

import asyncio
import contextlib
import http.client
import http.server
import io
import json
import os
import re
import socket
import subprocess
import tarfile
import threading
import time
from types import SimpleNamespace

import pytest

from workshop.classroom import crew
from workshop.course import lessons
from workshop.engine import images
from workshop.engine.run import Run
from workshop.grading import registry_fixture
from workshop.grading.some import Some
from workshop.guests import gateway
from workshop.machine import cost
from workshop.outcomes import Mismatch, NotUp, Unchecked
from workshop.patience import Ahead, until
from workshop.probes import scripts
from workshop.probes.registry import Registry
from workshop.probes.small_images import Platform, SmallImage, archive, digest_of

TOKEN = "a-token"
posix_only = pytest.mark.skipif(os.name != "posix", reason="a shell and its signals")


class Store(http.server.BaseHTTPRequestHandler):
    """As much of a registry as is needed: it keeps blobs and manifests in memory."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def _body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        whole = b""
        while size := int(self.rfile.readline(), 16):
            whole += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return whole

    def _say(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        _, _, *name, kind, rest = self.path.split("?")[0].split("/")
        held = self.server.manifests.get("/".join(name), {})
        if kind == "tags":
            return self._say(200, json.dumps({"tags": list(held)}).encode()) if held else self._say(404)
        if kind == "manifests" and rest in held:
            return self._say(200, held[rest], Docker_Content_Digest=digest_of(held[rest]))
        return self._say(200 if self.path == "/v2/" else 404)

    do_HEAD = do_GET

    def do_POST(self):
        self._body()
        self._say(202, Location=f"http://{self.headers['Host']}{self.path}1?_state=x")

    def do_PATCH(self):
        self.server.got = self._body()
        self._say(202)

    def do_PUT(self):
        body = self._body()
        _, _, *name, kind, rest = self.path.split("?")[0].split("/")
        if kind == "manifests":
            self.server.manifests.setdefault("/".join(name), {})[rest] = body
        self._say(201, Docker_Content_Digest=digest_of(body))


@contextlib.contextmanager
def store():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store)
    server.manifests, server.daemon_threads = {}, True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def before(port):
    """A gateway in a thread, and the registry as a grader sees it."""
    ports, listening, loops, over = [], threading.Event(), [], asyncio.Event()

    async def serve():
        server = gateway.Server([("127.0.0.1", port)], TOKEN)
        ports.extend(await server.listen("127.0.0.1", 0, 0))
        loops.append(asyncio.get_running_loop())
        listening.set()
        await over.wait()
        server.close()
        await asyncio.sleep(
            0.05
        )  # a connection that was taken just now gets its task: it is cancelled with the others

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    assert listening.wait(5)
    control, (data,) = ports
    notes = []
    made = Registry(None, notes.append, "a-container", ("127.0.0.1", control, TOKEN), data)
    made.notes = notes
    try:
        yield made
    finally:
        loops[0].call_soon_threadsafe(over.set)
        thread.join(30)


@pytest.fixture
def upstream():
    with store() as server:
        yield server


@pytest.fixture
def registry(upstream):
    with before(upstream.server_address[1]) as made:
        yield made


@pytest.fixture
def image():
    platform = Platform(b"a system", {"os": "linux", "architecture": "amd64"})
    return SmallImage.made(platform, "a-run", "kiwi", "1.2.3", "a-word", b"d" * 5000)


def asked(registry, method, path, body=None, chunked=False):
    host, port = registry.address.split(":")
    with contextlib.closing(http.client.HTTPConnection(host, int(port), timeout=10)) as connection:
        connection.request(method, path, iter(body) if chunked else body, encode_chunked=chunked)
        answer = connection.getresponse()
        return answer.status, answer.read()


def test_what_was_put_is_there(registry, image):
    assert registry.tags("kiwi") == []
    digest = registry.put(image, "kiwi", "1.2.3", "latest")
    assert registry.tags("kiwi") == ["1.2.3", "latest"]
    assert registry.digest("kiwi", "latest") == digest == digest_of(image.manifest())
    assert registry.digest("kiwi", "2") is None
    assert len(registry.layers("kiwi", "1.2.3")) == 3
    assert registry.notes[0] == f"curl http://{registry.address}/v2/kiwi/tags/list"


def test_an_index_leads_to_its_first_image(registry, upstream, image):
    digest = registry.put(image, "kiwi", "1")
    upstream.manifests["kiwi"][digest] = image.manifest()
    upstream.manifests["kiwi"]["all"] = json.dumps(
        {"manifests": [{"digest": digest}, {"digest": "sha256:0"}]}
    ).encode()
    assert registry.layers("kiwi", "all") == registry.layers("kiwi", "1")


def test_uploads_of_one_repository_are_seen(registry):
    with registry.watch("kiwi") as seen:
        asked(registry, "PUT", "/v2/other/blobs/uploads/1?digest=sha256:0", b"x")
        asked(registry, "PUT", "/v2/kiwi/blobs/uploads/1?digest=sha256:1", b"x")
        asked(registry, "HEAD", "/v2/kiwi/blobs/sha256:1")
    assert seen.uploaded == ["sha256:1"]
    assert [(one["method"], one["status"]) for one in seen.requests] == [("PUT", 201), ("HEAD", 404)]


def test_a_body_in_chunks_goes_through_unchanged(registry, upstream):
    with registry.watch("kiwi") as seen:
        assert asked(registry, "PATCH", "/v2/kiwi/blobs/uploads/1", [b"one ", b"two"], chunked=True)[0] == 202
    assert upstream.got == b"one two"
    assert seen.requests[0]["bytes"] == 7


def test_one_tag_is_refused(registry, image):
    with registry.watch("kiwi", refuse="1"):
        assert asked(registry, "PUT", "/v2/kiwi/manifests/2", b"{}")[0] == 201
        status, body = asked(registry, "PUT", "/v2/kiwi/manifests/1", b"{}")
    assert status == 403
    assert json.loads(body)["errors"][0]["code"] == "DENIED"
    assert registry.tags("kiwi") == ["2"]


def test_uploads_can_be_slow(registry):
    start = time.monotonic()
    with registry.watch("kiwi", slow=0.3):
        asked(registry, "PATCH", "/v2/kiwi/blobs/uploads/1", b"x")
        assert time.monotonic() - start >= 0.3
        asked(registry, "HEAD", "/v2/kiwi/blobs/sha256:1")
    assert time.monotonic() - start < 3


def test_a_held_upload_goes_on_when_the_block_ends(registry, upstream):
    with registry.watch("kiwi", hold=1000) as seen:
        under_way = Ahead(lambda: asked(registry, "PATCH", "/v2/kiwi/blobs/uploads/1", b"x" * 400_000))
        assert seen.held.wait(5)
        assert not under_way.wait(0.1)
    assert under_way.get(5)[0] == 202
    assert len(upstream.got) == 400_000


def test_what_stands_before_a_registry_that_dies_answers_502():
    listener = socket.create_server(("127.0.0.1", 0))
    with before(listener.getsockname()[1]) as registry, registry.watch("kiwi", hold=1000) as seen:
        under_way = Ahead(lambda: asked(registry, "PATCH", "/v2/kiwi/blobs/uploads/1", b"x" * 400_000))
        assert seen.held.wait(5)
        listener.accept()[0].close()
        assert under_way.get(5)[0] == 502
        listener.close()
        assert asked(registry, "PATCH", "/v2/kiwi/blobs/uploads/1", b"x" * 400_000)[0] == 502
        with pytest.raises(Unchecked):
            registry.tags("kiwi")


def test_tls_is_answered_at_once_as_a_registry_does(registry):
    host, port = registry.address.split(":")
    with socket.create_connection((host, int(port)), timeout=5) as client:
        client.sendall(b"\x16\x03\x01\x02\x00\x01")
        assert client.recv(100).startswith(b"HTTP/1.1 400 ")


def test_nobody_watches_without_the_token(registry):
    registry._control = (*registry._control[:2], "another")
    with pytest.raises((Unchecked, OSError)), registry.watch("kiwi"):
        pass


def test_an_image_is_as_the_engine_loads_it(image):
    with tarfile.open(fileobj=io.BytesIO(archive([image]))) as tar:
        (entry,) = json.load(tar.extractfile("manifest.json"))
        assert entry["RepoTags"] == ["kiwi:latest"]
        assert [digest_of(tar.extractfile(name).read()) for name in entry["Layers"]] == image.diff_ids
        config = json.load(tar.extractfile(entry["Config"]))
    assert config["rootfs"]["diff_ids"] == image.diff_ids
    assert config["config"]["Labels"] == {"workshop.run": "a-run"}


def test_the_lesson_needs_the_registry_s_image():
    (lesson,) = (one for one in lessons.catalogue() if "registries" in one.needs)
    assert images.REGISTRY in cost.base_images(lesson)
    assert lesson.needs_engine


def test_a_lesson_with_a_cluster_needs_the_image_of_redis():
    (lesson,) = (one for one in lessons.catalogue() if "cluster" in one.needs)
    assert images.REDIS in cost.base_images(lesson)


@pytest.fixture
def run():
    with Run() as made:
        yield made


def script(run, tmp_path, text, name="publish.sh"):
    (tmp_path / name).write_text(text, encoding="utf-8")
    return scripts.script_in(run, tmp_path, {}, "06_registry", "publish")


@posix_only
def test_a_script_runs_as_by_hand(run, tmp_path):
    ran = script(run, tmp_path, 'echo "$1-$2"; echo aside >&2; read line || exit 3').begin("a", "b").wait(10)
    assert (ran.code, ran.last_line, ran.err) == (3, "a-b", "aside\n")
    assert ran.asked.endswith("publish.sh a b")
    ran.expect(well=False)
    with pytest.raises(Mismatch) as failed:
        ran.expect(well=True)
    assert failed.value.actual.startswith("exit code 3")


@posix_only
def test_nothing_of_a_script_outlives_it(run, tmp_path):
    hangs = script(run, tmp_path, "timeout 60 sleep 61.37").begin().wait(0.5)
    assert hangs.code is None
    assert repr(hangs).startswith("no end within")
    leaves = script(run, tmp_path, "sleep 61.38 &").begin().wait(10)
    assert (leaves.code, leaves.left) == (0, ("sleep 61.38",))
    assert until(lambda: not re.search(r"^sleep 61\.3[78]$", commands(), re.MULTILINE), 5)


def commands():
    return subprocess.run(["ps", "-A", "-o", "args="], capture_output=True, text=True, check=True).stdout


@posix_only
def test_ctrl_c_ends_a_script(run, tmp_path):
    running = script(run, tmp_path, "set -e\nsleep 60\necho went on").begin()
    assert not until(running.has_ended, 0.3)
    ran = running.interrupt(10)
    assert ran.code not in (None, 0)
    assert "went on" not in ran.said
    assert ran.seconds < 8


@posix_only
@pytest.mark.parametrize(
    ("files", "starter", "chosen", "why"),
    [
        ({"publish.sh": "a"}, {}, "publish.sh", ""),
        ({"publish.py": "a"}, {}, "publish.py", ""),
        (
            {"publish.sh": "a", "publish.py": "b"},
            {},
            "publish.sh",
            "publish.py is there too; here publish.sh is taken",
        ),
        (
            {"publish.sh": "a", "publish.py": "b"},
            {"publish.sh": "a\r\n"},
            "publish.py",
            "the other one, publish.sh, is still the starter",
        ),
        ({"publish.sh": "a", "publish.py": "b"}, {"publish.sh": "a", "publish.py": "b"}, "publish.sh", ""),
    ],
)
def test_which_script_is_taken(run, tmp_path, files, starter, chosen, why):
    (tmp_path / "starter").mkdir()
    for name, text in starter.items():
        (tmp_path / "starter" / name).write_text(text, encoding="utf-8")
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    of_lesson = {name: tmp_path / "starter" / name for name in starter}
    made = scripts.script_in(run, tmp_path, of_lesson, "06_registry", "publish")
    assert (made.name, made.why) == (chosen, why)


def test_no_script_at_all_is_told(run, tmp_path):
    (tmp_path / "publish.txt").write_text("", encoding="utf-8")
    with pytest.raises(NotUp) as error:
        scripts.script_in(run, tmp_path, {}, "06_registry", "publish")
    assert error.value.mistake in ("file_misnamed", "file_missing")


def test_the_docker_command_is_given_no_password(tmp_path, monkeypatch):
    own, folder = tmp_path / "own", tmp_path / "settings"
    (own / "contexts" / "meta").mkdir(parents=True)
    folder.mkdir()
    said = {
        "auths": {"https://index.docker.io/v1/": {"auth": "c2VjcmV0"}},
        "credsStore": "desktop",
        "currentContext": "lab",
    }
    (own / "config.json").write_text(json.dumps(said), encoding="utf-8")
    monkeypatch.setenv("DOCKER_CONFIG", str(own))
    assert json.loads((scripts.docker_settings(folder) / "config.json").read_text()) == {"currentContext": "lab"}
    assert (folder / "contexts" / "meta").is_dir()


def test_images_are_drawn_afresh():
    from workshop.probes.registry import Registries

    made = SimpleNamespace(_platform=Platform(b"", {}), run=SimpleNamespace(id="r"))
    one, other = (Registries.image(made, Some(seed, "images")) for seed in (1, 2))
    assert one.name.endswith("-r")
    assert (one.name, one.version, one.word, one.diff_ids) != (other.name, other.version, other.word, other.diff_ids)


def test_a_registry_that_does_not_come_up_is_nobody_s_mistake(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setattr("workshop.probes.registry.START_LIMIT", 0.2)
    with before(port) as registry:
        registry.run = SimpleNamespace(docker=lambda *words: SimpleNamespace(out="", err="panic: no space\n"))
        with pytest.raises(Unchecked) as error:
            registry.wait()
    assert error.value.actual == "panic: no space"


def test_the_script_of_a_stranger_is_not_run():
    bench = SimpleNamespace(session=SimpleNamespace(strangers=True))
    with pytest.raises(Unchecked, match="stranger"):
        registry_fixture.script.__wrapped__(bench)
    assert crew.COMMAND[-1] == "strangers"
