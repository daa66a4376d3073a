"""Lesson 14: a chat inbox."""

import time
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest

from workshop.grader import (
    NotUp,
    Unchecked,
    beside,
    commands_done,
    expect,
    hash_tag,
    keys_with,
    one_of,
    rests_on,
    until,
    wanted,
)

JSON = "application/json"
NOW = int(time.time())
DAY = 24 * 3600
PREVIEW = 40  # characters
TTL = 2  # seconds, for the conversations that end while the grader looks
GRACE = 1.0  # seconds by which an end may come late
TRIPS = 3  # round trips in which an inbox must be read
shows = rests_on("test_the_inbox_shows_each_conversation")
ordered = rests_on("test_the_newest_comes_first")


def message(some, to, age=0, **parts):
    """A message to a user, `age` seconds old when the check began."""
    return {"from": some.name(), "to": to, "text": some.text(), "at": NOW - age} | parts


def sent(service, some, to, age=0, **parts):
    """A message that the service has just taken."""
    letter = message(some, to, age, **parts)
    service.post("/messages", json=letter).expect((200, 201))
    return letter


def has_conversations(answer):
    """Whether an inbox is written as the lesson says."""
    names = {"peer", "unread", "preview", "at"}
    found = answer.json.get("conversations") if isinstance(answer.json, dict) else None
    return isinstance(found, list) and all(isinstance(one, dict) and names <= one.keys() for one in found)


def inbox(service, user, **page):
    """The conversations that a user's inbox shows."""
    answer = service.get(f"/inbox/{user}?{urlencode(page)}").expect(200, json=dict, media=JSON)
    expect(answer, wanted("an object whose conversations each have peer, unread, preview and at", has_conversations))
    return [{name: one[name] for name in ("peer", "unread", "preview", "at")} for one in answer.json["conversations"]]


def shown(letter, unread=1):
    """A conversation as the inbox must show it if this is its newest message."""
    return {"peer": letter["from"], "unread": unread, "preview": letter["text"][:PREVIEW], "at": letter["at"]}


def test_the_service_answers_from_outside(service):
    """The service starts and answers from outside"""
    service.get("/healthz")


def test_a_message_is_taken(service, some):
    """`POST /messages` with `{"from", "to", "text", "at"}` as JSON answers 201 and the message"""
    letter = message(some, some.name(), text=some.spicy())
    service.post("/messages", json=letter).expect(201, json=letter, media=JSON)


def test_the_inbox_shows_each_conversation(service, some):
    """`GET /inbox/<user>` shows each conversation once: `peer`, how many are `unread`, and `preview` and `at` of the newest message"""
    user, jenny, david = some.name(), some.name(), f"{some.name()} é:1"
    letters = [sent(service, some, user, 100.5 - age, **{"from": jenny}) for age in range(10)]
    other = sent(service, some, user, 500, **{"from": david})
    found = sorted(inbox(service, user), key=lambda one: str(one["peer"]))
    expect(found, sorted([shown(letters[-1], 10), shown(other)], key=lambda one: one["peer"]))
    expect(inbox(service, f"{user}-nobody"), [])


@shows
def test_the_newest_comes_first(service, some):
    """The conversation with the newest message comes first, by `at`"""
    user, ages = some.name(), some.shuffled([7, 12, 90, 900, 4000, 90_000])
    letters = [sent(service, some, user, age, **{"from": f"{some.name()}{age}"}) for age in ages]
    due = sorted(letters, key=lambda letter: -letter["at"])
    expect([one["peer"] for one in inbox(service, user)], [letter["from"] for letter in due])


@ordered
def test_a_late_message_changes_no_preview(service, some):
    """A message that arrives late counts as unread, and changes neither the preview nor the place of a newer one"""
    user, peer = some.name(), some.name()
    newest = sent(service, some, user, 10, **{"from": peer})
    other = sent(service, some, user, 50)
    sent(service, some, user, 600, **{"from": peer})
    expect(inbox(service, user), [shown(newest, 2), shown(other)])


@shows
def test_a_preview_has_40_characters(service, some):
    """The preview is the first 40 characters of the text: characters, not bytes"""
    user, texts = some.name(), [some.spicy() * 3, "漢字" * 25, "😀" * 41, some.word(40), "é", f" {some.word(38)} é"]
    letters = [sent(service, some, user, **{"from": f"{some.name()}{at}"}, text=text) for at, text in enumerate(texts)]
    previews = {one["peer"]: one["preview"] for one in inbox(service, user)}
    expect([previews.get(letter["from"]) for letter in letters], [letter["text"][:PREVIEW] for letter in letters])


@shows
def test_reading_sets_unread_to_0(service, some):
    """Only `POST /inbox/<user>/read` with `{"peer"}` sets `unread` to 0, and answers 200; the next message counts from there"""
    user, peer = some.name(), some.name()
    letters = [sent(service, some, user, age, **{"from": peer}) for age in (30, 20)]
    for _ in range(2):  # looking is not reading
        expect(inbox(service, user), [shown(letters[-1], 2)])
    service.post(f"/inbox/{user}/read", json={"peer": peer}).expect(200)
    expect(inbox(service, user), [shown(letters[-1], 0)])
    later = sent(service, some, user, 5, **{"from": peer})
    expect(inbox(service, user), [shown(later, 1)])


@shows
def test_an_unknown_peer_is_404(service, some):
    """`read` with a peer who never wrote answers 404, and makes no conversation"""
    user, letter = some.name(), sent(service, some, some.name())
    service.post(f"/inbox/{user}/read", json={"peer": letter["from"]}).expect(404)
    expect(inbox(service, user), [])


@shows
def test_what_is_no_message_is_400(service, some):
    """400 (or 415), and no message, if a part is missing or of another type, the text is empty, it is to oneself, or `at` is more than a day ahead"""
    user = some.name()
    good = message(some, user)
    wrong = {
        "a JSON list": [good],
        **{f"a message without {lost}": {name: good[name] for name in good if name != lost} for lost in good},
        "a message whose at is a string": good | {"at": str(good["at"])},
        "a message whose at is null": good | {"at": None},
        "a message whose text is a number": good | {"text": 7},
        "a message from a list": good | {"from": [good["from"]]},
        "an empty text": good | {"text": ""},
        "a message to oneself": good | {"from": user},
        "a message whose at is two days ahead": good | {"at": int(time.time()) + 2 * DAY},
    }
    for what, body in wrong.items():  # noqa: B007  a mistake names what was sent
        service.post("/messages", json=body).expect((400, 415))
    expect(inbox(service, user), [])


@pytest.fixture(scope="module")
def crowd(service):
    """A user with sixty conversations, newest first."""
    user, peers = "Crowd", [f"peer{number}" for number in range(60)]
    for age, peer in enumerate(peers):
        body = {"from": peer, "to": user, "text": f"I am {peer}, and I write to you", "at": NOW - age}
        service.post("/messages", json=body).expect((200, 201))
    return SimpleNamespace(user=user, peers=peers)


@ordered
def test_a_page_is_a_part(service, crowd, some):
    """`?offset=` and `?limit=` show a part of the inbox: 20 conversations by default, at most 100; any other value is 400"""
    expect([one["peer"] for one in inbox(service, crowd.user)], crowd.peers[:20])
    offset, limit = some.number(2, 30), some.number(2, 9)
    page = inbox(service, crowd.user, offset=offset, limit=limit)
    expect([one["peer"] for one in page], crowd.peers[offset : offset + limit])
    expect(inbox(service, crowd.user, offset=60, limit=100), [])
    for query in ({"limit": 0}, {"limit": 101}, {"limit": "ten"}, {"offset": -1}):
        service.get(f"/inbox/{crowd.user}?{urlencode(query)}").expect(400)


@pytest.fixture(scope="module")
def through_relay(service, relay):
    """A second service of the same work, whose commands the grader sees on the wire."""
    second = service.another(env={"REDIS_URL": relay.url})
    with relay.watch() as seen:
        second.post("/messages", json={"from": "warm", "to": "Up", "text": "up", "at": NOW}).expect((200, 201))
    if not seen.commands:
        raise NotUp(expected="commands to Redis", actual="no command came")
    second.get("/inbox/Up").expect(200)
    second.post("/inbox/Up/read", json={"peer": "warm"}).expect(200)
    return second


@rests_on("test_a_page_is_a_part")
def test_an_inbox_is_read_in_few_trips(through_relay, relay, crowd):
    """An inbox is read in at most 3 round trips to Redis"""
    with relay.watch() as seen:
        page = inbox(through_relay, crowd.user, limit=50)
    expect([one["peer"] for one in page], crowd.peers[:50])
    expect(seen.packets, wanted(f"at most {TRIPS} round trips", lambda packets: packets <= TRIPS))


@rests_on("test_a_page_is_a_part")
def test_a_page_costs_the_same(service, through_relay, redis, relay, crowd, some):
    """A page costs Redis the same, however many conversations the inbox has"""
    user, costs = some.name(), []
    for age in range(6):
        sent(service, some, user, age, **{"from": f"{some.name()}{age}"})
    for name in (user, crowd.user):
        before = commands_done(redis)  # those inside scripts too
        with relay.watch() as seen:
            inbox(through_relay, name, limit=5)
        costs.append(SimpleNamespace(commands=commands_done(redis) - before, bytes=seen.received))
    few, many = costs
    size, most = 2 * few.bytes + 300, few.commands + 8
    expect(many.bytes, wanted(f"about {few.bytes} bytes, as in an inbox of 6", lambda found: found <= size))
    expect(many.commands, wanted(f"about {few.commands} commands, as in an inbox of 6", lambda count: count <= most))


@shows
def test_the_keys_of_a_user_share_a_hash_tag(service, redis, some):
    """All keys of a user have the same hash tag, `{…}`, and each user has another"""
    tags = []
    for user in (f"{some.name()}1", f"{some.name()}2"):
        before = set(redis.keys("*"))
        letter = sent(service, some, user)
        written = set(redis.keys("*"))
        service.post(f"/inbox/{user}/read", json={"peer": letter["from"]})
        keys = sorted((written | set(redis.keys("*"))) - before)
        expect(keys, wanted("keys that all have one hash tag", lambda keys: len({hash_tag(key) for key in keys}) == 1))
        tags.append(hash_tag(keys[0]))
    expect(tags, wanted("a hash tag for each of two users", lambda tags: tags[0] != tags[1]))


@rests_on("test_a_late_message_changes_no_preview", "test_reading_sets_unread_to_0")
def test_no_message_is_lost(service, through_relay, relay, some):
    """`unread` is exact and the newest message is shown, however many send and read at the same time"""
    peer = some.name()
    for older in range(3):  # so many of the rivals' messages are older than the service's own, the later ones newer
        user = f"{some.name()}{older}"
        rivals = [sent(service, some, user, 90, **{"from": peer})]

        def another_message(user=user, rivals=rivals, older=older):
            age = (88 if len(rivals) <= older else 80) - len(rivals)
            rivals.append(sent(service, some, user, age, **{"from": peer}))

        with relay.rival(another_message, before="every", times=4):
            own = sent(through_relay, some, user, 85, **{"from": peer})
        newest = max([*rivals, own], key=lambda letter: letter["at"])
        expect(inbox(service, user), [shown(newest, len(rivals) + 1)])
    with relay.rival(another_message, before="every", times=4):
        through_relay.post(f"/inbox/{user}/read", json={"peer": peer}).expect(200)
    newest = max([*rivals, own], key=lambda letter: letter["at"])
    expect([one | {"unread": 1} for one in inbox(service, user)], [shown(newest)])
    expect(inbox(service, user)[0]["unread"], one_of(*range(len(rivals) + 1)))


@shows
def test_a_message_is_one_step(service, through_relay, relay, some):
    """A message is written in one step: nobody sees half of it"""
    user, peer = some.name(), some.name()
    letters = [message(some, user, 90 - number, **{"from": peer}) for number in range(2)]
    states = [[], [shown(letters[0])], [shown(letters[1], 2)]]
    for number, letter in enumerate(letters):
        looks = []
        with relay.rival(lambda looks=looks: looks.append(service.get(f"/inbox/{user}")), before="every"):
            through_relay.post("/messages", json=letter).expect((200, 201))
        for look in looks:
            expect(look.expect(200, json=dict).json.get("conversations"), one_of(*states[number : number + 2]))


@ordered
def test_a_page_is_one_moment(service, through_relay, relay, some):
    """A page shows one moment: if messages arrive while it is read, it is in order, and nobody is in it twice"""
    user = some.name()
    letters = [sent(service, some, user, age, **{"from": f"{some.name()}{age}"}) for age in (50, 60, 70)]
    pages = [[shown(letter) for letter in letters]]

    def the_last_writes_again():
        last = pages[-1][-1]
        letter = sent(service, some, user, 40 - len(pages), **{"from": last["peer"]})
        pages.append([shown(letter, last["unread"] + 1), *pages[-1][:-1]])

    with relay.rival(the_last_writes_again, before="every", times=5):
        page = inbox(through_relay, user)
    expect(page, one_of(*pages))


@pytest.fixture(scope="module")
@beside(after="test_the_keys_of_a_user_share_a_hash_tag")
def ending(service, redis):
    """What became of three conversations with `INBOX_TTL` of two seconds: Uncle's is left alone, Aunt's is read, in Jenny's a second message comes."""
    short = service.another(env={"INBOX_TTL": str(TTL)})
    seen = SimpleNamespace(user="Ending", uncle="Uncle-of-ending", aunt="Aunt-of-ending", jenny="Jenny-of-ending")

    def write(peer, age, to=seen.user):
        short.post("/messages", json={"from": peer, "to": to, "text": f"hi {age}", "at": NOW - age}).expect((200, 201))
        return time.monotonic()

    def look():
        begun, answer = time.monotonic(), short.get(f"/inbox/{seen.user}")
        peers = [one["peer"] for one in answer.json["conversations"]] if has_conversations(answer) else []
        return SimpleNamespace(answer=answer, peers=peers, begun=begun, ended=time.monotonic())

    for peer, user in (("Old", "Back"), ("Old", "Gone"), (seen.aunt, seen.user)):
        write(peer, 6, user)
    uncle_end = write(seen.uncle, 5) + TTL
    first_end = write(seen.jenny, 90) + TTL
    seen.first = look()
    in_time = [seen.first.ended < uncle_end - 0.2]
    time.sleep(max(0.0, uncle_end - 0.8 - time.monotonic()))
    refreshed = time.monotonic()
    for peer, user in (("New", "Back"), ("New", "Gone"), (seen.jenny, seen.user)):
        write(peer, 80, user)
    short.post(f"/inbox/{seen.user}/read", json={"peer": seen.aunt})
    seen.second = until(look, GRACE + 0.8, enough=lambda one: seen.uncle not in one.peers and one.begun > first_end)
    in_time.append(seen.uncle in seen.second.peers or seen.second.ended < refreshed + TTL - 0.1)
    last_end = write(seen.jenny, 70) + TTL
    write("Old", 600, "Back")  # nobody has looked at this inbox, nor at the next
    seen.back, seen.gone = short.get("/inbox/Back"), short.post("/inbox/Gone/read", json={"peer": "Old"})
    seen.left = until(lambda: keys_with(redis, seen.uncle), GRACE, enough=lambda keys: not keys)
    in_time.append(bool(seen.left) or time.monotonic() < last_end - 0.1)
    time.sleep(max(0.0, last_end - time.monotonic()))
    seen.kept = until(lambda: keys_with(redis, seen.user, seen.jenny), GRACE, enough=lambda keys: not keys)
    seen.for_ever = [key for key in seen.kept if redis.ttl(key) == -1]
    seen.third = look()
    if not all(in_time):
        raise Unchecked("This machine was too busy to look at the inbox in time.")
    return seen


@shows
def test_idle_conversations_drop_out(ending):
    """A conversation drops out if no message came for `INBOX_TTL` seconds; each message starts the time again, and nothing else does"""
    due = ([ending.aunt, ending.jenny, ending.uncle], [ending.jenny], [])
    for look, peers in zip((ending.first, ending.second, ending.third), due, strict=True):
        look.answer.expect(200)
        expect(sorted(look.peers), peers)


@rests_on("test_idle_conversations_drop_out", "test_an_unknown_peer_is_404")
def test_what_has_dropped_out_is_forgotten(ending):
    """What has dropped out is forgotten, even if nobody looked: the next message makes a new conversation, and `read` answers 404"""
    rows = ending.back.expect(200, json=dict).json["conversations"]
    expect([(one["unread"], one["preview"]) for one in rows if one["peer"] == "Old"], [(1, "hi 600")])
    ending.gone.expect(404)


@rests_on("test_idle_conversations_drop_out")
def test_nothing_is_left_of_it(ending):
    """What has dropped out leaves nothing behind in Redis, not even in the index"""
    expect(ending.left, [])
    expect(ending.kept, [])
