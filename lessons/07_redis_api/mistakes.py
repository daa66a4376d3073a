"""What goes wrong in lesson 7. Looked through after a check has failed, from the top; the first that holds is the hint."""

import re

from workshop.grader import has_another_client, mistake, said, short

ERRORS = ("test_a_missing_key_is_404", "test_get_without_a_key_is_400", "test_a_malformed_set_is_400", "expect_503")
SETS = ("stored", "test_set_answers_201_and_the_pair", "test_any_text_survives_the_round_trip")
OUTAGE = ("expect_503", "test_it_recovers_by_itself", "test_it_starts_before_redis")
GETS = ("test_what_was_set_can_be_got", "test_any_text_survives_the_round_trip", "test_the_value_lives_in_redis")
COUNTS = (
    "test_the_first_page_says_hello_and_counts",
    "test_visits_are_counted_under_the_key",
    "test_each_visit_has_its_own_number",
)
READS = ("test_a_missing_key_is_404", "test_a_changed_value_is_seen", "test_two_replicas_share_the_data")
VALUE_IN_REDIS = "test_the_value_lives_in_redis"
VISITS = "workshop:visits"


def status_is_right(answer, expected):
    """Whether an answer was refused for something else than its status."""
    return isinstance(expected, str) and str(answer.status) in expected.partition(" with")[0]


def refused_commands(redis):
    """The commands that Redis refused, as `LPUSH`, and the kinds of its errors, as `WRONGTYPE`; its own counts since the run began."""
    failed = [name for name, seen in redis.info("commandstats").items() if seen.get("failed_calls")]
    commands = [name.removeprefix("cmdstat_").upper() for name in failed]
    kinds = [name.removeprefix("errorstat_") for name in redis.info("errorstats")]
    handshake = ("HELLO", "AUTH", "CLIENT", "INFO", "CONFIG", "SELECT", "COMMAND")
    return [name for name in commands if not name.startswith(handshake)], [kind for kind in kinds if kind in REPLIES]


REPLIES = {  # how an error of Redis begins, and what it means
    "WRONGTYPE": "the key holds another type than that command is for. INCR, GET and SET are for plain strings",
    "NOAUTH": "it asks for a password, and the client gave none",
    "WRONGPASS": "it does not take the password that the client gave. The one of this lesson asks for none",
    "NOPERM": "this user may not run that command",
    "READONLY": "it was told to be a replica, and takes no writes",
    "MISCONF": "it cannot save to its disk",
    "OOM": "its memory is full",
}


def connects(redis, service):
    """Whether a request to the service opens a connection to Redis, as one with a client of its own does and closes it again."""
    before = redis.info("stats")["total_connections_received"]
    service.get("/get", key="some-key")
    return redis.info("stats")["total_connections_received"] > before


# The request never reached the view that it was meant for.


@mistake()
def key_in_the_path(answer, service):
    """There is a route for /get/… and none for /get. The key comes after the ?, which is no part of the route:
    @app.get("/get"), and request.args.get("key")."""
    no_route = answer.path == "/get" and answer.status == 404 and service.request("OPTIONS", "/get").status == 404
    return no_route and service.request("OPTIONS", "/get/some-key").status == 200


@mistake()
def blueprint_not_registered(answer, service, bench):
    """There is no route for {path}: the views belong to `{name} = Blueprint(…)`, and the app is never told of it:
    app.register_blueprint({name})."""
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in bench.folder.glob("*.py")]
    made = [seen[1] for text in texts if (seen := re.search(r"^(\w+) = (?:flask\.)?Blueprint\(", text, re.MULTILINE))]
    missing = answer.status == 404 and service.request("OPTIONS", answer.path).status == 404
    is_lost = missing and made and not any("register_blueprint" in text for text in texts)
    return is_lost and {"path": answer.path, "name": made[0]}


@mistake()
def no_route(answer, service):
    """There is no route for {path}. Put @app.{method}("{path}") above its view, and both above app.run(…):
    Python does not get to the lines below that call while the server runs."""
    missing = answer.status == 404 and service.request("OPTIONS", answer.path).status == 404
    return missing and {"path": answer.path, "method": answer.method.lower()}


# What came with the request was not found.


@mistake()
def get_reads_a_body(answer):
    """A GET brings no body, and request.get_json() answers 415 for that. What comes after the ? is in request.args:
    request.args.get("key")."""
    return answer.method == "GET" and answer.status == 415


@mistake(*GETS, "test_a_changed_value_is_seen", "test_two_replicas_share_the_data", "expect_503")
def key_not_found_in_the_address(answer, service, away=None):
    """The address had ?key=…, and the view found no key. It is in request.args: request.args.get("key")."""
    is_refused = answer.path == "/get" and answer.status == 400
    return is_refused and (away is None or service.get("/get", key="outage").status == 400)  # with Redis back, too


@mistake("test_any_text_survives_the_round_trip")
def empty_text_refused(answer, value):
    """The value was the text {value}, and POST /set refused it. `if not value` is true for ""; test `if value is None`."""
    return (
        answer.method == "POST" and answer.status in (400, 415, 422) and value in ("", "0") and {"value": repr(value)}
    )


@mistake(*SETS, *OUTAGE)
def pair_not_found_in_the_body(answer, outage=None):
    """A pair was sent as JSON, and the service refused it as malformed. Read the body with request.get_json();
    request.form is for HTML forms, and request.args for what comes after the ?."""
    return answer.path == "/set" and answer.status in (400, 415) and was_so_before(outage, 400, 415)


def was_so_before(outage, *statuses):
    """Whether POST /set was answered with such a status before Redis was taken away, too; true where it is not about that."""
    before = getattr(outage, "before", None)  # where no outage was asked for yet, `outage` is the fixture's function
    return before is None or before.status in statuses


# Redis is there, and the service says that it is not.


@mistake(*SETS, *GETS, *READS, "visit", "test_each_visit_has_its_own_number")
def redis_refused_the_command(answer, redis):
    """The service says that Redis is gone, but Redis was reached: it refused {commands}with {kind}, which means: {meaning}.
    Answer 503 for redis-py's ConnectionError and TimeoutError alone; then other errors show in the log."""
    commands, kinds = refused_commands(redis) if answer.status == 503 else ([], [])
    named = f"{', '.join(commands[:3])} " if commands else ""
    return bool(kinds) and {"commands": named, "kind": kinds[0], "meaning": REPLIES[kinds[0]]}


@mistake(*SETS)
def redis_refuses_what_it_is_given(answer, service):
    """POST /set says that Redis is gone, but GET /get reaches it. So another error is reported as an outage: redis-py's
    DataError perhaps, since SET takes one text for the key and one for the value, no dict and no None. Answer 503 for
    ConnectionError and TimeoutError alone; then the log names the error."""
    return answer.status == 503 and service.get("/get", key="some-key").status in (200, 404)


@mistake("test_each_visit_has_its_own_number")
def shared_by_requests(answer, mine, log):
    """Visits that came one by one were counted. Of twelve at once one was answered {status}: {error}. Requests run side by
    side, in threads. What do they share: a pipeline, a connection, a variable?"""
    seen = answer.status == 500 and said(r"^(?P<error>[\w.]+(?:Error|Exception)\b[^\n]*)", log)
    runs_out = seen and re.search(r"Too many connections|No connection available", seen["error"])
    return seen and not runs_out and {"status": answer.status, "error": seen["error"][:120].rstrip(".")}


@mistake("test_each_visit_has_its_own_number")
def too_few_for_twelve_at_once(answer, mine):
    """Visits that came one by one were counted. Of twelve at once one was answered {status}. Has the client a connection
    left (max_connections=), and is each one given back? Or do requests share something: a connection, a pipeline?"""
    return answer.status is not None and answer.status >= 500 and {"status": answer.status}


@mistake(*SETS, *GETS, *READS, "visit", "through_relay")
def another_error_told_as_an_outage(answer, redis):
    """The service says that Redis is gone, but it has a connection to Redis that works. Either an `except` or an
    errorhandler takes another error for an outage (Exception catches mistakes in the code, and abort(404) too), or the
    client has no connection left (max_connections=, or some are never given back). Answer 503 for redis-py's
    ConnectionError and TimeoutError alone; then the log names any other error."""
    return answer.status == 503 and has_another_client(redis)


@mistake(*SETS, *GETS, *READS, "visit", "through_relay")
def redis_looked_for_elsewhere(answer, redis, service):
    """The service says that Redis is gone, but Redis answers the grader and has no connection from the service. Does
    it use the address in REDIS_URL? Inside a container, localhost is the container itself. And Redis(…) takes a host;
    for a whole address it is Redis.from_url(os.environ["REDIS_URL"])."""
    return answer.status == 503 and redis.ping() and not connects(redis, service)


@mistake()
def decoded_twice(answer, log):
    """With decode_responses=True redis-py returns text, and text has no .decode. Leave .decode() out."""
    return answer.status == 500 and said(r"^AttributeError: 'str' object has no attribute 'decode'", log)


# Errors, and how they are reported.


@mistake(*ERRORS)
def error_told_with_200(answer):
    """The body reports an error, but the status {status} says that all is well. Send the status too:
    return {"error": "…"}, 400 (or 404, or 503)."""
    told = isinstance(answer.json, dict) and "value" not in answer.json and "error" in answer.text.lower()
    return answer.status in (200, 201) and told and {"status": answer.status}


@mistake(*ERRORS)
def error_is_a_page(answer, expected):
    """The status is right, but the body is a page, not JSON. A program reads this: return {"error": "…"}, {status}."""
    return status_is_right(answer, expected) and answer.json is None and {"status": answer.status}


@mistake(*ERRORS)
def error_is_no_object(answer, expected):
    """The status is right, and the JSON is not an object. Return a dict: {"error": "…"}, {status}."""
    is_object = isinstance(answer.json, dict)
    return status_is_right(answer, expected) and not is_object and {"status": answer.status}


@mistake()
def json_sent_as_a_page(answer, expected):
    """The words are right, but they are sent as {media}, so a client takes them for a page. Return the dict itself,
    not a string that looks like one; then Flask says application/json."""
    is_text = answer.json is not None and "json" not in answer.content_type
    return status_is_right(answer, expected) and is_text and {"media": answer.content_type}


@mistake("test_a_missing_key_is_404")
def none_is_used(answer, log):
    """The key is not there, so redis-py's get returned None, and the view went on with it as if it were a value. Test
    `if value is None` right after get, and answer 404."""
    return answer.status == 500 and said(r"^(?:Type|Attribute)Error: [^\n]*'?NoneType'?", log)


@mistake("test_a_missing_key_is_404", *GETS)
def word_for_the_variable(redis, answer=None, pair=None):
    """Redis has a key that is called `key`, with this value: the word stands in quotes where the variable belongs. Without
    quotes: redis.set(key, value), redis.get(key)."""
    held = redis.get("key") if redis.type("key") == "string" else None
    told = answer.json.get("value") if answer and isinstance(answer.json, dict) else None
    return held is not None and held in (told, (pair or {}).get("value"))


@mistake(*GETS, "test_a_changed_value_is_seen")
def pair_as_two_keys(redis, pair):
    """Redis has two keys that are called `key` and `value`: the whole pair was given to a command that makes a key of each
    name, as MSET does. redis.set(pair["key"], pair["value"]) makes one."""
    texts = {name: redis.get(name) for name in pair if redis.type(name) == "string"}
    return bool(pair) and texts == pair


@mistake("test_a_missing_key_is_404")
def none_with_200(answer):
    """A missing key was answered with 200. redis-py's get returns None if there is no such key: test
    `if value is None`, and answer 404."""
    return answer.status == 200


@mistake("test_a_missing_key_is_404")
def missing_key_is_400(answer, service, redis):
    """The request was well formed, only the key is not there: that is 404. 400 says that the client sent nonsense.
    If the view saw no ?key=…: request.args.get("key") reads it."""
    there = next((key for key in redis.keys("*") if redis.type(key) == "string"), None)
    finds_keys = there is None or service.get("/get", key=there).status != 400
    return answer.status == 400 and finds_keys


@mistake("test_get_without_a_key_is_400")
def no_key_is_404(answer):
    """No key was asked for, so none can be missing. 404 says not found; the request itself is malformed: 400."""
    return answer.status == 404


@mistake("test_get_without_a_key_is_400")
def debugger_turns_400_into_500(answer):
    """request.args["key"] raises a BadRequestKeyError if there is no ?key=…. Flask answers it with 400, but with 500 while
    debug is on. Leave debug out; or read it with request.args.get("key"), and answer 400 yourself."""
    return answer.status == 500 and "BadRequestKeyError" in answer.text


@mistake("test_get_without_a_key_is_400")
def no_key_breaks_the_view(answer, service):
    """With ?key=… the view answers; without it, it fails. request.args.get("key") returns None then; answer 400
    before asking Redis."""
    is_broken = answer.status is not None and answer.status >= 500
    return is_broken and service.get("/get", key="some-key").status in (200, 404)


@mistake("test_a_malformed_set_is_400")
def presence_is_not_enough(answer, what):
    """The body was {what}, and the service took it. That both names are there is not enough: test that each is a string,
    isinstance(value, str), and answer 400 if not."""
    return answer.status in (200, 201) and " for the " in what and {"what": what}


@mistake("test_a_malformed_set_is_400")
def malformed_body_taken(answer, what):
    """The body was {what}, and the service took it all the same. Check what came before you use it, and answer 400."""
    return answer.status in (200, 201) and {"what": what}


@mistake("test_a_malformed_set_is_400")
def malformed_body_blamed_on_redis(answer, what, redis, service):
    """The body was {what}, and the answer blames Redis, which can be reached. Either None, a list or a dict was given to
    Redis (redis-py refuses that with a DataError), or an `except` catches every Exception. It is the client's mistake:
    test with isinstance(value, str) first, answer 400, and answer 503 for ConnectionError and TimeoutError alone."""
    is_there = service.get("/get", key="some-key").status in (200, 404) or has_another_client(redis)
    return answer.status == 503 and is_there and {"what": what}


@mistake("test_a_malformed_set_is_400")
def malformed_body_breaks_the_view(answer, what, log):
    """The body was {what}, and the view could not handle it{error}. That is the client's mistake, not the server's:
    check first, then answer 400."""
    broken = answer.status == 500 and said(
        r"^(?P<error>(?:\w+\.)*(?:Key|Type|Attribute|Value|Index|Data)Error\b[^\n]*)", log
    )
    is_told = answer.status == 500 and isinstance(answer.json, dict)
    return (broken or is_told) and {"what": what, "error": f": {broken['error'].rstrip('.')[:120]}" if broken else ""}


@mistake("test_a_malformed_set_is_400")
def malformed_is_another_4xx(answer, what):
    """The body was {what}. That is the client's mistake, and the status for it is 400; here it is {status}."""
    is_another = answer.status is not None and 400 < answer.status < 500 and answer.status not in (404, 405)
    return is_another and {"what": what, "status": answer.status}


# The pair, as it is stored and as it comes back.


@mistake(*SETS, *GETS, "test_a_changed_value_is_seen")
def value_for_the_status(answer, pair):
    """The status line of the answer has the value in it: what stands second after `return` is the status. Put key and
    value into one dict: return {"key": …, "value": …}"""
    words = [word for word in re.findall(r"[A-Za-z0-9]{4,}", pair["value"]) if word in answer.detail]
    return answer.status is None and bool(words)


@mistake(*SETS, *OUTAGE)
def made_and_answered_with_200(answer, outage=None):
    """POST /set answers with status 200. Something was made: say 201. Return the status too: return {…}, 201."""
    return answer.path == "/set" and answer.status == 200 and was_so_before(outage, 200)


@mistake(*GETS, "test_a_changed_value_is_seen", "test_two_replicas_share_the_data")
def bytes_in_the_answer(answer, BYTES):
    """The answer shows b'…': Redis keeps bytes, and these were turned into text as they are. Ask redis-py for text:
    decode_responses=True."""
    return answer.method == "GET" and BYTES.search(answer.text)


@mistake("test_what_was_set_can_be_got", "test_two_replicas_share_the_data")
def added_to_the_old_value(answer, pair, first=None, newer=None):
    """The key was set twice, and the second value stands behind the first: APPEND adds to what is there. SET replaces it."""
    old, new = (first, pair) if first else (pair, newer)
    return bool(new) and isinstance(answer.json, dict) and answer.json.get("value") == old["value"] + new["value"]


@mistake("test_what_was_set_can_be_got")
def first_value_kept(answer, first):
    """The key was set twice, and the first value is still there. SET replaces it; SETNX and nx=True do not."""
    return answer.json == first


@mistake("test_what_was_set_can_be_got")
def reading_takes_it_away(answer, once):
    """GET /get answered the pair, and asked again it does not find it: reading took it away. GET leaves it there."""
    return answer.status == 404 and once.status == 200


@mistake("test_any_text_survives_the_round_trip")
def empty_text_taken_for_none(answer, value):
    """The value is the empty text, and the service says that it is not there. `if not value` is true for "" as well:
    test `if value is None`."""
    return answer.method == "GET" and answer.status == 404 and value == ""


@mistake("test_set_answers_201_and_the_pair")
def set_returns_something_else(answer):
    """POST /set must answer with the pair as a JSON object, and nothing else, with status 201:
    return {"key": …, "value": …}, 201."""
    return answer.status == 201 and not (isinstance(answer.json, dict) and {"key", "value"} == set(answer.json))


@mistake(*GETS, "test_a_changed_value_is_seen", "test_two_replicas_share_the_data")
def get_returns_something_else(answer):
    """GET /get must answer with the pair as a JSON object with key and value, and nothing else:
    return {"key": …, "value": …}."""
    is_pair = isinstance(answer.json, dict) and set(answer.json) == {"key", "value"}
    return answer.path == "/get" and answer.status == 200 and not is_pair


@mistake("test_any_text_survives_the_round_trip")
def large_text_refused(answer, value):
    """The value has {size} kB, and POST /set answered 413: too large. Something in the app sets a limit, as
    MAX_CONTENT_LENGTH does. Values of 100 kB must get through."""
    return answer.status == 413 and {"size": len(value.encode()) // 1000}


@mistake("test_any_text_survives_the_round_trip")
def text_read_as_json(answer, pair, redis):
    """The value was the text {value}, and it is in Redis as it came; GET /get made something else of it, {told}, as json.loads
    does. Answer the text as it is in Redis."""
    told = answer.json.get("value") if answer.method == "GET" and isinstance(answer.json, dict) else None
    is_so = told is not None and not isinstance(told, str) and redis.get(pair["key"]) == pair["value"]
    return is_so and {"value": short(pair["value"], 60), "told": f"{told!r}, which is no text"}


@mistake("test_any_text_survives_the_round_trip")
def text_cut_off(answer, pair):
    """The value was a text of {whole} characters, and only the first {part} came back. Store it whole."""
    told = answer.json.get("value") if answer.method == "GET" and isinstance(answer.json, dict) else None
    is_part = isinstance(told, str) and 0 < len(told) < len(pair["value"]) and pair["value"].startswith(told)
    return is_part and pair["value"].strip() != told and {"whole": len(pair["value"]), "part": len(told)}


@mistake("test_any_text_survives_the_round_trip")
def text_changed_on_the_way(answer, pair):
    """The value was {value}, the key {key}, and they came back changed. Store the text as it came, without strip,
    lower or escape."""
    return answer.method == "GET" and answer.status == 200 and {name: short(text, 60) for name, text in pair.items()}


@mistake(VALUE_IN_REDIS)
def key_and_value_swapped(redis, pair):
    """Redis has the value as a key: the two have changed places. First the key, then the value: redis.set(key, value)."""
    return redis.exists(pair["value"]) and not redis.exists(pair["key"])


@mistake(VALUE_IN_REDIS)
def stored_under_another_key(redis, pair, expected):
    """Redis has no key {key}, but it has {others}. Store the value under the key that came, as it came, with nothing before
    it and nothing changed."""
    texts = [key for key in redis.keys("*") if key != pair["key"]]
    alike = [key for key in texts if key.lower().endswith(pair["key"].lower())]
    others = alike or [key for key in texts if redis.type(key) == "string" and redis.get(key) == pair["value"]]
    return expected == "string" and bool(others) and {"key": pair["key"], "others": ", ".join(sorted(others)[:3])}


@mistake(VALUE_IN_REDIS)
def all_in_one_hash(redis, pair, expected):
    """Redis has no key {key}, but the hash {name} has a field of that name. Give each value a key of its own: SET key value."""
    hashes = [key for key in redis.keys("*") if redis.type(key) == "hash" and redis.hexists(key, pair["key"])]
    return expected == "string" and bool(hashes) and {"key": pair["key"], "name": hashes[0]}


@mistake(VALUE_IN_REDIS)
def kept_in_a_dict(redis, service, pair, actual):
    """GET /get knows the pair, but Redis has nothing under its key: it is kept somewhere else. Is that a Python dict, which is
    lost when its process ends? Store the pair with redis.set(key, value)."""
    return actual == "none" and service.get("/get", key=pair["key"]).json == pair


@mistake(VALUE_IN_REDIS)
def nothing_stored(actual):
    """POST /set answered 201, and Redis has nothing under the key: the pair was not stored there. redis.set(key, value) does
    that; with redis.asyncio only if it is awaited."""
    return actual == "none"


@mistake(VALUE_IN_REDIS)
def stored_as_another_type(actual, expected):
    """Under this key Redis has a {actual}. The lesson asks for a plain string: SET key value."""
    return expected == "string" and actual in ("hash", "list", "set", "zset", "stream") and {"actual": actual}


@mistake(VALUE_IN_REDIS)
def value_wrapped(pair, actual, expected):
    """Under this key Redis has another text than the value: it was wrapped or changed on the way. Store the value itself,
    not JSON or str() of it."""
    return expected == pair["value"] and isinstance(actual, str)


@mistake(VALUE_IN_REDIS)
def stored_with_an_end(actual, expected):
    """Redis will remove the value in {left} s: it was stored with a time to live (ex=…, SETEX, EXPIRE). What was set stays
    until it is set again."""
    return expected == -1 and actual >= 0 and {"left": actual}


@mistake("test_a_changed_value_is_seen")
def old_value_kept(answer, pair, changed):
    """Redis has a new value, and the service answers the old one: it keeps a copy in the process, or under another key.
    Ask Redis for this very key."""
    return bool(changed) and answer.json == pair


@mistake(VALUE_IN_REDIS, "test_a_changed_value_is_seen")
def plain_string_not_found(answer, changed=None, other=None):
    """Another program put a plain string into Redis, and GET /get does not answer it. Ask Redis for the plain string
    under this very key: redis.get(key)."""
    return answer.path == "/get" and answer.status == 404 and bool(changed or other)


@mistake("test_two_replicas_share_the_data")
def first_value_kept_by_both(answer, pair, newer, replica):
    """One replica was given a new value, answered 201, and still answers the old one itself: the second SET did not replace the first."""
    return bool(newer) and answer.json == pair and replica.get("/get", key=pair["key"]).json == pair


@mistake("test_two_replicas_share_the_data")
def copy_in_one_replica(answer, pair, newer):
    """One replica changed the value, the other answers the old one: it keeps a copy in the process. Ask Redis each time."""
    return bool(newer) and answer.json == pair


@mistake(*GETS, "test_a_changed_value_is_seen", "test_two_replicas_share_the_data")
def get_looks_elsewhere(answer, redis, pair):
    """The pair is in Redis, under its own key, and GET /get does not find it. Which key does the view ask for? The one that
    was sent is request.args.get("key"), which is decoded already."""
    is_there = redis.type(pair["key"]) == "string" and redis.get(pair["key"]) == pair["value"]
    return answer.method == "GET" and answer.status == 404 and is_there


@mistake(*GETS, "test_a_changed_value_is_seen", "test_two_replicas_share_the_data")
def pair_not_found_again(answer):
    """The pair was taken with 201, and now its key is not found. /set must store it, and /get look it up, under the key
    as it came."""
    return answer.method == "GET" and answer.status == 404


# The visits.


@mistake("test_the_first_page_says_hello_and_counts")
def page_without_hello(pages):
    """The first page does not say hello."""
    return "hello" not in pages[0].text.lower()


@mistake("test_the_first_page_says_hello_and_counts")
def coroutine_not_awaited(pages):
    """The page shows a coroutine: a function of redis.asyncio was called, and nothing awaited it. In plain views take the
    plain client: redis.Redis."""
    return "coroutine object" in pages[0].text


@mistake("test_the_first_page_says_hello_and_counts")
def bytes_on_the_page(pages, BYTES):
    """The page shows b'…': Redis keeps bytes. Ask redis-py for text: decode_responses=True."""
    return BYTES.search(pages[0].text)


@mistake(*COUNTS)
def page_without_a_number(numbers, pages=None, page=None, mine=None):
    """The first page shows no number. It should say how many visits there were."""
    shown = pages[0] if pages else page
    return mine == [] or (shown is not None and not numbers(shown))


@mistake("test_the_first_page_says_hello_and_counts")
def same_number_each_time(pages, numbers):
    """Three visits in a row showed the same numbers. The page should show the number of visits, each time one higher."""
    return numbers(pages[0]) == numbers(pages[1]) == numbers(pages[2])


@mistake("visit")
def counted_from_nothing(answer, log):
    """There was no count yet, so GET returned None, and the view went on with it as with a number. INCR needs no first
    value: it begins with 1 by itself."""
    pattern = r"^TypeError: (?:int\(\) argument[^\n]*|unsupported operand type\(s\) for \+=?: )'NoneType'"
    return answer.status == 500 and said(pattern, log)


@mistake("visit")
def text_counted(answer, log):
    """A text and a number stand on the two sides of a +, and Python does not add them. Where they are counted, let Redis add: INCR
    returns the new number; what GET returns is text. Where the page is made, put the number into an f"… {visits} …"."""
    pattern = (
        r"^TypeError: (?:can only concatenate str|can't concat int to bytes|unsupported operand[^\n]*'(?:str|bytes)')"
    )
    return answer.status == 500 and said(pattern, log)


@mistake("test_visits_are_counted_under_the_key")
def counted_as_another_type(actual, expected):
    """Under {VISITS} Redis has a {type}. The lesson asks for a counter there: a plain string that holds a number, which
    INCR adds one to."""
    kinds = ("hash", "list", "set", "zset", "stream", "array", "vectorset")
    return expected == "string" and actual in kinds and {"type": actual}


@mistake("test_visits_are_counted_under_the_key")
def counted_under_another_key(redis, actual, expected):
    """One visit came, and Redis has no key {VISITS}, but it has {others}. Count with INCR under exactly this key."""
    others = [key for key in redis.keys("*") if redis.type(key) == "string" and (redis.get(key) or "").isdecimal()]
    named = [key for key in others if any(word in key.lower() for word in ("visit", "hit", "count"))]
    return (expected, actual) == ("string", "none") and bool(named) and {"others": ", ".join(sorted(named)[:3])}


@mistake("test_visits_are_counted_under_the_key")
def every_request_counted(actual, before, other, page=None):
    """GET {other} was counted as a visit of `/`. Count in the view of `/` alone; what is below @app.before_request runs
    for every address."""
    return page is None and actual == str(before + 1) and {"other": other.partition("?")[0]}


def on_the_wire(wire, *names):
    """Whether commands of these names went by that name the visits, each after the one before."""
    sent = iter([command[0].upper() for command in wire.commands if VISITS in command[1:]])
    return all(any(name == one for one in sent) for name in names)


def is_told_twice(mine, rivals):
    """Whether this visit and another one were told the same number."""
    return bool(set(mine) & set(rivals))


@mistake("test_each_visit_has_its_own_number")
def locked_against_itself_alone(mine, rivals, wire):
    """GET and SET ran between taking a lock in Redis and giving it back. That keeps out whoever takes the same lock, and
    nobody else: another program counted with INCR meanwhile, as the lesson says that others do, and its visit was
    overwritten. INCR alone needs no lock, and one command instead of four."""
    sets = [command for command in wire.commands if command[0].upper() == "SET" and command[1] != VISITS]
    is_lock = any("NX" in map(str.upper, command[3:]) for command in sets)
    return is_told_twice(mine, rivals) and is_lock and on_the_wire(wire, "GET", "SET")


@mistake("test_each_visit_has_its_own_number")
def incr_then_get(mine, rivals, wire):
    """While this visit was being counted, others came in between, and two visits got the same number: INCR was sent, and then
    GET, which shows somebody else's number. Show the number that INCR returns."""
    seen = on_the_wire(wire, "INCR", "GET") or on_the_wire(wire, "INCRBY", "GET")
    return is_told_twice(mine, rivals) and seen


@mistake("test_each_visit_has_its_own_number")
def get_then_set(mine, rivals, wire):
    """While this visit was being counted, others came in between, and two visits got the same number: GET, add one, SET loses
    the visits that come between them. A lock in the process keeps out this process alone. INCR does both in one step:
    show the number that it returns."""
    return is_told_twice(mine, rivals) and on_the_wire(wire, "GET", "SET")


@mistake("test_each_visit_has_its_own_number")
def one_number_told_twice(mine, rivals):
    """While this visit was being counted, other visitors came in between, and two visits got the same number. INCR counts and
    answers in one step: show the number that it returns."""
    return is_told_twice(mine, rivals)


@mistake("test_visits_are_counted_under_the_key")
def count_of_the_process_written(before, actual, page):
    """Other programs had counted to {before}, and after this visit {VISITS} is {now}: what was there was written over. Does the app
    count in a variable of its own, or set a first value at each visit? INCR counts in Redis, and begins with 1 by itself."""
    return (
        page.status == 200 and str(actual).isdecimal() and int(actual) < before and {"before": before, "now": actual}
    )


@mistake("test_visits_are_counted_under_the_key", "test_each_visit_has_its_own_number")
def visit_counted_twice(redis, before, rivals=(), page=None, mine=None):
    """One visit came, and {VISITS} rose by two: it is at {now}. INCR counts each time that it is called; keep what it
    returns in a variable."""
    has_visited = page is not None or mine is not None
    now = redis.get(VISITS)
    return has_visited and now == str(before + len(rivals) + 2) and {"now": now}


@mistake("test_the_first_page_says_hello_and_counts")
def number_rises_by_two(first, second, third):
    """The number on the page rose by two at each visit. INCR counts each time that it is called; keep what it returns in a
    variable."""
    return any(number + 2 in second and number + 4 in third for number in first)


@mistake("test_visits_are_counted_under_the_key", "test_each_visit_has_its_own_number")
def visit_not_counted(redis, before, rivals=(), page=None, mine=None):
    """One visit came, and {VISITS} did not rise by it: it is at {now}. Count with INCR under exactly this key."""
    has_visited = page is not None or mine is not None
    now = redis.get(VISITS)
    return has_visited and now == str(before + len(rivals)) and {"now": now}


@mistake("test_visits_are_counted_under_the_key")
def no_count_in_redis(actual, expected):
    """One visit came, and Redis has no key {VISITS}: nothing was counted there. (A variable in the process is lost at each
    restart, and every replica has its own.) Count with INCR under exactly this key."""
    return (expected, actual) == ("string", "none")


@mistake("test_visits_are_counted_under_the_key")
def page_shows_the_visits_before(page, before, numbers):
    """The page shows {before}, and with this visit it is {after}. Show what INCR returns."""
    return before in numbers(page) and {"before": before, "after": before + 1}


@mistake("test_each_visit_has_its_own_number")
def one_number_for_two_at_once(actual, told):
    """Twelve visits came at once, and some got the same number. Show the number that INCR returned to this very
    request; a variable that all requests share is overwritten meanwhile."""
    shown = [number for number in actual if number] if len(told) == 12 else []
    return len(set(shown)) < len(shown)


@mistake("test_two_replicas_share_the_data")
def visits_reset_at_the_start(replica, actual):
    """A replica was started, and the visits so far were lost: the app sets them when it starts. INCR begins with 1 by
    itself if there is no key."""
    return actual == replica.visits_at_start and actual in (None, "0", "1")


# The address in REDIS_URL.


@mistake("through_relay")
def url_hard_coded(redis):
    """REDIS_URL named another address than before, and the service sent its command to the old one. Take the whole address
    from the environment: Redis.from_url(os.environ["REDIS_URL"]). An address in the code is right on one machine only."""
    return redis.exists("by:another:way")


@mistake("through_relay")
def nothing_sent_to_redis(taken):
    """The service took a pair and answered 201, and no command of it came to Redis. Store the pair with
    redis.set(key, value)."""
    return taken.status == 201


@mistake("test_the_database_is_the_one_of_the_url")
def database_number_ignored(outage):
    """REDIS_URL ended in /3, which is the number of the database; the service took a pair, and database 3 has no key. Host and port
    alone are not the whole address: Redis.from_url(os.environ["REDIS_URL"]) takes the number too; else say db=…. Or does a
    service that starts without Redis keep its pairs elsewhere?"""
    return "db0" in outage.databases


@mistake("test_the_database_is_the_one_of_the_url")
def no_database_has_a_key(outage):
    """The service took a pair and answered 201, and no database of Redis has a key. Store it with redis.set(key, value)."""
    return outage.late.status == 201 and not outage.databases


# Redis is gone.


@mistake(*OUTAGE)
def broken_before_the_outage(outage):
    """Before Redis was taken away, POST /set was answered {before} already. Fix the first ✗ above; this one may go with
    it."""
    status = outage.before.status
    return (status is None or status >= 400) and {"before": status or "with nothing"}


@mistake("expect_503")
def handler_takes_no_argument(answer, log):
    """{name}() takes no argument, and what is below @app.errorhandler is called with the error. Give it one:
    def {name}(error)."""
    return answer.status == 500 and said(r"^TypeError: (?P<name>\w+)\(\) takes 0 positional arguments", log)


@mistake("expect_503")
def nothing_returned_in_the_outage(answer, log):
    """While Redis was gone, nothing was returned for {path}. After `except`, and below @app.errorhandler, a
    return {"error": "…"}, 503 is needed."""
    pattern = r"^TypeError: The view function (?:for '\w+' )?did not return a valid response\. The function either returned None"
    return answer.status == 500 and said(pattern, log) is not None and {"path": answer.path}


@mistake("expect_503")
def client_called_like_the_module(answer, log):
    """`{name}` belongs to the module redis, and here `{client}` is the client{taken}. It shows now, since an `except` is
    read only when something was raised. {advice}"""
    pattern = r"^AttributeError: '(?:Strict)?Redis' object has no attribute '(?P<name>exceptions|\w+Error)'"
    seen = answer.status == 500 and said(pattern, log)
    line = seen and said(rf"^ +[^\n]*?\b(?P<client>\w+)\.{seen['name']}\b", log)  # a line of the traceback
    if line and line["client"] == "redis":
        taken, advice = ": the line `redis = …` took the module's name", "store = redis.Redis.from_url(…)"
        return seen | line | {"taken": taken, "advice": f"Give the client another name: {advice}."}
    client = line["client"] if line else "what stands before it"
    advice = f"Import redis, and write redis.{seen['name']}; the client has another name." if seen else ""
    return seen and seen | {"client": client, "taken": "", "advice": advice}


@mistake("expect_503")
def abort_in_the_handler(answer, log):
    """The error was caught, and then abort({status}) was called. In an errorhandler that raises another error, which nobody
    catches any more, and so it is a 500. Return the answer: return {"error": "…"}, 503."""
    return answer.status == 500 and said(r"^werkzeug\.exceptions\.\w+: (?P<status>\d{3}) ", log)


@mistake("expect_503")
def handler_below_app_run(answer, bench):
    """The errorhandler (app.py, line {line}) stands below app.run(…). Python does not get to the lines below that call while the
    server runs: put it above."""
    program = bench.folder / "app.py"
    text = program.read_text(encoding="utf-8", errors="replace") if program.exists() else ""
    run, handler = (
        re.search(rf"^\s*{words}", text, re.MULTILINE) for words in (r"app\.run\(", r"@app\.errorhandler\(")
    )
    is_below = answer.status == 500 and run and handler and run.start() < handler.start()
    return is_below and {"line": text[: handler.end()].count("\n") + 1}


@mistake("expect_503")
def redis_error_let_through(answer, log):
    """Redis was gone, and redis-py's {kind} went through to Flask, which says 500. Answer 503 for it: an errorhandler for
    redis.exceptions.ConnectionError, and one for redis.exceptions.TimeoutError. Python's own ConnectionError and
    TimeoutError, which need no import, are other classes."""
    last = answer.status == 500 and said(r"^(?P<where>[\w.]*\.)?(?P<kind>\w+(?:Error|Exception))\b", log)
    is_told = isinstance(answer.json, dict)  # what was caught may be in the log too
    return last and last["where"] == "redis.exceptions." and not is_told and last


@mistake("expect_503")
def outage_told_with_500(answer):
    """The error is reported as JSON, but not with the status for an outage. Return {"error": "…"}, 503."""
    return answer.status in (400, 500, 502, 504) and isinstance(answer.json, dict)


@mistake("expect_503")
def answers_as_if_redis_were_there(answer):
    """Redis was gone, and the service answered as if it were there. Either it did not ask Redis, but keeps something in
    the process, or it swallowed the error. Answer 503."""
    return answer.status in (200, 201, 404)


def tries_of_a_late_one(away, patience, answer, actual):
    """What a request tried that was refused since its answer did not come in time; None if it was refused for something else."""
    is_late = (answer is not None and answer.status is None) or (isinstance(actual, float) and actual > patience)
    return away.tries if is_late else None


def told(tries):
    """What fills a sentence: how often one request tried, with which pauses, and how long it took in all."""
    pauses = sorted(tries.pauses) or [0.0]
    apart = f"{pauses[0]:.1f}" if pauses[-1] - pauses[0] < 0.2 else f"{pauses[0]:.1f} to {pauses[-1]:.1f}"
    took = f"took {tries.seconds:.1f} s" if tries.answered else f"had not ended after {tries.seconds:.0f} s"
    return {"count": len(tries.at), "apart": apart, "took": took, "seconds": f"{tries.seconds:.1f}"}


@mistake("expect_503")
def a_view_that_tries_again(PATIENCE, away, reply, answer=None, actual=None):
    """Redis was gone. A request for {path} tried {count} times to reach it, {apart} s apart, which {took}; the answer is
    due in 2 s. The other addresses gave up in time, so it is a loop in this view that tries again. Let the first failure
    be the answer; whoever asked can ask again."""
    tries = tries_of_a_late_one(away, PATIENCE, answer, actual)
    others = any(one.status == 503 and one.seconds <= PATIENCE and one.path != reply.path for one in away.answers)
    return tries and others and len(tries.at) > 2 and {"path": reply.path, **told(tries)}


@mistake("test_a_stopped_redis_is_503")
def tried_eleven_times(PATIENCE, outage, answer=None, actual=None):
    """Redis was stopped. One request tried {count} times to reach it, {apart} s apart, which {took}. That is how redis-py's
    Redis(host=…) does by itself: ten retries with pauses that grow. Say how often: retry=Retry(NoBackoff(), 0)."""
    tries = tries_of_a_late_one(outage.stopped, PATIENCE, answer, actual)
    return tries and len(tries.at) == 11 and max(tries.pauses) - min(tries.pauses) > 0.2 and told(tries)


@mistake("test_a_stopped_redis_is_503")
def tried_again_and_again(PATIENCE, outage, answer=None, actual=None):
    """Redis was stopped. One request tried {count} times to reach it, {apart} s apart, which {took}; the answer is due in
    2 s. Who tries again: a loop with a pause in your own code, or the client's `retry=`? Let the first failure be the
    answer; whoever asked can ask again."""
    tries = tries_of_a_late_one(outage.stopped, PATIENCE, answer, actual)
    return tries and len(tries.at) > 2 and told(tries)


@mistake("expect_503")
def waits_after_the_failure(PATIENCE, away, answer=None, actual=None):
    """One request tried to reach Redis {times}, and had failed after {failed} s; it {took} all the same. Something in the
    code waits after that: a sleep, perhaps."""
    tries = tries_of_a_late_one(away, PATIENCE, answer, actual)
    failed = tries and tries.at[-1] + tries.longest
    waits = tries and len(tries.at) <= 2 and tries.seconds - failed > 1
    return waits and {"times": ("once", "twice")[len(tries.at) - 1], "failed": f"{failed:.1f}", **told(tries)}


@mistake("test_a_paused_redis_is_503")
def each_try_waits(PATIENCE, outage, answer=None, actual=None):
    """Redis hung: it took the connection and answered nothing. One request tried {count} times, {apart} s apart, and
    {took}; the answer is due in 2 s. Half a second for each try (socket_timeout=0.5), and no second one: in your own
    code, or by the client's `retry=`."""
    tries = tries_of_a_late_one(outage.paused, PATIENCE, answer, actual)
    return tries and len(tries.at) > 1 and told(tries)


@mistake("test_a_paused_redis_is_503")
def waits_for_redis_too_long(PATIENCE, outage, answer=None, actual=None):
    """Redis hung: it took the connection and answered nothing, and the service waited for it: a request with a single try
    {took}. redis-py waits 5 s unless it is told less, and with socket_timeout=None for ever. Give it
    socket_timeout=0.5."""
    tries = tries_of_a_late_one(outage.paused, PATIENCE, answer, actual)
    return tries and len(tries.at) == 1 and tries.seconds > PATIENCE and told(tries)


@mistake("test_it_recovers_by_itself")
def remembers_that_redis_was_down(answer):
    """Redis has been back for 8 s, and the service still answers with an error. Does it remember that Redis was down? Ask
    Redis at each request."""
    return answer.status is not None and answer.status >= 500


@mistake("test_it_starts_before_redis")
def talks_to_redis_at_the_start(start):
    """Started while Redis was not there yet, the service did not come up: it talks to Redis while it starts. Make the
    client at the start, but send it nothing before the first request; making it opens no connection."""
    return start and not re.search(r"(?m)^(?:Value|Type|Key|Index|Attribute|Assertion|Name)Error\b", start.log)


@mistake("test_it_starts_before_redis")
def decides_at_the_start(answer, RECOVERY):
    """It started before Redis was there, and {after} s after Redis came it still answers with an error. Does it keep in mind, from its start, from
    its first request or from a look now and then, whether Redis is there? Ask Redis at each request."""
    return answer.status is not None and answer.status >= 500 and {"after": f"{RECOVERY:.0f}"}
