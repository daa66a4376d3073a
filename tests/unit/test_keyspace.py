"""What a cluster hashes of a key."""

import pytest

from workshop.probes.keyspace import hash_tag


@pytest.mark.parametrize(
    ("key", "tag"),
    [
        ("inbox:{ada}:at", "ada"),
        ("inbox:ada", "inbox:ada"),
        ("a{}{b}", "a{}{b}"),
        ("{{a}}", "{a"),
        ("{a}{b}", "a"),
        ("}{a", "}{a"),
    ],
)
def test_the_first_braces_count_unless_nothing_is_in_them(key, tag):
    assert hash_tag(key) == tag
