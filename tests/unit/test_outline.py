"""How a notebook's function is written: whether it returns, what it prints, whose answer it hands on."""

import pytest

from workshop.guests.notebook.outline import outline

HELPERS = """
def key_of(page):
    f"visits:{page}"

def shown(value):
    print(value)
    return value

async def later(r):
    pass
"""


def written(body, head="def count(r, page):"):
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return outline([HELPERS, f'{head}\n    """Counts."""\n{lines}'], "count")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("r.incr(page)", {"gives": False, "prints": False}),
        ("print(r.incr(page))", {"gives": False, "prints": True}),
        ("return", {"gives": False}),
        ("if not page:\n    return None\nr.incr(page)", {"gives": False}),
        ("return r.incr(page)", {"gives": True, "must_give": False}),
        ("def inner():\n    return 1\ninner()", {"gives": False}),
        ("return lambda: 1", {"gives": True}),
        ("if page:\n    return True", {"gives": True, "must_give": True}),
        ("if page:\n    return int(r.get(page))\nreturn None", {"gives": True, "must_give": False}),
        ("for one in page:\n    return [one]", {"leaves": 4}),
        ("for one in page:\n    two = one\n    return two", {"leaves": 5}),
        ("for one in page:\n    if one:\n        two = one\n    return two", {"leaves": 6}),
        ('return page == "OK"', {"texts": [["OK", 3]]}),
        ("for one in page:\n    if one:\n        return one", {"leaves": None}),
        ("for one in page:\n    if not one:\n        continue\n    return one", {"leaves": None}),
        ("for one in page:\n    if one:\n        two = one\n    return page", {"leaves": 6}),
        ("while True:\n    if page:\n        two = page\n    return page", {"leaves": None}),
        ("return key_of(page)", {"gives": True, "hands_on": "key_of"}),
        ("return shown(page)", {"hands_on": None}),
        ("return later(r)", {"hands_on": None}),
        ("key = key_of(page)\nreturn r.incr(key)", {"empty": [["key_of", "key"]]}),
        ("return r.incr(key_of(page))", {"empty": [["key_of", None]]}),
        ("key_of(page)\nreturn r.incr(page)", {"empty": []}),
        ("return sorted(page).sort()", {"in_place": [["sort", None]]}),
        ("names = list(page)\nlast = names.append(1)\nreturn last", {"in_place": [["append", "last"]]}),
        ("row = r.append(page, 1)\nreturn r.sort(page)", {"in_place": []}),
        ("if page:\n    return 1", {"falls": True}),
        ("if page:\n    return\nreturn 1", {"falls": True}),
        ("if page:\n    return None\nreturn 1", {"falls": False}),
        ("if page:\n    return 1\nelse:\n    raise KeyError", {"falls": False}),
        ("while True:\n    if page:\n        return 1", {"falls": False}),
        ("while True:\n    if page:\n        break\n    return 1", {"falls": True}),
        ("try:\n    return 1\nexcept KeyError:\n    pass", {"falls": True}),
        ("with r:\n    return 1", {"falls": False}),
        ("match page:\n    case 1:\n        return 1\n    case _:\n        return 2", {"falls": False}),
        ("match page:\n    case 1:\n        return 1", {"falls": True}),
        ("%time r.incr(page)\nreturn 1", None),
    ],
)
def test_what_is_told_of_a_function(body, says):
    found = written(body)
    assert found is says if says is None else says.items() <= found.items(), found


def test_the_last_function_with_a_body_counts():
    cells = ["def count(r):\n    return 1", "def count(r):\n    'Later.'", "not Python", "%time\nx = 1"]
    assert outline(cells, "count")["gives"] is True
    assert outline(cells, "other") is None
