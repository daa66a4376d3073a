"""What goes wrong with a compose file, and with the stack that it describes.

In the order in which it comes about: Compose does not take the file; the file lacks something; `docker compose up` fails. What ends a
container of the stack is in stack.py. Each condition asks for words of its own; the more general one is marked so.
"""

from __future__ import annotations

from typing import Any

from workshop.compose.facts import ComposeFile, ComposeSaid, ComposeUp, Lack, ServiceSeen
from workshop.mistakes.mistake import mistake, said


def tells(compose_said: ComposeSaid, pattern: str) -> dict[str, Any] | None:
    """What fills a sentence if Compose says so: the named groups, the `{place}` and the file's `{services}`."""
    seen = said(pattern, compose_said.text)
    services = ", ".join(f"`{name}`" for name in compose_said.services) or "none"
    return seen and {"place": compose_said.place, "services": services, **seen}


def ups(compose_up: ComposeUp, pattern: str) -> dict[str, Any] | None:
    """The same for what `docker compose up` said."""
    seen = said(pattern, compose_up.text)
    return seen and {"place": compose_up.place, **seen}


def compose(text: str) -> dict[str, ComposeSaid]:
    """An example: what Compose says of a file."""
    return {"compose_said": ComposeSaid(text, "docker-compose.yml, line 4", ("web", "redis"))}


def up(text: str, **more: Any) -> dict[str, ComposeUp]:
    """An example: what `docker compose up` says."""
    return {"compose_up": ComposeUp(text, **more)}


def file(lack: Lack, **names: str) -> dict[str, ComposeFile]:
    """An example: what a file lacks."""
    return {"compose_file": ComposeFile(lack, {"place": "docker-compose.yml, line 4", **names})}


def default(name: str) -> str:
    """How a compose file gives a variable a default."""
    return f"${{{name}:-…}}"


# Compose does not take the file


@mistake(
    example={
        "compose_said": ComposeSaid("invalid spec: :/data: empty section between colons", unset={"DIR": "f, line 4"})
    }
)
def nothing_left_of_a_variable(compose_said):
    """{place}: the variable {name} is set nowhere, so nothing stands in its place, and Compose does not take what is left: {reason}. Set it
    in a file `.env` beside the compose file: {name}=…, or give it a default: `{default}`.
    """
    seen = said(
        r"(?P<reason>(?:invalid spec|invalid reference|[Ii]nvalid containerPort|service volume|service \S+ has neither)[^\n]*)",
        compose_said.text,
    )
    found = [*compose_said.unset.items()] if seen else []
    return found and {**(seen or {}), "name": found[0][0], "place": found[0][1], "default": default(found[0][0])}


@mistake(example=compose("dependency cycle detected: redis -> web -> redis"))
def circle_of_waiting(compose_said):
    """{place}: The services wait for one another in a circle: {circle}. One of them must start first: remove its
    `depends_on`.
    """
    return tells(compose_said, r"dependency cycle detected: (?P<circle>.+)")


@mistake(example=compose('service "web" depends on undefined service "redis": invalid compose project'))
def depends_on_a_profile(compose_said):
    """{place}: `{service}` depends on `{other}`, which the file has, but behind `profiles`: `docker compose up` leaves it out. Remove
    `profiles`.
    """
    seen = tells(compose_said, r'service "(?P<service>[^"]+)" depends on undefined service "?(?P<other>[^":]+)')
    return seen and seen["other"] in compose_said.services and seen


@mistake(example=compose('service "web" depends on undefined service "db": invalid compose project'))
def depends_on_no_service(compose_said):
    """{place}: `{service}` depends on a service `{other}`, and the file has no service of that name. Its services:
    {services}.
    """
    return tells(compose_said, r'service "(?P<service>[^"]+)" depends on undefined service "?(?P<other>[^":]+)')


@mistake(example=compose('service "redis" refers to undefined volume data: invalid compose project'))
def not_declared(compose_said):
    """{place}: `{service}` uses the {kind} `{name}`, which the file does not declare. Add `{kind}s:` at the end of the
    file, not indented, and below it, indented, `{name}:`.
    """
    return tells(
        compose_said,
        r'service "(?P<service>[^"]+)" refers to undefined (?P<kind>volume|network) (?P<name>[^:\s]+)',
    )


@mistake(example=compose('service "redis" has neither an image nor a build context specified'))
def neither_image_nor_build(compose_said):
    """{place}: `{service}` has neither `build:` nor `image:`. A service is built from a folder or made from a ready image."""
    return tells(compose_said, r'service "(?P<service>[^"]+)" has neither an image nor a build')


@mistake(example=compose('healthcheck.test must start either by "CMD", "CMD-SHELL" or "NONE"'))
def health_test_without_cmd(compose_said):
    """{place}: A health test written as a list begins with "CMD" or "CMD-SHELL": ["CMD", "redis-cli", "ping"]."""
    return tells(compose_said, r"healthcheck\.test must start either by")


@mistake(example=compose('services.web.depends_on.redis.condition must be one of the following: "service_started"'))
def unknown_condition(compose_said):
    """{place}: `{setting}` must be one of {choices}."""
    return tells(compose_said, r"(?P<setting>[\w.-]+\.condition) must be one of the following: (?P<choices>.*)")


@mistake(example=compose("env file web.env not found: stat web.env: no such file or directory"))
def env_file_missing(compose_said):
    """{place}: There is no file {file}, which `env_file` names."""
    return tells(compose_said, r"env file (?P<file>\S+) not found")


@mistake(
    example=compose("error while interpolating services.web.ports: required variable BIND is missing a value: set it")
)
def required_variable_missing(compose_said):
    """{place}: the file needs the variable {name}, and it is set nowhere. Set it in a file `.env` beside the compose file:
    {name}=…
    """
    return tells(compose_said, r"required variable (?P<name>\w+) is missing a value")


@mistake(example=compose("open common.yml: no such file or directory"))
def other_file_missing(compose_said):
    """{place}: there is no file {file}, which the compose file names."""
    return tells(compose_said, r"(?:open|stat) (?P<file>\S+): no such file or directory")


@mistake(example=compose("Invalid hostPort: 127.0.0.1"))
def address_taken_for_a_port(compose_said):
    """{place}: A line of `ports` with two parts is "host port:container port", and {address} is no port. With an address it has
    three: "{address}:8000:5000", or "{address}::5000" for a host port that Docker chooses.
    """
    return tells(compose_said, r"(?i)invalid hostport:? *(?P<address>\d+\.\d+\.\d+\.\d+)")


@mistake(example=compose("invalid containerPort: http"))
def ports_not_readable(compose_said):
    """{place}: A line of `ports` cannot be read: {line}. Write "container port", or "host port:container port", in
    quotes.
    """
    return tells(compose_said, r"(?i)invalid (?:containerport|hostport|ip address|port)\w*:? *(?P<line>.*)")


@mistake(example=compose("validating docker-compose.yml: services.web.depends_on must be a list"))
def setting_of_another_kind(compose_said):
    """{place}: `{setting}` must be a {kind}."""
    return tells(compose_said, r"(?P<setting>[\w.-]+) must be an? (?P<kind>\w+)")


@mistake(example=compose("services.web.build additional properties 'contxt' not allowed"))
def no_such_setting(compose_said):
    """{place}: `{owner}` has no setting `{setting}`. Check its spelling, and how far it is indented."""
    return tells(
        compose_said,
        r"(?P<owner>[\w.\[\]-]+):? (?:Additional property|additional properties) '?(?P<setting>[\w-]+)'?",
    )


@mistake(example=compose("something new"))  # the general one: any other reason
def compose_refuses_the_file(compose_said):
    """{place}: Compose does not take the file: {reason}."""
    last = compose_said.text.strip().splitlines()[-1:]
    return last and {"place": compose_said.place, "reason": last[0][:300].rstrip(".")}


# The file lacks something


@mistake(example=file(Lack.SERVICE, service="redis", needed="`web` and `redis`", has="`web`"))
def service_missing(compose_file):
    """The file has no service `{service}`. The lesson calls the services {needed}; the file has {has}."""
    return compose_file.lacks(Lack.SERVICE)


@mistake(example=file(Lack.SERVICE_WITHOUT_PROFILE, service="redis"))
def service_behind_a_profile(compose_file):
    """The service `{service}` is behind a profile, so `docker compose up` leaves it out. Remove `profiles`."""
    return compose_file.lacks(Lack.SERVICE_WITHOUT_PROFILE)


@mistake(example=file(Lack.PORTS))
def no_ports(compose_file):
    """The service `web` publishes no port, so nothing outside the stack reaches it. It needs `ports`:
    "127.0.0.1::5000".
    """
    return compose_file.lacks(Lack.PORTS)


@mistake(example=file(Lack.PORT_OF_THE_APP, port="8000", inner="5000"))
def another_port_published(compose_file):
    """{place}: `web` publishes port {port} of the container, and the lesson's app listens on {inner} there. In
    "host:container" the container's port comes last.
    """
    return compose_file.lacks(Lack.PORT_OF_THE_APP)


@mistake(
    example={
        **file(Lack.IMAGE, image="redis:"),
        "service_seen": ServiceSeen(
            "redis", "docker-compose.yml, line 3", unset={"TAG": "docker-compose.yml, line 4"}
        ),
    }
)
def image_of_a_variable_set_nowhere(compose_file, service_seen):
    """{place}: the variable {name} is set nowhere, so nothing stands in its place, and no image is called `{image}`. Set it
    in a file `.env` beside the compose file: {name}=…, or give it a default: `{default}`.
    """
    names = compose_file.lacks(Lack.IMAGE)
    found = [name for name, place in service_seen.unset.items() if names and place == names["place"]]
    return found and {**names, "name": found[0], "default": default(found[0])}


@mistake(example=file(Lack.IMAGE, image="redis:88"))
def service_image_not_found(compose_file):
    """{place}: no registry gives out an image `{image}`. Check the name and the tag."""
    return compose_file.lacks(Lack.IMAGE)


@mistake(example=file(Lack.FOLDER_OF_ONE_SERVICE, inside="/data", around="/"))
def folder_mounted_into_a_folder(compose_file):
    """One service may write to the whole of .{around}, and .{inside} in it belongs to another. Use a named volume for
    one of them, or `read_only`.
    """
    return compose_file.lacks(Lack.FOLDER_OF_ONE_SERVICE)


@mistake(example=file(Lack.BUILD_FOLDER, service="redis", folder="./redis", instead=" Redis needs no Dockerfile: …"))
def build_folder_missing(compose_file):
    """{place}: `{service}` is built from {folder}, and there is no such folder.{instead}"""
    return compose_file.lacks(Lack.BUILD_FOLDER)


@mistake(example=file(Lack.DOCKERFILE, service="web", folder="./web", file="Dockerfile", instead=""))
def dockerfile_missing(compose_file):
    """{place}: `{service}` is built from {folder}, and there is no {file} in it.{instead}"""
    return compose_file.lacks(Lack.DOCKERFILE)


@mistake(example=file(Lack.GIVEN_FILE, name="password", file="./password.txt"))
def file_of_a_secret_missing(compose_file):
    """{place}: `{name}` is the file {file}, and there is no such file."""
    return compose_file.lacks(Lack.GIVEN_FILE)


# `docker compose up` fails


@mistake(example=up("dependency failed to start: container redis-1 has no healthcheck configured"))
def waits_for_no_health_test(compose_up):
    """{place}: a service waits until `{service}` is healthy, and `{service}` has no `healthcheck`, so it never is."""
    return ups(compose_up, r"container (?P<service>\S+?)-\d+ has no healthcheck configured")


@mistake(example=up('Conflict. The container name "/workshop-1a2b-shop" is already in use by container "1"'))
def container_name_taken(compose_up):
    """`container_name: {name}` fixes the name of the container, and only one container can have a name. Remove it."""
    return ups(
        compose_up, r'Conflict\. The container name "/?(?:workshop-[0-9a-f]+-)?(?P<name>[^"]+)" is already in use'
    )


@mistake(example=up('the "web" service is using the custom container name "shop"'))
def container_name_for_several(compose_up):
    """`container_name` fixes the name of the container, and only one container can have a name. Remove it."""
    return ups(compose_up, r"service is using the custom container name|requires each container to have a unique name")


@mistake(example=up("Bind for 127.0.0.1:8000 failed: port is already allocated"))
def host_port_taken(compose_up):
    """A host port that the stack wants is taken already. Let the engine choose one."""
    return ups(compose_up, r"port is already allocated")


@mistake(example=up("Container web-1 Waiting", seconds=60.0, is_ended=True))
def up_never_ends(compose_up):
    """`docker compose up` was still running after {seconds} s and was stopped. What does it wait for?"""
    return compose_up.is_ended and {"seconds": f"{compose_up.seconds:.0f}"}


@mistake(example=up("something new"))  # the general one: any other reason
def compose_up_failed(compose_up):
    """`docker compose up` failed: {reason}"""
    last = compose_up.text.strip().splitlines()[-1:]
    return last and {"reason": last[0][:300]}
