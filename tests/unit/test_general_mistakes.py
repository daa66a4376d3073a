"""Every mistake that holds for all lessons, asked with the example that it brings: no other may be found before it."""

import re
from collections import Counter

import pytest

from workshop.mistakes.finding import Search, Sight
from workshop.mistakes.general import GENERAL


@pytest.mark.parametrize("mistake", GENERAL, ids=lambda mistake: mistake.name)
def test_its_example_finds_it(mistake):
    search = Search(Sight(mistake.example))
    found = search.first(GENERAL)
    assert not search.faults
    assert found and found.name == mistake.name, found
    assert not re.search(r"\{\w+\}", found.hint), found.hint


def test_each_has_a_name_of_its_own_and_an_example():
    assert [name for name, count in Counter(one.name for one in GENERAL).items() if count > 1] == []
    assert [one.name for one in GENERAL if not one.example] == []
