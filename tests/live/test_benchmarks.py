"""The figures of a short run of the benches."""

from benchmarks import loop, notebooks
from workshop.course.lessons import find


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
