"""What a check expects of a value: equality in which true is not 1, and the words for what may differ."""

from types import SimpleNamespace

import pytest

from workshop.grader import Mismatch, about, expect, one_of, trips, wanted
from workshop.values import spelled


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (5, 5),
        ([1, {"a": True}], [1, {"a": True}]),
        (0, one_of(0, 1)),
        ("hello", wanted("a greeting", lambda text: text.startswith("h"))),
        (0.78, about(0.75, share=0.05)),
        (1002, about(1000, by=2)),
        (SimpleNamespace(round_trips=1), trips(1)),
    ],
)
def test_it_is_as_expected(actual, expected):
    expect(actual, expected)


@pytest.mark.parametrize(
    ("actual", "expected", "words"),
    [
        (1, True, "True"),
        ([1], [True], "[True]"),
        (False, one_of(0, 1), "0 or 1"),
        (0.8, about(0.75, share=0.05), "about 0.75"),
        (True, about(1, by=1), "about 1"),
        (None, about(1, by=1), "about 1"),
        (SimpleNamespace(round_trips=2), trips(1), "1 round trip"),
        (SimpleNamespace(round_trips=9), trips(7), "7 round trips at most"),
    ],
)
def test_it_is_not_as_expected(actual, expected, words):
    with pytest.raises(Mismatch) as caught:
        expect(actual, expected)
    assert (caught.value.expected, caught.value.facts["actual"]) == (words, actual)


def test_a_call_with_many_arguments_is_short():
    call = spelled("r.rpush", ["queue", *range(4000)], {"nx": True})
    assert call == "r.rpush('queue', 0, 1, 2, 3, … 3994 more …, 3998, 3999, nx=True)"
    assert spelled("r.sadd", ["key", "a", "b"], {}) == "r.sadd('key', 'a', 'b')"
