"""Lesson 8: two services that come up together, and come back."""

import json
import re
import time
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from workshop.outcomes import Mismatch

REFUSALS = {  # what Redis says to web, as web's log has it, and why
    "already authenticated|Authentication required": "Redis wants a password, and REDIS_URL has none. It stands before the host: redis://:password@redis:6379/0.",
    "invalid username-password": "Redis does not take the user and the password that REDIS_URL has. Both must be those that Redis was started with.",
    "protected mode": "Redis is in protected mode: without a password it answers only its own container. Take `protected-mode yes` out.",
    "DB index": "The number at the end of REDIS_URL is that of a database in Redis, and there are 16: 0 to 15.",
}


@pytest.fixture(scope="module", autouse=True)
def copies(stack):
    """Two further copies, begun while the first checks run: a plain one, and one in which Redis begins its work late."""
    return SimpleNamespace(second=stack.copy(), late=stack.copy(held="redis"))


def test_up_from_nothing(stack):
    """`docker compose up` brings web and redis up from nothing"""
    stack.service("web").get("/healthz").expect(
        200, because="The stack is up, and web does not answer as app.py does."
    )


def test_web_finds_redis_by_its_name(stack, some):
    """web keeps its data in the service redis, which it finds by that name"""
    pair = {"key": some.key(), "value": some.text()}
    web = stack.service("web")
    environment = dict(value.split("=", 1) for value in web.inspect()["Config"]["Env"])
    told = environment.get("REDIS_URL")
    url = urlsplit(told or "")
    host, port = url.hostname, url.netloc.rpartition(":")[2]
    networks = [set(service.inspect()["NetworkSettings"]["Networks"]) for service in (web, stack.service("redis"))]
    answer = web.post("/set", json=pair)
    answer.suspect(
        not told and "REDIS_URL" in [name.strip() for name in environment],
        "The name in `environment` has a space at its end, so it is another one: REDIS_URL=redis://…, without a space before the =.",
    )
    answer.suspect(
        not told,
        "web is not told where Redis is: there is no REDIS_URL in its environment, so app.py looks on localhost. "
        "Set it under `environment`; the host in it is the name of the service, redis.",
    )
    answer.suspect(
        host in ("localhost", "127.0.0.1"),
        f"REDIS_URL is {told}. Inside a container, localhost is the container itself, and no Redis is there. "
        "The host is the name of the service: redis.",
    )
    answer.suspect(
        not networks[0] & networks[1],
        "web and redis are on no common network, so the name redis leads nowhere. Take `networks` out, or give both one.",
    )
    answer.suspect(
        host and host != "redis",
        f"REDIS_URL is {told}, and {f'no service is called `{host}`' if host not in stack.config['services'] else 'that is not Redis'}. "
        "The host is the name of the service: redis.",
    )
    answer.suspect(
        port.isdigit() and port != "6379",
        f"REDIS_URL is {told}. Redis listens on port 6379, in every container of it.",
    )
    if answer.status == 503 and (cause := why_refused(web)):
        answer.suspect(True, cause)
    answer.expect(201, json=pair)
    listed = [
        word.split(":")[0].removeprefix("db")
        for word in stack.redis_cli("INFO", "keyspace").split()
        if word.startswith("db")
    ]
    assert pair["value"] in [
        stack.redis_cli("-n", number, "GET", pair["key"]) for number in {url.path.strip("/") or "0", *listed}
    ], "web answered, and the value is not in the service redis. To which Redis does REDIS_URL lead?"
    if url.scheme == "unix" or (host or "redis").partition(".")[0] != "redis":
        raise Mismatch(
            f"REDIS_URL is {told}. That leads to Redis, and not by the name of its service. Every service is found by its name: redis.",
            expected="redis://redis:6379/0",
            actual=told,
        )


def why_refused(web):
    """Why Redis refuses what web asks, where web's log tells it."""
    log = web.log_with("WARNING", 2)
    return next((cause for words, cause in REFUSALS.items() if re.search(words, log)), None)


def put(stack, key, value):
    """Sets a value in the service redis, asked as web asks it."""
    said = stack.redis_cli("SET", key, value).strip()
    if said != "OK":
        raise Mismatch(
            "Redis cannot be asked with the port and the password that REDIS_URL of web has. Both must be those that Redis was started with.",
            expected="OK",
            actual=said or "no answer",
        )


def test_redis_is_not_published(stack):
    """Redis is not published to the host"""
    found = {}
    for service in stack.services("redis"):
        found.update(service.inspect()["HostConfig"]["PortBindings"] or {})
    if found:
        raise Mismatch(
            "redis has `ports`, so everyone who reaches this machine can reach it, and Redis asks nobody for a password. "
            "web needs no published port: inside the stack all ports of redis are open to it. Take `ports` out.",
            asked="docker compose ps redis",
            expected="no published port",
            actual=", ".join(
                f"{port} published ({stack.as_written.where('services', 'redis', 'ports')})" for port in found
            ),
        )


def test_todays_words(stack):
    """The file has no `version` and no `links`: Compose needs neither today"""
    written = stack.as_written
    places = [("version",), *(("services", name, "links") for name in written.services())]
    for path in places:
        if written.at(*path):
            why = {
                "version": "`version` is obsolete: Compose ignores it and warns of it. Take the line out.",
                "links": "`links` is what was there before networks: services of one stack find each other by name. Take it out.",
            }
            raise Mismatch(
                f"{written.where(*path)}: {why[path[-1]]}",
                asked="docker compose config --quiet",
                expected=f"no `{path[-1]}`",
                actual=f"{path[-1]}: {json.dumps(written.at(*path).value)}",
            )


def test_killed_web_comes_back(stack):
    """When web's process is killed, the service comes back"""
    before = stack.state("web")
    stack.kill_web_process()
    web = stack.back_again("web", before)
    if web is None:
        now = stack.service("web").inspect()
        stack.start_again("web")
        policy = now["HostConfig"]["RestartPolicy"]["Name"] or "no"
        hint = (
            "web has no restart policy, so a process that dies stays dead. Give it `restart: unless-stopped`."
            if policy == "no"
            else f"web has `restart: {policy}` and did not come back."
        )
        raise Mismatch(
            hint,
            expected="web running again, with another process",
            actual=f"{now['State']['Status']}, exit code {now['State']['ExitCode']}, restart policy {policy}",
        )
    web.get("/healthz").expect(200)


def test_two_copies_side_by_side(stack, copies, some):
    """Two copies of the stack run side by side, each with its own data"""
    written = stack.as_written
    asked = "docker compose --project-name second up --detach"
    fixed = stack.fixed_port("web")
    if fixed and not fixed.chosen:
        raise Mismatch(
            f"{written.name}, line {fixed.line}: web wants port {fixed.port} of the host, and the first copy has it: "
            "“port is already allocated”. Name the container's port only, and the engine takes a free one.",
            asked=asked,
            expected="a second copy that comes up",
            actual=f"host port {fixed.port} in both",
        )
    for kind in ("volumes", "networks"):
        for name in stack.fixed_names(kind):
            if stack.project in stack.config[kind][name]["name"]:
                continue
            raise Mismatch(
                f"{written.where(kind, name, 'name')}: `name` fixes the name of `{name}`, so both copies use one and the same. "
                "Take it out: Compose puts the project's name before it.",
                asked=asked,
                expected=f"a `{name}` for each copy",
                actual=f"one `{name}` for both",
            )
    second = copies.second.wait()
    second.service("web").get("/healthz").expect(200)
    stack.service("web").get("/healthz").expect(200)
    key = some.key()
    put(stack, key, "first")
    put(second, key, "second")
    seen = [stack.redis_cli("GET", key), second.redis_cli("GET", key)]
    assert seen == ["first", "second"], (
        f"Both copies wrote under one key, and now they hold {seen}: they share a Redis."
    )


def test_scale(stack):
    """`docker compose up --scale web=2` works"""
    fixed = stack.fixed_port("web")
    if fixed:
        raise Mismatch(
            f"{stack.as_written.name}, line {fixed.line}: web wants port {fixed.port} of the host, and two containers cannot both have it. "
            "Name the container's port only, and ask for the host's with `docker compose port web 5000`.",
            asked="docker compose up --detach --scale web=2",
            expected="two containers of web",
            actual=f"host port {fixed.port} for both",
        )
    if "container_name" in stack.config["services"]["web"]:
        raise Mismatch(
            f"{stack.as_written.where('services', 'web', 'container_name')}: `container_name` fixes the name of the container, "
            "and a name can be taken only once. Take it out.",
            asked="docker compose up --detach --scale web=2",
            expected="two containers of web",
            actual="one name for both",
        )
    both = stack.scale(web=2)
    assert len(both) == 2, f"There are {len(both)} containers of web."
    for web in both:
        web.get("/healthz").expect(200)


def test_web_waits_for_redis(stack, copies):
    """web starts only once Redis is healthy"""
    late = copies.late
    answer = late.answer_while_held("web")
    health = ((late.state("redis") or {}).get("Health") or {}).get("Status")
    late.release()
    if answer is None:
        late.wait().service("web").get("/healthz").expect(200)
        return
    wants = late.config["services"]["web"].get("depends_on") or {}
    if "redis" not in wants:
        hint = "web does not wait for redis: it has no `depends_on` that names it."
    elif wants["redis"].get("condition") != "service_healthy":
        hint = "`depends_on` alone waits until the container of redis is started, not until Redis answers. Add the condition: `service_healthy`."
    elif health == "healthy":
        test = late.config["services"]["redis"].get("healthcheck", {}).get("test")
        hint = (
            f"The health test of redis says healthy while Redis answers nothing yet: it ran {json.dumps(test)}. "
            + (
                f"After CMD-SHELL comes the whole line as one text; of this one, only `{test[1]}` was run."
                if test and test[0] == "CMD-SHELL" and len(test) > 2
                else "A test has to ask Redis: redis-cli ping."
            )
        )
    else:
        hint = "web answered while Redis was not healthy yet."
    raise Mismatch(
        hint,
        asked="docker compose up, with a Redis that takes its time",
        expected="no web before Redis is healthy",
        actual=f"redis {health or 'without a health test'}, and web answers {answer}",
    )


def test_data_survive_down_and_up(stack, some):
    """What Redis holds survives `docker compose down` and `up`"""
    key, value = some.key(), some.text()
    put(stack, key, value)
    mounts = {mount["Destination"]: mount for mount in stack.service("redis").inspect()["Mounts"]}
    folder, appendonly, save = (
        stack.redis_cli("CONFIG", "GET", name).partition("\n")[2] for name in ("dir", "appendonly", "save")
    )
    kept = [place for place, mount in mounts.items() if not _is_anonymous(mount)]
    stack.down()
    stack.up()
    seen = stack.redis_cli("GET", key)
    if seen == value:
        return
    if not kept:
        hint = "redis has no volume of its own: `down` removes the container, and its data with it. Mount a named volume on /data."
    elif folder and not any(folder == place or folder.startswith(f"{place.rstrip('/')}/") for place in kept):
        hint = f"The volume is mounted on {', '.join(kept)}, and Redis writes to {folder}. Mount it there."
    elif appendonly == "no" and not save:
        hint = "The volume is in its place, and Redis writes nothing into it: saving is switched off. `--appendonly yes` logs each write."
    else:
        hint = "The volume is in its place, and after `down` and `up` the key is gone."
    raise Mismatch(
        hint,
        asked=f"docker compose down && docker compose up --detach && docker compose exec redis redis-cli GET {key}",
        expected=value,
        actual=seen or "(nil)",
    )


def _is_anonymous(mount):
    """Whether a mount goes with its container: a volume without a name, or memory."""
    name = mount.get("Name") or ""
    return mount["Type"] == "tmpfs" or (
        mount["Type"] == "volume" and len(name) == 64 and not set(name) - set("0123456789abcdef")
    )
