"""A stack that does not come up: one look at what moves, and what is said of it."""

import json
from types import SimpleNamespace

import pytest
import yaml

from workshop.causes.general import GENERAL
from workshop.compose import ends, looking, script
from workshop.compose.service import Container
from workshop.composefile.written import AsWritten
from workshop.engine import engine
from workshop.engine.engine import Done
from workshop.mistakes.finding import Search, Sight

TEXT = """services:
  web:
    build: .
    environment:
      - REDIS_URL=${ADDRESS}
      - QUOTED="x"
  redis:
    image: redis:8
"""
CONFIG = {
    "services": {
        "web": {"build": {}, "environment": {"REDIS_URL": "", "QUOTED": '"x"'}, "ports": [{"target": 5000}]},
        "redis": {"image": "redis:8", "healthcheck": {"test": ["CMD", "x"]}},
    }
}


class Engine:
    """A run whose docker command answers from what was laid out: `looks` are the states of the one container, the last for ever."""

    def __init__(self, looks, logs="", ping=(0, "PONG")):
        self.looks, self.logs, self.ping, self.asked = list(looks), logs, ping, []

    def docker(self, *words, **options):
        self.asked.append(words)
        if words[0] == "inspect":
            look = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
            found = {"State": look, "RestartCount": look["Restarts"], "Path": "gunicorn", "Args": ["app:app"]}
            if "--format" in words:
                return Done(words, 0, json.dumps({"Restarts": look["Restarts"], "State": look}), "", 0)
            return Done(words, 0, json.dumps([found]), "", 0)
        if words[0] == "wait":
            return Done(words, 0, "3", "", 0)
        if words[0] == "logs":
            return Done(words, 0, self.logs, "", 0)
        if words[0] == "exec":
            return Done(words, self.ping[0], self.ping[1], "", 0)
        raise AssertionError(words)


def state(status, code=0, restarts=0, started="2026-11-29T10:00:00.5Z", **more):
    running = status in ("running", "restarting")
    return {"Status": status, "Running": running, "ExitCode": code, "OOMKilled": False, "Restarts": restarts} | {
        "StartedAt": started,
        **more,
    }


def stack_of(engine, service="web", restarts=0):
    written = AsWritten("f.yml", yaml.compose(TEXT))
    listed = [SimpleNamespace(name="one", service=service)]
    known = {
        "restarts": {"one": restarts},
        "unset": ("ADDRESS", "OTHER"),
        "absent": {},
        "folder": "/f",
        "project": "p",
    }
    return SimpleNamespace(run=engine, as_written=written, config=CONFIG, listed=lambda: listed, **known)


def test_code_and_log_are_those_of_the_run_that_ended(monkeypatch):
    monkeypatch.setattr(ends, "LOG_LAG", 0)
    engine = Engine([state("running", 0, 4), state("running", 0, 4), state("restarting", 3, 4)], "Error: Bye\n")
    found = ends.ended(stack_of(engine), "one", "web")
    assert (found.facts["start"].code, found.facts["start"].log) == (3, "Error: Bye\n")
    assert found.facts["start"].command == ("gunicorn", "app:app")
    logs = [words for words in engine.asked if words[0] == "logs"]
    assert {words[1:3] for words in logs} == {("--since", "1795946400.420000")}


def test_the_next_run_is_not_in_the_log(monkeypatch):
    monkeypatch.setattr(ends, "LOG_LAG", 0)
    later = "2026-11-29T10:00:02Z"
    engine = Engine([state("restarting", 1, 4), state("running", 0, 5, later)], "Error: Bye\n")
    ends.ended(stack_of(engine), "one", "web")
    assert engine.asked[-1][:5] == ("logs", "--since", "1795946400.420000", "--until", "1795946401.920000")


def test_states_are_read_whole_however_much_health_tests_print():
    """A control sign takes six in JSON, and an engine keeps 4 kB of each of five tests: of five containers that is more than is kept of an output."""
    kept = []

    class Kept(Engine):
        def docker(self, *words, **options):
            kept.append(options.get("kept", engine.KEPT))
            return super().docker(*words, **options)

    stack = SimpleNamespace(run=Kept([state("running")]), listed=lambda: [Container("one", "web", "")])
    assert [name for name, _, _ in ends.states(stack)] == ["one"]
    assert kept == [engine.LISTED]


def test_a_kill_of_the_graders_own_is_no_end():
    once = state("running", 0, 1)
    for said, wanted in (
        ('the "web" service is using the custom container name "shop"', "container_name_for_several"),
    ):
        found = looking.of_up(stack_of(Engine([once]), restarts=1), Done((), 1, "", said, 0.1))
        assert Search(Sight(found.facts)).first(GENERAL).name == wanted
    assert not ends.has_ended(stack_of(None, restarts=1), "one", once)
    assert ends.has_ended(stack_of(None), "one", state("running", 0, ends.LOOPS))
    assert ends.may_come(stack_of(Engine([state("restarting", 1, 1)])), "one")
    assert not ends.may_come(stack_of(Engine([state("restarting", 1, ends.LOOPS)])), "one")


def test_the_container_that_compose_names_has_ended_if_it_was_started_again(monkeypatch):
    monkeypatch.setattr(ends, "LOG_LAG", 0)
    fatal = (
        "*** FATAL CONFIG FILE ERROR (Redis 8.0.2) ***\n>>> 'appendonly \"maybe\"'\nargument must be 'yes' or 'no'\n"
    )
    looks = [state("running", 0, 1), state("running", 0, 1), state("restarting", 1, 2)]
    done = Done((), 1, "", "dependency failed to start: container one is unhealthy", 0.1)
    found = looking.of_up(stack_of(Engine(looks, fatal), "redis"), done)
    assert Search(Sight(found.facts)).first(GENERAL).name == "redis_refuses_a_setting"


def health(status, code, output):
    return state("running") | {
        "Health": {"Status": status, "Log": [{"ExitCode": code, "Output": output, "Start": "a"}]}
    }


@pytest.mark.parametrize(
    ("code", "output", "ping", "wanted"),
    [
        (1, "", (0, "NOAUTH Authentication required.\n\n"), "health_test_without_the_password"),
        (
            1,
            "AUTH failed: WRONGPASS invalid username-password pair\n",
            (0, "NOAUTH\n"),
            "health_test_with_another_password",
        ),
        (127, "/bin/sh: 1: CMD: not found\n", (0, "PONG\n"), "cmd_in_a_line"),
        (-1, 'exec: "redis-cli ping": executable file not found in $PATH', (0, "PONG"), "health_test_in_one_word"),
        (127, "/bin/sh: 1: curl: not found\n", (127, "no redis-cli"), "service_health_test_without_its_tool"),
        (1, "", (1, ""), "service_never_healthy"),
    ],
)
def test_why_a_service_is_not_healthy(code, output, ping, wanted):
    stack = stack_of(Engine([health("unhealthy", code, output)], ping=ping), "redis")
    with pytest.raises(ends.NotUp) as caught:
        ends.wait_for_health(stack, 5)
    found = Search(Sight(caught.value.facts)).first(GENERAL)
    assert found and found.name == wanted, found


def test_what_is_healthy_and_what_has_no_health_test_is_waited_for_no_longer():
    ends.wait_for_health(stack_of(Engine([health("starting", 1, ""), health("healthy", 0, "")])), 5)
    ends.wait_for_health(stack_of(Engine([state("running")])), 5)
    ends.wait_for_health(stack_of(Engine([state("exited")])), 5)


def test_what_the_file_says_of_a_service():
    seen = ends.seen_of(stack_of(None), "web")
    assert seen.unset == {"ADDRESS": "f.yml, line 5"}
    assert (seen.quoted, seen.places["QUOTED"]) == (["QUOTED"], "f.yml, line 6")


def test_variables_of_which_compose_warns():
    said = 'time="2026-11-29T11:11:55Z" level=warning msg="The \\"PW\\" variable is not set. Defaulting to a blank string."'
    assert looking.unset_in(f"{said}\n{said}\n") == ("PW",)


SCRIPT = '#!/bin/sh\nset -e\nNAME=x\n[ -n "$SECRET" ] && [ -n "$NAME" ]\nexec gunicorn app:app\n'


class Traced(Engine):
    """The same, with a start script and what its second run says."""

    def __init__(self, text, said="", code=1, lacks=""):
        super().__init__([state("exited", 1)])
        self.text, self.said, self.code, self.lacks, self.label = text, said, code, lacks, "a=b"

    def scratch(self, name):
        return self.folder

    def name(self, word):
        return f"workshop-{word}"

    def docker(self, *words, **options):
        self.asked.append(words)
        if words[0] == "cp":
            (self.folder / "script").write_text(self.text)
            return Done(words, 0, "", "", 0)
        if words[0] == "exec":
            return Done(words, 0, self.lacks, "", 0)
        return Done(words, self.code, "", self.said, 0)


def found_with(path="sh", args=("/app/start.sh",)):
    config = {"Env": ["PATH=/bin"], "WorkingDir": "/app", "User": ""}
    return {"Path": path, "Args": list(args), "Config": config, "Image": "x", "State": {"ExitCode": 1}} | {
        "NetworkSettings": {"Networks": {"n": {}}}
    }


def test_the_line_at_which_a_start_script_ended(tmp_path):
    lines = SCRIPT.splitlines()
    said = "WARNING: a word of Docker's\n+workshop . /app/start.sh\n" + "".join(
        f"{line}\n" + ("" if line.startswith("#") else f"+workshop {line}\n") for line in lines[:4]
    )
    run = Traced(SCRIPT, said)
    run.folder = tmp_path
    seen = script.at_its_end(run, "one", found_with())
    assert (seen.line, seen.text, seen.unset, seen.stops) == (4, lines[3], ("SECRET",), True)
    assert script.at_its_end(run, "one", found_with("sh", ("-e", "/app/start.sh"))) == seen
    run.code = 7  # another end than the one that is to be explained
    assert script.at_its_end(run, "one", found_with()) is None
    run.code = 1
    assert script.at_its_end(run, "one", found_with("/app/start.sh", ())) == seen
    assert script.at_its_end(run, "one", found_with("sh", ("-c", "exit 1"))) is None
    run.text = "#!/usr/bin/env python3\n"
    assert script.at_its_end(run, "one", found_with("/app/start.py", ())) is None


def test_a_second_run_that_does_not_end_is_removed(tmp_path):
    """The command is ended, which leaves its container: for the rest of the class it would take a processor, and fill the disk."""
    run = Traced(SCRIPT, code=None)
    run.folder = tmp_path
    assert script.at_its_end(run, "one", found_with()) is None
    started, removed = run.asked[-2:]
    name = started[started.index("--name") + 1]
    assert removed == ("rm", "--force", "--volumes", name)
    assert "max-size=1m" in started


def test_a_start_script_that_never_runs_its_command(tmp_path):
    run = Traced("#!/bin/sh\necho ${A} ready\n")
    run.folder = tmp_path
    given = found_with("/app/start.sh", ("gunicorn", "app:app"))
    assert script.without_its_words(run, "one", given).ignored == "gunicorn app:app"
    assert script.without_its_words(run, "one", found_with("/app/start.sh", ())) is None
    run.text += 'exec "$@"\n'
    assert script.without_its_words(run, "one", given) is None


@pytest.mark.parametrize(
    ("text", "lacks", "tool"),
    [
        ("#!/bin/sh\nwhile ! nc -z redis 6379; do sleep 1; done\n", "nc\n", "nc"),
        ("#!/bin/sh\nuntil curl -s web; do sleep 1; done\n", "", None),
        ("#!/bin/sh\n# while nc\nwhile true; do sleep 1; done\n", "nc\n", None),
        ("#!/bin/sh\nnc -z redis 6379\nexec x\n", "nc\n", None),
    ],
)
def test_the_tool_that_a_start_script_waits_with(tmp_path, text, lacks, tool):
    run = Traced(text, lacks=lacks)
    run.folder = tmp_path
    seen = script.as_it_waits(run, "one", found_with())
    assert (seen and seen.tool) == tool
