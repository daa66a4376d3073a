"""A proof as a table: a row for each check, a column for each wrong answer, and a mark where the one trips the other (✗), or does not (·)."""

from __future__ import annotations

from workshop.proof.answers import Case, cases, told
from workshop.proof.proof import Proof
from workshop.report import Outcome, Report
from workshop.reports.terminal import Terminal


def show_proof(proof: Proof, screen: Terminal, seconds: float) -> None:
    """The matrix of one lesson, then its faults."""
    known = cases(proof.lesson)
    wrong = [case.name for case in known if case.kind == "wrong" and case.name in proof.reports]
    right = [case.name for case in known if case.kind == "right" and case.name in proof.reports]
    tripped = proof.tripped()
    asked = {name: {check.id for check in proof.reports[name][0].checks} for name in wrong}
    screen.line(f" Lesson {proof.lesson.number} · {proof.lesson.title}", bold=True)
    for number, name in enumerate(wrong, 1):
        screen.line(f"   {number:>3}  {name:<50} {_mistake(proof, name)}")
    width = max(map(len, tripped), default=0)
    screen.line(f"   {'':<{width}}  {' '.join(f'{number:>2}' for number in range(1, len(wrong) + 1))}")
    for check, by in tripped.items():
        marks = " ".join(" ✗" if name in by else " ·" if check in asked[name] else "  " for name in wrong)
        aside = "" if by or proof.left_out else "   no wrong answer trips it"
        screen.line(f"   {check:<{width}}  {marks}{aside}")
    verdict = "NOT proven" if proof.faults else "proven" if proof.is_whole else "no fault in this part"
    runs = sum(map(len, proof.reports.values()))
    if proof.left_out:
        verdict += f"; {proof.left_out} more answers were drawn, and not run for lack of time"
    told = f"{len(tripped)} checks, {len(wrong)} wrong answers, {len(right)} right answers beside the solution, {runs} runs, {seconds:.0f} s"
    screen.line(f"   {told}: {verdict}", fg="red" if proof.faults else "green")
    for fault in proof.faults:
        screen.line(f"   ✗ {fault}", fg="red")
    screen.line()


def show_causes(proof: Proof, known: list[Case], screen: Terminal) -> None:
    """Of each wrong case from outside: what is wrong with it, and beside it what its first failed check was told."""
    for case in known:
        if case.kind != "wrong" or case.name not in proof.reports:
            continue
        hints = {_first_failed(report) for report in proof.reports[case.name]}
        screen.line(f" {case.lesson.number} {case.name}", bold=True)
        screen.line(f"     true   {case.cause}")
        for hint in sorted(hints):
            screen.line(f"     told   {hint}")
    screen.line()


def _first_failed(report: Report) -> str:
    failed = [check for check in report.checks if check.outcome is Outcome.FAILED]
    if not failed:
        return f"({report.verdict})"
    others = f" (+ {', '.join(check.id for check in failed[1:])})" if failed[1:] else ""
    return f"{failed[0].id}: {failed[0].mistake}: {told(failed[0])}{others}"


def _mistake(proof: Proof, name: str) -> str:
    """The mistakes that a wrong answer was told, in the order of its failed checks."""
    named = (check.mistake or "?" for check in proof.reports[name][0].checks if check.outcome is Outcome.FAILED)
    return ", ".join(dict.fromkeys(named))
