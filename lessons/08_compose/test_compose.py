"""Lesson 8: two services that come up together, and come back."""

import re
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from workshop.grader import beside, expect, rests_on, wanted

NO_HOST_PORT = wanted("a port of the host that the engine chooses", lambda port: port is None)
NO_NAMES = wanted("no name that the file fixes", lambda names: not names)


@pytest.fixture(scope="module", autouse=True)
def copies(coming):
    """Two further copies, begun while the first comes up: a plain one, and one in which Redis begins its work late."""
    return SimpleNamespace(second=coming.copy(), late=coming.copy(held="redis"))


def test_up_from_nothing(stack):
    """`docker compose up` brings web and redis up from nothing"""
    stack.service("web").get("/healthz").expect(200)


@rests_on("test_up_from_nothing")
def test_web_finds_redis_by_its_name(stack, some):
    """web keeps its data in the service redis, which it finds by that name"""
    pair = {"key": some.key(), "value": some.text()}
    web = stack.service("web")
    web.post("/set", json=pair).expect(201, json=pair)
    url = web.environment.get("REDIS_URL", "redis://redis")
    kept = [stack.redis_cli("-n", number, "GET", pair["key"]) for number in databases(stack, url)]
    expect(kept, wanted(f"{pair['value']!r}, in the service redis", lambda kept: pair["value"] in kept))
    expect(url, wanted("redis://redis:6379/0", leads_to_redis))


def databases(stack, url):
    """The numbers of the databases that Redis lists, and of the one that the URL names: not every user may ask for the list."""
    listed = re.findall(r"(?m)^db(\d+):", stack.redis_cli("INFO", "keyspace"))
    return {urlsplit(url).path.strip("/") or "0", *listed}


def leads_to_redis(url):
    """Whether a URL names the service redis."""
    return not url.startswith("unix:") and (urlsplit(url).hostname or "redis").partition(".")[0] == "redis"


def test_redis_is_not_published(stack):
    """Redis is not published to the host"""
    ports = {}
    for service in stack.services("redis"):
        ports |= service.inspect()["HostConfig"]["PortBindings"] or {}
    expect(ports, wanted("no published port", lambda ports: not ports), asked="docker compose ps redis")


def test_todays_words(stack):
    """The file has no `version` and no `links`: Compose needs neither today"""
    written = stack.as_written
    places = [("version",), *(("services", name, "links") for name in written.services())]
    outdated = [".".join(path) for path in places if written.at(*path)]
    expect(outdated, wanted("neither of the two", lambda outdated: not outdated), asked="docker compose config")


@rests_on("test_up_from_nothing")
def test_killed_web_comes_back(stack, drill):
    """When web's process is killed, the service comes back"""
    before = stack.state("web")
    stack.kill_web_process()
    drill.note("web", "its process is killed")
    web = stack.back_again("web", before)
    after = stack.state("web")
    drill.note("web", "answers again" if web else f"{after['Status']}, exit code {after['ExitCode']}")
    if not web:  # the checks below need one that runs
        stack.start_again("web")
    shown = "running again" if web else f"{after['Status']}, exit code {after['ExitCode']}"
    expect(shown, "running again")
    web.get("/healthz").expect(200)


@rests_on("test_web_finds_redis_by_its_name")
def test_two_copies_side_by_side(stack, copies, some):
    """Two copies of the stack run side by side, each with its own data"""
    asked = "docker compose --project-name second up --detach"
    fixed = stack.fixed_port("web")
    expect(fixed.port if fixed and not fixed.chosen else None, NO_HOST_PORT, asked=asked)
    expect(shared_names(stack), NO_NAMES, asked=asked)
    second = copies.second.wait()
    second.service("web").get("/healthz").expect(200)
    stack.service("web").get("/healthz").expect(200)
    key = some.key()
    put(stack, key, "first")
    put(second, key, "second")
    expect([stack.redis_cli("GET", key), second.redis_cli("GET", key)], ["first", "second"])


def shared_names(stack):
    """The volumes and networks whose name the file fixes; a name that is made of the project's is another in each copy."""
    names = [(kind, name) for kind in ("volumes", "networks") for name in stack.fixed_names(kind)]
    return [f"{kind}.{name}" for kind, name in names if stack.project not in stack.config[kind][name]["name"]]


def put(stack, key, value):
    """Sets a value in the service redis, asked as web asks it."""
    expect(stack.redis_cli("SET", key, value).strip(), "OK")


@rests_on("test_up_from_nothing")
@beside()
def test_scale(stack, copies):
    """`docker compose up --scale web=2` works"""
    asked = "docker compose up --detach --scale web=2"
    fixed = stack.fixed_port("web")
    expect(fixed.port if fixed else None, NO_HOST_PORT, asked=asked)
    expect(stack.config["services"]["web"].get("container_name"), None, asked=asked)
    both = copies.second.wait().scale(web=2)
    expect(len(both), 2)
    for web in both:
        web.get("/healthz").expect(200)


@rests_on("test_up_from_nothing")
@beside()
def test_web_waits_for_redis(stack, copies):
    """web starts only once Redis is healthy"""
    late = copies.late
    early = late.answer_while_held("web")
    health = ((late.state("redis") or {}).get("Health") or {}).get("Status")
    late.release()
    nothing_yet = wanted("no answer of web before Redis is healthy", lambda early: early is None)
    expect(early, nothing_yet, asked="docker compose up, with a Redis that takes its time")
    late.wait().service("web").get("/healthz").expect(200)


@rests_on("test_web_finds_redis_by_its_name")
@beside(after="test_two_copies_side_by_side")
def test_data_survive_down_and_up(stack, some):
    """The data in Redis survives `docker compose down` and `up`"""
    key, value = some.key(), some.text()
    put(stack, key, value)
    stack.down()
    stack.up()
    expect(
        stack.redis_cli("GET", key) or None,
        value,
        asked=f"docker compose down && docker compose up --detach && docker compose exec redis redis-cli GET {key}",
    )
