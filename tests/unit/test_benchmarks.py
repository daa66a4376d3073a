"""The benches measure what they say: their submissions, and what the other tools are given."""

import json
import os

import pytest

from benchmarks import asserts, classes, failover, load, notebooks, peers, reports, service, tapes
from benchmarks.peers import Timed
from workshop.cli import bench
from workshop.course.lessons import find
from workshop.outcomes import Unchecked
from workshop.proof.answers import cases
from workshop.runtimes.http import Answer


def test_the_submissions_are_the_same_each_time_and_mixed():
    chosen = notebooks.submissions(20)
    assert chosen == notebooks.submissions(20)
    assert len({case.name for case in chosen}) == 20
    kinds = ["wrong" if case.kind == "wrong" else "right" for case in chosen]
    assert kinds.count("right") == 4
    assert "".join(kind[0] for kind in kinds[:6]) == "rwwwwr"


@pytest.mark.parametrize("count", [2, 3, 7])
def test_any_number_of_submissions_holds_right_and_wrong_ones(count):
    kinds = [case.kind == "wrong" for case in notebooks.submissions(count)]
    assert len(kinds) == count
    assert len(set(kinds)) == 2


def test_the_other_tools_get_the_same_exercises():
    lesson = find(asserts.LESSON)
    solution = json.loads((lesson.solution / f"{lesson.name}.ipynb").read_text(encoding="utf-8"))
    exercises = [cell for cell in solution["cells"] if "exercise" in cell["metadata"].get("tags", [])]
    made = peers.with_asserts(solution)["cells"]
    tests = [cell for cell in made if cell["metadata"].get("nbgrader", {}).get("grade")]
    assert len(tests) == len(exercises) == len(asserts.ASSERTS)
    for cell in tests:
        compile(cell["source"], cell["id"], "exec")
    assert not any("workshop" in cell["source"] for cell in made if cell["cell_type"] == "code")
    assert peers.with_asserts(solution)["cells"] == made, "the submission itself is left as it was"


def test_the_asserts_hold_for_the_solution_and_some_wrong_answers_fail_them(tmp_path):
    import fakeredis

    lesson = find(asserts.LESSON)

    def failed(case):
        path = case.build(tmp_path / case.name) / f"{lesson.name}.ipynb"
        names = {"r": fakeredis.FakeRedis(decode_responses=True), "json": json}
        found = []
        for cell in peers.with_asserts(json.loads(path.read_text(encoding="utf-8")))["cells"]:
            role = cell["metadata"].get("nbgrader")
            if role is None:
                continue
            try:
                exec(cell["source"], names)
            except Exception:
                assert role["grade"], f"{case.name}: an exercise itself did not run"
                found.append(role["grade_id"].removeprefix("test_"))
        return found

    known = {case.name: case for case in cases(lesson)}
    assert failed(known["solution"]) == []
    assert failed(known["none_for_false"])
    assert failed(known["session_never_expires"])
    assert not failed(known["read_then_written"]), "a race that plain asserts do not see"


def test_figures_and_table():
    chosen = notebooks.submissions(3)
    right = next(case.name for case in chosen if case.kind != "wrong")
    timed = [Timed(case.name, 10.0 + number, 12.0 + number, case.name == right) for number, case in enumerate(chosen)]
    ours = notebooks._figures("workshop", 3, timed, chosen)
    slow = notebooks._figures("slow", 2, [Timed(one.name, 0.0, 12.0, True) for one in timed], chosen)
    assert (round(ours.each, 2), ours.median, ours.right, ours.wrong) == (1.33, 2.0, (1, 1), (2, 2))
    assert slow.wrong == (0, 2)
    table = notebooks.rows([ours, slow])
    assert "3.0 ×" in table[2]
    assert "0 of 2" in table[2]


def outage(status=503, seconds=1.0, health=0.3):
    seen = service.Outage("Redis hangs", 100, health_limit=1.0, recovery=0.4)
    seen.answers.add(Answer("curl", status=503, seconds=0.01))
    seen.answers.add(Answer("curl", status=status, seconds=seconds))
    seen.health.add(Answer("curl", status=200, seconds=health))
    return seen


@pytest.mark.parametrize(
    ("seen", "is_kept"),
    [
        (outage(), True),
        (outage(status=200), False),
        (outage(status=None), False),
        (outage(seconds=2.5), False),
        (outage(health=1.5), False),
    ],
)
def test_what_an_outage_must_look_like(seen, is_kept):
    assert seen.is_kept is is_kept
    table = list(service.rows([seen]))
    assert ("NOT AS PROMISED" in table[0]) is not is_kept
    assert f"max {seen.answers.most:.2f} s" in table[1]


def test_without_the_folder_bench_says_what_it_needs(tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "ROOT", tmp_path)
    with pytest.raises(Unchecked, match=r"no benchmarks/loop\.py .* whole checkout"):
        bench.benchmark("loop")


def a_report(whole, **outcomes):
    return reports.Taken(0.5, whole, 1.0, None, outcomes or {"test_a": "passed"})


def test_the_table_of_reports_has_both_checkouts_and_their_ratio():
    ours = reports.Reports([a_report(4.0), a_report(6.0), a_report(5.0)])
    theirs = reports.Reports([a_report(10.0)])
    line, alone = (" ".join(reports.row("lesson 3", ours, other).split()) for other in (theirs, None))
    assert line == "lesson 3 0.50 · 5.00 · 1.00 · – beside 0.50 · 10.00 · 1.00 · – ratio 0.50"
    assert alone == "lesson 3 0.50 · 5.00 · 1.00 · –"
    assert reports.is_slower(theirs, ours)
    assert not reports.is_slower(ours, ours)


def test_a_verdict_that_changed_is_named():
    made = reports.Reports([a_report(4.0), a_report(4.0, test_a="unchecked", test_b="passed")])
    assert made.odd() == ["test_a: unchecked"]


WRK = """  Latency     1.94ms    1.10ms  30.81ms   90.13%
  Latency Distribution
     50%    1.71ms
     75%    2.13ms
     90%    2.94ms
     99%    {p99}
  16123 requests in 1.00s, 3.16MB read
{more}Requests/sec:  16077.42
"""


def test_what_wrk_prints_is_read():
    assert load.figures(WRK.format(p99="6.12ms", more="")) == load.Figures(16077.42, 1.71, 6.12, 0)
    assert load.figures(WRK.format(p99="1.20s", more="")).p99 == 1200
    failed = "  Socket errors: connect 0, read 1, write 0, timeout 2\n  Non-2xx or 3xx responses: 5\n"
    assert load.figures(WRK.format(p99="812.00us", more=failed)) == load.Figures(16077.42, 1.71, 0.812, 8)


def table(shipped, best, failed=0):
    rates = {load.SHIPPED: shipped, "another": best}
    return load.Table(
        {name: {path: [load.Figures(rate, 1, 2, failed)] for path in load.PATHS} for name, rate in rates.items()}
    )


def test_the_service_as_shipped_has_to_come_near_the_best():
    assert table(95, 100).is_enough and table(100, 50).is_enough
    assert not table(80, 100).is_enough and not table(95, 100, failed=1).is_enough
    assert "As shipped, of the best: GET /get 0.95" in "\n".join(load.rows(table(95, 100)))


def seen(*asked):
    return failover.Failover("node1", 3.0, 5.0, list(asked), 10, 1)


def test_a_failover_is_as_promised_if_its_errors_are_honest_and_over_in_time():
    well = seen((0.1, 0.1, 201, True), (3.2, 0.5, 503, True), (4.0, 0.1, 200, False), (9.0, 0.1, 200, True))
    assert well.is_kept and well.recovery == pytest.approx(0.7)
    assert not seen((3.2, 0.5, 500, True)).is_kept
    assert not seen((3.2, 0.5, None, True)).is_kept
    assert not seen((3.2, 0.5, 503, False)).is_kept
    assert not seen((30.0, 0.5, 503, True)).is_kept
    assert "10 acknowledged, 1 of them lost" in "\n".join(failover.rows(well))


def test_a_class_for_the_bench_is_the_same_each_time():
    chosen = classes.submissions(find("7"), 10)
    assert chosen == classes.submissions(find("7"), 10)
    assert [case.kind == "wrong" for case in chosen] == [False, *[True] * 4] * 2


def test_the_pace_is_taken_while_all_workers_have_work():
    load = classes.Load()
    load._times, load._worked = [0.0, 2.0, 5.0, 9.0], [0.0, 1.0, 1.0 + 3 * (os.cpu_count() or 1), 8.0]
    pace = classes._pace([6.5, 1.0, 2.0, 3.0, 4.0, 5.0], 2, load)
    assert (pace.each, pace.a_minute) == (1.0, 60.0), (
        "from the second result to the last but one, three in three seconds"
    )
    assert pace.busy == pytest.approx(1.0)
    with pytest.raises(Unchecked, match="too few"):
        classes._pace([1.0, 2.0, 3.0], 2, load)


def test_the_aims_of_a_class_hold_or_not():
    found = classes.Figures(find("9"), 24, {1: classes.Pace(1.0, 0.5), 2: classes.Pace(0.44, 0.95)})
    found.floor, found.held = (
        {1: classes.Pace(0.8, 0.5), 2: classes.Pace(0.3, 0.9)},
        {1: found.ours[1], 2: found.ours[2]},
    )
    assert [holds for _, holds in found.aims()] == [True, True, True, False, True, True, False, True]
    assert "0.44 s each" in "".join(classes.rows(found)) and "✗ 2 workers: 1.47 times" in "".join(classes.rows(found))


def test_a_tape_has_what_can_be_played(tmp_path):
    told = ["run", "--interactive", "notebook"]
    calls = [["ps", "-q"], ["run", "--rm", "--pid", "host", "x"], ["port", "web"], told, told, ["rm", "web"]]
    for number, words in enumerate(calls):
        folder = tmp_path / f"{number}-a"
        folder.mkdir()
        (folder / "note.json").write_text(json.dumps({"words": words, "begin": number}))
    for begin, end in ((4.1, 4.2), (4.5, 4.6)):
        said = tmp_path / "3-a" / f"said-{int(begin * 1e9)}"
        said.touch()
        os.utime(said, (end, end))
    (tmp_path / f"{int(4.7e9)}-{tapes.DONE}").touch()
    found = tapes.calls(tmp_path)
    assert [(call.part.name, call.words[:1]) for call in found] == [
        ("COMMAND", ["ps"]),
        ("COMMAND", ["port"]),
        ("RUNNER", ["run"]),
        ("RUNNER", ["run"]),
        ("TALK", ["run"]),
        ("TALK", ["run"]),
        ("DONE", []),
    ]
