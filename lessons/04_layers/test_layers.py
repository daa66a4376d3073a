"""Lesson 4: what an image's layers hold, what they must not hold, and what a change leaves alone."""

import hashlib
import hmac
import json
import re
from types import SimpleNamespace

import pytest

from workshop.grader import NotUp, Some, expect, read_layers, rests_on, version_without, wanted

BASE = "python:3.13-slim"
BUDGET = 25  # MB over the base image
MB = 1_000_000
BUILD = "docker build --secret id=seal_token,env=SEAL_TOKEN --tag notes ."

# What lies about in a student's folder and must stay out of the image; each holds a word of its own to be found by.
LITTER = {
    ".env": ".env",
    ".git/": ".git/config",
    "venv/": "venv/lib/python3.13/site-packages/local_settings.py",
    "__pycache__/": "__pycache__/settings.cpython-313.pyc",
}
DEEPER = [
    ("__pycache__/", "tools/__pycache__/release.cpython-313.pyc"),
    ("__pycache__/", "tools/old/__pycache__/release.cpython-313.pyc"),
]  # Python makes such a folder beside each package that it runs
FLASK = re.compile(r"(?:.*/)?flask/__init__\.py")
INSTALLERS = {"pip", "setuptools", "wheel", "uv"}
NOT_A_REPOSITORY = re.compile(r"(?m)^WARNING: current commit .*\n")  # what the builder says of the litter's .git

IN_NO_LAYER = wanted("in no layer", lambda places: not places)
NO_ROOT = wanted("a user other than root", lambda user: (user or "").split(":")[0] not in ("", "0", "root"))


@pytest.fixture(scope="module")
def order(bench):
    """What the builds here are given: a release, a token and litter, all drawn afresh; and marks to put into app.py."""
    some, secret = Some(bench.seed, "order"), bench.scratch("token") / "token"
    token = some.word(32)
    secret.write_text(token, encoding="utf-8")
    mounted = ("--secret", f"id=seal_token,src={secret}")
    return SimpleNamespace(
        token=token,
        release=f"{some.number(2, 9)}.{some.number(0, 99)}-{some.word()}",
        litter={name: some.word(32) for name in LITTER},
        mark=some.word(32),
        other_mark=some.word(32),
        secret=mounted,
        flags=("--build-arg", f"SEAL_TOKEN={token}", *mounted),
    )


def folder_with(bench, order, mark):
    """A copy of the student's folder with the release and the litter, whose app.py ends in a comment with the mark."""
    app = bench.require("app.py").read_bytes() + f"\n# {mark}\n".encode()
    places = [*LITTER.items(), *DEEPER]
    litter = {path: f"password = '{order.litter[name]}'\n" for name, path in places}
    return bench.copy(litter | {"release.txt": f"{order.release}\n", "app.py": app})


def build(bench, order, folder, *flags, given=None):
    """The image of a folder, built with the token at hand: by both ways, or as it is `given`."""
    try:
        return bench.docker().image(folder, flags=(*(given or order.flags), *flags))
    except NotUp as problem:
        problem.asked, problem.actual = BUILD, NOT_A_REPOSITORY.sub("", problem.actual or "")
        raise


@pytest.fixture(scope="module")
def image(bench, order):
    """The student's image, built with the litter in the folder and the token at hand."""
    return build(bench, order, folder_with(bench, order, order.mark))


@pytest.fixture(scope="module")
def layers(image, order):
    """The layers of that image, searched for the token, the mark and the litter."""
    return read_layers(image, [order.token, order.mark, *order.litter.values()])


def test_the_service_answers_as_before(service, some):
    """The image builds, and the service answers as before"""
    count = some.number(3, 12)
    service.get("/words", text="  ".join(some.words(count))).expect(200, json={"words": count})


def test_the_image_carries_its_seal(service, order):
    """While the image is built, `seal.py` seals the release with the token that the build is given"""
    seal = seal_of(order)
    service.get("/seal").expect(200, json={"release": order.release, "seal": seal})


def seal_of(order):
    """The true seal of the release."""
    return hmac.new(order.token.encode(), order.release.encode(), hashlib.sha256).hexdigest()


def test_a_change_of_the_app_leaves_the_layers_below(layers, bench, order):
    """After a change in `app.py` alone, all layers below it stay as they were, including those of the dependencies"""
    app = layers.first(lambda layer: order.mark in layer.found)
    expect(app, wanted("a layer that holds app.py as it is in the folder", lambda index: index is not None))
    flask = layers.first(lambda layer: any(FLASK.fullmatch(path) for path in layer.files))
    kept = set(build(bench, order, folder_with(bench, order, order.other_mark)).layers)
    changed = [index for index, layer in enumerate(layers) if layer.digest not in kept]
    made_anew = layers.described(index for index in changed if index < app or index == flask)
    expect(made_anew, wanted(f"none of the first {app} layers made anew", lambda made_anew: not made_anew))


def test_nothing_ignored_gets_in(layers, order):
    """`.env`, `.git/`, `venv/` and, at any depth, `__pycache__/` stay out of every layer"""
    places = {name: layers.holders(word) for name, word in order.litter.items() if layers.holders(word)}
    expect(layers.told(sum(places.values(), [])), IN_NO_LAYER, asked=BUILD)


def test_no_secret_stays(image, layers, order):
    """The token is in no layer, not even one deleted later, and not in the image's configuration or history"""
    expect(lines_with(order.token, json.dumps(image.details, indent=1)), [], asked="docker image inspect notes")
    expect(lines_with(order.token, "\n".join(image.history)), [], asked="docker history --no-trunc notes")
    places = layers.holders(order.token)
    expect(layers.told(places), IN_NO_LAYER, asked="docker save --output notes.tar notes")


@rests_on("test_the_image_carries_its_seal", "test_no_secret_stays")
def test_the_secret_is_enough(bench, order):
    """The token is taken from the secret `seal_token`: a build that is given only this secret seals as well"""
    sealed = bench.start(build(bench, order, folder_with(bench, order, order.mark), given=order.secret))
    sealed.get("/seal").expect(200, json={"release": order.release, "seal": seal_of(order)})


def lines_with(word, text):
    """The lines of a text that hold a word."""
    return [line.strip() for line in text.splitlines() if word in line]


def test_it_does_not_run_as_root(service, image):
    """The service runs as a user that is not root"""
    expect(image.config.get("User"), NO_ROOT, asked="docker image inspect --format '{{.Config.User}}' notes")
    users = {process.uid for process in service.processes()}
    expect(
        users, wanted("no process of user 0, which is root", lambda users: 0 not in users), asked="docker top notes"
    )


@rests_on("test_it_does_not_run_as_root")
def test_it_can_write_its_notes(service, some):
    """It can still write its notes"""
    note = some.text()
    service.post("/notes", json={"text": note}).expect(201, json={"text": note})
    kept = service.get("/notes").expect(200, json=dict).json.get("notes")
    expect(kept, wanted(f"a list with {note!r}", lambda notes: isinstance(notes, list) and note in notes))


def test_no_compiler_is_in_the_image(layers):
    """The final image has no compiler and no build tool"""
    tools = [(index, path) for index, layer in enumerate(layers) for path in layer.tools]
    expect(layers.told(tools), IN_NO_LAYER, asked="docker run --rm notes which gcc cc make")


def test_the_image_is_small(image, layers, bench):
    """The image is at most 25 MB larger than `python:3.13-slim`"""
    base = bench.known_image(BASE)
    own = [index for index, layer in enumerate(layers) if layer.digest not in base.layers]
    is_on_base = set(base.layers) <= {layer.digest for layer in layers}
    grown = sum(layers[index].size for index in own) if is_on_base else image.size - base.size
    expect(grown / MB, wanted(f"at most {BUDGET} MB more", lambda more: more <= BUDGET), asked="docker history notes")


def test_dependencies_are_pinned(layers, bench, order):
    """The packages that the service asks for are pinned: a build gets these versions, or it fails"""
    installed = {name: package for name, package in layers.packages().items() if name not in INSTALLERS}
    asked_for = installed.keys() - {need for package in installed.values() for need in package.needs}
    expect(sorted(asked_for), wanted("packages on top of the base image", len))
    for name in sorted(asked_for):
        version = installed[name].version
        other = version_without(
            name,
            version,
            bench.require("Dockerfile"),
            bench.scratch("constraints"),
            lambda text, *flags: build(bench, order, bench.copy({"Dockerfile": text}), *flags),
        )
        pinned = wanted(f"{name} {version}, or a build that fails", lambda other: other in (None, version))
        expect(other, pinned, asked=BUILD)
