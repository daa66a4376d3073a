"""The timeline of a drill: noted by a check, carried by the report, shown in lines and as a picture."""

import xml.etree.ElementTree as ET

import pytest

from workshop.grading.drill import Drill
from workshop.reports.timeline import MOST, lines, svg

EVENTS = [
    {"at": 0.0, "lane": "client", "what": "50 writes, all acknowledged"},
    {"at": 0.41, "lane": "n2", "what": "killed"},
    {"at": 0.42, "lane": "n2", "what": "gone"},
    {"at": 3.9, "lane": "n5", "what": "promoted"},
]


def test_a_drill_without_events_has_no_timeline():
    assert Drill().timeline is None


def test_events_come_in_their_order_with_seconds():
    drill = Drill()
    drill.note("web", "killed")
    drill.note("web", "answers again")
    first, second = drill.timeline
    assert (first["lane"], first["what"]) == ("web", "killed")
    assert 0 <= first["at"] <= second["at"] < 1


def test_a_line_an_event():
    assert lines(EVENTS)[1] == "  0.41 s  n2      killed"


def test_a_long_one_is_a_dozen_lines():
    many = [{"at": n / 10, "lane": "n1", "what": f"event {n}"} for n in range(40)]
    rows = lines(many)
    assert len(rows) == MOST
    assert "29 more events" in rows[6]
    assert rows[-1].endswith("event 39")


@pytest.mark.parametrize("what", ["\x1b[2Jgone", "<script>", "a\nb", "\x00"])
def test_what_a_container_says_is_text(what):
    events = [{"at": 1.0, "lane": what, "what": what}]
    assert not any(ord(sign) < 32 for sign in lines(events)[0])
    picture = ET.fromstring(svg(events, what))
    assert "script" not in {part.tag.rpartition("}")[2] for part in picture.iter()}


def test_no_two_events_of_a_lane_cover_one_another():
    picture = ET.fromstring(svg([{"at": 1 + n / 1000, "lane": "n1", "what": "x"} for n in range(5)], "close"))
    dots = [part for part in picture.iter() if part.tag.endswith("circle")]
    places = [(float(dot.get("cx")), float(dot.get("cy"))) for dot in dots]
    for one in range(5):
        for other in range(one):
            (x, y), (u, v) = places[one], places[other]
            assert (x - u) ** 2 + (y - v) ** 2 >= 22**2


def test_the_picture_has_all_lanes_and_events():
    text = svg(EVENTS, "Killed under load")
    assert all(f"{event['lane']}: {event['what']}" in text for event in EVENTS)
    assert "prefers-color-scheme: dark" in text
