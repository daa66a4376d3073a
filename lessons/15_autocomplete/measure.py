"""Three ways to keep 100,000 words for completion, measured on the Redis of REDIS_URL: its memory, and the time that a question takes.

The words are made from a seed, so everybody has the same ones. The database must be empty; it is empty again at the end.
"""

import math
import os
import random
import statistics
import sys
import time
from collections import defaultdict

from redis import Redis

COUNT, CAP, N = 100_000, 100, 10
QUESTIONS = ("k", "ka", "kasa")
store = Redis.from_url(
    os.environ.get("REDIS_URL", "redis://127.0.0.1:8315/0"), decode_responses=True, socket_timeout=60
)


def make_words():
    """100,000 different words of two to five syllables, each with a weight: few are heavy, most are light."""
    some = random.Random(15)
    syllables = [first + vowel for first in "bdfgklmnprstvz" for vowel in "aeiou"]
    words = {}
    while len(words) < COUNT:
        words["".join(some.choices(syllables, k=some.choice((2, 3, 3, 4, 4, 5))))] = (
            int(some.paretovariate(1)) % 100_000
        )
    return words


class AHashSortedInPython:
    """A hash of all words with their weights: Python fetches all, and keeps what begins so."""

    def fill(self, words):
        store.hset("words", mapping=words)

    def ask(self, q):
        found = [(word, int(weight)) for word, weight in store.hgetall("words").items() if word.startswith(q)]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:N]


class OneLexicographicSet:
    """One sorted set with equal scores, so in the order of the alphabet: Redis sends all that begin so, Python keeps the best."""

    def fill(self, words):
        store.zadd("alphabet", {f"{word}:{weight}": 0 for word, weight in words.items()})

    def ask(self, q):
        found = [member.rsplit(":", 1) for member in store.zrange("alphabet", f"[{q}", f"[{q}\xff", bylex=True)]
        return sorted(((word, int(weight)) for word, weight in found), key=lambda pair: (-pair[1], pair[0]))[:N]


class ASetForEachBeginning:
    """A sorted set for each beginning, with its best 100 words: Redis sends the answer."""

    def fill(self, words):
        behind = defaultdict(list)
        for word, weight in words.items():
            for end in range(1, len(word) + 1):
                behind[word[:end]].append((-weight, word))
        pipe = store.pipeline(transaction=False)
        for number, (beginning, pairs) in enumerate(behind.items(), 1):
            pipe.zadd(f"complete:{beginning}", {word: score for score, word in sorted(pairs)[:CAP]})
            if number % 5_000 == 0:
                pipe.execute()
        pipe.execute()

    def ask(self, q):
        return [(word, -int(score)) for word, score in store.zrange(f"complete:{q}", 0, N - 1, withscores=True)]


def milliseconds(design, q):
    """The median of three questions, after one that does not count."""
    times = []
    for _ in range(4):
        begin = time.perf_counter()
        design.ask(q)
        times.append((time.perf_counter() - begin) * 1000)
    return statistics.median(times[1:])


def used():
    """The memory that Redis uses, in MB."""
    return store.info("memory")["used_memory"] / 1e6


if store.dbsize():
    sys.exit("The database of REDIS_URL is not empty. Name another one, as in redis://127.0.0.1:8315/9")
words = make_words()
answers = []
print(f"{COUNT:,} words; a question is answered with the best {N}; each 8 █ are a factor of ten")
for design in (AHashSortedInPython(), OneLexicographicSet(), ASetForEachBeginning()):
    before = used()
    design.fill(words)
    print(f"\n{type(design).__name__:<24} {used() - before:8.1f} MB  in {store.dbsize():,} keys")
    for q in QUESTIONS:
        figure = milliseconds(design, q)
        print(f"  q={q:<21} {figure:8.2f} ms  {'█' * max(1, round(8 * (2 + math.log10(figure))))}")
    answers.append([design.ask(q) for q in QUESTIONS])
    store.flushdb()
print(f"\nAll three give the same answers: {answers[0] == answers[1] == answers[2]}")
