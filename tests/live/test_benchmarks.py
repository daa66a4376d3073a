"""The figures of a short run of the benches."""

import time

import pytest

from benchmarks import loop, notebooks, reports, service, tapes
from workshop.course.lessons import find, lay
from workshop.course.places import ROOT
from workshop.engine import engine
from workshop.engine.run import Run
from workshop.probes.yardstick import is_too_busy


def test_two_submissions_of_our_own(has_engine):
    chosen = notebooks.submissions(2)
    found = notebooks.ours(chosen, at_once=2)
    assert {one.name for one in found.timed} == {case.name for case in chosen}
    assert found.right == (1, 1)
    assert found.wrong == (1, 1)
    assert 0 < found.each <= found.median * 2


def test_the_loop_of_a_notebook_is_measured():
    times = loop.measure_notebook(find("9"), 1, "embedded")
    assert 0 < times.first[0] < times.whole[0]
    assert times.plain == []


def test_a_whole_report_is_measured():
    with reports.busy(1):
        taken = reports.take(find("1"), ROOT, "embedded")
    assert 0 < taken.first <= taken.whole
    assert taken.outcomes.keys() == find("1").promises.keys()


def test_the_service_lives_through_an_outage(has_engine):
    found = service.outages(3.0, few=16, many=100)
    print(*service.rows(found), sep="\n")
    with Run() as run:
        if is_too_busy(run):
            pytest.skip("this machine is too busy for a time to mean anything")
    assert [one.what for one in found if not one.is_kept] == []
    assert all(1 <= len(one.told) <= 4 for one in found), "once at the beginning and once at the end, by each worker"


def test_the_docker_commands_of_a_grading_are_recorded_and_played(has_engine, tmp_path):
    lesson = find("1")
    lay(lesson.finished(), tmp_path / "work")
    (report,) = tapes.record(tmp_path / "tape", lesson, [tmp_path / "work"], {}, ())
    assert str(report.verdict) == "passed"
    recorded = [call.words[0] for call in tapes.calls(tmp_path / "tape") if call.words]
    assert {"run", "port"} <= set(recorded)
    for _ in range(2):
        with Run() as run:
            player = tapes.Player(run, tmp_path / "tape")
            assert len(player.play()) == 1
            assert player.count > 1 and player.otherwise == []
            mine = (
                "--filter",
                f"label={run.label}",
                "--filter",
                "event=create",
            )  # its removal may be on the tape, too
            made = run.docker(
                "events",
                "--since",
                "120s",
                "--until",
                f"{time.time() + 0.3:.3f}",
                *mine,
                "--format",
                "{{.Actor.Attributes.name}}",
            )
        assert f"workshop-{run.id}-web" in engine.must(made).out, "the same containers, under the run that plays"
