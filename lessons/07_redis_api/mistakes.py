"""What goes wrong in lesson 7. Looked through after a check has failed, from the top; the first that holds is the hint."""

from workshop.grader import mistake, said, short

ERRORS = ("test_a_missing_key_is_404", "test_get_without_a_key_is_400", "test_a_malformed_set_is_400", "expect_503")
SETS = ("stored", "test_set_answers_201_and_the_pair", "test_any_text_survives_the_round_trip")
OUTAGE = ("expect_503", "test_it_recovers_by_itself", "test_it_starts_before_redis")
GETS = ("test_what_was_set_can_be_got", "test_any_text_survives_the_round_trip", "test_the_value_lives_in_redis")
COUNTS = (
    "test_the_first_page_says_hello_and_counts",
    "test_visits_are_counted_under_the_key",
    "test_each_visit_has_its_own_number",
)
VALUE_IN_REDIS = "test_the_value_lives_in_redis"


def status_is_right(answer, expected):
    """Whether an answer was refused for something else than its status."""
    return isinstance(expected, str) and str(answer.status) in expected.partition(" with")[0]


# The request never reached the view that it was meant for.


@mistake()
def key_in_the_path(answer, service):
    """There is a route for /get/… and none for /get. The key comes after the ?, which is no part of the route:
    @app.get("/get"), and request.args.get("key")."""
    no_route = answer.path == "/get" and answer.status == 404 and service.request("OPTIONS", "/get").status == 404
    return no_route and service.request("OPTIONS", "/get/some-key").status == 200


@mistake()
def no_route(answer, service):
    """There is no route for {path}. Put @app.{method}("{path}") above its view, and both above app.run(…):
    that call is the last line of the file, and what stands below it is never reached."""
    missing = answer.status == 404 and service.request("OPTIONS", answer.path).status == 404
    return missing and {"path": answer.path, "method": answer.method.lower()}


# What came with the request was not found.


@mistake()
def get_reads_a_body(answer):
    """A GET brings no body, and request.get_json() answers 415 for that. What stands after the ? is in request.args:
    request.args.get("key")."""
    return answer.method == "GET" and answer.status == 415


@mistake(*GETS, "test_a_changed_value_is_seen", "test_two_replicas_share_the_data", "expect_503")
def key_not_found_in_the_address(answer):
    """The address had ?key=…, and the view found no key. It stands in request.args: request.args.get("key")."""
    return answer.method == "GET" and answer.status == 400


@mistake("test_any_text_survives_the_round_trip")
def empty_text_refused(answer, value):
    """The value was the text {value}, and POST /set refused it. `if not value` is true for ""; test `if value is None`."""
    return (
        answer.method == "POST" and answer.status in (400, 415, 422) and value in ("", "0") and {"value": repr(value)}
    )


@mistake(*SETS, *OUTAGE)
def pair_not_found_in_the_body(answer):
    """A pair was sent as JSON, and the service refused it as malformed. Read the body with request.get_json();
    request.form is for HTML forms, and request.args for what stands after the ?."""
    return answer.path == "/set" and answer.status in (400, 415)


# Redis is there, and the service says that it is not.


@mistake(*SETS)
def redis_refuses_what_it_is_given(answer, service):
    """POST /set says that Redis is gone, and GET /get reaches it. redis-py refused what it was given, which is a
    RedisError too: SET takes one text for the key and one for the value, no dict and no None."""
    return answer.status == 503 and service.get("/get", key="some-key").status in (200, 404)


@mistake(*SETS, *GETS, "visit", "test_a_missing_key_is_404")
def redis_looked_for_elsewhere(answer, redis):
    """The service says that Redis is gone, and Redis answers the grader. Use the address in REDIS_URL: inside a
    container, localhost is the container itself. And Redis(…) takes a host; for an address it is
    Redis.from_url(os.environ["REDIS_URL"])."""
    return answer.status == 503 and redis.ping()


# Errors, and how they are reported.


@mistake(*ERRORS)
def error_told_with_200(answer):
    """The body tells of an error, and the status {status} says that all is well. Send the status too:
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
def no_key_breaks_the_view(answer):
    """Without ?key=… the view broke down over a value that is not there. request.args.get("key") returns None then;
    answer 400 before asking Redis."""
    return answer.status is not None and answer.status >= 500


@mistake("test_a_malformed_set_is_400")
def malformed_body_taken(answer, what):
    """The body was {what}, and the service took it all the same. Look at what came before you use it; answer 400."""
    return answer.status in (200, 201) and {"what": what}


@mistake("test_a_malformed_set_is_400")
def malformed_body_blamed_on_redis(answer, what):
    """The body was {what}, and the answer blames Redis. Either None was given to Redis (redis-py refuses that with a
    RedisError), or an `except` catches every Exception. It is the client's mistake: look at the body first, answer
    400, and catch RedisError alone."""
    return answer.status == 503 and {"what": what}


@mistake("test_a_malformed_set_is_400")
def malformed_body_breaks_the_view(answer, what):
    """The body was {what}, and the view broke down over it. That is the client's mistake, not the server's: look
    first, then answer 400."""
    return answer.status is not None and answer.status >= 500 and {"what": what}


@mistake("test_a_malformed_set_is_400")
def malformed_is_another_4xx(answer, what):
    """The body was {what}. That is the client's mistake, and the status for it is 400; here it is {status}."""
    is_another = answer.status is not None and 400 < answer.status < 500
    return is_another and {"what": what, "status": answer.status}


# The pair, as it is stored and as it comes back.


@mistake(*SETS, *OUTAGE)
def made_and_answered_with_200(answer):
    """POST /set answers with status 200. Something was made: say 201. Return the status too: return {…}, 201."""
    return answer.path == "/set" and answer.status == 200


@mistake(*GETS, "test_a_changed_value_is_seen", "test_two_replicas_share_the_data")
def bytes_in_the_answer(answer, BYTES):
    """The answer shows b'…': Redis keeps bytes, and these were turned into text as they are. Ask redis-py for text:
    decode_responses=True."""
    return answer.method == "GET" and BYTES.search(answer.text)


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
    return answer.status == 201 and not (isinstance(answer.json, dict) and {"key", "value"} <= set(answer.json))


@mistake(*GETS, "test_a_changed_value_is_seen", "test_two_replicas_share_the_data")
def get_returns_something_else(answer):
    """GET /get must answer with the pair as a JSON object with key and value, and nothing else:
    return {"key": …, "value": …}."""
    is_pair = isinstance(answer.json, dict) and set(answer.json) == {"key", "value"}
    return answer.path == "/get" and answer.status == 200 and not is_pair


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
    """Redis has no key {key}, but it has {others}. Store the value under the key that came, as it came, without a prefix."""
    others = [key for key in redis.keys("*") if key.lower().endswith(pair["key"].lower()) and key != pair["key"]]
    return expected == "string" and bool(others) and {"key": pair["key"], "others": ", ".join(sorted(others)[:3])}


@mistake(VALUE_IN_REDIS)
def all_in_one_hash(redis, pair, expected):
    """Redis has no key {key}, but the hash {name} has a field of that name. Give each value a key of its own: SET key value."""
    hashes = [key for key in redis.keys("*") if redis.type(key) == "hash" and redis.hexists(key, pair["key"])]
    return expected == "string" and bool(hashes) and {"key": pair["key"], "name": hashes[0]}


@mistake(VALUE_IN_REDIS)
def kept_in_a_dict(redis, service, pair, actual):
    """GET /get knows the pair, and Redis has nothing under its key. A Python dict forgets everything when its process ends:
    store it with redis.set(key, value)."""
    return actual == "none" and service.get("/get", key=pair["key"]).json == pair


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
    return answer.path == "/get" and answer.status != 200 and bool(changed or other)


@mistake("test_two_replicas_share_the_data")
def first_value_kept_by_both(answer, pair, newer, replica):
    """One replica was told a new value, said 201, and answers the old one itself: the second SET did not replace the first."""
    return bool(newer) and answer.json == pair and replica.get("/get", key=pair["key"]).json == pair


@mistake("test_two_replicas_share_the_data")
def copy_in_one_replica(answer, pair, newer):
    """One replica changed the value, the other answers the old one: it keeps a copy in the process. Ask Redis each time."""
    return bool(newer) and answer.json == pair


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


@mistake("test_visits_are_counted_under_the_key")
def every_request_counted(actual, before, page=None):
    """GET /get was counted as a visit of `/`. Count in the view of `/` alone; what is below @app.before_request runs for
    every address."""
    return page is None and actual == str(before + 1)


@mistake("test_each_visit_has_its_own_number")
def one_number_told_twice(mine, rivals):
    """While this visit was being counted, other visitors came in between, and one number was told twice. GET, add one, SET
    loses visits; INCR and then GET shows somebody else's. INCR alone does both: show the number it returns."""
    return set(mine) & set(rivals)


@mistake("test_visits_are_counted_under_the_key", "test_each_visit_has_its_own_number")
def visit_not_counted(redis, before, rivals=(), page=None, mine=None):
    """One visit came, and {VISITS} did not rise by it: it is at {now}. Count with INCR under exactly this key."""
    has_visited = page is not None or mine is not None
    now = redis.get("workshop:visits")
    return has_visited and now == str(before + len(rivals)) and {"now": now}


@mistake("test_visits_are_counted_under_the_key")
def page_shows_the_visits_before(page, before, numbers):
    """The page shows {before}, and with this visit it is {after}. Show what INCR returns."""
    return before in numbers(page) and {"before": before, "after": before + 1}


@mistake("test_each_visit_has_its_own_number")
def one_number_for_two_at_once(actual, told):
    """Twelve visits came at once, and some were told the same number. Show the number that INCR returned to this very
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
def kept_in_the_process(taken):
    """The service took a pair and sent it to Redis nowhere: it keeps the pair in the process. Store it with
    redis.set(key, value)."""
    return taken.status == 201


@mistake("test_the_database_is_the_one_of_the_url")
def database_number_ignored(outage):
    """REDIS_URL ended in /3, which is the number of the database, and the service wrote to database 0. Host and port alone
    are not the whole address: Redis.from_url(os.environ["REDIS_URL"]) takes the number too; else say db=…."""
    return "db0" in outage.databases


@mistake("test_the_database_is_the_one_of_the_url")
def no_database_has_a_key(outage):
    """The service took pairs, and no database of Redis has a key: it keeps them in the process. Store them with
    redis.set(key, value)."""
    return outage.late.status == 201 and not outage.databases


# Redis is gone.


@mistake("expect_503")
def handler_takes_no_argument(answer, log):
    """{name}() takes no argument, and what is below @app.errorhandler is called with the error. Give it one:
    def {name}(error)."""
    return answer.status == 500 and said(r"^TypeError: (?P<name>\w+)\(\) takes 0 positional arguments", log)


@mistake("expect_503")
def redis_error_let_through(answer, log):
    """Redis was gone, and redis-py's {kind} went through to Flask, which says 500. Catch redis.exceptions.RedisError and
    answer 503: @app.errorhandler(RedisError)."""
    last = answer.status == 500 and said(r"^(?P<where>[\w.]*\.)?(?P<kind>\w+(?:Error|Exception))\b", log)
    return last and last["where"] == "redis.exceptions." and last


@mistake("expect_503")
def outage_told_with_500(answer):
    """The error is told as JSON, but with a status that says: I broke down. Return {"error": "…"}, 503."""
    return answer.status in (500, 502) and isinstance(answer.json, dict)


@mistake("expect_503")
def answers_as_if_redis_were_there(answer):
    """Redis was gone, and the service answered as if it were there. Something is kept in the process, or an error is
    swallowed. Answer 503."""
    return answer.status in (200, 201, 404)


@mistake("test_a_stopped_redis_is_503")
def tried_again_and_again(PATIENCE, answer=None, actual=None):
    """Redis was stopped, and no answer came in 2 s. redis-py's Redis(host=…) tries ten times more by itself, which takes
    about 4 s; a loop of your own adds to that. Say how often: retry=Retry(NoBackoff(), 1)."""
    is_silent = answer is not None and answer.status is None
    return is_silent or (isinstance(actual, float) and actual > PATIENCE)


@mistake("test_a_paused_redis_is_503")
def waits_for_redis_too_long(PATIENCE, answer=None, actual=None):
    """Redis took the request and never answered, and the service waited with it for more than 2 s. redis-py waits 5 s by
    default, and Redis(host=…) does so eleven times. Give it socket_timeout=0.5; each further try takes as long."""
    is_silent = answer is not None and answer.status is None
    return is_silent or (isinstance(actual, float) and actual > PATIENCE)


@mistake("test_it_recovers_by_itself", "test_it_starts_before_redis")
def never_took_a_pair(outage):
    """POST /set did not answer 201 before Redis was taken away either. See the checks of POST /set first."""
    return outage.before.status != 201


@mistake("test_it_recovers_by_itself")
def remembers_that_redis_was_down(answer):
    """Redis has been back for 8 s, and the service still says that it is gone. Ask Redis at each request; do not
    remember that it was down."""
    return answer.status is not None and answer.status >= 500


@mistake("test_it_starts_before_redis")
def talks_to_redis_at_the_start(start):
    """Started while Redis was not there yet, the service did not come up: it talks to Redis while it starts. Make the
    client at the start, but send it nothing before the first request; making it opens no connection."""
    return bool(start)


@mistake("test_it_starts_before_redis")
def decides_at_the_start(answer):
    """It started before Redis was there, and does not work now that Redis is. Do not decide at the start whether Redis
    is there."""
    return answer.status is not None and answer.status >= 500
