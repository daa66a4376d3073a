"""What goes wrong in lesson 19. Looked through after a check has failed, from the top; the first that holds is the hint."""

import re
from binascii import crc_hqx
from zlib import crc32

from workshop.grader import mistake, said

SLOTS = 16384
NOW = (
    "check_replies",
    "test_a_primary_without_its_network",
    "got_again",
    "test_a_killed_primary",
    "test_it_recovers_by_itself",
    "test_a_second_failure",
)
ERROR = r"^redis\.exceptions\.(?P<error>\w+)"
OUTAGE = r"^redis\.exceptions\.(?P<error>(?!ResponseError|DataError|CrossSlot|AuthenticationError|NoScript|InvalidPipeline)\w+)"
SLOT = r"^redis\.exceptions\.\w+: .*[Ss]lot"  # what redis-py and Redis say of keys in different slots


def crc(text):
    """What a Redis Cluster divides by the number of slots, and takes the rest of."""
    return crc_hqx(text.encode(), 0)


def says(answer, text):
    """Whether an answer has the slot that a key of this text has."""
    return isinstance(answer.json, dict) and answer.json.get("slot") == crc(text) % SLOTS


# Slots.


@mistake("expect_slots")
def other_checksum(answer, key):
    """The slot comes from another checksum than CRC16: it is that of zlib.crc32. binascii.crc_hqx(key.encode(), 0)
    is the one of Redis."""
    return answer.json == {"key": key, "slot": crc32(key.encode()) % SLOTS}


@mistake("expect_slots")
def not_modulo_16384(answer, key):
    """The checksum is right, and the slot is not: there are 16384 slots, 0 to 16383, so it is the checksum % 16384."""
    told = answer.json.get("slot") if isinstance(answer.json, dict) and "{" not in key else None
    return told in (crc(key) % 16383, crc(key) % 16385, crc(key))


@mistake("test_slots_of_keys_with_a_tag", "expect_slots")
def closing_brace_before(answer, key):
    """The key is {key}, and the } that counts is the first one after the {. Look for it from there: key.find("}",
    start + 1)."""
    return key.startswith("}") and answer.status == 200 and {"key": key}


@mistake("test_slots_of_keys_with_a_tag", "expect_slots")
def tag_ignored(answer, key):
    """The slot is that of the whole key {key}. It has braces, so only what stands between the first { and the next }
    counts."""
    return says(answer, key) and {"key": key}


@mistake("expect_slots")
def last_brace_taken(answer, key):
    """The key is {key}, and the slot is that of all up to the last }. The tag ends at the first } after the {. In a
    pattern, .* takes as much as it can."""
    start, end = key.find("{"), key.rfind("}")
    is_later = 0 <= start < key.find("}", start) < end
    return is_later and says(answer, key[start + 1 : end]) and {"key": key}


@mistake("test_slots_of_keys_without_a_tag", "expect_slots")
def empty_tag_counted(answer, key):
    """The key is {key}, and the slot is 0, that of the empty text. If nothing stands between the first { and the
    next }, the whole key counts."""
    return "{}" in key and says(answer, "") and {"key": key}


@mistake("test_slots_of_keys_without_a_tag", "expect_slots")
def later_tag_taken(answer, key, other):
    """The key is {key}, and the slot is that of {other}, from a later pair of braces. Only the first { counts, with
    the next }; nothing stands between these two, so the whole key counts."""
    return "{}{" in key and says(answer, other) and {"key": key, "other": other}


# The client.


@mistake("test_it_starts_without_a_cluster")
def made_at_the_start(start, log):  # start: it ended before it answered
    """The service ended at its start with {error}: a RedisCluster asks the cluster for its map when it is made, and
    nobody answered. Make it when it is first used: in a function below @functools.cache, which is called in
    the views."""
    return not start.running and said(ERROR, log)


@mistake("test_a_key_of_any_primary")
def client_of_one_node(answer, log):
    """The node answered MOVED: it does not have that key, and says who does. Redis(…) does not go there;
    RedisCluster.from_url(…) asks for the map of all nodes and follows such answers."""
    return answer.status == 500 and said(r"^redis\.exceptions\.MovedError", log)


@mistake("test_a_key_of_any_primary")
def cluster_looked_for_elsewhere(answer, cluster, service):
    """The cluster is up, and the service answered {status} without asking any of its nodes. Does it use the address in os.environ["REDIS_CLUSTER_URL"]?
    In another place the nodes have other names."""
    return answer.status in (500, 503) and not connects(service, cluster) and {"status": answer.status}


def connects(service, cluster):
    """Whether a request to the service makes it ask a node: one without a client connects first, one with a client sends a command."""
    before = asked_of(cluster)
    service.get("/get", key="some-key")
    return asked_of(cluster) != before


def asked_of(cluster):
    """How many connections the nodes have taken, and how many GETs."""
    told = [cluster.connect(node) for node in cluster.here()]
    gets = [node.info("commandstats").get("cmdstat_get", {}).get("calls", 0) for node in told]
    return sum(node.info("stats")["total_connections_received"] for node in told), sum(gets)


@mistake("test_a_slot_on_its_way", "test_resharding_under_load")
def ask_not_followed(answer, log):
    """The node answered ASK: the slot is on its way, and this key has moved already. It means: ask that node, with
    ASKING first, and this once. RedisCluster does so; a client that follows MOVED alone does not."""
    return answer.status == 500 and said(r"^redis\.exceptions\.AskError", log)


@mistake("test_it_recovers_by_itself", "test_a_primary_that_was_cut_off")
def never_well_again(answer):
    """The cluster is well again, and the service still answers {status}. Another node serves those slots now: does
    the service's client ask for the map again if a node does not answer? RedisCluster does."""
    return answer.status in (500, 503) and {"status": answer.status}


# Keys and slots.


@mistake("expect_spread")
def one_tag_for_all(grown):
    """All the new keys are on {name}. Do they have the same text in braces? Such keys share a slot, and with it a
    node: take what differs, such as the user, and not one word for all."""
    used = [name for name, count in grown.items() if count > 0]
    return len(used) == 1 and {"name": used[0]}


@mistake("test_many_keys_at_once")
def values_at_other_keys(answer, values):
    """The values are there, and stand at other keys. If the keys are grouped by slot, the values come back in the
    order of the groups: put each at its own key again."""
    mine = answer.json if isinstance(answer.json, dict) else {}
    return answer.status == 200 and mine != values and set(mine.values()) == {*values.values(), None}


@mistake("test_many_keys_at_once")
def mget_over_slots(answer, service, keys, log):
    """Each of these keys can be read alone, and all together they are answered {status}. MGET is one command, and
    one command can only have keys of one slot (CROSSSLOT). mget_nonatomic asks slot by slot; so does a GET
    for each key, in a pipeline without a transaction."""
    if answer.status != 503 and not (answer.status == 500 and said(SLOT, log)):
        return False
    alone = [service.get(f"/many?key={key}", limit=1.0).status for key in keys]
    return alone == [200] * len(keys) and {"status": answer.status}


@mistake("test_notes_are_written_in_one_step", "noted")
def name_not_filled_in(cluster):
    """There is a key {key}, with the word {word} in it and not its value: all users share that key. Is there an f before the
    quotes? In an f-string two braces stand for one that is meant, so {{user}} is no value in braces. It takes three:
    f"notes:{{{user}}}:texts"."""
    for node in cluster.primaries():
        for key in cluster.connect(node).scan_iter(match="*{*}*"):
            tag = re.search(r"\{(user|name|user_name|username)\}", key)
            if tag:
                return {"key": key, "word": tag[1]}
    return None


@mistake("test_notes_are_written_in_one_step", "noted")
def notes_across_slots(answer, cluster, log):
    """POST /notes is answered {status}, though the cluster is well. A transaction and a script need all their keys
    in one slot (CROSSSLOT). Do the keys of a user have the same text in braces, as notes:{user}:texts and
    notes:{user}:count with the braces in the key?"""
    is_refused = answer.status == 503 or (answer.status == 500 and said(SLOT, log))
    return is_refused and cluster.is_well() and {"status": answer.status}


@mistake("test_notes_are_written_in_one_step")
def written_in_several_steps(actual):
    """The note and the count were written by commands of their own: {actual}. If the service ends between two of
    them, the count is wrong for ever. Keys of one slot can be written in one transaction:
    pipeline(transaction=True)."""
    counts = actual if isinstance(actual, dict) else {}
    return sum(counts.values()) > 1 and {"actual": ", ".join(f"{name} {count}×" for name, count in counts.items())}


# A write that is sure.


def was_asked_to_wait(cluster, primary):
    """Whether a node was asked to WAIT so far."""
    return "cmdstat_wait" in cluster.connect(primary).info("commandstats")


@mistake("test_a_sure_write_waits_for_a_replica")
def sure_not_waited_for(unsure, cluster, primary):
    """The replica hung, and the sure write was answered {status}. The primary was never asked to WAIT. If the body
    has "sure": true, set the value, send WAIT 1 300 on the same connection, and answer 503 if it returns 0."""
    waited = was_asked_to_wait(cluster, primary)
    return unsure.status in (200, 201) and not waited and {"status": unsure.status}


@mistake("test_a_sure_write_waits_for_a_replica")
def wait_without_effect(unsure, cluster, primary):
    """The replica hung, the primary was asked to WAIT, and the sure write was answered {status} all the same. WAIT
    counts the replicas that have what its own connection wrote: on another connection, or on another node, nothing was
    written, so all have it. (RedisCluster's own `wait` asks all primaries, and adds up.) And it raises no error: look at
    the number it returns."""
    waited = was_asked_to_wait(cluster, primary)
    return unsure.status in (200, 201) and waited and {"status": unsure.status}


@mistake("test_a_sure_write_waits_for_a_replica")
def more_replicas_than_there_are(answer, cluster, log):
    """A sure write is answered {status}, though the cluster is well and plain writes are taken. Each primary has one
    replica here: does WAIT ask for more than one? And is its limit, in milliseconds, shorter than the
    client's socket_timeout?"""
    is_refused = answer.status == 503 or (answer.status == 500 and said(r"TimeoutError", log))
    return is_refused and cluster.is_well() and {"status": answer.status}


@mistake("test_how_long_a_sure_write_waits")
def confirm_ms_not_read(long, short):
    """While the replica hung, a sure write was refused after {long} s, and with CONFIRM_MS=20 after {short} s: the
    setting makes no difference. Take it from the environment, int(os.environ.get("CONFIRM_MS", "300")), and give it to
    WAIT."""
    return short > 0.2 and abs(long - short) < 0.1 and {"long": f"{long:.2f}", "short": f"{short:.2f}"}


@mistake("test_how_long_a_sure_write_waits")
def another_default(long, short):
    """With CONFIRM_MS=20 a sure write was refused after {short} s, as it should be, and without CONFIRM_MS after {long} s.
    It should be 0.3 s then: 300 milliseconds."""
    return short <= 0.2 and {"long": f"{long:.2f}", "short": f"{short:.2f}"}


# A cluster that cannot answer.


@mistake("check_replies", "test_a_primary_without_its_network", "test_a_second_failure", "test_it_recovers_by_itself")
def waits_too_long(answer):
    """There was no answer in {seconds} s. RedisCluster waits 5 s for each answer and tries ten times, with growing
    pauses, unless it is told otherwise: socket_timeout=0.5, socket_connect_timeout=0.5,
    retry=Retry(NoBackoff(), 1)."""
    return answer.status is None and answer.seconds > 3.5 and {"seconds": f"{answer.seconds:.0f}"}


@mistake("test_it_starts_without_a_cluster", *NOW)
def not_now_told_with_500(answer, log):
    """The cluster could not do it then, and the service answered 500, with {error}. It is not the program's mistake:
    answer 503. A cluster has more such errors than ConnectionError and TimeoutError: ClusterDownError,
    TryAgainError, AskError, and RedisClusterException, which is no RedisError."""
    return answer.status == 500 and said(OUTAGE, log)


@mistake("test_it_starts_without_a_cluster", "test_a_second_failure")
def error_told_as_a_missing_key(answer, expected):
    """No node that has the key could be asked, and the service answered 404, as if there were no such key. An error of the client says nothing about the
    key: answer 503, and 404 only if the answer was None."""
    return answer.status == 404 and str(expected).startswith("503")


@mistake("test_no_sure_write_is_lost", "test_resharding_under_load")
def answers_as_if_it_were_set(actual):
    """{count} writes were answered 201 and are not in the cluster. Does the service keep them in its own memory
    while the cluster cannot be asked? That is no more than a promise: answer 503 then."""
    return isinstance(actual, (list, set, dict)) and bool(actual) and {"count": len(actual)}
