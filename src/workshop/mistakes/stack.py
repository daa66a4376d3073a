"""What keeps a service of a stack from coming up, where the compose file is the cause: variables, quotes, mounts, rights, start scripts.

They know more than the mistakes of any container, and are looked through before those.
"""

from __future__ import annotations

import re
from typing import Any

from workshop.compose.facts import Hidden, Script, ServiceSeen
from workshop.engine.limits import MEMORY
from workshop.mistakes.compose import default
from workshop.mistakes.mistake import mistake, said
from workshop.runtimes.evidence import Evidence


def service(log: str = "", code: int = 1, **seen: Any) -> dict[str, Any]:
    """An example: a service that ended, what it printed, and what the file says of it."""
    known = ServiceSeen("web", "docker-compose.yml, line 2", **seen)
    return {"start": Evidence(False, code, log), "log": log, "service_seen": known}


FATAL = "*** FATAL CONFIG FILE ERROR (Redis 8.0.2) ***\n>>> 'requirepass --appendonly yes'\nwrong number of arguments"
VALUE_MISSING = r"""FATAL CONFIG FILE ERROR[^>]*>>> '[\w-]+(?: "?--[^\n]*| ""[^\n]*)?'"""  # a directive, and nothing or the next one behind it
PLACE = "docker-compose.yml, line 7"
NO_SCHEME = "ValueError: Redis URL must specify one of the following schemes (redis://, rediss://, unix://)\n"
URL_REFUSED = r"(?m)^ValueError: (?:Redis URL must specify|Port could not be cast|Port out of range|Invalid IPv6)"


@mistake(example=service(FATAL, unset={"PASSWORD": PLACE}))
def variable_set_nowhere(start, service_seen):
    """{place}: the variable {name} is set nowhere, so nothing stands in its place. Set it in a file `.env` beside the
    compose file: {name}=…, or give it a default: `{default}`.
    """
    of_url = service_seen.places.get("REDIS_URL") if re.search(URL_REFUSED, start.log) else None
    lacks_value = re.search(VALUE_MISSING, start.log)
    found = [
        name
        for name, place in service_seen.unset.items()
        if lacks_value or place == of_url or re.search(rf"\b{name}\b", start.log)
    ]
    return found and {"name": found[0], "place": service_seen.unset[found[0]], "default": default(found[0])}


@mistake(example=service(NO_SCHEME, environment={"REDIS_URL": '"redis://redis"'}, places={"REDIS_URL": PLACE}))
def quotes_in_the_value(start, service_seen):
    """{place}: in a list the quotes belong to the value, so {name} is {value}, with the quotes. Take them off, or put them
    around the whole item: - "{name}={bare}".
    """
    is_so = re.search(URL_REFUSED, start.log)
    found = [
        name for name in service_seen.quoted if (is_so and name == "REDIS_URL") or re.search(rf"\b{name}\b", start.log)
    ]
    if not found:
        return None
    value = service_seen.environment[found[0]]
    return {"place": service_seen.places[found[0]], "name": found[0], "value": value, "bare": value[1:-1]}


@mistake(example=service(NO_SCHEME, environment={"REDIS_URL": "redis:6379"}, places={"REDIS_URL": PLACE}))
def url_is_no_redis_url(start, service_seen):
    """{place}: REDIS_URL is {value}, and that is no URL of Redis: `{said}`. It begins with redis://, then comes the name of
    the service, then :6379/0.
    """
    told = said(
        r"^ValueError: (?P<said>(?:Redis URL must specify|Port could not be cast|Port out of range)[^\n]*?)\.?$",
        start.log,
    )
    value = service_seen.environment.get("REDIS_URL")
    if not told or value is None:
        return None
    return {"place": service_seen.places["REDIS_URL"], "value": f"`{value}`" if value else "empty", **told}


HIDDEN = (Hidden("./src", "/app", ("app.py", "requirements.txt"), True),)


@mistake(example=service("ModuleNotFoundError: No module named 'app'\n", hidden=HIDDEN))
def mount_hides_what_the_image_has(start, service_seen):
    """`{service}` mounts {source} on {target}, and that hides what the image has there, {name} among it. {source} {holds}. Take
    the mount out, or put {name} into {source}.
    """
    for mount in service_seen.hidden:
        for name in mount.names:
            if re.search(rf"(?<![\w.]){re.escape(name.removesuffix('.py'))}(?![\w])", start.text[-4000:]):
                holds = "is empty" if mount.is_empty else f"has no {name}"
                return {
                    "service": service_seen.name,
                    "source": mount.source,
                    "target": mount.target,
                    "name": name,
                    "holds": holds,
                }
    return None


@mistake(example=service("can't open config file '/etc/redis.conf'", absent={"/etc/redis.conf": "./redis.conf"}))
def mounted_file_missing(start, service_seen):
    """`{service}` mounts {source} on {target}, and the folder has no {source}. Docker then makes an empty folder of that name,
    and mounts that.
    """
    found = [target for target in service_seen.absent if target in start.text]
    return found and {"service": service_seen.name, "target": found[0], "source": service_seen.absent[found[0]]}


@mistake(example=service("Can't open or create append-only dir appendonlydir: Permission denied\n"))
def redis_may_not_write(start, service_seen):
    """Redis ended: it may not write to its folder: “{said}”. The user that `{service}` runs as must own what is mounted there.
    {made}Without `user`, the image sees to that itself.
    """
    pattern = r"(?P<said>(?:Can't open or create append-only|Failed opening the (?:temp )?RDB|Can't chdir to)[^\n]*[Pp]ermission denied)"
    told = said(pattern, start.log)
    made = [source for source in service_seen.absent.values() if told]
    words = f"{made[0]} was not there, so Docker made it, for root alone. " if made else ""
    return told and {**told, "service": service_seen.name, "made": words}


NO_DASHES = "Fatal error, can't open config file '/data/appendonly': No such file or directory\n"


@mistake(example={"start": Evidence(False, 1, NO_DASHES, command=("redis-server", "appendonly", "yes"))})
def setting_without_its_dashes(start):
    """Redis ended: it takes the first word after `redis-server` for the path of a file of settings, and there is no file {word}. If you
    mean a setting, it begins with two dashes: --{word}.
    """
    told = said(r"can't open config file '(?:/\S*/)?(?P<word>[a-z-]+)': No such file", start.log)
    return told and f"redis-server {told['word']}" in " ".join(start.command) and told


@mistake(example=service("Fatal error, can't open config file '/etc/redis.conf': No such file or directory\n"))
def redis_config_missing(start, service_seen):
    """Redis ended: it was told to read {file}, and the container has no such file. Is it mounted there, under `volumes`?"""
    return said(r"can't open config file '(?P<file>[^']+)': No such file", start.log)


@mistake(example={**service(code=137, limit=16 * 1024 * 1024), "start": Evidence(False, 137, "", oom=True)})
def memory_limit_reached(start, service_seen):
    """The container was stopped because it used more memory than the compose file lets it have: {limit} MB for `{service}`. Without
    that limit, `docker stats` shows how much it takes.
    """
    is_so = start.oom and not start.running and service_seen.limit and service_seen.limit < MEMORY
    return is_so and {"limit": f"{service_seen.limit / 1024**2:.0f}", "service": service_seen.name}


@mistake(example=service("/docker-entrypoint.sh: 12: exec: redis-server --save 1 1: not found\n", 127))
def command_in_one_item(start, service_seen):
    """`{service}` looks for one command called `{command}`, with the spaces in its name. In a list each word is an item of its
    own; or write `command` as one line, without a list.
    """
    told = said(
        r"exec: \\?\"?(?P<command>[\w./-]+ [^\"\\\n]+?)\\?\"?: (?:not found|stat |executable file not found)",
        start.text,
    )
    return told and {**told, "service": service_seen.name}


@mistake(example=service("setpriv: setresuid failed: Operation not permitted\n", dropped=True))
def start_needs_what_is_dropped(start, service_seen):
    """`{service}` gives up a right with `cap_drop` that its start script needs to change its user: “{said}”. Say `user:` instead,
    or give that right back with `cap_add`.
    """
    told = said(
        r"^(?P<said>(?![\w.]*Error: )[^\n]*\b(?:setpriv|gosu|su-exec|su|chown|chgrp|find|set(?:re|res)?[ug]id|setgroups|switching to)\b"
        r"[^\n]*(?:[Oo]peration not permitted|[Pp]ermission denied)[^\n]*)$",
        start.text,
    )
    return service_seen.dropped and told and {**told, "service": service_seen.name}


@mistake(example={**service(), "script": Script("start.sh", 3, '[ -n "$KEY" ]', ("KEY",), True)})
def script_ends_without_a_word(start, script):
    """The start script {file} ended in line {line}, `{text}`, with exit code {code}, and did not say why.{stops}{unset} What comes
    after that line was not run.
    """
    stops = " With `set -e` a script ends at the first command that fails." if script.stops else ""
    names = ", ".join(script.unset)
    unset = f" {names} is set nowhere: it belongs under `environment`." if names else ""
    return script.line and {**vars(script), "code": start.code, "stops": stops, "unset": unset}


@mistake(example={**service(code=0), "script": Script("/entrypoint.sh", ignored="gunicorn app:app")})
def script_without_its_command(start, script):
    """The start script {file} came to its end, with exit code 0, and never ran the command that it is given, `{ignored}`. A script that is
    the entrypoint ends in `exec "$@"`.
    """
    return not start.running and script.ignored and vars(script)


@mistake(example={"start": Evidence(True, 0, "Waiting for redis\n"), "script": Script("/entrypoint.sh", tool="nc")})
def script_waits_with_a_tool_that_is_missing(start, script):
    """The start script {file} waits in a loop, and calls {tool} in it, which the image does not have. So the loop never ends, and
    the server is never started. `depends_on` with `condition: service_healthy` waits without a script.
    """
    return start.running and script.tool and {"file": script.file, "tool": script.tool}


@mistake(
    example={
        "start": Evidence(
            False,
            1,
            "*** FATAL CONFIG FILE ERROR (Redis 8.0.2) ***\n>>> 'appendonly \"maybe\"'\nargument must be 'yes' or 'no'",
        )
    }
)
def redis_refuses_a_setting(start):
    """Redis ended at once: it does not take its setting `{setting}`: {reason}. Check the words after `redis-server`."""
    fatal = "FATAL CONFIG FILE ERROR" in start.log
    return fatal and said(r"^>>> '(?P<setting>[^\n]*)'\n(?P<reason>[^\n]+?)\.?$", start.log)
