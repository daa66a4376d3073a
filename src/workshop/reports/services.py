"""Reports in the shapes that other services read: JUnit XML, Gradescope's results.json, Classroom 50's result.json."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

from workshop.report import Check, Outcome, Report
from workshop.reports.wrapping import plain

Worth = Mapping[str, Mapping[str, float]]  # by lesson and check; what is not there is worth 1
CLASSROOM50 = "classroom50/result/v1"
VARIABLES = {  # a key of result.json → the variable of the environment that holds it
    "classroom": "CLASSROOM",
    "assignment": "ASSIGNMENT",
    "submission": "SUBMISSION_TAG",
    "commit": "COMMIT_URL",
    "release": "RELEASE_URL",
    "review": "REVIEW_URL",
}
SHOWN = {"output_format": "text", "visibility": "visible"}
NOT_GRADED = "Not graded here: {}."
UNASKED = "{} could not be asked here, so these points are no final grade. Tell your teacher."


def told(check: Check) -> str:
    """All that there is to say of a check, for a person, without a seed."""
    facts = (
        ("because", check.hint),
        ("asked", check.asked),
        ("expected", check.expected),
        ("got", check.actual),
        ("fault", check.fault),
    )
    return "\n".join(f"{label}: {plain(text)}" for label, text in facts if text)


def junit(suites: Sequence[tuple[str, Report]]) -> str:
    """The reports as JUnit XML, each a suite of the name that stands before it. Blocked and unchecked are skipped, with the reason."""
    top = ElementTree.Element("testsuites")
    for name, report in suites:
        skipped = report.count(Outcome.BLOCKED) + report.count(Outcome.UNCHECKED)
        about = {
            "name": plain(name),
            "tests": str(len(report.checks)),
            "failures": str(report.count(Outcome.FAILED)),
            "skipped": str(skipped),
            "errors": "0",
            "time": f"{report.seconds:.3f}",
        }
        suite = ElementTree.SubElement(top, "testsuite", about)
        for check in report.checks:
            place = {"classname": plain(name), "name": check.id, "time": f"{check.seconds:.3f}"}
            case = ElementTree.SubElement(suite, "testcase", place)
            if check.outcome is Outcome.FAILED:
                failure = ElementTree.SubElement(
                    case, "failure", {"message": plain(check.claim), "type": check.mistake or "failed"}
                )
                failure.text = told(check)
            elif check.outcome is not Outcome.PASSED:
                message = f"{check.outcome}: {plain(check.hint or check.claim)}"
                ElementTree.SubElement(case, "skipped", {"message": message})
    ElementTree.indent(top)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(top, encoding="unicode") + "\n"


def _points(report: Report, check: Check, worth: Worth) -> tuple[float, float]:
    """What a check has earned, and what it is worth."""
    most = worth.get(report.lesson, {}).get(check.id, 1.0)
    return (most if check.outcome is Outcome.PASSED else 0.0), most


def _name(report: Report, check: Check, alone: bool) -> str:
    return plain(check.claim if alone else f"{report.lesson}: {check.claim}")


def unasked(reports: Sequence[Report]) -> str:
    """A sentence if something could not be asked, so that there is no final grade; else empty."""
    count = sum(report.count(Outcome.UNCHECKED) for report in reports)
    return UNASKED.format(f"{count} check{'s' if count > 1 else ''}") if count else ""


def gradescope(
    reports: Sequence[Report], worth: Worth, others: Mapping[str, str] | None = None, note: str = ""
) -> str:
    """Gradescope's results.json. `others` are lessons that were not asked, by title, each with the reason: they have no points."""
    tests: list[dict[str, Any]] = []
    for report in reports:
        for check in report.checks:
            score, most = _points(report, check, worth)
            test = {"name": _name(report, check, len(reports) == 1), "score": score, "max_score": most}
            passed = "passed" if check.outcome is Outcome.PASSED else "failed"
            output = told(check) if check.outcome is not Outcome.PASSED else ""
            tests.append({**test, "status": passed, "output": output, **SHOWN})
    total = sum(test["score"] for test in tests)
    tests += [{"name": plain(title), "output": plain(why), **SHOWN} for title, why in (others or {}).items()]
    said = [note, unasked(reports), NOT_GRADED.format(", ".join(others)) if others else ""]
    document = {
        "score": total,
        "execution_time": round(sum(report.seconds for report in reports)),
        "output": "\n".join(filter(None, said)),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def classroom50(reports: Sequence[Report], worth: Worth, environment: Mapping[str, str]) -> str:
    """Classroom 50's result.json. Its scores are whole numbers: where a check is worth a part of a point, all are a hundred times as many.

    Raises LookupError, naming a variable that its runner sets and that is missing.
    """
    about = {}
    for key, variable in VARIABLES.items():
        value = environment.get(variable) or (environment.get("COMMIT_URL") if key == "review" else "")
        if not value:
            raise LookupError(variable)
        about[key] = value
    found = [(report, check, *_points(report, check, worth)) for report in reports for check in report.checks]
    scale = 1 if all(most == int(most) for *_, most in found) else 100
    tests: list[dict[str, Any]] = [
        {
            "test-name": _name(report, check, len(reports) == 1),
            "passed": check.outcome is Outcome.PASSED,
            "score": round(score * scale),
            "max-score": round(most * scale),
        }
        for report, check, score, most in found
    ]
    document = {
        "schema": CLASSROOM50,
        **about,
        "datetime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "score": sum(test["score"] for test in tests),
        "max-score": sum(test["max-score"] for test in tests),
        "tests": tests,
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"
