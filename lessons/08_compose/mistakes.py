"""What goes wrong in lesson 8. Looked through after a check has failed, from the top; the first that holds is the hint."""

import json
import re
from urllib.parse import urlsplit

from workshop.grader import mistake


@mistake("test_up_from_nothing")
def web_without_its_app(answer):
    """The stack is up, but web answers {status}, and app.py would answer 200. Does `web` run the app.py that you were given?"""
    return answer.status not in (None, 200) and {"status": answer.status}


@mistake("test_web_finds_redis_by_its_name")
def variable_in_the_url_not_set(answer, web, stack):
    """{place}: the variable {name} is set nowhere, so REDIS_URL became `{url}`. Set it in a file `.env` beside the compose file, or give it a
    default."""
    found = [(name, stack.as_written.uses(name, "services", "web", "environment")) for name in stack.unset]
    found = [(name, place) for name, place in found if place]
    return found and {"name": found[0][0], "place": found[0][1], "url": told(web)}


@mistake("test_web_finds_redis_by_its_name")
def no_equals_sign(answer, web, stack):
    """{place}: `{item}` has no =, so it sets nothing: it hands on a variable of your own machine, if there is one. Write NAME=value."""
    written = stack.as_written.at("services", "web", "environment")
    items = written.value if written and isinstance(written.value, list) else []
    found = [index for index, item in enumerate(items) if "=" not in str(item) and "REDIS" in str(item)]
    place = found and stack.as_written.where("services", "web", "environment", found[0])
    return found and not told(web) and {"place": place, "item": items[found[0]]}


@mistake("test_web_finds_redis_by_its_name")
def space_before_the_equals_sign(answer, web):
    """The name in `environment` has a space at its end, so it is another one: REDIS_URL=redis://…, without a space before the =."""
    return "REDIS_URL" not in web.environment and "REDIS_URL" in [name.strip() for name in web.environment]


@mistake("test_web_finds_redis_by_its_name")
def redis_url_misspelt(answer, web):
    """web has a variable {name}, and app.py reads REDIS_URL: exactly this name, in capitals."""
    near = [
        name for name in web.environment if name.upper().replace("-", "_") in ("REDIS_URL", "REDISURL", "REDIS_URI")
    ]
    return near and "REDIS_URL" not in web.environment and {"name": near[0]}


@mistake("test_web_finds_redis_by_its_name")
def no_redis_url(answer, web):
    """web does not know where Redis is: there is no REDIS_URL in its environment, so app.py looks on localhost. Set it under `environment`; the host
    in it is the name of the service, redis."""
    return not web.environment.get("REDIS_URL")


@mistake("test_web_finds_redis_by_its_name")
def redis_url_says_localhost(answer, web):
    """REDIS_URL is {url}. Inside a container, localhost is the container itself, and no Redis is there. The host is the name of the service:
    redis."""
    return urlsplit(told(web)).hostname in ("localhost", "127.0.0.1") and {"url": told(web)}


@mistake("test_web_finds_redis_by_its_name")
def networks_that_never_meet(answer, web, stack):
    """web and redis are on no common network, so the name redis leads nowhere. Take `networks` out, or give both one."""
    of_web, of_redis = (set(one.inspect()["NetworkSettings"]["Networks"]) for one in (web, stack.service("redis")))
    return not of_web & of_redis


@mistake("test_web_finds_redis_by_its_name")
def name_of_no_service(answer, web, stack):
    """REDIS_URL is {url}, and no service is called `{host}`. The host is the name of the service: redis."""
    host = urlsplit(told(web)).hostname
    return host and host not in stack.config["services"] and {"url": told(web), "host": host}


@mistake("test_web_finds_redis_by_its_name")
def name_of_another_service(answer, web, stack):
    """REDIS_URL is {url}, and the service `{host}` is not Redis. The host is the name of the service: redis."""
    host = urlsplit(told(web)).hostname
    return host != "redis" and host in stack.config["services"] and {"url": told(web), "host": host}


@mistake("test_web_finds_redis_by_its_name")
def another_port_in_redis_url(answer, web):
    """REDIS_URL is {url}. Redis listens on port 6379 of its own container, in every copy of the stack."""
    port = urlsplit(told(web)).netloc.rpartition(":")[2]
    return port.isdigit() and port != "6379" and {"url": told(web)}


@mistake("test_web_finds_redis_by_its_name")
def password_not_in_redis_url(answer, web):
    """Redis wants a password, and REDIS_URL has none. It comes before the host: redis://:password@redis:6379/0."""
    return re.search("already authenticated|Authentication required", refusal(answer, web))


@mistake("test_web_finds_redis_by_its_name")
def another_password(answer, web):
    """Redis does not take the user and the password that REDIS_URL has. Both must be those that Redis was started with."""
    return "invalid username-password" in refusal(answer, web)


@mistake("test_web_finds_redis_by_its_name")
def protected_mode(answer, web):
    """Redis is in protected mode: without a password it answers only its own container. Take `protected-mode yes` out."""
    return "protected mode" in refusal(answer, web)


# What Redis answers to a command that it does not run, as redis-py words it, and what that means in a stack.
ANSWERS = {
    "read only replica": "it is told to be a replica of another Redis, and a replica takes no writes. Take `replicaof` out",
    "MISCONF": "it cannot write to its disk, and takes no writes until it can. May its user write to /data, and is /data mounted to be written to",
    "used memory > 'maxmemory'": "it holds as much as `maxmemory` lets it. Give it more, or take `maxmemory` out",
    "no permissions": "the user that REDIS_URL names may not run that command. Let it read and write all keys",
    "unknown command": "its settings took that command away. Take `rename-command` out",
    "Hash slot not served|CLUSTERDOWN": "it is one node of a cluster that has no others. Take `cluster-enabled` out",
}


@mistake("test_web_finds_redis_by_its_name")
def redis_takes_no_command(answer, web):
    """web reached Redis, but Redis refused the command: {meaning}. It said “{said}”."""
    for words, meaning in ANSWERS.items():
        if found := re.search(
            rf"(?m)(?:WARNING in app|^redis\.exceptions\.\w+): ([^\n]*(?:{words})[^\n]*)", refusal(answer, web)
        ):
            return {"meaning": meaning, "said": found[1].rstrip(".")}
    return False


@mistake("test_web_finds_redis_by_its_name")
def no_such_database(answer, web):
    """REDIS_URL is {url}. The number at its end is that of a database in Redis, and there are 16: 0 to 15."""
    return "DB index" in refusal(answer, web) and {"url": told(web)}


@mistake("test_web_finds_redis_by_its_name")
def redis_bound_to_loopback(answer, web, stack):
    """Redis listens on {address} alone, so it hears only its own container, and web is refused. Take `bind` out of its settings, or write
    `bind 0.0.0.0`; `protected-mode yes` must go too if Redis has no password."""
    addresses = [address for address, port in sockets(answer, web, stack) if port == 6379]
    inner = [address for address in addresses if address.startswith("127.") or address == "::1"]
    return addresses and len(inner) == len(addresses) and {"address": inner[0]}


@mistake("test_web_finds_redis_by_its_name")
def redis_on_another_port(answer, web, stack):
    """Redis listens on {port}, and REDIS_URL leads to port 6379 of it. Redis needs no other port inside the stack: take `port` out."""
    ports = sorted({port for _, port in sockets(answer, web, stack)})
    return ports and 6379 not in ports and {"port": f"port {ports[0]}"}


@mistake("test_web_finds_redis_by_its_name")
def kept_elsewhere(kept, pair, web):
    """web stored the value and answered 201, and the service redis does not have it. REDIS_URL is {url}: it must lead to the service redis."""
    return pair["value"] not in kept and {"url": told(web) or "not set"}


@mistake("test_web_finds_redis_by_its_name")
def redis_by_another_name(kept, pair, url):
    """REDIS_URL is {url}. That leads to Redis, but not by the name of its service. Every service is found by its name: redis."""
    return pair["value"] in kept and {"url": url}


def sockets(answer, web, stack):
    """Where the container of redis listens, as (address, port), if web was refused there."""
    is_refused = "Connection refused" in refusal(answer, web)
    return (stack.service("redis").listening() or []) if is_refused else []


def told(web):
    """The REDIS_URL that web has, or nothing."""
    return web.environment.get("REDIS_URL", "")


def refusal(answer, web):
    """What Redis said, as web's log has it behind a 503, which app.py means, or at the end of a traceback behind a 500. Looked up once."""
    if not hasattr(answer, "refusal"):
        word = {503: "WARNING in app: ", 500: "redis.exceptions."}.get(answer.status)
        log = web.log_with(word, 0.5) if word else ""
        answer.refusal = "\n".join(line for line in log.splitlines() if word in line) if word else ""
    return answer.refusal


@mistake("test_redis_is_not_published")
def redis_published(stack):
    """{place}: redis has `ports`, so programs outside of the stack can reach it, and without further settings Redis asks nobody for a password. web needs no published port:
    inside the stack it reaches all ports of redis. Take `ports` out."""
    return {"place": stack.as_written.where("services", "redis", "ports")}


@mistake("test_todays_words")
def version_line(stack):
    """{place}: `version` is obsolete: Compose ignores it and warns of it. Take the line out."""
    return stack.as_written.at("version") and {"place": stack.as_written.where("version")}


@mistake("test_todays_words")
def links(stack):
    """{place}: `links` is from the time before networks: today, services of one stack find each other by name. Take it out."""
    places = [("services", name, "links") for name in stack.as_written.services()]
    found = [stack.as_written.where(*path) for path in places if stack.as_written.at(*path)]
    return found and {"place": found[0]}


@mistake("test_killed_web_comes_back")
def no_restart(stack, web):
    """web's restart policy is `no`, as it is if the file names none: a process that dies stays dead. Give it `restart: unless-stopped`."""
    policy = stack.service("web").inspect()["HostConfig"]["RestartPolicy"]["Name"]
    return not web and policy in ("", "no")


@mistake("test_two_copies_side_by_side", "test_scale")
def fixed_host_port(stack, fixed, actual):
    """{file}, line {line}: web wants port {port} of the host, and only one container can have it; another one gets “port is already allocated”. Name
    none, "127.0.0.1::5000": the engine takes a free one, and `docker compose port web 5000` shows which."""
    return fixed and actual == fixed.port and {"file": stack.as_written.name, "line": fixed.line, "port": fixed.port}


@mistake("test_two_copies_side_by_side")
def fixed_name(stack, actual):
    """{place}: `name` fixes the name of `{name}`, so both copies use one and the same. Take it out: Compose puts the project's name before it."""
    kind, _, name = actual[0].partition(".") if isinstance(actual, list) else ("", "", "")
    if kind not in ("volumes", "networks"):
        return False
    return {"place": stack.as_written.where(kind, name, "name"), "name": name}


@mistake("test_scale")
def fixed_container_name(stack, actual):
    """{place}: `container_name` fixes the name of the container, and only one container can have a name. Take it out."""
    name = stack.config["services"]["web"].get("container_name")
    return name and actual == name and {"place": stack.as_written.where("services", "web", "container_name")}


@mistake("test_web_waits_for_redis")
def no_depends_on(early, late):
    """web does not wait for redis: it has no `depends_on` that names it."""
    return early and "redis" not in waits_for(late)


@mistake("test_web_waits_for_redis")
def depends_on_without_a_condition(early, late):
    """`depends_on` alone waits until the container of redis is started, not until Redis answers. Add the condition: `service_healthy`."""
    return early and waits_for(late).get("redis", {}).get("condition") == "service_started"


@mistake("test_web_waits_for_redis")
def health_test_cut_after_cmd_shell(early, late, health):
    """The health test of redis says healthy while Redis answers nothing yet: it ran {test}. After CMD-SHELL comes the whole line as one string; here
    only `{first}` was run."""
    test = health_test(late)
    cut = early and health == "healthy" and test[0] == "CMD-SHELL" and len(test) > 2
    return cut and {"test": json.dumps(test), "first": test[1]}


@mistake("test_web_waits_for_redis")
def health_test_that_does_not_ask(early, late, health):
    """The health test of redis says healthy while Redis answers nothing yet: it ran {test}. A test has to ask Redis, and fail when it does not
    answer: redis-cli ping | grep PONG."""
    return early and health == "healthy" and {"test": json.dumps(health_test(late))}


def waits_for(stack):
    """What web's `depends_on` says, by service."""
    return stack.config["services"]["web"].get("depends_on") or {}


def health_test(stack):
    """The health test of redis as Compose reads it."""
    return stack.config["services"]["redis"].get("healthcheck", {}).get("test") or [""]


@mistake("test_data_survive_down_and_up")
def volume_at_another_service(stack, value):
    """{place}: {other} has a volume; redis, which writes the data, has none. Mount it in redis, on /data."""
    other = [name for name in stack.config["services"] if name != "redis" and volumes_of(stack, name)]
    found = not kept_places(stack) and not volumes_of(stack, "redis") and other
    return found and {"place": stack.as_written.where("services", other[0], "volumes"), "other": other[0]}


@mistake("test_data_survive_down_and_up")
def volume_without_a_name(stack, value):
    """{place}: the volume of redis has no name, so `up` makes a new one each time, and the data stay in the old one. Put a name before
    its place, `data:/data`, and declare the name below `volumes:` at the left edge."""
    is_so = not kept_places(stack) and [one for one in volumes_of(stack, "redis") if not one.get("source")]
    return is_so and {"place": stack.as_written.where("services", "redis", "volumes")}


@mistake("test_data_survive_down_and_up")
def no_volume(stack, value):
    """Nothing is mounted in redis that outlives its container: `down` removes the container, and its data with it. Mount a named volume on
    /data."""
    return not kept_places(stack)


@mistake("test_data_survive_down_and_up")
def volume_elsewhere(stack, value):
    """The volume is mounted on {places}, and Redis writes to {folder}. Mount it there."""
    places, folder = kept_places(stack), setting(stack, "dir")
    inside = any(folder == place or folder.startswith(f"{place.rstrip('/')}/") for place in places)
    return folder and places and not inside and {"places": ", ".join(places), "folder": folder}


@mistake("test_data_survive_down_and_up")
def saving_switched_off(stack, value):
    """The volume is in its place, but Redis writes nothing into it: saving is switched off. `--appendonly yes` logs each write."""
    return kept_places(stack) and setting(stack, "appendonly") == "no" and not setting(stack, "save")


def volumes_of(stack, name):
    """The volumes of a service, as Compose reads the file."""
    return [one for one in stack.config["services"][name].get("volumes") or [] if one["type"] == "volume"]


def kept_places(stack):
    """Where in the container of redis something is mounted that outlives it: not memory, not a volume without a name."""
    mounts = stack.service("redis").inspect()["Mounts"]
    named = [mount for mount in mounts if not re.fullmatch(r"[0-9a-f]{64}", mount.get("Name") or "")]
    return [mount["Destination"] for mount in named if mount["Type"] != "tmpfs"]


def setting(stack, name):
    """A setting of the Redis that runs."""
    return stack.redis_cli("CONFIG", "GET", name).partition("\n")[2]
