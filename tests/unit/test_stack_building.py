"""How the images of a stack are built: what a file's words may say to docker. Without an engine."""

import csv
from types import SimpleNamespace

import pytest

from workshop.compose import building
from workshop.composefile import file as compose_file
from workshop.engine import builds
from workshop.engine.engine import Done
from workshop.outcomes import NotUp


@pytest.fixture
def stack(tmp_path):
    """A folder with something to build, as Compose reads it; `services` are still to be filled in."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "docker-compose.yml").write_text("services:\n  web:\n    build: .\n")
    written = compose_file.read(tmp_path, "08_compose")
    config = {"services": {}}
    return SimpleNamespace(run=None, folder=tmp_path, config=config, as_written=written, unset=(), absent={})


@pytest.fixture
def built(monkeypatch):
    """The flags of each build."""
    calls = []

    def build(run, context, *, flags, file, inline):
        calls.append(flags)
        return SimpleNamespace(id=f"image-{len(calls)}")

    monkeypatch.setattr(builds, "build", build)
    return calls


def service(stack, **build):
    return {"build": {"context": str(stack.folder), **build}}


@pytest.mark.parametrize("target, name", [("x,env=HOME", "token"), ("x", "token,env=HOME"), ("x", 'to"ken')])
def test_a_secret_is_a_file_of_the_folder_whatever_its_names_say(stack, built, target, name):
    (stack.folder / name).write_text("secret")
    stack.config["secrets"] = {"token": {"file": str(stack.folder / name)}}
    stack.config["services"]["web"] = service(stack, secrets=[{"source": "token", "target": target}])
    building.image_of(stack, "web", {})
    flag = built[0][built[0].index("--secret") + 1]
    assert next(csv.reader([flag])) == [f"id={target}", f"src={stack.folder / name}"]


def test_services_share_an_image_only_if_they_are_built_from_the_same(stack, built):
    (stack.folder / "one").mkdir()
    services = stack.config["services"]
    services["web"] = services["again"] = service(stack)
    services["other"] = service(stack, additional_contexts={"lib": str(stack.folder / "one")})
    made = {}
    ids = [building.image_of(stack, name, made) for name in ("web", "again", "other")]
    assert ids == ["image-1", "image-1", "image-2"]


def test_the_name_of_an_image_is_no_flag(stack):
    stack.config["services"]["web"] = {"image": "--help"}
    with pytest.raises(NotUp):
        building.image_of(stack, "web", {})


@pytest.mark.parametrize(
    "file, ignored", [("Dockerfile", "one"), ("web.Dockerfile", "two"), ("other.Dockerfile", None)]
)
def test_a_dockerfile_has_a_dockerignore_of_its_own(tmp_path, monkeypatch, file, ignored):
    for name, text in (("Dockerfile", "one"), ("web.Dockerfile", "two")):
        (tmp_path / f"{name}.dockerignore").write_text(text)
    (tmp_path / file).write_text("FROM scratch\n")
    aside = tmp_path / "aside"
    aside.mkdir()
    monkeypatch.setattr(builds, "call_builder", lambda *words, **options: Done(("build",), 0, "", "", 0.1))
    run = SimpleNamespace(scratch=lambda word: aside, name=lambda word: word, label="a=b")
    builds.build(run, tmp_path, file=file)
    own = aside / "Dockerfile.dockerignore"
    assert (own.read_text() if own.exists() else None) == ignored
