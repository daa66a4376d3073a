"""The JSON contract: what docs/json.md shows is what the workshop writes, reads and prints."""

import dataclasses
import json
import re
import subprocess
import sys

import pytest

from workshop.course import lessons
from workshop.machine.cost import Cost
from workshop.machine.examination import Step
from workshop.report import EXIT_CODES, WRONG_USAGE, Check, Outcome, Report, to_json, usage_error, worst_exit_code

DOCS = (lessons.ROOT / "docs" / "json.md").read_text(encoding="utf-8")
EXAMPLES = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", DOCS, re.DOTALL)]
REPORT, DOCTOR, USAGE = EXAMPLES


def names(kind: type) -> set[str]:
    return {field.name for field in dataclasses.fields(kind)}


def call(*args: str) -> tuple[int, str, str]:
    command = [sys.executable, "-P", "-m", "workshop.cli", *args]
    done = subprocess.run(command, capture_output=True, text=True, cwd=lessons.ROOT, timeout=120)
    return done.returncode, done.stdout, done.stderr


def test_the_report_in_the_docs_is_read_and_written_unchanged():
    report = Report.from_dict(REPORT)
    assert report.to_dict() == REPORT and json.loads(to_json([report])) == REPORT
    assert report.verdict is Outcome.FAILED and report.exit_code == 1


def test_every_key_and_outcome_is_in_the_docs():
    assert set(REPORT) == names(Report) | {"verdict"}
    assert all(set(check) == names(Check) for check in REPORT["checks"])
    assert all(set(step) == names(Step) for step in DOCTOR["steps"])
    told = set(re.findall(r"`(?:steps\[\]\.|cost\.)?(\w+)`", DOCS))
    assert names(Report) | names(Check) | {"detail", "ready", "steps"} <= told
    assert names(Cost) | {"total"} <= told
    assert {str(outcome) for outcome in Outcome} <= told


def test_exit_codes_are_those_in_the_docs():
    rows = dict(re.findall(r"^\| (\d+) \| (\w+)", DOCS, re.MULTILINE))
    assert {str(code): str(outcome) for outcome, code in EXIT_CODES.items()}.items() <= rows.items()
    assert rows[str(WRONG_USAGE)] == "wrong"


def test_several_reports_go_under_one_key_and_the_worst_exit_code_holds():
    report = Report.from_dict(REPORT)
    fine = Report("01_hello_flask", "docker", 1, 0.5, (Check("test_a", "A", Outcome.PASSED),))
    unasked = Report("02_x", "embedded", 1, 0.5, (Check("test_a", "A", Outcome.UNCHECKED),))
    assert json.loads(to_json([report, fine])) == {"reports": [REPORT, fine.to_dict()]}
    assert [worst_exit_code(found) for found in ([fine], [fine, unasked], [unasked, report, fine])] == [0, 3, 1]


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        (["passed", "passed"], "passed"),
        (["passed", "unchecked"], "unchecked"),
        (["failed", "unchecked"], "failed"),
        (["blocked", "passed"], "failed"),
        ([], "unchecked"),
    ],
)
def test_a_verdict_is_worked_out_again_and_never_believed(outcomes, verdict):
    checks = [REPORT["checks"][0] | {"outcome": outcome} for outcome in outcomes]
    assert Report.from_dict(REPORT | {"verdict": "passed", "checks": checks}).to_dict()["verdict"] == verdict


def test_what_is_not_there_is_null():
    assert Check("test_a", "A", Outcome.PASSED).hint is None
    bare = Report("l", "docker", 1, 0.0, (Check("test_a", "A", Outcome.PASSED),)).to_dict()
    assert all(bare["checks"][0][key] is None for key in ("hint", "asked", "expected", "actual"))
    assert set(Step("s", "S", Outcome.PASSED).to_dict()) == names(Step)


@pytest.mark.parametrize(
    "args", [("check", "99"), ("check", "--nope"), ("check", "1", "--runtime", "x"), ("doctor", "x")]
)
def test_wrong_usage_is_one_document_with_the_next_step(args):
    code, out, err = call(*args, "--json")
    said = json.loads(out)
    assert code == WRONG_USAGE and set(said) == set(USAGE) == set(json.loads(usage_error("a", "b")))
    assert said["error"] in err and said["next"] in err


def test_a_real_check_prints_the_contract_and_nothing_else():
    code, out, _ = call("check", "1", "--solution", "--runtime", "embedded", "--seed", "7", "--json")
    said = json.loads(out)
    assert code == 0 and Report.from_dict(said).to_dict() == said
    assert said["seed"] == 7 and said["runtime"] == "embedded" and said["verdict"] == "passed"
    assert [check["id"] for check in said["checks"]] == list(lessons.find("1").promises)
