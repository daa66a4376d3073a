"""Lesson 4: what an image's layers hold, what they must not hold, and what a change leaves alone."""

import hashlib
import hmac
import json
import re

import pytest

from workshop.course import handin
from workshop.probes.layers import read
from workshop.grading.some import Some
from workshop.engine import engine, images, packages
from workshop.outcomes import Mismatch, NotUp, Unchecked

BUDGET = 25  # MB over the slim base image
MB = 1_000_000
BUILD = "docker build --secret id=seal_token,env=SEAL_TOKEN --tag notes ."
INSPECT = "docker image inspect notes"

# What lies about in a student's folder and must stay out of the image; each holds a word of its own to be found by.
LITTER = {
    ".env": ".env",
    ".git/": ".git/config",
    "venv/": "venv/lib/python3.13/site-packages/local_settings.py",
    "__pycache__/": "__pycache__/settings.cpython-313.pyc",
}
FLASK = re.compile(r"(?:.*/)?flask/__init__\.py")
INSTALLERS = {"pip", "setuptools", "wheel", "uv"}
FROM = re.compile(r"(?im)^[ \t]*FROM[ \t](?:[^\n]*\\\n)*[^\n]*$")
REFUSED = re.compile(r"(?i)\(constraint\)|dependency.conflict|No matching distribution|unsatisfiable")
CONSTRAINTS = "/dev/workshop-constraints.txt"


class Order:
    """The student's folder as it is built here: with a release, a token and litter, all drawn afresh."""

    def __init__(self, bench):
        handin.require(bench.folder, "app.py", bench.lesson.name)
        self.bench, some = bench, Some(bench.seed, "order")
        self.token, self.release = some.word(32), f"{some.number(2, 9)}.{some.number(0, 99)}-{some.word()}"
        self.litter = {name: some.word(32) for name in LITTER}
        self.mark, self.other_mark = some.words(2, 32)
        self.files = {path: f"password = '{self.litter[name]}'\n" for name, path in LITTER.items()}
        self.files["release.txt"] = f"{self.release}\n"
        secret = bench.session.run.scratch("token") / "token"
        secret.write_text(self.token, encoding="utf-8")
        self.flags = ("--build-arg", f"SEAL_TOKEN={self.token}", "--secret", f"id=seal_token,src={secret}")

    def folder(self, mark):
        """A copy of the student's folder with all of that, whose app.py ends in a comment."""
        app = (self.bench.folder / "app.py").read_bytes() + f"\n# {mark}\n".encode()
        return self.bench.copy(self.files | {"app.py": app})

    def build(self, folder, *flags):
        """The image of a folder, built with the token at hand."""
        try:
            return self.bench.docker().image(folder, flags=(*self.flags, *flags))
        except NotUp as problem:
            hint = problem.hint
            if "seal.py: no token" in (problem.actual or ""):
                hint = (
                    "seal.py found no token. The build is given one as the secret `seal_token`. A RUN sees it only "
                    "if it asks for it, under exactly this name: RUN --mount=type=secret,id=seal_token …"
                )
            actual = re.sub(
                r"(?m)^WARNING: current commit .*\n", "", problem.actual or ""
            )  # the litter is no repository
            mistake = "token_not_asked_for" if hint else None
            raise NotUp(
                hint, mistake=mistake, asked=BUILD, expected=problem.expected, actual=actual, **problem.facts
            ) from None


def is_root(user):
    """Whether an image's USER is root; without one it is."""
    return (user or "").split(":")[0] in ("", "0", "root")


def known_image(bench, name):
    """An image of the registry's, looked at like one of the student's."""
    return images.Image(name, bench.session.run, bench.folder)


@pytest.fixture(scope="module")
def order(bench):
    return Order(bench)


@pytest.fixture(scope="module")
def image(order):
    """The student's image, built with the litter in the folder and the token at hand."""
    return order.build(order.folder(order.mark))


@pytest.fixture(scope="module")
def layers(image, order, bench):
    known = ("python:3.13-slim", "python:3.13")
    base = {digest for name in known if engine.has_image(name) for digest in known_image(bench, name).layers}
    return read(image, [order.token, order.mark, *order.litter.values()], base)


def test_the_service_answers_as_before(service, some):
    """The image builds, and the service answers as before"""
    count = some.number(3, 12)
    answer = service.get("/words", text="  ".join(some.words(count)))
    answer.expect(
        200, json={"words": count}, because="libtally.so counts the words. Is it made from the tally.c given?"
    )


def test_the_image_carries_its_seal(service, order):
    """While the image is built, `seal.py` seals the release with the token that the build is given"""
    seal = hmac.new(order.token.encode(), order.release.encode(), hashlib.sha256).hexdigest()
    answer = service.get("/seal")
    told = answer.json if answer.status == 200 and isinstance(answer.json, dict) else {}
    answer.suspect(
        answer.status == 404,
        "There is no seal.json beside app.py in the image. seal.py must run while the image is built, beside "
        "release.txt. If that happens in a stage of its own, copy seal.json from there.",
    )
    answer.suspect(
        bool(told) and told.get("release") != order.release,
        f"release.txt said {order.release} in this build, and the seal is of another release: an old seal.json was "
        "copied into the image. Leave it out, and let seal.py make one while the image is built.",
    )
    answer.suspect(
        bool(told) and told.get("seal") != seal,
        "The seal was made with another token than the one that this build was given. Is one written in the "
        "Dockerfile? It comes from outside: RUN --mount=type=secret,id=seal_token python seal.py",
    )
    answer.expect(200, json={"release": order.release, "seal": seal})


def test_a_change_of_the_app_leaves_the_layers_below(layers, order):
    """After a change in `app.py` alone, all layers below it stay as they were, those of the dependencies among them"""
    kept = set(order.build(order.folder(order.other_mark)).layers)
    changed = [index for index, layer in enumerate(layers) if layer.digest not in kept]
    app = layers.first(lambda layer: order.mark in layer.found)
    flask = layers.first(lambda layer: any(FLASK.fullmatch(path) for path in layer.files))
    assert app is not None, "No layer of the image holds app.py as it is in the folder. COPY it as it is."
    below = [index for index in changed if index < app]
    if flask in changed:
        anew = flask
        if flask > app:
            cause = (
                "The dependencies are installed after app.py was copied, so each change of app.py installs them "
                "again. Copy requirements.txt alone, install, and copy app.py after that."
            )
        elif flask == app:
            cause = (
                "The dependencies come in one layer with app.py, so each change of app.py makes all of it anew. Give "
                "app.py a COPY of its own, after them."
            )
        else:
            cause = (
                "The layer with the dependencies lies below app.py and was made anew all the same: the step that "
                "installs them reads more of the folder than requirements.txt. Before it, copy or mount nothing but "
                "that."
            )
    elif below:
        anew = below[0]
        cause = (
            "A layer below app.py was made anew, although nothing in it depends on app.py. It comes from a step that "
            "was given the whole folder: before each step, copy only the files that it works on."
        )
    else:
        return
    paths = sorted(
        (path for path, size in layers[anew].files.items() if size), key=lambda path: not FLASK.fullmatch(path)
    )
    raise Mismatch(
        cause,
        asked=f"{INSPECT} --format '{{{{json .RootFS.Layers}}}}'",
        expected=f"the first {app} layers as they were",
        actual=f"{layers.place(anew)} made anew ({', '.join(paths[:3]) or 'it has no files'})",
    )


def test_nothing_ignored_gets_in(layers, order, bench):
    """`.env`, `.git/`, `venv/` and `__pycache__/` stay out of every layer"""
    places = {name: layers.holders(word) for name, word in order.litter.items() if layers.holders(word)}
    if not places:
        return
    names = ", ".join(places)
    files = {path.name: path for path in bench.folder.iterdir()}
    rules = files.get("Dockerfile.dockerignore") or files.get(".dockerignore")
    near = [name for name in files if re.search(r"(?i)docker_?ignore|^\.gitignore", name)]
    if all(layers.is_hidden(index, path) for found in places.values() for index, path in found):
        cause = (
            f"{names}: copied into one layer and deleted in a later one. A layer never changes. The later one hides "
            "the files, and whoever has the image can still read them. Keep them out of the build with .dockerignore."
        )
    elif rules and re.search(r"(?m)^[^#\s]\S*[ \t]+#", rules.read_text(encoding="utf-8", errors="replace")):
        cause = (
            f".dockerignore does not hold back {names}. Behind a pattern, # begins no comment but belongs to the "
            "pattern: give comments lines of their own."
        )
    elif rules:
        cause = (
            f".dockerignore does not hold back {names}. It takes one pattern a line, counted from the top of the "
            "folder that is built. A later line that begins with ! lets in again."
        )
    elif near:
        cause = (
            f"{names} got in. There is a file {near[0]}, and Docker looks for one called .dockerignore, exactly so."
        )
    else:
        cause = f"{names} got in: COPY takes the folder as it is. Name in a file .dockerignore what must stay out."
    raise Mismatch(cause, asked=BUILD, expected="in no layer", actual=layers.told(sum(places.values(), [])))


def test_no_secret_stays(image, layers, order):
    """The token is in no layer, not even one deleted later, and not in the image's configuration or history"""
    places = layers.holders(order.token)
    if any(order.token in line for line in image.config.get("Env") or []):
        asked, shown = INSPECT, "the token in Env"
        cause = (
            "ENV writes the token into the image's configuration. Whoever has the image can read it there, and every "
            "process in the container gets it."
        )
    elif order.token in json.dumps(image.details):
        asked, shown = INSPECT, "the token in the configuration"
        cause = "The token stands in the image's configuration, which everyone who has the image can read."
    elif any(order.token in line for line in image.history):
        asked, shown = "docker history --no-trunc notes", "the token in the history"
        cause = "The value of an ARG stands in the image's history, beside each RUN that could see it. Whoever has the image can read it there."
    elif places:
        asked, shown = "docker save --output notes.tar notes", layers.told(places)
        if layers.is_hidden(*places[0]):
            cause = (
                "A later layer deletes the file with the token. That only hides it: the layer below has it still, "
                "and the image is handed out with all its layers."
            )
        else:
            cause = "A step wrote the token into a file, and that file is in the image. Let no step write it down."
    else:
        return
    cause += " A secret mount leaves nothing behind: RUN --mount=type=secret,id=seal_token …"
    raise Mismatch(cause, asked=asked, expected="no trace of the token", actual=shown)


def test_it_does_not_run_as_root(service, image):
    """The service runs as a user that is not root"""
    user = image.config.get("User")
    if not is_root(user) and all(process.uid != 0 for process in service.processes()):
        return
    if user:
        cause = (
            f"USER {user} is the last one of the final stage, and it means root. Let the last one name another user."
        )
    else:
        cause = (
            "The final stage names no USER, so the service runs as root. Making a user is not enough, nor is a USER "
            "in another stage: each stage begins as root."
        )
    raise Mismatch(cause, asked="docker run --rm notes id", expected="a user other than root", actual="root")


def test_it_can_write_its_notes(service, image, some):
    """It can still write its notes"""
    text = some.text()
    added = service.post("/notes", json={"text": text})
    added.suspect(
        (added.status or 0) >= 500 and is_root(image.config.get("User")),
        "The service runs as root, and here root has no special powers: like everyone, it may not write into a folder "
        "that belongs to somebody else. Settle first which user the service runs as.",
    )
    log = service.log_with("Permission denied") if (added.status or 0) >= 500 else ""
    denied = re.findall(r"Permission denied: '([^']+)'", log) or ["where it keeps its notes"]
    added.suspect(
        "Permission denied" in log,
        f"The service may not write to {denied[-1]} (its log says Permission denied): what is there belongs to root, and "
        "the service is another user now. In the final stage, before USER, make the folder and give it to that user.",
    )
    added.expect(201, json={"text": text})
    kept = service.get("/notes").expect(200, json=dict).json.get("notes")
    assert isinstance(kept, list) and text in kept, "The note was taken, and /notes does not show it."


def test_no_compiler_is_in_the_image(layers):
    """The final image holds no compiler and no build tool"""
    found = [(index, path) for index, layer in enumerate(layers) for path in layer.tools]
    if not found:
        return
    cause = (
        "A tool that builds is in the final image, where nothing is built any more. Compile in a first stage, and "
        "copy from it only what was made: COPY --from=…"
    )
    if all(layers.is_hidden(index, path) for index, path in found):
        cause = f"The build tools are deleted in a later layer, so the one below has them still. {cause}"
    raise Mismatch(
        cause, asked="docker run --rm notes which gcc cc make", expected="nothing", actual=layers.told(found)
    )


def test_the_image_is_small(image, layers, bench):
    """The image is at most 25 MB larger than `python:3.13-slim`"""
    images.need_image(images.BASE)
    base = known_image(bench, images.BASE)
    own = [index for index, layer in enumerate(layers) if layer.digest not in base.layers]
    on_slim = set(base.layers) <= {layer.digest for layer in layers}
    grown = sum(layers[index].size for index in own) if on_slim else image.size - base.size
    if grown <= BUDGET * MB:
        return
    twice = layers.written_again(own)
    if not on_slim:
        cause = (
            "The final stage starts from a large base image. The slim one has all that it takes to run Python; what "
            "needs more to be built is built in a first stage."
        )
    elif twice > grown / 3:
        cause = (
            f"{twice // MB} MB are there twice: chown -R or chmod -R in a RUN of its own writes every file again, "
            "into a new layer. Copy with the right owner at once (COPY --chown=…), or change it in the RUN that "
            "makes the files."
        )
    else:
        cause = "The layers on the base image are large. What in them does the running service not need? What one layer adds, no later one takes away."
    shown = f"{grown // MB} MB more"
    for index in sorted(own, key=lambda index: -layers[index].size)[:3]:
        shown += f"\n{layers[index].size / MB:.1f} MB in {layers[index].main_folder} ({layers.place(index)})"
    raise Mismatch(cause, asked="docker history notes", expected=f"at most {BUDGET} MB more", actual=shown)


def test_dependencies_are_pinned(layers, order):
    """The packages that the service asks for are pinned: a build gets these versions, or it fails"""
    installed = {name: package for name, package in layers.packages().items() if name not in INSTALLERS}
    needed = {need for package in installed.values() for need in package.needs}
    assert installed.keys() - needed, "No package was installed on top of the base image. Where does Flask come from?"
    for name in sorted(installed.keys() - needed):
        version = installed[name].version
        other = version_without(order, name, version)
        if other not in (None, version):
            raise Mismatch(
                f"{name} is not pinned. As if {version} were not to be had, this build took {name} {other} and said "
                "nothing: what an image holds depends on the day it is built. Where the build reads it, ask for "
                f"{name}=={version}",
                asked=BUILD,
                expected=f"{name} {version}, or a build that fails",
                actual=f"{name} {other}",
            )


def version_without(order, name, version):
    """The version of a package that the student's Dockerfile installs where `version` is not to be had, or None."""
    bench = order.bench
    folder = bench.session.run.scratch("constraints")
    (folder / "constraints.txt").write_text(f"{name}!={version}\n", encoding="utf-8")
    text = (bench.folder / "Dockerfile").read_text(encoding="utf-8-sig")
    text = FROM.sub(rf"\g<0>\nENV PIP_CONSTRAINT={CONSTRAINTS} UV_CONSTRAINT={CONSTRAINTS}", text)
    text = packages.with_mounts(text, [f"--mount=type=secret,id=workshop-constraints,target={CONSTRAINTS},mode=0444"])
    secret = f"id=workshop-constraints,src={folder / 'constraints.txt'}"
    for _ in range(
        3
    ):  # of builds that are the same at the same time, one may be told of the failure without its reason
        try:
            found = read(order.build(bench.copy({"Dockerfile": text}), "--secret", secret)).packages().get(name)
        except NotUp as problem:
            if REFUSED.search(problem.actual or ""):
                return None
            unclear = problem.actual
        else:
            return found and found.version
    raise Unchecked("Whether the packages are pinned could not be asked.", actual=unclear)
