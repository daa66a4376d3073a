"""Lesson 19: a service on a Redis Cluster."""

import time
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest

from workshop.grader import Unchecked, Writers, beside, expect, is_too_busy, rests_on, until, wanted

JSON = "application/json"
PATIENCE = 4.0  # seconds in which an answer must come, whatever the cluster does
SURE = 2.0  # seconds in which a sure write must be answered
RECOVERY = 15.0  # seconds in which the service must be well again after a failover
STEPS = {"exec", "eval", "evalsha", "fcall"}  # what makes several commands one step
FEW = 12  # writes of clients, before and after something is done to the cluster
MANY = 40  # enough that none of three primaries is left out by chance


def stored(service, pair, **more):
    """A pair that the service has just taken."""
    service.post("/set", json=pair | more, limit=PATIENCE).expect(201, json=pair)
    return pair


def expect_slots(service, cluster, keys):
    """The service gives each key the slot that the cluster gives it."""
    for key in keys:
        slot = cluster.slot(key)
        service.get("/slot", key=key).expect(200, json={"key": key, "slot": slot})


def expect_spread(before, after):
    """Each primary has more keys than before."""
    grown = {name: after[name] - count for name, count in before.items()}
    each = wanted("more keys on each primary", lambda grown: all(count > 0 for count in grown.values()))
    expect(grown, each, asked="redis-cli DBSIZE, on each primary")


def many(service, keys):
    """What /many answers for some keys."""
    return service.get(f"/many?{urlencode([('key', key) for key in keys])}", limit=PATIENCE)


def noted(service, user, text, count):
    """A note that the service has just taken, the user's `count`th."""
    service.post("/notes", json={"user": user, "text": text}).expect(201, json={"user": user, "count": count})


def got_again(service, pair):
    """The answer for a pair, once it is no 503 any more."""
    return until(lambda: service.get("/get", key=pair["key"]), PATIENCE, 0.1, enough=lambda reply: reply.status != 503)


def excuse(service, is_slow):
    """What was slow may be no fault of the service: a good one would have been in time on this machine."""
    if is_slow and is_too_busy(service.run):
        raise Unchecked("The machine is too busy to say whether the service answers in time. Check again later.")


def excuse_late(answer):
    """An answer that did not come in time may be no fault of the service."""
    excuse(answer.service, answer.status is None and answer.seconds >= PATIENCE)


def test_the_service_answers_from_outside(service):
    """The service starts and answers from outside"""
    service.get("/healthz")


def test_slots_of_plain_keys(service, cluster, some):
    """`GET /slot?key=…` answers the key and its slot, as `CLUSTER KEYSLOT` says it"""
    expect_slots(service, cluster, ["123456789", f"{some.key()} 🦊é", some.text() * 3, *some.words(6)])


def test_slots_of_keys_with_a_tag(service, cluster, some):
    """If the key has braces, the slot is that of what stands between the first `{` and the next `}`"""
    tag, other = some.word(), some.word()
    keys = [f"{{{tag}}}", f"{other}:{{{tag}}}:count", f"{{{tag}}}{{{other}}}", f"{{{{{tag}}}}}"]
    expect_slots(service, cluster, [*keys, f"}}{other}{{{tag}}}"])


def test_slots_of_keys_without_a_tag(service, cluster, some):
    """If nothing stands between them, or one of the two is missing, the slot is that of the whole key"""
    word, other = some.word(), some.word()
    keys = [f"{word}{{}}", f"{word}{{}}{{{other}}}", f"{word}{{{other}", f"{word}}}{other}", f"{word}}}{{{other}"]
    expect_slots(service, cluster, keys)


@rests_on("test_the_service_answers_from_outside")
def test_a_key_of_any_primary(service, cluster, some):
    """`POST /set` and `GET /get` work for the keys of every primary; a key that is not there is 404"""
    for primary in cluster.primaries():
        pair = stored(service, {"key": cluster.key_on(primary, some.word()), "value": some.text()})
        service.get("/get", key=pair["key"]).expect(200, json=pair, media=JSON)
        service.get("/get", key=cluster.key_on(primary, some.word())).expect(404, json=dict)


@rests_on("test_a_key_of_any_primary")
def test_keys_are_spread(service, cluster, some):
    """The keys of many pairs are spread over all primaries"""
    before = cluster.sizes()
    for key in some.words(MANY):
        stored(service, {"key": key, "value": some.word()})
    expect_spread(before, cluster.sizes())


@rests_on("test_a_key_of_any_primary")
def test_many_keys_at_once(service, cluster, some):
    """`GET /many?key=…&key=…` answers all the values, whichever primaries have them, and null for a key that is not there"""
    keys = [cluster.key_on(primary, some.word()) for primary in cluster.primaries()]
    values = {key: stored(service, {"key": key, "value": some.text()})["value"] for key in some.shuffled(keys)}
    missing = cluster.key_on(cluster.primaries()[0], some.word())
    many(service, [*keys, missing]).expect(200, json=values | {missing: None})


@rests_on("test_a_key_of_any_primary")
def test_notes_are_written_in_one_step(service, cluster, some):
    """`POST /notes` writes the note and the user's count in one step; `GET /notes/<user>` answers both"""
    for primary in cluster.primaries():
        user, texts = cluster.key_on(primary, some.word()).replace(":", ""), some.words(2)
        noted(service, user, texts[0], 1)
        seen = cluster.written(lambda: noted(service, user, texts[1], 2))  # noqa: B023  called at once
        steps = wanted(
            "one transaction, script or command", lambda seen: STEPS & seen.keys() or sum(seen.values()) == 1
        )
        expect(seen, steps, asked="redis-cli INFO commandstats, on each primary")
        service.get(f"/notes/{user}").expect(200, json={"user": user, "count": 2, "texts": texts})


@rests_on("test_notes_are_written_in_one_step")
def test_notes_are_spread(service, cluster, some):
    """The notes of many users are spread over all primaries"""
    before = cluster.sizes()
    for user in some.words(MANY):
        noted(service, user, some.word(), 1)
    expect_spread(before, cluster.sizes())


@rests_on("test_a_key_of_any_primary")
@beside()
def test_it_starts_without_a_cluster(service, cluster):
    """It starts, and answers 503, while no node can be reached, and while what is at REDIS_CLUSTER_URL is no cluster"""
    for url in ("redis://nobody:6379", cluster.lone_url()):
        service.another(env={"REDIS_CLUSTER_URL": url}).get("/get", key="x", limit=PATIENCE).expect(503, json=dict)


@rests_on("test_a_key_of_any_primary")
def test_a_sure_write_waits_for_a_replica(service, cluster, some, drill):
    """`POST /set` with `"sure": true` answers 201 only once a replica has it too, else 503 within 2 s; without it, 201 at once"""
    primary = cluster.primaries()[0]
    replica = cluster.replica_of(primary)
    pairs = [{"key": cluster.key_on(primary, some.word()), "value": some.text()} for _ in range(3)]
    stored(service, pairs[0], sure=True)
    drill.note("client", f"a sure write to {primary.name} is acknowledged")
    with cluster.paused(replica):
        drill.note(replica.name, f"hangs; it is the replica of {primary.name}")
        plain = service.post("/set", json=pairs[1], limit=SURE)
        unsure = service.post("/set", json=pairs[2] | {"sure": True}, limit=SURE)
        drill.note("client", f"a plain write is answered {plain.status}, a sure one {unsure.status}")
    drill.note(replica.name, "goes on")
    cluster.wait_until_well()
    plain.expect(201, json=pairs[1])
    unsure.expect(503, json=dict, media=JSON)
    stored(service, {"key": cluster.key_on(primary, some.word()), "value": some.text()}, sure=True)


def unsure_after(service, pair):
    """Seconds after which a sure write is refused while the replica hangs: the quickest of three."""
    return min(service.post("/set", json=pair | {"sure": True}, limit=SURE).expect(503).seconds for _ in range(3))


@rests_on("test_a_sure_write_waits_for_a_replica")
def test_how_long_a_sure_write_waits(service, cluster, some):
    """A sure write waits for a replica `CONFIRM_MS` milliseconds, and 300 if that is not set"""
    primary, told = cluster.primaries()[0], service.another(env={"CONFIRM_MS": "20"})
    pair = {"key": cluster.key_on(primary, some.word()), "value": some.text()}
    for each in (service, told):
        stored(each, pair, sure=True)
    with cluster.paused(cluster.replica_of(primary)):
        long, short = unsure_after(service, pair), unsure_after(told, pair)
    cluster.wait_until_well()
    excuse(service, long > 0.5 or short > 0.2)
    right = wanted("0.3 s and 0.02 s, or a little more", lambda waited: 0.29 < waited[0] < 0.5 and waited[1] < 0.2)
    expect(
        (long, short), right, asked="POST /set, sure, while the replica hangs: first without CONFIRM_MS, then with 20"
    )


@rests_on("test_a_key_of_any_primary")
def test_a_slot_on_its_way(service, cluster, some, drill):
    """While a slot is on its way to another primary, each of its keys is answered, wherever it is by now"""
    source, target = cluster.primaries()[:2]
    tag = cluster.key_on(source, some.word())
    slot = cluster.slot(tag)
    pairs = [{"key": f"{{{tag}}}:{word}", "value": some.text()} for word in some.words(9)]
    for pair in pairs[:8]:
        stored(service, pair)
    with cluster.moving(slot, source, target, [pair["key"] for pair in pairs[:4]], drill):
        stored(service, pairs[8])
        drill.note("client", "sets one more key of that slot")
        for pair in pairs:
            got_again(service, pair).expect(200, json=pair)
        drill.note("client", "gets all 9")
    for pair in pairs:
        service.get("/get", key=pair["key"]).expect(200, json=pair)


@rests_on("test_a_key_of_any_primary")
def test_resharding_under_load(service, cluster, some, drill):
    """While slots are moved under load, no write that was acknowledged is lost"""
    source, target = cluster.primaries()[:2]
    tags, at = [cluster.key_on(source, some.word()) for _ in range(8)], 0
    keys = {"client 1": lambda n: f"{{{tags[at]}}}:one:{n}", "client 2": lambda n: f"{{{tags[-1]}}}:two:{n}"}
    with Writers(service, keys, drill, PATIENCE) as writers:
        writers.wait_for_more(FEW)
        drill.note(source.name, f"begins to hand {len(tags)} slots over, while two clients write to them")
        for at, tag in enumerate(tags):  # noqa: B007  client 1 writes to the slot that is on its way
            slot = cluster.slot(tag)
            cluster.begin_move(slot, source, target)
            writers.wait_for_more(4)
            cluster.end_move(slot, source, target)
        drill.note(target.name, "serves them all")
        writers.wait_for_more(FEW)
    check_replies(writers)
    lost = writers.lost(cluster.values)
    drill.note("cluster", f"{len(writers.acknowledged())} writes were acknowledged, {len(lost)} of them are lost")
    expect(lost, [], asked="GET, for each key whose write was acknowledged")


def taken_at_last(service, pair):
    """The answer to a write, once it is 201, or the last one that came."""
    ask = lambda: service.post("/set", json=pair, limit=PATIENCE)  # noqa: E731
    return until(ask, RECOVERY, 0.1, enough=lambda reply: reply.status == 201)


def check_replies(writers):
    """Each answer that clients got is right, or a 503 with a JSON object, and came in time."""
    for one in writers.sent:
        excuse_late(one.read or one.answer)
        one.answer.expect((201, 503), json=dict, media=JSON)
        if one.read is not None and one.read.status == 200:
            one.read.expect(200, json=one.pair)
        elif one.read is not None:
            one.read.expect((503,) if one.sure else (404, 503), json=dict, media=JSON)


@pytest.fixture(scope="module")
def partition(service, cluster, bench):
    """What the service answered while a primary had no network, and what that one took meanwhile; asked once for the checks below."""
    drill, seen = bench.drill("test_a_primary_without_its_network"), SimpleNamespace()
    cluster.wait_until_well()
    primary = cluster.primaries()[0]
    lone, kept = (cluster.key_on(primary, word) for word in ("lone", "kept"))
    seen.pair = {"key": kept, "value": "taken by the other side"}
    for _ in range(3):
        stored(service, seen.pair | {"value": "before"})
    with cluster.without_network(primary, f"{{{lone}}}", drill) as alone:
        seen.first = service.post("/set", json=seen.pair, limit=PATIENCE)
        drill.note("client", f"a write through the service is answered {seen.first.status or seen.first.problem}")
        heir = cluster.taken_over(cluster.slot(kept), primary)
        drill.note(heir.name, f"is primary instead of {primary.name}")
        seen.back = taken_at_last(service, seen.pair)
        drill.note("client", f"it is answered {seen.back.status or seen.back.problem}")
    seen.lost = [key for key, value in cluster.values(alone).items() if value is None]
    drill.note("cluster", f"{len(seen.lost)} of these {len(alone)} are gone")
    return seen


@rests_on("test_a_key_of_any_primary")
def test_a_primary_without_its_network(partition):
    """While a primary has no network, the service answers within 4 s, correctly or with 503 and a JSON object"""
    excuse_late(partition.first)
    partition.first.expect((201, 503), json=dict, media=JSON)


@rests_on("test_a_key_of_any_primary")
def test_a_primary_that_was_cut_off(partition, service):
    """What only a primary without its network had acknowledged is gone once it is back, and the service says so"""
    if not partition.lost:
        raise Unchecked("The primary without its network took no write. Run the check again when the machine is idle.")
    partition.back.expect(201, json=partition.pair)
    for key in partition.lost[-3:]:
        service.get("/get", key=key, limit=PATIENCE).expect(404, json=dict)
    service.get("/get", key=partition.pair["key"], limit=PATIENCE).expect(200, json=partition.pair)


@pytest.fixture(scope="module")
def failover(service, cluster, bench):
    """What clients of the service saw while a primary was killed and its replica took over; asked once for the checks below."""
    drill, seen = bench.drill("test_a_killed_primary"), SimpleNamespace()
    cluster.wait_until_well()
    victim = seen.victim = cluster.primaries()[-1]
    seen.words = {node.name: cluster.key_on(node, "failover") for node in cluster.primaries()}
    keys = {f"client of {name}": lambda n, word=word: f"{{{word}}}:{n}" for name, word in seen.words.items()}
    seen.pair = {"key": f"{{{seen.words[victim.name]}}}:again", "value": "well again"}
    with Writers(service, keys, drill, PATIENCE) as seen.writers:
        seen.writers.wait_for_more(FEW)
        cluster.kill(victim)
        killed = time.monotonic()
        drill.note(victim.name, "killed")
        seen.heir = cluster.taken_over(cluster.slot(seen.pair["key"]), victim)
        drill.note(seen.heir.name, f"is primary instead of {victim.name}")
        seen.back = taken_at_last(service, seen.pair)
        seen.seconds = time.monotonic() - killed
        drill.note("client", f"a key of that shard is answered {seen.back.status} again")
        seen.writers.wait_for_more(FEW)
    cluster.wait_until_well()
    seen.lost = seen.writers.sum_up(cluster.values)["sure"]
    return seen


@rests_on("test_a_key_of_any_primary")
def test_a_killed_primary(failover):
    """While a killed primary is replaced, the service answers within 4 s, correctly or with 503 and a JSON object"""
    check_replies(failover.writers)


@rests_on("test_a_key_of_any_primary")
def test_it_recovers_by_itself(failover):
    """At most 15 s after the kill, the keys of that primary are answered again"""
    failover.back.expect(201, json=failover.pair)
    expect(failover.seconds, wanted(f"at most {RECOVERY:.0f} seconds", lambda seconds: seconds <= RECOVERY))


@rests_on("test_a_sure_write_waits_for_a_replica")
def test_no_sure_write_is_lost(failover):
    """What was acknowledged as sure, before the kill or after it, is there when a replica has taken over"""
    expect(failover.lost, [], asked="GET, for each key whose sure write was acknowledged")


@rests_on("test_it_recovers_by_itself")
def test_a_second_failure(failover, service, cluster, some, drill):
    """When nobody is left of a shard, what the cluster refuses is 503, and what it still serves is answered"""
    pairs = {
        name: stored(service, {"key": f"{{{word}}}:{some.word()}", "value": some.text()})
        for name, word in failover.words.items()
    }
    gone = pairs.pop(failover.victim.name)
    cluster.kill(failover.heir)
    drill.note(failover.heir.name, f"killed, as {failover.victim.name} was before: nobody has their slots")
    until(cluster.is_down, RECOVERY)
    drill.note("cluster", "refuses every key: cluster-require-full-coverage is yes")
    for pair in (gone, *pairs.values()):
        service.get("/get", key=pair["key"], limit=PATIENCE).expect(503, json=dict, media=JSON)
    cluster.require_full_coverage(False)
    drill.note("cluster", "refuses only the keys that nobody has: cluster-require-full-coverage is no")
    for pair in pairs.values():
        got_again(service, pair).expect(200, json=pair)
    service.get("/get", key=gone["key"], limit=PATIENCE).expect(503, json=dict, media=JSON)
