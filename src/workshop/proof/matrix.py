"""A proof as a table: a row for each check, a column for each wrong answer, and a mark where the one trips the other (✗), or does not (·)."""

from __future__ import annotations

from workshop.proof.answers import cases
from workshop.proof.proof import Proof
from workshop.report import Outcome
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
        screen.line(f"   {check:<{width}}  {marks}{'' if by else '   no wrong answer trips it'}")
    verdict = "NOT proven" if proof.faults else "proven" if proof.is_whole else "no fault in this part"
    runs = sum(map(len, proof.reports.values()))
    told = f"{len(tripped)} checks, {len(wrong)} wrong answers, {len(right)} right answers beside the solution, {runs} runs, {seconds:.0f} s"
    screen.line(f"   {told}: {verdict}", fg="red" if proof.faults else "green")
    for fault in proof.faults:
        screen.line(f"   ✗ {fault}", fg="red")
    screen.line()


def _mistake(proof: Proof, name: str) -> str:
    """The mistakes that a wrong answer was told, in the order of its failed checks."""
    named = (check.mistake or "?" for check in proof.reports[name][0].checks if check.outcome is Outcome.FAILED)
    return ", ".join(dict.fromkeys(named))
