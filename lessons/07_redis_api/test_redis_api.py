"""Lesson 7: a web API that keeps its data in Redis."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from workshop.outcomes import Mismatch, NotUp

VISITS = "workshop:visits"
PATIENCE = 2.0  # seconds in which an answer must come while Redis is gone
RECOVERY = 8.0  # seconds in which the service must be well again once Redis is back

NO_ROUTE = {
    "/": 'There is no route for `/`. Put @app.get("/") above its view.',
    "/set": 'There is no route for POST /set. Put @app.post("/set") above its view.',
    "/get": 'There is no route for GET /get. The key comes after the ?, which is no part of the route: @app.get("/get"), and request.args.get("key").',
}
BELOW = " A route that stands below app.run(…) is never reached: that call is the last line of the file."
NOT_FOUND = "The pair was taken with 201, and now its key is not found. Does /set store it, and /get look, under the key as it came?"
THE_PAIR = 'GET /get must answer the pair as a JSON object with key and value, and nothing else: return {"key": …, "value": …}.'


ELSEWHERE = (
    "The service says that Redis is gone, and it is there. Does the service look for it at the address in REDIS_URL? Inside a container, localhost is "
    'the container itself. And Redis(…) takes a host; for an address: Redis.from_url(os.environ["REDIS_URL"]).'
)
NEVER_WELL = "POST /set did not answer 201 before Redis was taken away either. See to the checks of POST /set first."


def ask(service, what, **options):
    """The answer to “GET /path”, with the mistakes that keep a request from its view. Where a route has the path, OPTIONS is not answered with 404."""
    method, path = what.split()
    answer = service.request(method, path, **options)
    answer.suspect(answer.status == 404 and service.request("OPTIONS", path).status == 404, NO_ROUTE[path] + BELOW)
    return answer.suspect(
        method == "GET" and answer.status == 415,
        'A GET brings no body, and request.get_json() answers 415 for that. What stands after the ? is in request.args: request.args.get("key").',
    )


def expect_taken(service, answer, **expected):
    """POST /set took the pair: 201, while Redis is there."""
    answer.suspect(
        answer.status in (400, 415),
        "The pair was sent as JSON, and the service found no key and value in it. Read the body with request.get_json(); request.form is for HTML forms.",
    )
    answer.suspect(
        answer.status == 200,
        "The service answers, but with status 200. Something was made: say 201. Return the status too: return {…}, 201.",
    )
    reached = answer.status == 503 and service.get("/").status == 200
    answer.suspect(
        reached,
        "POST /set says that Redis is gone, and GET / reaches it. redis-py refused what it was given, which is a RedisError too: SET takes one text "
        "for the key and one for the value, no dict and no None.",
    )
    return answer.suspect(answer.status == 503, ELSEWHERE).expect(201, **expected)


def stored(service, some, **pair):
    """A pair that the service has just taken."""
    pair = {"key": some.key(), "value": some.text()} | pair
    refused = "POST /set did not take the pair. It takes every pair of texts, whether the key was there before or not, and answers 201."
    expect_taken(service, ask(service, "POST /set", json=pair), because=refused)
    return pair


def shows_bytes(answer):
    """Whether the answer has bytes in it, as Python shows them."""
    return re.search(r"(?<!\w)b\\?['\"]", answer.text) is not None


def got(service, key):
    """What GET /get answers for a key that is there."""
    answer = ask(service, "GET /get", key=key)
    answer.suspect(
        answer.status == 400,
        'The address had ?key=…, and the view found no key. It stands in request.args: request.args.get("key").',
    )
    answer.suspect(
        shows_bytes(answer),
        "The page shows b'…': Redis keeps bytes, and these were turned into text as they are. Ask redis-py for text: decode_responses=True.",
    )
    return answer.suspect(
        answer.status == 200 and (not isinstance(answer.json, dict) or set(answer.json) != {"key", "value"}), THE_PAIR
    )


def visit(service):
    """The page that GET / answers."""
    answer = ask(service, "GET /")
    return answer.suspect(answer.status == 503, ELSEWHERE).expect(200)


def as_json(answer):
    """The answer says in its header that it is JSON."""
    kind = answer.content_type
    if kind != "application/json" and not kind.endswith("+json"):
        hint = (
            f"The words are right, but they are sent as {kind}: a client is told that this is a page. "
            "Return the dict itself, not a string that looks like one; then Flask says application/json."
        )
        raise Mismatch(
            hint, asked=answer.asked, expected="Content-Type: application/json", actual=f"Content-Type: {kind}"
        )


def suspect_error_with_200(answer, status):
    """The view tells of an error and does not say so in the status."""
    told = (
        answer.status in (200, 201)
        and isinstance(answer.json, dict)
        and "value" not in answer.json
        and "error" in answer.text.lower()
    )
    answer.suspect(
        told,
        f'The body tells of an error, and the status says 200, all is well. Send the status too: return {{"error": "…"}}, {status}.',
    )


def numbers(answer):
    """The whole numbers that an answer shows."""
    return [int(number) for number in re.findall(r"\d+", answer.text)]


def test_the_service_answers_from_outside(service):
    """The service starts and answers from outside"""
    service.get("/healthz")


def test_set_answers_201_and_the_pair(service, some):
    """`POST /set` with `{"key", "value"}` as JSON answers 201 and the pair, as JSON too"""
    pair = {"key": some.key(), "value": some.text()}
    answer = ask(service, "POST /set", json=pair)
    exactly = 'The answer to POST /set must be the pair as a JSON object, and nothing else, with status 201: return {"key": …, "value": …}, 201.'
    as_json(expect_taken(service, answer, json=pair, because=exactly))


def test_what_was_set_can_be_got(service, some):
    """What was set is what `GET /get?key=…` answers, as JSON with 200"""
    first = stored(service, some)
    pair = stored(service, some, key=first["key"])
    answer = got(service, pair["key"])
    answer.suspect(
        answer.json == first,
        "The key was set twice, and the first value is still there. SET replaces it; SETNX and nx=True do not.",
    )
    answer.suspect(answer.status == 404, NOT_FOUND)
    as_json(answer.expect(200, json=pair, because=THE_PAIR))
    answer = got(service, pair["key"])
    answer.suspect(
        answer.status == 404,
        "GET /get answered the pair, and asked again it does not find it: reading took it away. GET leaves it.",
    )
    answer.expect(200, json=pair, because=THE_PAIR)


def test_a_missing_key_is_404(service, some):
    """A key that is not there answers 404 and an error as a JSON object"""
    answer = ask(service, "GET /get", key=some.key())
    suspect_error_with_200(answer, 404)
    answer.suspect(
        answer.status == 200,
        "A missing key was answered with 200. redis-py's get returns None where there is no such key: ask `if value is None`, and answer 404.",
    )
    answer.suspect(
        answer.status == 404 and answer.json is None,
        'The status is right, but the body is a page, not JSON. A program reads this: return {"error": "…"}, 404.',
    )
    answer.suspect(
        answer.status == 404, 'The status is right, and the JSON is no object. Return a dict: {"error": "…"}, 404.'
    )
    answer.suspect(
        answer.status == 400,
        "The request was well formed, only the key is not there: that is 404. 400 says that the client sent nonsense. "
        'Where the view saw no ?key=…: request.args.get("key") reads it.',
    )
    as_json(answer.suspect(answer.status == 503, ELSEWHERE).expect(404, json=dict))


def test_get_without_a_key_is_400(service):
    """`GET /get` without a key answers 400"""
    answer = ask(service, "GET /get")
    suspect_error_with_200(answer, 400)
    answer.suspect(
        answer.status == 404,
        "No key was asked for, so none can be missing. 404 says not found; the request itself is malformed: 400.",
    )
    answer.suspect(
        answer.status == 200,
        "Nothing was asked for, and the answer is 200. Look whether request.args has a key; if not, answer 400.",
    )
    unseen = 'Without ?key=… the view meets a value that is not there. request.args.get("key") gives None then; answer 400 before asking Redis.'
    answer.expect(400, because=unseen)


def test_a_malformed_set_is_400(service, some):
    """A `POST /set` whose body is not such JSON answers 400 (or 415)"""
    key, value = some.key(), some.text()
    bodies = [
        (b"{not json", "application/json", "JSON with a mistake in it"),
        (f"key={key}&value=x".encode(), "application/x-www-form-urlencoded", "a form instead of JSON"),
        (f'{{"key": "{key}"}}'.encode(), "application/json", "JSON without a value"),
        (f'{{"value": "{value}"}}'.encode(), "application/json", "JSON without a key"),
        (b'["key", "value"]', "application/json", "a JSON list, of the words key and value"),
        (b"7", "application/json", "JSON, but a mere number"),
    ]
    for body, kind, what in bodies:
        answer = ask(service, "POST /set", data=body, headers={"Content-Type": kind})
        suspect_error_with_200(answer, 400)
        taken = f"The body was {what}, and the service took it all the same. Look at what came before you use it; answer 400."
        answer.suspect(answer.status in (200, 201), taken)
        answer.suspect(
            answer.status == 503,
            f"The body was {what}, and the answer blames Redis. Was None given to Redis (redis-py refuses that with a RedisError), or does an `except` "
            "catch every Exception? It is the client's mistake: look at the body first, answer 400, and catch RedisError alone.",
        )
        broke = f"The body was {what}, and the view broke down over it. That is the client's mistake, not the server's: look first, then answer 400."
        answer.suspect((answer.status or 0) >= 500, broke)
        answer.expect(
            (400, 415), because=f"The body was {what}. That is the client's mistake, and the status for it is 400."
        )


def test_any_text_survives_the_round_trip(service, some):
    """Any text survives the round trip: empty, emoji, quotes, line ends, 100 kB"""
    values = {
        "quotes, emoji and line ends": some.spicy(),
        "a word with a capital, a space before it and a line end behind it": f" {some.name()}\n",
        "100 kB": some.word(50) * 2000,
        "digits with zeros in front": f"00{some.number()}",
        "the empty text": "",
        "the text 0": "0",
    }
    for what, value in values.items():
        for key in (some.key(), f"{some.name()} &?#/é"):
            pair = {"key": key, "value": value}
            answer = ask(service, "POST /set", json=pair)
            answer.suspect(
                value in ("", "0") and answer.status in (400, 415, 422),
                'An empty text is a text too. `if not value` is true for ""; ask `if value is None`.',
            )
            expect_taken(service, answer, because=f"The value was {what}; the key {key!r}.")
            answer = got(service, key)
            answer.suspect(
                answer.status == 404 and value == "",
                'The value is the empty text, and the service says that it is not there. `if not value` is true for "" as well: ask `if value is None`.',
            )
            answer.suspect(answer.status == 404, NOT_FOUND)
            changed = f"The value was {what}, the key {key!r}, and they did not come back so. Store the text as it came, without strip or escape."
            answer.expect(200, json=pair, because=changed)


def test_the_value_lives_in_redis(service, redis, some):
    """The value is in Redis, under its own key, as the plain string, and stays there"""
    before = set(redis.keys("*"))
    pair = stored(service, some, key=f"{some.name()}:{some.word()}", value=some.spicy())
    kind = redis.type(pair["key"])
    if kind == "none":
        others = sorted(key for key in redis.keys("*") if key not in before or redis.type(key) != "string")[:5]
        hint = "Nothing in Redis under this key. A Python dict forgets everything when its process ends."
        if others:
            hint = f"Redis has no key {pair['key']}, but it has {', '.join(others)}. Store the value under the very key that came, without a prefix."
        if pair["value"] in others:
            hint = "Redis has the value for a key: the two have changed places. First the key, then the value: redis.set(key, value)."
        raise Mismatch(hint, expected="string", actual=kind)
    if kind != "string":
        raise Mismatch(
            f"Under this key Redis has a {kind}. The lesson asks for a plain string: SET key value.",
            expected="string",
            actual=kind,
        )
    found = redis.get(pair["key"])
    if found != pair["value"]:
        raise Mismatch(
            "Under this key Redis has another text than the value: it was wrapped or changed on the way. Store the value itself, not JSON or str() of it.",
            expected=pair["value"],
            actual=found,
        )
    left = redis.ttl(pair["key"])
    if left != -1:
        hint = f"Redis will remove the value in {left} s: it was stored with an end (ex=…, SETEX, EXPIRE). What was set stays until it is set anew."
        raise Mismatch(hint, expected="-1 (no end)", actual=str(left))
    other = {"key": some.key(), "value": some.text()}
    redis.set(other["key"], other["value"])
    answer = got(service, other["key"])
    unseen = "Another program put a plain string into Redis, and /get does not find it. Whoever writes it: what is in Redis counts."
    answer.suspect(answer.status == 404, unseen).expect(200, json=other, because=THE_PAIR)


def test_a_changed_value_is_seen(service, redis, some):
    """What another program changes in Redis is what `/get` answers next"""
    pair = stored(service, some)
    answer = got(service, pair["key"])
    answer.suspect(answer.status == 404, NOT_FOUND).expect(200, json=pair, because=THE_PAIR)
    changed = some.text()
    redis.set(pair["key"], changed)
    answer = got(service, pair["key"])
    kept = "Redis has a new value, the service answers the old one: it keeps a copy in the process, or under another key. Ask Redis for this very key."
    answer.suspect(answer.json == pair, kept)
    unread = "Another program put a new text under the key, with SET, and /get does not answer it. Ask Redis for the plain string: redis.get(key)."
    answer.expect(200, json=pair | {"value": changed}, because=unread)


def test_the_first_page_says_hello_and_counts(service):
    """`GET /` says hello and how many visits there were"""
    answers = [visit(service) for _ in range(3)]
    seen, page = [numbers(answer) for answer in answers], str(answers[0])
    if "hello" not in answers[0].text.lower():
        raise Mismatch("The first page does not say hello.", expected="hello", actual=page)
    if shows_bytes(answers[0]):
        raise Mismatch(
            "The page shows b'…': Redis keeps bytes. Ask redis-py for text: decode_responses=True.", actual=page
        )
    if not seen[0]:
        raise Mismatch(
            "The first page shows no number. It should say how many visits there were.",
            expected="a number",
            actual=page,
        )
    if not any(first + 1 in seen[1] and first + 2 in seen[2] for first in seen[0]):
        hint = "Three visits in a row should show three numbers, each one higher than the one before."
        raise Mismatch(hint, expected="a number that rises by one", actual="\n".join(map(str, answers)))


def test_visits_are_counted_under_the_key(service, redis, some):
    """Visits of `/` are counted in Redis under the key `workshop:visits`"""
    before = some.number(100, 900)
    redis.set(VISITS, before)
    service.get("/get", key=some.key())
    meanwhile = redis.get(VISITS)
    answer = visit(service)
    after = redis.get(VISITS)
    if meanwhile != str(before):
        hint = "GET /get was counted as a visit of `/`. Count in the view of `/` alone; what is below @app.before_request runs for every address."
        raise Mismatch(hint, asked=f"redis-cli GET {VISITS}", expected=str(before), actual=str(meanwhile))
    if after != str(before + 1):
        hint = (
            f"One visit should bring {VISITS} from {before} to {before + 1}. Count with INCR under exactly this key."
        )
        raise Mismatch(hint, asked=f"redis-cli GET {VISITS}", expected=str(before + 1), actual=str(after))
    if before + 1 not in numbers(answer):
        hint = (
            f"In Redis {VISITS} is {before + 1} now, and the page does not show that number. Show what INCR answers."
        )
        raise Mismatch(hint, asked=answer.asked, expected=f"a page with {before + 1}", actual=str(answer))


@pytest.fixture(scope="module")
def through_relay(_service, _redis, relay):
    """A second service whose REDIS_URL leads over a relay, so that the grader sees each command on the wire."""
    _redis.set(VISITS, 41)
    service = _service.another(env={"REDIS_URL": relay.url})
    service.visits_at_start = _redis.get(VISITS) or "none"
    with relay.watch() as seen:
        answers = [service.post("/set", json={"key": "by:another:way", "value": "x"})]
        if answers[0].status != 201:  # a mistake in this view is not one in the address
            answers.append(service.get("/"))
    if not seen.data_commands:
        hint = (
            "REDIS_URL named another address than before, and the service sent nothing there. Take the whole address from the environment: "
            'Redis.from_url(os.environ["REDIS_URL"]). An address in the code is right on one machine only.'
        )
        broken = next((answer for answer in answers if answer.status == 500), None)
        if broken:
            hint = broken.explain(broken) or hint
        elif all((answer.status or 500) < 500 for answer in answers) and not _redis.exists("by:another:way"):
            hint = "Neither POST /set nor GET / asked Redis for anything. See to the checks of these two first."
            if answers[0].status == 201:
                hint = "The service took a pair and sent it to Redis nowhere: it keeps the pair in the process. Store it with redis.set(key, value)."
        asked, expected = f"docker run --env REDIS_URL={relay.url} …", "a SET at the address in REDIS_URL"
        raise NotUp(hint, asked=asked, expected=expected, actual="no command came")
    return service


def test_redis_is_found_through_redis_url(through_relay):
    """Redis is found through the environment variable `REDIS_URL`"""
    through_relay.get("/healthz")


def test_each_visit_has_its_own_number(through_relay, redis, relay, some):
    """No two visits get the same number, however many come at once"""
    shown = numbers(visit(through_relay))  # a page may have other numbers on it: the counts keep away from these
    before = some.one_of(
        [number for number in range(100, 900) if not any(number < other < number + 30 for other in shown)] or [500]
    )
    redis.set(VISITS, before)
    rivals = []
    with relay.rival(lambda: rivals.append(redis.incr(VISITS)), before="every", times=5):
        answer = visit(through_relay)
    told = numbers(answer)
    after = redis.get(VISITS)
    if set(told) & set(rivals) or after != str(before + len(rivals) + 1):
        hint = f"This visit did not bring {VISITS} up by one, or took others away from it. Count with INCR under exactly this key."
        if set(told) & set(rivals):
            hint = (
                "While this visit was being counted, other visitors came in between, and one number was told twice. GET, add one, SET loses visits; "
                "INCR and then GET shows somebody else's. INCR alone does both: show the number it answers."
            )
        raise Mismatch(
            hint,
            asked=answer.asked,
            expected=f"a number that no other visitor got, and {VISITS} at {before + len(rivals) + 1}",
            actual=f"this visit was told {told}, those in between {rivals}, and {VISITS} is at {after}",
        )
    wanted = set(range(int(after) + 1, int(after) + 13))
    counts = [wanted & set(numbers(one)) for one in through_relay.at_once(12, "/")]
    if set().union(*counts) != wanted:
        raise Mismatch(
            "Twelve visits at once did not get twelve numbers in a row. Count with INCR, and show the number it answers.",
            expected=f"{min(wanted)} to {max(wanted)}, each once",
            actual=", ".join(str(max(count, default="another")) for count in counts),
        )


def test_two_replicas_share_the_data(service, through_relay, some):
    """Two replicas of the service see one another's data"""
    replica = through_relay
    if replica.visits_at_start in ("none", "0", "1"):
        hint = "A replica was started, and the visits so far were lost: the app sets them when it starts. INCR begins with 1 by itself where no key is."
        raise Mismatch(hint, asked=f"redis-cli GET {VISITS}", expected="41", actual=replica.visits_at_start)
    pair = stored(service, some)
    answer = got(replica, pair["key"])
    answer.suspect(answer.status == 404 and got(service, pair["key"]).status == 404, NOT_FOUND)
    answer.suspect(
        answer.status == 404,
        "One replica took the pair, the other does not have it: the data stay in the process. Keep them in Redis.",
    )
    answer.expect(200, json=pair, because=THE_PAIR)
    newer = stored(replica, some, key=pair["key"])
    answer = got(service, pair["key"])
    kept = answer.json == pair
    answer.suspect(
        kept and got(replica, pair["key"]).json == pair,
        "One replica was told a new value, said 201, and answers the old one itself: the second SET did not replace the first.",
    )
    answer.suspect(
        kept,
        "One replica changed the value, the other answers the old one: it keeps a copy in the process. Ask Redis each time.",
    )
    answer.expect(200, json=newer, because=THE_PAIR)


@pytest.fixture(scope="module")
def outage(_service, _redis):
    """What the service answered while Redis was stopped, while it was paused, and when it was back; asked once for the checks below."""
    seen = SimpleNamespace(late_trouble=None)
    service = _service
    seen.before = service.post("/set", json={"key": "outage", "value": "before"})
    patience = RECOVERY if seen.before.status == 201 else 0
    with _redis.stopped():
        seen.stopped = ask_all(service)
        late = service.another(wait=False, env={"REDIS_URL": re.sub(r"/\d+$", "/3", _redis.url)})
        try:
            late.wait_until_up()
        except NotUp as error:
            hint = (
                "Started while Redis was not there yet, the service did not come up: it talks to Redis while it starts. "
                "Make the client at the start, but send it nothing before the first request; making it opens no connection."
            )
            seen.late_trouble = NotUp(
                hint, asked=error.asked, expected="a service that waits for requests", actual=error.actual
            )
    seen.after_stop = well_again(service, patience)
    if not seen.late_trouble:
        hint = "It started before Redis was there, and does not work now that Redis is. Do not decide at the start whether Redis is there."
        try:
            well_again(late, patience).suspect(seen.before.status != 201, NEVER_WELL).expect(201, because=hint)
        except Mismatch as error:
            seen.late_trouble = NotUp(error.hint, asked=error.asked, expected=error.expected, actual=error.actual)
    seen.keys = {0: _redis.dbsize()}
    _redis.swapdb(0, 3)
    seen.keys[3] = _redis.dbsize()
    _redis.swapdb(0, 3)
    with _redis.paused():
        seen.paused = ask_all(service)
    seen.after_pause = well_again(service, patience)
    return seen


def ask_all(service):
    """The answers of every address that needs Redis, asked at once; each may take a little longer than it should.

    A server that does one request after another lets some wait for the others: what came late is asked again alone.
    """
    limit, logged = PATIENCE + 0.5, len(service.log())
    requests = [
        ("GET /get", {"key": "outage"}),
        ("POST /set", {"json": {"key": "outage", "value": "x"}}),
        ("GET /", {}),
    ]
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda request: ask(service, request[0], limit=limit, **request[1]), requests))
    late = [at for at, answer in enumerate(answers) if answer.seconds > PATIENCE]
    if late and len(late) < len(answers):
        service.get("/healthz", limit=10)
        for at in late:
            answers[at] = ask(service, requests[at][0], limit=limit, **requests[at][1])
    broken = [answer for answer in answers if answer.status == 500]
    raised = errors_in(service, logged) if broken else []
    if raised and not raised[-1].startswith("redis."):
        hint = f"The code itself broke down: {raised[-1]}. What is below @app.errorhandler takes the error as its argument, and returns text."
        for answer in broken:
            answer.suspect(True, hint)
    return answers


def errors_in(service, start):
    """The errors that the log names from `start` on, once it grows no more: it may come a little later than the answer."""
    log = None
    for _ in range(20):
        before, log = log, service.log()[start:]
        if log and log == before:
            break
        time.sleep(0.1)
    return re.findall(r"^[\w.]+(?:Error|Exception)\b.*$", log, re.MULTILINE)


def well_again(service, patience):
    """The first good answer after an outage, or the last bad one."""
    end = time.monotonic() + patience
    while True:
        answer = service.post("/set", json={"key": "outage", "value": "after"})
        if answer.status == 201 or time.monotonic() > end:
            return answer
        time.sleep(0.1)


def expect_503(answers, waiting):
    """Each answer is a 503 with a JSON object, and came in time; `waiting` is the cause of one that did not."""
    for answer in answers:
        told = answer.status in (500, 502) and answer.json is not None
        answer.suspect(
            told, 'The error is told as JSON, but with a status that says: I broke down. Return {"error": "…"}, 503.'
        )
        answer.suspect(
            answer.status in (500, 502),
            "Redis was gone, and redis-py's exception went through to Flask, which says 500. "
            "Catch redis.exceptions.RedisError and answer 503: @app.errorhandler(RedisError).",
        )
        no_json = answer.status == 503 and answer.json is None
        answer.suspect(no_json, 'The status is right, but the body is a page, not JSON. Return {"error": "…"}, 503.')
        answer.suspect(
            answer.status == 503, 'The status is right, and the JSON is no object. Return a dict: {"error": "…"}, 503.'
        )
        refused = "The request was well formed, and was refused before Redis was asked. See first to the checks of this address while Redis is there."
        answer.suspect(answer.status in (400, 415), refused)
        suspect_error_with_200(answer, 503)
        answer.suspect(
            answer.status in (200, 201, 404),
            "Redis was gone, and the service answered as if it were there. Something is kept in the process, or an error is swallowed. Answer 503.",
        )
        answer.suspect(answer.problem is not None and "no answer" in answer.problem, waiting)
        as_json(answer.expect(503, json=dict))
        if answer.seconds > PATIENCE:
            raise Mismatch(
                waiting,
                asked=answer.asked,
                expected=f"503 in {PATIENCE:.0f} s",
                actual=f"{answer} after {answer.seconds:.1f} s",
            )


def test_a_stopped_redis_is_503(outage):
    """While Redis is stopped, every address that needs it answers 503 with a JSON object within 2 s"""
    expect_503(
        outage.stopped,
        f"Redis was stopped, and no answer came in {PATIENCE:.0f} s: redis-py tried again and again. Redis(host=…) tries ten times more by itself, "
        "which takes about 4 s. Say how often: retry=Retry(NoBackoff(), 1).",
    )


def test_a_paused_redis_is_503(outage):
    """While Redis hangs, every address that needs it answers 503 with a JSON object within 2 s"""
    expect_503(
        outage.paused,
        f"Redis took the request and never answered, and the service waited with it for more than {PATIENCE:.0f} s. "
        "redis-py waits 5 s by default, and Redis(host=…) does so eleven times. Give it socket_timeout=0.5; each further try takes as long.",
    )


def test_it_recovers_by_itself(outage):
    """When Redis is back, so is the service, by itself"""
    for answer in (outage.after_stop, outage.after_pause):
        answer.suspect(outage.before.status != 201, NEVER_WELL)
        answer.suspect(
            answer.status is not None and answer.status >= 500,
            f"Redis has been back for {RECOVERY:.0f} s and the service still says that it is gone. Ask Redis at each request; do not remember that it was down.",
        )
        answer.expect(201, because="Redis is back, and the service does not work again.")


def test_it_starts_before_redis(outage):
    """It starts while Redis is not there yet, and works once Redis is"""
    if outage.late_trouble:
        raise outage.late_trouble


def test_the_database_is_the_one_of_the_url(outage):
    """The database is the one that `REDIS_URL` names, as in `…/3`"""
    if outage.late_trouble:
        raise outage.late_trouble
    if not outage.keys[3]:
        hint = (
            "REDIS_URL ended in /3, which is the number of the database, and the service wrote to another one. Host and port alone are not the whole address: "
            'Redis.from_url(os.environ["REDIS_URL"]) takes the number too; else say db=….'
        )
        if not outage.keys[0]:
            hint = "The service took pairs, and no database of Redis has a key: it keeps them in the process. Store them with redis.set(key, value)."
        wrote = f"{outage.keys[3]} keys in database 3, {outage.keys[0]} in database 0"
        raise Mismatch(
            hint, asked="docker run --env REDIS_URL=redis://…/3 …", expected="the data in database 3", actual=wrote
        )
