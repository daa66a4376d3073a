"""`clean` on a real engine, with labels of the test's own, so that it never meets what others have there."""

import secrets

import pytest
from click.testing import CliRunner

from workshop.cli.clean import clean as command
from workshop.course.places import state_folder
from workshop.engine import engine, images
from workshop.engine.engine import docker, must
from workshop.engine.run import Run, is_over
from workshop.machine import clean, cost

pytestmark = pytest.mark.usefixtures("has_engine")


@pytest.fixture
def label(monkeypatch, tmp_path):
    """The labels of this test alone, and a state folder of its own. Whatever is left goes at its end."""
    word = secrets.token_hex(5)
    monkeypatch.setenv("WORKSHOP_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(clean, "LABEL", f"workshop.test-{word}.run")
    monkeypatch.setattr(clean, "PROJECT", f"workshop.test-{word}.project")
    monkeypatch.setattr(images, "SUPPLY_LABEL", f"workshop.test-{word}.image")
    monkeypatch.setattr(images, "SUPPLIES", tmp_path / "images")
    (tmp_path / "images" / "one").mkdir(parents=True)
    yield clean.LABEL
    for wanted in (clean.LABEL, clean.PROJECT, images.SUPPLY_LABEL):
        for listed, remove in clean.KINDS.values():
            left = docker(*listed, "--filter", f"label={wanted}").out.split()
            if left:
                docker(*remove, *dict.fromkeys(left))


def dead_run() -> str:
    """A run whose process is gone without having tidied up."""
    run = secrets.token_hex(5)
    (state_folder() / "runs").mkdir(exist_ok=True)
    (state_folder() / "runs" / run).touch()
    return run


def take(label: str, run: str) -> list[str]:
    """Makes one thing of each kind under a label."""
    mark = ("--label", f"{label}={run}")
    must(docker("create", *mark, "--name", f"t-{run}", "--volume", "/anonymous", images.BASE, "true"))
    must(docker("network", "create", *mark, f"t-{run}"))
    must(docker("volume", "create", *mark, f"t-{run}"))
    must(docker("build", "--tag", f"t-{run}", *mark, "-", data=f"FROM {images.BASE}\n".encode(), timeout=60))
    return ["container", "network", "volume", "image"]


def there(run: str) -> list[str]:
    return [kind for kind in ("container", "network", "volume", "image") if docker(kind, "inspect", f"t-{run}").ok]


def call(*args: str) -> tuple[int, str]:
    done = CliRunner().invoke(command, args, standalone_mode=False)
    assert done.exception is None, done.exception
    return done.return_value, done.output


def build_cache() -> str:
    """All records of the build cache, a block of lines each."""
    return must(docker("buildx", "du", "--verbose", timeout=60, kept=engine.LISTED)).out


def test_what_a_dead_run_left_goes_and_what_a_live_one_uses_stays(label):
    gone, other = dead_run(), secrets.token_hex(5)
    with Run() as alive:
        assert is_over(gone) and not is_over(alive.id) and not is_over(other)
        kinds = take(label, gone)
        take(label, alive.id)
        take(label, other)
        code, said = call("--dry-run")
        assert code == 0 and "Would give back" in said and there(gone) == kinds
        code, said = call()
        assert code == 0 and "1 container, 1 network, 1 volume, 1 image" in said
        assert there(gone) == [] and there(alive.id) == kinds and there(other) == kinds
        assert "Kept: 2 containers, 2 networks, 2 volumes, 2 images" in said
        call("--all")
        assert there(alive.id) == there(other) == []


def test_what_compose_left_for_a_dead_run_goes(label):
    gone = dead_run()
    take(clean.PROJECT, f"workshop-{gone}-stack-1")
    take(clean.PROJECT, mine := f"workshop-{secrets.token_hex(3)}-of-somebody")
    call()
    assert there(f"workshop-{gone}-stack-1") == []
    assert there(mine) == ["container", "network", "volume", "image"]


def test_supplied_images_go_with_their_part_of_the_build_cache(label, tmp_path):
    word = secrets.token_hex(8)
    lines = f"FROM {images.BASE}\nRUN head -c 5000000 /dev/urandom > /{word}\nWORKDIR /{word}-below\n"
    (tmp_path / "images" / "one" / "Dockerfile").write_text(lines, encoding="utf-8")
    name, foreign = f"t-{word}:1", f"RUN echo {word} > /foreign"
    mark = ("--label", f"{images.SUPPLY_LABEL}=one")
    must(docker("build", "--tag", name, *mark, "-", data=lines.encode(), timeout=120))
    must(docker("build", "--tag", f"f-{word}", "-", data=f"FROM {images.BASE}\n{foreign}\n".encode(), timeout=120))
    try:
        found = clean.Cleaner([]).look()
        assert [thing.name for thing in found.mine if thing.kind == "image"] == [name]
        size = next(thing.size for thing in found.mine if thing.kind == "image")
        assert 5_000_000 <= size < 5_100_000, "the base image stays and does not count"
        foreign_was_there = f"echo {word} > /foreign" in build_cache()  # a full cache drops it by itself
        code, said = call()
        assert code == 0 and "5 MB" in said and "records of the build cache" in said
        assert not engine.has_image(name)
        kept = build_cache()
        assert f"/{word}" not in kept and f"{word}-below" not in kept, "its records have gone"
        assert foreign_was_there == (f"echo {word} > /foreign" in kept), "others' records stay"
    finally:
        docker("image", "rm", "--force", f"f-{word}")
        docker("buildx", "prune", "--force", "--filter", f"id={_record(word)}")


def _record(word: str) -> str:
    return next((block.split()[1] for block in build_cache().split("\n\n") if word in block), "none")


def test_supplied_images_stay_while_a_check_runs(label):
    with Run() as alive:
        take(label, alive.id)
        must(
            docker(
                "build",
                "--tag",
                f"t-{alive.id}:s",
                "--label",
                f"{images.SUPPLY_LABEL}=one",
                "-",
                data=f"FROM {images.BASE}\n".encode(),
                timeout=60,
            )
        )
        call()
        assert engine.has_image(f"t-{alive.id}:s")


def test_base_images_and_the_rest_of_the_cache_are_named_with_the_command(label):
    code, said = call()
    assert code == 0 and f"docker image rm {images.BASE}" in said and engine.has_image(images.BASE)
    found = clean.Cleaner([]).look(with_bases=True)
    assert images.BASE in [thing.name for thing in found.mine] and not [c for _, c in found.left if images.BASE in c]
    if cost.build_cache():
        assert "docker builder prune" in said


def test_without_an_engine_it_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    engine.forget_trouble()
    try:
        done = CliRunner().invoke(command, [], standalone_mode=False)
    finally:
        engine.forget_trouble()
    assert isinstance(done.exception, engine.EngineTrouble) and "doctor" in done.exception.hint
