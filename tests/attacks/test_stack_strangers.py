"""Strangers' compose files, brought up beside an honest one: what would reach out is refused, and nothing is left."""

import pytest
from classes import drawn
from strangers import Watched, lay

from workshop.course.lessons import find

EIGHT = find("8")
FILES = {path: source.read_text(encoding="utf-8") for path, source in EIGHT.finished().items()}
COMPOSE = FILES["docker-compose.yml"]


def with_web(*lines):
    """The solution's compose file with more lines in the service web."""
    return COMPOSE.replace("    build: .\n", "    build: .\n" + "".join(f"    {line}\n" for line in lines), 1)


ATTACKS = {
    "privileged": with_web("privileged: true"),
    "the-hosts-network": with_web("network_mode: host"),
    "the-hosts-processes": with_web("pid: host"),
    "the-hosts-ipc": with_web("ipc: host"),
    "a-device": with_web("devices: [/dev/vda:/dev/vda]"),
    "a-capability": with_web("cap_add: [SYS_ADMIN]"),
    "the-engines-socket": with_web("volumes: [/var/run/docker.sock:/var/run/docker.sock]"),
    "a-bind-outside": with_web("volumes: [../..:/host]"),
    "a-fixed-port": COMPOSE.replace("127.0.0.1::5000", "22:5000"),
    "ten-thousand": with_web("deploy: {replicas: 10000}"),
    "extends-outside": with_web("extends: {file: ../../../etc/x.yml, service: web}"),
    "env-file-outside": with_web("env_file: /etc/environment"),
    "includes-outside": "include: [/etc/x.yml]\n" + COMPOSE,
    "a-secret-outside": COMPOSE + "\nsecrets:\n  x:\n    file: /etc/shadow\n",
    "no-confinement": with_web("security_opt: [seccomp:unconfined, apparmor:unconfined]"),
    "builds-outside": COMPOSE.replace("build: .", "build: ../../.."),
    "the-environment-of-the-grader": with_web("command: [sh, -c, 'env; echo ${HOME} ${PATH}; sleep 1000']"),
    "a-bomb-of-aliases": "x: &a [1,1,1,1,1,1,1,1,1]\n"
    + "".join(f"x{n}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9))
    + COMPOSE,
    "three-hundred-in-all": COMPOSE.replace(
        "services:\n",
        "services:\n" + "".join(f"  s{n}: {{image: 'redis:8', deploy: {{replicas: 10}}}}\n" for n in range(30)),
    ),
    "the-engines-words-for-a-name": with_web("depends_on: {Cannot connect to the Docker daemon: {}}").replace(
        "    depends_on:\n      redis:\n        condition: service_healthy\n", ""
    ),
    "the-engines-words-for-a-user": with_web('user: "is the docker daemon running"'),
    "variables-that-grow": {
        "docker-compose.yml": 'x-big: "${A8}"\n' + COMPOSE,
        ".env": f"A0={'x' * 1000}\n" + "".join(f"A{n}={f'${{A{n - 1}}}' * 10}\n" for n in range(1, 9)),
    },
    "a-file-where-compose-looks": {
        "docker-compose.yml": "include: [{path: [one/a.yml, two/b.yml]}]\n" + COMPOSE,
        "one/a.yml": "services: {extra: {image: 'redis:8'}}\n",
        "two/b.yml": "services: {extra: {extends: {file: c.yml, service: extra}}}\n",
        "one/c.yml": "services: {extra: {image: 'redis:8', post_start: [{command: [id], privileged: true}]}}\n",
    },
}
SWAPPED = """  swap:
    image: redis:8
    entrypoint: [sh, -c, "for f in secret.txt .env; do rm -f /w/$$f; ln -s /etc/passwd /w/$$f; done"]
    volumes: [".:/w"]
  reader:
    image: redis:8
    entrypoint: [sh, -c, "grep -q mine /run/secrets/own && sleep 1000"]
    secrets: [own]
    depends_on: {swap: {condition: service_completed_successfully}}
"""
# These leave the work as right as it was: the link is not followed.
HARMLESS = {
    "links-in-the-place-of-files": {
        "docker-compose.yml": COMPOSE.replace("services:\n", f"services:\n{SWAPPED}", 1)
        + "\nsecrets:\n  own: {file: ./secret.txt}\n",
        "secret.txt": "mine\n",
        ".env": "A=b\n",
    }
}


def works(changes):
    """All files of each piece of work, by its name; a change is the compose file, or several files."""
    own = {name: one if isinstance(one, dict) else {"docker-compose.yml": one} for name, one in changes.items()}
    return {name: {**FILES, **files} for name, files in own.items()}


WORKS = works(ATTACKS)
CHOSEN = drawn(WORKS)


@pytest.fixture(scope="module")
def graded(has_engine, tmp_path_factory):
    """A class of attackers on lesson 8, with an honest student among them."""
    folder = tmp_path_factory.mktemp("stacks")
    lay(folder / "in" / "m-honest", FILES)
    for name, files in {**CHOSEN, **works(HARMLESS)}.items():
        assert files["docker-compose.yml"] != COMPOSE, name
        lay(folder / "in" / name, files)
    return Watched(folder, "8", "--trust-builds")


@pytest.mark.parametrize("name", CHOSEN)
def test_a_compose_file_reaches_nothing(graded, name):
    assert graded.verdicts[name] in ("failed", "unchecked")


@pytest.mark.parametrize("name", HARMLESS)
def test_a_link_is_not_followed(graded, name):
    graded.expect_passed(name)


def test_the_honest_one_passes_and_nothing_is_left(graded):
    graded.expect_passed("m-honest")
    assert graded.runs and graded.left() == []
