"""Both runtimes keep one contract: the same names, the same parameters; and what embedded cannot do is unchecked, never an error of ours."""

import inspect
import os
from contextlib import nullcontext
from pathlib import Path

import pytest

from workshop import patience
from workshop.engine.run import Run
from workshop.outcomes import NotUp, Unchecked
from workshop.runtimes import contract
from workshop.runtimes.contract import needs_engine
from workshop.runtimes.docker import DockerRedis, DockerRuntime, DockerService
from workshop.runtimes.embedded import EmbeddedRuntime, LocalRedis, LocalService
from workshop.runtimes.http import Answer

KEPT_BY = {
    contract.Service: (DockerService, LocalService),
    contract.RedisServer: (DockerRedis, LocalRedis),
    contract.Runtime: (DockerRuntime, EmbeddedRuntime),
}
SET_WHEN_MADE = {"url", "name", "beside"}  # attributes of the one, properties of the other
APP = """
from flask import Flask
app = Flask(__name__)
app.add_url_rule("/", view_func=lambda: "hello")
app.run(host="0.0.0.0", port=5000)
"""


def public(kind):
    """What a class says to everybody: name → function, property or other member."""
    return {name: member for name, member in vars(kind).items() if not name.startswith("_")}


def members(kind):
    """The same, with what it inherits."""
    return {name: inspect.getattr_static(kind, name) for name in dir(kind) if not name.startswith("_")}


def shape(function):
    """The parameters of a function, without types: their names, kinds and defaults."""
    return [(p.name, p.kind, p.default) for p in inspect.signature(function).parameters.values()]


PAIRS = [(protocol, kept_by) for protocol, both in KEPT_BY.items() for kept_by in both]


@pytest.mark.parametrize(("protocol", "kept_by"), PAIRS)
def test_every_method_is_there_with_the_same_parameters(protocol, kept_by):
    there = members(kept_by)
    for name, member in public(protocol).items():
        if inspect.isfunction(member):
            assert name in there, f"{kept_by.__name__} has no {name}"
            assert shape(there[name]) == shape(member), name
        elif name not in SET_WHEN_MADE:
            assert isinstance(there.get(name), property), f"{kept_by.__name__} has no {name}"


@pytest.mark.parametrize(("protocol", "kept_by"), PAIRS)
def test_nothing_public_is_outside_the_contract(protocol, kept_by):
    of_the_contract = {*public(protocol), *protocol.__annotations__, *SET_WHEN_MADE}
    assert set(members(kept_by)) <= of_the_contract


@pytest.fixture(scope="module")
def runtime(tmp_path_factory):
    folder = tmp_path_factory.mktemp("work")
    (folder / "app.py").write_text(APP, encoding="utf-8")
    with Run() as run:
        made = EmbeddedRuntime(run, folder, "01_hello_flask")
        yield made
        made.close()


@pytest.fixture(scope="module")
def service(runtime):
    return runtime.start(up_path="/")


WORDS = {"name": "CONT", "method": "GET", "path": "/", "pattern": ".", "mark": 0.0, "count": 2, "command": "true"}


def called(thing, name):
    """What came of a name of the contract: the value, or the Unchecked that was raised."""
    try:
        member = getattr(thing, name)
        if not callable(member):
            return member
        needed = [p for p in inspect.signature(member).parameters.values() if p.default is p.empty]
        return member(*(WORDS[p.name] for p in needed if p.kind is not p.VAR_KEYWORD))
    except Unchecked as error:
        return error


@pytest.mark.parametrize(
    "name", sorted({*public(contract.Service), *contract.Service.__annotations__} - {"end", "noted", "another"})
)
def test_an_embedded_service_does_it_or_is_unchecked(service, name):
    came = called(service, name)
    if name in ("name", "state", "inspect", "processes", "exec", "stop", "seconds_to_end"):
        assert isinstance(came, Unchecked) and came.hint == needs_engine()
    else:
        assert not isinstance(came, Unchecked)
    if name in ("request", "get", "post"):
        assert isinstance(came, Answer) and came.status in (200, 405)


@pytest.mark.parametrize(
    "name", sorted({*public(contract.RedisServer), *contract.RedisServer.__annotations__} - {"end"})
)
def test_an_embedded_redis_does_it(runtime, name):
    assert not isinstance(called(runtime.redis(), name), Unchecked)


@pytest.mark.parametrize(
    "option",
    [
        {"memory": "64m"},
        {"hostname": "here"},
        {"command": ("sh", "-c", "python app.py")},
        {"mounts": {Path(os.devnull): "/x"}},
        {"flags": ("--init",)},
    ],
)
def test_what_takes_a_container_is_unchecked(runtime, option):
    with pytest.raises(Unchecked, match="needs a Docker Engine"):
        runtime.start(**option)


def test_a_command_of_python_needs_no_engine(runtime):
    service = runtime.start(command=("python", "-c", APP), up_path="/")
    assert service.get("/").text == "hello"
    assert service.inner_url == service.url


def test_of_several_services_one_is_kept(runtime):
    first, second, third = (runtime.start(command=("python", "-c", APP), up_path="/") for _ in range(3))
    runtime.keep_only(second)
    assert second.get("/").text == "hello"
    assert first.get("/").status is third.get("/").status is None


@pytest.mark.parametrize("times", [1, 100])
def test_a_service_has_more_time_to_start_on_a_slow_machine(runtime, monkeypatch, times):
    monkeypatch.setattr(patience, "slowness", lambda: float(times))
    monkeypatch.setattr(patience, "MOST_PATIENCE", 100)
    service = runtime.start(command=("python", "-c", f"import time; time.sleep(0.6)\n{APP}"), wait=False)
    with nullcontext() if times > 1 else pytest.raises(NotUp):
        service.wait_until_up("/", limit=0.3)
    service.end()


def test_an_image_is_unchecked(runtime):
    for name in ("image", "supplied"):
        assert called(runtime, name).hint == needs_engine()
