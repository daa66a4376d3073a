"""What goes wrong in lesson 20. Looked through after a check has failed, from the top; the first that holds is the hint."""

import json
import re

from workshop.grader import mistake, samples

UP = "test_one_command_brings_it_up"
PROGRAM = ("python_", "process_")  # how the names begin of what prometheus_client tells of every program
ASKING = (
    "stored",
    "sent",
    "inbox",
    "complete",
    "added",
    "numbers",
    "test_pairs",
    "test_reading_an_inbox",
    "test_completions",
)


@mistake(UP)
def tests_come_up_with_the_rest(stack):
    """{place}: tests has no `profiles`, so `docker compose up` starts it together with the service. With `profiles: [test]` it is started only if it is
    asked for by its name."""
    return "tests" in stack.config["services"] and {"place": stack.as_written.where("services", "tests")}


@mistake("test_web_reports_its_health")
def no_health_test(actual):
    """Nobody tests whether web is well: neither its image nor the compose file has a health test. Lesson 5 has a HEALTHCHECK that asks /healthz."""
    return actual is None


@mistake(*ASKING)
def route_missing(answer, web):
    """There is no route {path} in this service. The service has all of lessons 7, 14 and 15, and /readyz and /metrics beside them."""
    is_one = answer.status == 404 and answer.path.partition("?")[0] in (
        "/set",
        "/messages",
        "/complete",
        "/words",
        "/metrics",
    )
    return is_one and web().request("OPTIONS", answer.path).status == 404 and {"path": answer.path.partition("?")[0]}


@mistake("test_pairs")
def missing_key_is_no_404(answer, expected):
    """A key that is not there was answered with {status}. redis-py's `get` returns None for it; the answer is 404."""
    return str(expected).startswith("404") and answer.status in (200, 500) and {"status": answer.status}


@mistake("test_pairs")
def pair_elsewhere(actual, pair, stack):
    """web took the pair, and Redis has no string under the key {key}. It has {others}. A pair is kept as a plain string under the key that came."""
    others = [key for key in stack.redis_cli("KEYS", "*").split() if key != pair["key"]]
    return actual == "" and {"key": pair["key"], "others": ", ".join(others[:3]) or "no key at all"}


@mistake("test_pairs", "test_reading_an_inbox", "test_completions")
def malformed_request_breaks_the_view(answer, expected):
    """A request without something that it needs was answered with 500: the view broke on it. Look at what came before you use it, and answer 400."""
    return str(expected).startswith("400") and answer.status == 500


@mistake("test_visits_are_counted")
def visits_are_not_shown(pages):
    """A hundred visits got the same page: {page}. `GET /` says how many visits there were, this one included: the number that INCR returns."""
    return len(set(pages)) == 1 and {"page": pages[0].strip()[:80]}


@mistake("test_visits_are_counted")
def visits_counted_in_two_steps(pages):
    """Of a hundred visits, 25 at a time, some got the same number: {same}. Another visit came between two commands, or each process counts for itself. INCR counts
    and answers in one step, in Redis; use what it answers."""
    twice = sorted({page.strip() for page in pages if pages.count(page) > 1 and re.search(r"\d", page)})
    return len(set(pages)) > 1 and twice and {"same": twice[0][:80]}


def rows(side):
    """The conversations of an inbox; none where something else was compared, as a status."""
    return side if isinstance(side, list) else []


@mistake("test_the_inbox")
def preview_cut_otherwise(actual, expected):
    """A preview is {shown}, and the message begins with {due}. It is the first 40 characters of the text, and nothing else: text[:40]."""
    shown, due = ({one[0]: str(one[2]) for one in rows(side)} for side in (actual, expected))
    cut = [peer for peer in due if shown.get(peer, "")[:5] == due[peer][:5] and shown[peer] != due[peer]]
    short = [peer for peer in cut if len(shown[peer]) <= 40]
    return short and {"shown": repr(shown[short[0]]), "due": repr(due[short[0]])}


@mistake("test_the_inbox")
def late_message_replaces_the_newest(actual, late):
    """The message that came last is shown, and it is not the newest: its `at` is 15 minutes ago. What decides is `at`, not the order of arrival."""
    return any(peer == late["from"] and preview == late["text"][:40] for peer, _, preview in rows(actual))


@mistake("test_the_inbox")
def late_message_not_counted(actual, expected):
    """The previews are right, and {unread} is told to be unread where two messages came. The second one was late, which changes neither the preview nor the
    place; it is unread all the same."""
    same = [(one[0], one[2]) for one in rows(actual)] == [(one[0], one[2]) for one in rows(expected)]
    return same and bool(rows(actual)) and actual[0][1] == 1 and {"unread": actual[0][1]}


@mistake("test_the_inbox")
def preview_not_cut(actual, expected):
    """A preview is longer than 40 characters. It is the beginning of the text: text[:40]."""
    return any(len(str(preview)) > 40 for _, _, preview in rows(actual))


@mistake("test_the_inbox")
def late_message_moves_the_conversation(actual, expected):
    """The conversations are right, and their order is not. The newest comes first, by the `at` of its newest message; a late message moves nothing."""
    return actual != expected and sorted(map(repr, rows(actual))) == sorted(map(repr, rows(expected))) != []


@mistake("test_reading_an_inbox")
def unknown_peer_read_all_the_same(answer, expected):
    """Reading a conversation that is not there was answered with {status}. There is none to read: 404."""
    return str(expected).startswith("404") and answer.status == 200 and {"status": answer.status}


@mistake("test_reading_an_inbox")
def message_to_oneself_taken(answer, expected):
    """A message to oneself was taken. It has no inbox to go to: 400."""
    return str(expected).startswith("400") and answer.status == 201


@mistake("test_keys_have_hash_tags")
def no_hash_tag(keys):
    """The keys of one user are {keys}. A cluster would keep them on different nodes, and no script and no transaction could use two of them. Put the
    user's name into braces, as in `inbox:{ada}:unread`."""
    return len(keys) > 1 and {"keys": ", ".join(keys)}


@mistake("test_completions")
def lightest_first(actual, expected):
    """The lightest words come first: a sorted set is in ascending order. Ask for it in reverse (`ZRANGE … REV`), or keep the weights below zero."""
    weights = [weight for _, weight in actual] if isinstance(actual, list) else []
    return len(weights) > 1 and weights == sorted(weights) and len(set(weights)) > 1


@mistake("test_completions")
def capitals_kept_apart(actual, expected, words, beginning, web):
    """With capitals it is another word for this service. Fold the case of what comes in, in the question and in the word: `casefold()`."""
    plain = web().get("/complete", q=beginning, n="5").json
    found = {one["word"]: one["weight"] for one in (plain or {}).get("completions", [])}
    with_capitals = len(expected) == 2  # the question that was asked in capitals
    return (with_capitals and not actual and found) or found.get(words[0]) == 20 or words[0].upper() in found


@mistake("test_completions")
def weight_replaced(actual, words, web):
    """A word that came again has its second weight, 15. It has to add up: ZINCRBY or HINCRBY in place of a plain set."""
    found = web().get("/complete", q=words[0]).json or {}
    return {"word": words[0], "weight": 15} in found.get("completions", [])


@mistake("test_settings")
def idle_conversation_stays(actual, idle, busy):
    """INBOX_TTL was {TTL} s. {busy} went on writing, {idle} did not, and after more than {TTL} s the inbox shows {idle} still. Does web read INBOX_TTL from
    its environment? And has each conversation an end of its own, as in lesson 14? That of the whole inbox begins anew with every message."""
    return isinstance(actual, list) and idle in actual and {"idle": idle, "busy": busy}


@mistake("test_settings")
def cap_not_kept(actual, expected, CAP):
    """COMPLETIONS_CAP was {CAP}, and there are {count} completions of one beginning. Read the number from web's environment, and after each word remove what
    is beyond it: ZREMRANGEBYRANK."""
    found = [word for one in actual if isinstance(one, tuple) for word in one[:1]] if isinstance(actual, list) else []
    return len(found) > CAP and {"count": len(found)}


@mistake("numbers")
def metrics_are_something_else(actual):
    """/metrics answers JSON. Prometheus reads text with a line for each number: `name{labels} value`. `generate_latest()` of its client library writes it."""
    return isinstance(getattr(actual, "json", None), (dict, list))


@mistake("numbers")
def metrics_sent_as_a_page(actual):
    """The numbers are right, but the answer says that it is {kind}. Flask sends every text as a page; send this one with `content_type=CONTENT_TYPE_LATEST`."""
    return isinstance(actual, str) and {"kind": actual or "of no type"}


@mistake("test_metrics")
def requests_are_not_counted(before, pages):
    """After {REQUESTS} requests, the only numbers that have changed are those that prometheus_client tells of every program: of Python, and of its process.
    Count each request in a Counter of your own, when its answer is made: `@app.after_request`."""
    own = [
        (name, value)
        for page in pages
        for name, value in page.items()
        if not name.startswith(PROGRAM) and "_created" not in name
    ]
    return all(before.get(name) == value for name, value in own)


@mistake("test_metrics")
def each_process_counts_alone(rises, pages, web, REQUESTS):
    """After {count} requests, the answers do not agree: each comes from one process, which tells what it has counted itself. With several processes,
    prometheus_client needs PROMETHEUS_MULTIPROC_DIR and a MultiProcessCollector."""
    web().get("/complete", q="x")  # an odd number of them: two processes cannot have had the same
    later = [samples(answer.text) or {} for answer in web().at_once(len(pages), "/metrics")]
    counters = {name for page in later for name in page if "_total" in name or "_count" in name}
    still = {name for name in counters if "complete" in name} | {
        "process_start_time_seconds"
    }  # nobody asks for it meanwhile
    spreads = [[page.get(name, 0) for page in later] for name in counters if not name.startswith(PROGRAM)]
    disagree = any(len({page.get(name, 0) for page in later}) > 1 for name in still)
    far_apart = any(max(values) - min(values) > 2 * len(pages) for values in spreads)
    return not all(rises) and (disagree or far_apart) and {"count": REQUESTS}


@mistake("test_redis_away_is_503")
def outage_waits_too_long(answer, expected):
    """While Redis was away, the answer did not come in time: the client waits for Redis without an end, or tries many times. Give it `socket_timeout`,
    `socket_connect_timeout`, and a `retry` that gives up."""
    return answer.status is None or (answer.status in (500, 503) and answer.seconds > 2)


@mistake("test_redis_away_is_503")
def outage_takes_too_long(actual, PATIENCE):
    """The answer is right, but it took {seconds} s. The client tries Redis too often, or waits too long for it: `socket_timeout`,
    `socket_connect_timeout` and `retry` decide."""
    return isinstance(actual, float) and actual > PATIENCE and {"seconds": f"{actual:.1f}"}


@mistake("test_redis_away_is_503")
def outage_is_500(answer):
    """Redis was away, and the service answered 500. It is not the program's mistake: catch redis-py's ConnectionError and TimeoutError, and answer 503."""
    return answer.status == 500


@mistake("test_alive_and_ready_are_two_questions")
def liveness_asks_redis(answer, expected):
    """/healthz answered {status} while Redis was away, and the process was well. Who asks it starts a dead service again, and that would not bring Redis
    back: leave Redis out of it."""
    return answer.path == "/healthz" and answer.status in (500, 503) and {"status": answer.status}


@mistake("test_alive_and_ready_are_two_questions")
def readiness_leaves_redis_out(answer):
    """/readyz answered 200 while Redis was away. It says that the service can do its work: ask Redis, with PING, and answer 503 if it does not answer."""
    return answer.path == "/readyz" and answer.status == 200


@mistake("test_alive_and_ready_are_two_questions")
def no_readiness(answer):
    """There is no /readyz in this service. It answers 200 while Redis answers, and else 503."""
    return answer.path == "/readyz" and answer.status == 404


@mistake("test_it_recovers_by_itself")
def not_ready_for_ever(answer):
    """Redis is back, and {path} still answers 503. Something remembers that Redis was away, or keeps a dead connection: ask Redis each time anew."""
    return answer.status == 503 and {"path": answer.path}


@mistake("test_killed_web_comes_back", "test_killed_redis_loses_nothing")
def no_restart(stack, name, actual):
    """{name} has no restart policy, so a process that dies stays dead. Give it `restart: unless-stopped`."""
    policy = stack.service(name).inspect()["HostConfig"]["RestartPolicy"]["Name"]
    return actual != "running again" and policy in ("", "no") and {"name": name}


@mistake("test_killed_redis_loses_nothing")
def no_log_of_writes(answer, stack):
    """Redis came back without pairs that had been answered with 201. It saves a snapshot now and then, and what came since is gone. With
    `--appendonly yes` each write goes into a log at once."""
    return answer.status == 404 and "no" in stack.redis_cli("CONFIG", "GET", "appendonly").split()


@mistake("test_redis_is_not_published")
def redis_published(stack):
    """{place}: redis has `ports`, so programs outside of the stack can reach it, and it asks nobody for a password. web needs no published port: take
    `ports` out."""
    return {"place": stack.as_written.where("services", "redis", "ports")}


@mistake("test_it_does_not_run_as_root")
def user_is_root(users):
    """web runs as root. Make a user in the Dockerfile (`RUN useradd --system app`), and change to it: `USER app`."""
    return 0 in users


@mistake("test_the_image_is_small")
def large_base_image(actual, web, bench):
    """The image has {size} MB, and all but a part of it is the base image: it holds compilers and more that the service never uses. `python:3.13-slim`
    has 130 MB."""
    layers = bench.known_image(web().inspect()["Image"]).layers
    return layers[: len(full(bench))] == full(bench) and {"size": f"{actual:.0f}"}


def full(bench):
    """The layers of the full image of Python, where it is there."""
    from workshop.grader import Unchecked

    try:
        return bench.known_image("python:3.13").layers
    except Unchecked:
        return [None]


@mistake("test_its_tests_run_in_a_container")
def no_tests_service(stack):
    """There is no service `tests` in {file}. It is built like web, with `profiles: [test]` and a `command` that runs the tests."""
    return "tests" not in stack.as_written.services() and {"file": stack.as_written.name}


@mistake("test_its_tests_run_in_a_container")
def no_test_was_found(done):
    """pytest ran in the container and found no test: {said}. Are the tests in the image? Look at `.dockerignore` and COPY."""
    lines = [
        line.strip("= ")
        for line in done.out.splitlines()
        if "no tests ran" in line or "file or directory not found" in line
    ]
    return lines and {"said": lines[-1]}


@mistake("test_its_tests_run_in_a_container")
def pytest_not_in_the_image(done):
    """The container of tests has no pytest: {said}. Install it there, and not in the image of web: a stage of its own, or a Dockerfile of its own."""
    told = f"{done.out}\n{done.err}"
    missing = re.compile(r"No module named '?pytest'?(?!\w)|\bpytest\b\"?:.* not found")
    lines = [line.strip() for line in told.splitlines() if missing.search(line)]
    return lines and {"said": lines[-1][:120]}


@mistake("test_its_tests_run_in_a_container")
def a_test_fails(done):
    """The tests did not all pass: {said}."""
    lines = [
        line.strip("= ") for line in done.out.splitlines() if " failed" in line or line.startswith(("FAILED", "ERROR"))
    ]
    return done.code and lines and {"said": lines[-1][:200]}


@mistake("test_its_tests_notice")
def tests_that_see_nothing(code):
    """The check made every Python file of the service raise an error, and the tests passed all the same: they do not load the service, or their exit code
    is lost. Does the last command of the container end with pytest's exit code?"""
    return code == 0


@mistake("test_two_of_web")
def fixed_host_port(stack, fixed, actual):
    """{file}, line {line}: web wants port {port} of the host, and only one container can have it. Name a range of ports, or none: "127.0.0.1::5000"."""
    return fixed and actual == fixed.port and {"file": stack.as_written.name, "line": fixed.line, "port": fixed.port}


@mistake("test_two_of_web")
def data_in_the_process(answer, one, pair):
    """What one of the two took, the other does not have: it is kept in the process. Keep it in Redis, which both can ask."""
    looks = (one.get("/get", key=pair["key"]).json for _ in range(5))  # one may be several processes
    return answer.status == 404 and any(found == pair for found in looks)


@mistake("test_docker_stop_ends_it")
def signal_does_not_reach_the_server(end):
    """`docker stop` ended web with exit code {code}: process 1 is a shell, `{process}`, which does not pass SIGTERM on. Start the server in list form,
    CMD ["…"], or in a script with `exec`: then it is process 1 itself and gets the signal."""
    is_shell = re.match(r"(?:/\S*/)?(?:ba|da|a)?sh\b", end.process)
    return end.code == 137 and is_shell and {"code": end.code, "process": end.process[:80]}


@mistake("test_docker_stop_ends_it")
def no_handler_for_the_signal(end):
    """`docker stop` ended web with exit code {code}: process 1 is `{process}`, and it has no handler for SIGTERM, so the kernel drops the signal (lesson 5).
    A WSGI server such as gunicorn brings a handler; the development server has none."""
    return end.code == 137 and end.catches is False and {"code": end.code, "process": end.process[:80]}


@mistake("test_docker_stop_ends_it")
def ends_with_a_failure(end):
    """`docker stop` ended web with exit code {code}, which says that it failed. A server that ends as it was asked to ends with 0."""
    return end.code not in (0, 137) and {"code": end.code}


@mistake("test_data_survive_down_and_up")
def no_volume(stack, pair):
    """redis has no volume of its own: `down` removes the container, and its data with it. Mount a named volume on /data."""
    mounts = stack.service("redis").inspect()["Mounts"]
    return not [
        one
        for one in mounts
        if one["Destination"] == "/data" and one["Type"] != "tmpfs" and len(one.get("Name") or "") != 64
    ]
