"""Lesson 15: autocompletion."""

from types import SimpleNamespace
from urllib.parse import quote

import pytest

from workshop.grader import NotUp, commands_done, expect, one_of, rests_on, wanted

JSON = "application/json"
SMALL = 5  # completions kept for each beginning, in the service that is asked for its cap
EXAMPLE = {"cat": 90, "car": 30, "cart": 10, "cod": 10, "cold": 5, "coin": 1}
completes = rests_on("test_every_beginning_leads_to_the_word")
adds = rests_on("test_a_second_time_adds_to_the_weight")
folds = rests_on("test_any_script_is_completed", "test_a_second_time_adds_to_the_weight")


def add(service, word, weight):
    """Adds to the weight of a word."""
    return service.post("/words", json={"word": word, "weight": weight}).expect((200, 201))


def is_written_so(answer):
    """Whether completions are written as the lesson says."""
    found = answer.json.get("completions")
    return isinstance(found, list) and all(isinstance(one, dict) and {"word", "weight"} <= one.keys() for one in found)


def completions(service, q, n=None):
    """The (word, weight) pairs that the service offers for a beginning."""
    n = "" if n is None else f"&n={n}"
    answer = service.get(f"/complete?q={quote(q)}{n}").expect(200, json=dict, media=JSON)
    expect(answer, wanted("an object whose completions each have word and weight", is_written_so))
    return [(one["word"], one["weight"]) for one in answer.json["completions"]]


def alike(some, count):
    """A beginning that no other word has, and `count` words that begin with it."""
    beginning = some.word(7)
    return beginning, [beginning + end for end in some.words(count, 4)]


def test_the_service_answers_from_outside(service):
    """The service starts and answers from outside"""
    service.get("/healthz")


def test_a_word_is_taken(service, some):
    """`POST /words` with `{"word", "weight"}` as JSON answers 201, the word and its weight"""
    pair = {"word": some.word(), "weight": some.number()}
    service.post("/words", json=pair).expect(201, json=pair, media=JSON)


def test_the_best_come_first(service, some):
    """`GET /complete?q=…&n=…` answers the n heaviest words that begin with q, the heaviest first"""
    before = some.word(4)
    for word, weight in EXAMPLE.items():
        add(service, before + word, weight)
    expect(completions(service, f"{before}c", 2), [(f"{before}cat", 90), (f"{before}car", 30)])
    expect(
        completions(service, f"{before}ca", 3), [(f"{before}{word}", EXAMPLE[word]) for word in ("cat", "car", "cart")]
    )
    expect(completions(service, f"{before}dog", 3), [])


@rests_on("test_the_best_come_first")
def test_every_beginning_leads_to_the_word(service, some):
    """Every beginning of a word leads to it, from its first character to the whole word"""
    word, weight = f"{some.word(9)}-{some.word(9)} {some.word(5)}", 999_999
    add(service, word, weight)
    for end in range(1, len(word) + 1):
        best, *_ = completions(service, word[:end], 1) or [None]
        expect(best, (word, weight))


@completes
def test_ten_by_default(service, some):
    """Without `n` there are at most ten"""
    beginning, words = alike(some, 12)
    for weight, word in enumerate(words, 1):
        add(service, word, weight)
    expect(len(completions(service, beginning)), 10)


@completes
def test_equal_weights_by_the_alphabet(service, some):
    """Words of the same weight come in the order of the alphabet"""
    beginning, words = alike(some, 8)
    for word in some.shuffled(words):
        add(service, word, 7)
    expect([word for word, _ in completions(service, beginning, 7)], sorted(words)[:7])


@completes
def test_a_second_time_adds_to_the_weight(service, some):
    """A word that comes again adds to its weight, behind each of its beginnings"""
    beginning, (first, second) = alike(some, 2)
    add(service, first, 10)
    add(service, second, 15)
    add(service, first, 6)
    for q in (beginning[:6], beginning, first):
        expect(completions(service, q, 2)[:1], [(first, 16)])
    for _ in range(2):
        add(service, second, 10**6)
    expect(completions(service, second, 1), [(second, 15 + 2 * 10**6)])


@rests_on("test_a_word_is_taken", "test_a_second_time_adds_to_the_weight")
def test_the_new_weight_is_returned(service, some):
    """If a word comes again, the answer has the weight that it has now"""
    word = some.word(7)
    add(service, word, 16)
    expect(add(service, word, 4).json, {"word": word, "weight": 20})


@completes
def test_any_script_is_completed(service, some):
    """Any script is completed by its characters: umlauts, Chinese, emoji, from right to left, with combining marks"""
    for end in ("übung", "漢字表", "😀😃😄", "مرحبا", "מָלֵא", "हिन्दी", "a\u0332\u0332"):
        word = some.word(7) + end  # so long that no other word begins like it
        add(service, word, 5)
        for length in range(7, len(word) + 1):
            expect(completions(service, word[:length], 1), [(word, 5)])


@folds
def test_capitals_make_no_difference(service, some):
    """Capitals make no difference, neither in the word nor in the question; the word comes back in small letters"""
    word = f"{some.word(8)}ü"
    add(service, word.upper(), 3)
    add(service, word.capitalize(), 4)
    for q in (word[:6], word[:6].upper(), word.title(), word.upper()):
        expect(completions(service, q, 3), [(word, 7)])
    street = f"{some.word(4)}Straße"
    add(service, street, 3)
    for q in (street, street.lower()):
        expect([weight for _, weight in completions(service, q, 3)], [3])


@folds
def test_one_character_or_two(service, some):
    """é is the same, typed as one character or as e and an accent; the word comes back with one character"""
    beginning = some.word(4)
    add(service, f"{beginning}cafe\u0301", 1)
    add(service, f"{beginning}caf\u00e9", 2)
    for q in (f"{beginning}cafe\u0301", f"{beginning}caf\u00e9"):
        expect(completions(service, q, 2), [(f"{beginning}caf\u00e9", 3)])


@completes
def test_the_question_is_data(service, some):
    """What is asked for is data, never a pattern: `*`, `?`, `[a-z]`, `+` and `%41` are characters like any other"""
    beginning, words = alike(some, 3)
    for word in words:
        add(service, word, 2)
    for q in (
        "*",
        f"{beginning[:2]}*",
        f"{beginning[:4]}?",
        f"{beginning[:4]}[a-z]",
        f"{beginning}\\",
        f"{beginning} ",
        "}" + beginning,
    ):
        expect(completions(service, q, 5), [])
    for word in (f"{beginning}*", f"{beginning}+%41"):
        add(service, word, 9)
        expect(completions(service, word, 5), [(word, 9)])


@completes
def test_a_malformed_word_is_400(service, some):
    """400 (or 415) for a word that is missing, only blanks, or longer than 50 characters, and for a weight that is not a whole number from 1 to 1,000,000"""
    word = some.word()
    bodies = {
        "no word": {"weight": 3},
        "a word that is a number": {"word": 7, "weight": 3},
        "a word of blanks": {"word": "   ", "weight": 3},
        "a word of 51 characters": {"word": "x" * 51, "weight": 3},
        "a word of 10,000 characters": {"word": "x" * 10_000, "weight": 3},
        "no weight": {"word": word},
        "a weight of 0": {"word": word, "weight": 0},
        "a weight of 1,000,001": {"word": word, "weight": 1_000_001},
        "a weight of 1.5": {"word": word, "weight": 1.5},
        "a weight that is a string": {"word": word, "weight": "3"},
        "a weight of true": {"word": word, "weight": True},
        "a JSON list": [word, 3],
    }
    for what, body in bodies.items():  # noqa: B007  a mistake names what was sent
        service.post("/words", json=body).expect((400, 415))
    expect(completions(service, word, 3), [])
    for longest in (plain := f"{some.word(20)} {some.word(29)}", f"{some.word(5)}{'漢' * 45}"):  # 50 bytes, then 140
        add(service, longest, 1)
    expect(completions(service, plain, 1), [(plain, 1)])


@completes
def test_a_malformed_question_is_400(service, some):
    """400 for a question without `q`, and for an `n` that is not a whole number from 1 to 100"""
    q = some.word()
    for path in (
        "/complete",
        "/complete?q=",
        f"/complete?q={q}&n=0",
        f"/complete?q={q}&n=101",
        f"/complete?q={q}&n=many",
    ):
        service.get(path).expect(400)
    expect(completions(service, q * 1000, 100), [])


@pytest.fixture(scope="module")
def through_relay(service, relay):
    """A second service of the same work that keeps five completions for each beginning, and whose commands the grader sees on the wire."""
    second = service.another(env={"REDIS_URL": relay.url, "COMPLETIONS_CAP": str(SMALL)})
    with relay.watch() as seen:
        add(second, "warm", 1)
    if not seen.commands:
        raise NotUp(expected="commands to Redis", actual="no command came")
    second.get("/complete?q=w").expect(200)
    return second


@adds
def test_the_best_are_kept(through_relay, redis, some):
    """For each beginning the best `COMPLETIONS_CAP` words are kept, without an end, and no more; a word that grows comes back with all its weight"""
    beginning, words = alike(some, SMALL + 3)
    before = set(redis.keys("*"))
    for weight, word in enumerate(words, 10):
        add(through_relay, word, weight)
    best = sorted(((word, weight) for weight, word in enumerate(words, 10)), key=lambda pair: -pair[1])
    expect(completions(through_relay, beginning, SMALL), best[:SMALL])
    counts = {"zset": redis.zcard, "list": redis.llen, "hash": redis.hlen, "set": redis.scard}
    kinds = {key: redis.type(key) for key in set(redis.keys("*")) - before if beginning[:4] in key}
    sizes = {key: counts[kind](key) for key, kind in kinds.items() if kind in counts}
    expect(
        sizes,
        wanted(f"at most {SMALL} words for each beginning", lambda sizes: max(sizes.values(), default=0) <= SMALL),
    )
    ends = {key: redis.ttl(key) for key in kinds if redis.ttl(key) != -1}
    expect(ends, {}, asked=f"redis-cli TTL {next(iter(ends), beginning)}")
    add(through_relay, words[0], 100)
    expect(completions(through_relay, beginning, 1), [(words[0], 110)])


@completes
def test_a_question_is_one_command(through_relay, redis, relay, some):
    """A question is one command to Redis, and costs the same however many words there are"""
    beginning, words = alike(some, 80)
    costs = []
    for part in (words[:10], words[10:]):
        for weight, word in enumerate(part, 1):
            add(through_relay, word, weight)
        before = commands_done(redis)
        with relay.watch() as seen:
            completions(through_relay, beginning[:6], SMALL)
        costs.append(
            SimpleNamespace(commands=commands_done(redis) - before, bytes=seen.received, sent=seen.data_commands)
        )
    few, many = costs
    expect(many.sent, wanted("one command", lambda sent: len(sent) == 1))
    expect(
        many.sent, wanted("one that looks up a key", lambda sent: sent[0].split()[0].upper() not in ("KEYS", "SCAN"))
    )
    expect(
        many.commands,
        wanted(
            f"about {few.commands} commands inside Redis, as with 10 words", lambda count: count <= few.commands + 4
        ),
    )
    expect(many.bytes, wanted(f"about {few.bytes} bytes, as with 10 words", lambda size: size <= 2 * few.bytes + 200))


@adds
def test_a_word_is_added_in_one_step(service, through_relay, relay, some):
    """A word is added in one step: nobody sees it behind one beginning and not behind another"""
    _, (word,) = alike(some, 1)
    looks = []

    def look():
        looks.append([dict(completions(service, word[:end], 3)).get(word, 0) for end in (5, 7, 9)])

    for weight, before, after in ((4, 0, 4), (5, 4, 9)):
        looks.clear()
        with relay.rival(look, before="every"):
            add(through_relay, word, weight)
        for seen in looks:
            expect(seen, one_of([before] * 3, [after] * 3))


@rests_on("test_a_word_is_added_in_one_step")
def test_no_weight_is_lost(service, through_relay, relay, some):
    """No weight is lost, however many add to a word at the same time"""
    _, (word,) = alike(some, 1)
    add(service, word, 1)
    rivals = []
    with relay.rival(lambda: rivals.append(add(service, word, 10)), before="every", times=3) as seen:
        add(through_relay, word, 100)
    for q in (word[:6], word):
        expect(completions(service, q, 1), [(word, 101 + 10 * len(rivals))])
