"""Pictures of what runs: pure functions, of which the text says the same, and which nothing that a stranger named can break."""

import xml.etree.ElementTree as ET

import fakeredis
import pytest

from workshop.pictures import beside, container, image, keys, stack
from workshop.pictures.canvas import State, size

HOSTILE = '<script>alert("1")</script>\x1b[31m&]]>'

IMAGE = image.Image(
    "x",
    image.layers(
        [
            ('CMD ["python" "app.py"]', 0, 200.0),
            ("RUN /bin/sh -c pip install -r requirements.txt # buildkit", 12_300_000, 200.0),
            (f"COPY {HOSTILE} . # buildkit", 900, 100.0),
            ("/bin/sh -c #(nop) ADD file:abc in / ", 75_000_000, 10.0),
        ],
        since=150.0,
    ),
    State.PASSED,
)
SHUT_IN = container.Container(
    HOSTILE,
    "running",
    processes=(container.Process(7, 1, "root", "python app.py"), container.Process(9, 7, "root", HOSTILE)),
    sockets=(("127.0.0.1", 5000),),
    ports=(container.Port(5000, "127.0.0.1:49153"),),
    memory=(30_000_000, 268_435_456),
    pids=(2, 128),
    cpus=1.0,
    namespaces={"net": "4026532"},
    parts={"limits": State.PASSED},
)
STACK = stack.Stack(
    (
        stack.Member("redis", "running", "healthy", ("default",), ("data",)),
        stack.Member("web", "exited", None, ("default",), (), ("49153→5000",)),
    ),
    {"redis": State.PASSED},
)

BASE = [("COPY ca-certificates.crt /", 220_000, 9.0), ("/bin/sh -c #(nop) ADD file:abc in / ", 75_000_000, 8.0)]
MINE = [
    ("CMD", 0, 30.0),
    (f"COPY {HOSTILE} .", 900, 30.0),
    ("RUN /bin/sh -c pip install flask", 9_000_000, 20.0),
    *BASE,
]
OURS = [("COPY app.py .", 300, 25.0), ("RUN /bin/sh -c pip install -r x", 4_800_000, 21.0), *BASE]
PAIR = beside.Pair(
    image.Image("", image.layers(MINE, 99.0)), image.Image("", image.layers(OURS, 99.0)), beside.common(MINE, OURS)
)


@pytest.fixture
def client():
    made = fakeredis.FakeRedis(decode_responses=True)
    made.set("greeting", HOSTILE, ex=60)
    made.rpush("jobs", *"abcdefgh")
    made.sadd("tags", "red", "blue")
    made.zadd("board", {"ada": 3, "bob": 1.5})
    made.hset("user:1", mapping={"name": "Ada", "age": "36"})
    return made


def texts(svg):
    """All that is written in a picture."""
    return [element.text for element in ET.fromstring(svg).iter() if element.tag.endswith("text")]


def classes(svg):
    return {word for element in ET.fromstring(svg).iter() for word in element.get("class", "").split()}


def test_bytes_are_counted_as_docker_counts_them():
    assert [size(count) for count in (0, 999, 1500, 12_300_000, 2_340_000_000)] == [
        "0 B",
        "999 B",
        "1.5 kB",
        "12 MB",
        "2.34 GB",
    ]


def test_an_image_shows_its_layers_and_which_are_new():
    written = texts(image.svg(IMAGE))
    assert "RUN pip install -r requirements.txt" in written
    assert {"12 MB", "75 MB"} <= set(written)
    assert {"bar", "old", "passed"} <= classes(image.svg(IMAGE))
    lines = image.text(IMAGE).splitlines()
    assert "new" in lines[2]
    assert "cached" in lines[3]


def test_the_lowest_layers_of_a_tall_image_are_one():
    tall = image.Image("x", tuple(image.Layer(f"RUN {n}", 10, False) for n in range(40)))
    rows = image.drawn(tall)
    assert len(rows) == image.MOST
    assert rows[-1] == image.Layer("27 further layers", 270, False)


def test_what_two_images_have_in_common_is_the_lowest_steps():
    assert beside.common(MINE, OURS) == 2
    assert beside.common(MINE, MINE) == len(MINE)
    assert beside.common([], OURS) == 0
    rebuilt = [*OURS[:2], (OURS[2][0], OURS[2][1], 99.0), OURS[3]]  # made anew: another layer, whatever is in it
    assert beside.common(OURS, rebuilt) == 1


def test_an_image_is_drawn_beside_the_solutions():
    written = texts(beside.svg(PAIR))
    assert {"yours", "84 MB", "the solution's", "80 MB", "RUN pip install flask", "9.0 MB", "300 B"} <= set(written)
    assert "CMD" not in written  # it holds nothing
    lines = beside.text(PAIR).splitlines()
    assert lines[-1] == "  layers that both share, stored once: 75 MB"
    assert sum("only here" in line for line in lines) == 4


def test_a_step_that_was_made_apart_is_the_same_step():
    apart = image.Image("", image.layers([OURS[0], (OURS[1][0], OURS[1][1] + 200, 40.0), *BASE], 99.0))
    made = beside.Pair(PAIR.ours, apart, 2)
    assert "only here" not in beside.text(made)
    assert "bar" not in classes(beside.svg(made))
    assert beside.svg(beside.Pair(PAIR.ours, PAIR.ours, 4))


def test_of_a_tall_image_the_lowest_own_layers_are_one():
    tall = image.Image("", tuple(image.Layer(f"RUN {n}", 10, False) for n in range(40)))
    (_, _, own), _ = beside.Pair(tall, PAIR.ours, 0).columns
    assert len(own) == beside.MOST
    assert own[-1] == (image.Layer("29 further layers", 290, False), True)


def test_a_listener_on_loopback_is_a_dead_end():
    drawn = container.svg(SHUT_IN)
    assert any(text and text.startswith("dead end: listens on 127.0.0.1 alone") for text in texts(drawn))
    assert {"failed", "bad"} <= classes(drawn)
    assert "dead end" in container.text(SHUT_IN)


@pytest.mark.parametrize(
    ("sockets", "said"),
    [
        ((("0.0.0.0", 5000),), ""),
        ((("::", 5000),), ""),
        ((("0.0.0.0", 80),), "nothing listens on port 5000"),
        ((), "nothing listens on port 5000"),
        (None, "not known what listens"),
    ],
)
def test_where_a_request_arrives(sockets, said):
    made = container.Container("x", "running", sockets=sockets)
    assert container.arrives(made, container.Port(5000, "x")) == said


def test_processes_are_a_tree():
    assert [depth for depth, _ in container.tree(SHUT_IN.processes)] == [0, 1]


def test_a_container_that_has_ended_says_so():
    assert "none: it has ended" in texts(container.svg(container.Container("x", "exited, exit code 1", sockets=())))


def test_a_stack_shows_state_and_health():
    written = texts(stack.svg(STACK))
    assert {"redis", "web", "running · healthy", "exited · no health test", "network default", "volume data"} <= set(
        written
    )
    assert {"passed", "failed"} <= classes(stack.svg(STACK))
    assert "exited" in stack.text(STACK)


def test_each_type_of_key_is_drawn_as_its_structure(client):
    found = keys.of(client)
    assert [key.name for key in found.keys] == ["board", "greeting", "jobs", "tags", "user:1"]
    by_name = {key.name: key for key in found.keys}
    assert by_name["board"].items == (("1.5", "bob"), ("3", "ada"))
    assert dict(by_name["user:1"].items) == {"name": "Ada", "age": "36"}
    assert by_name["jobs"].count == 8
    assert 0 < by_name["greeting"].left <= 60
    written = texts(keys.svg(found))
    assert {"bob", "1.5", "… 2 more", "Redis · 5 keys"} <= set(written)
    assert "board · sorted set · 2 members" in keys.text(found)


def test_keys_of_a_client_that_returns_bytes():
    raw = fakeredis.FakeRedis()
    raw.set(b"\xff", b"\xfe")
    (key,) = keys.of(raw).keys
    assert (key.name, key.items) == ("\ufffd", (("", "\ufffd"),))


def test_an_empty_redis_says_so():
    assert "It is empty." in texts(keys.svg(keys.Database((), 0)))


@pytest.mark.parametrize("draw", [image.svg, beside.svg, container.svg, stack.svg, keys.svg])
def test_nothing_that_a_stranger_named_gets_out_of_a_text(draw, client):
    data = {image.svg: IMAGE, beside.svg: PAIR, container.svg: SHUT_IN, stack.svg: STACK, keys.svg: keys.of(client)}[
        draw
    ]
    drawn = draw(data)
    assert "<script" not in drawn
    assert "\x1b" not in drawn
    assert ET.fromstring(drawn).get("aria-label")
