"""What goes wrong in lesson 15. Looked through after a check has failed, from the top; the first that holds is the hint."""

import re
import unicodedata
from urllib.parse import quote

from workshop.grader import has_another_client, mistake

SHOWS = ("test_the_best_come_first", "completions")
ADDS = ("HINCRBY", "HINCRBYFLOAT", "ZINCRBY", "INCRBY", "INCR")


def words_of(pairs):
    """The words of completions, in their order."""
    return [pair[0] for pair in pairs if isinstance(pair, (tuple, list))] if isinstance(pairs, list) else []


def found(service, q):
    """The (word, weight) pairs that the service offers now."""
    answer = service.get(f"/complete?q={quote(q)}&n=5").json
    rows = answer.get("completions") if isinstance(answer, dict) else None
    return [(row.get("word"), row.get("weight")) for row in rows or [] if isinstance(row, dict)]


def positive_scores(redis, word):
    """The sorted sets in which a word has a positive score, with that score."""
    scores = {key: redis.zscore(key, word) for key in redis.scan_iter(match=f"*{word}*", _type="zset")}
    return {key: score for key, score in scores.items() if score is not None and score > 0}


def what_adds(commands):
    """The commands among those that came that add to a number in one step."""
    return [words[0].upper() for words in commands if words[0].upper() in ADDS]


# Where it is kept.


@mistake("test_a_word_is_taken", "add", "completions")
def another_error_told_as_an_outage(answer, redis):
    """The service says that Redis is gone, but it has a connection to Redis that works. Does an `except` or an errorhandler
    take another error for an outage, one in a command or in a script? RedisError and Exception do. Answer 503 for redis-py's
    ConnectionError and TimeoutError alone; then the log names any other error."""
    return answer.status == 503 and has_another_client(redis)


@mistake("test_a_word_is_taken", "add", "completions")
def redis_looked_for_elsewhere(answer, redis):
    """The service says that Redis is gone. Redis answers the grader, and has no key, and no connection from the service. Does
    it use the address in os.environ["REDIS_URL"]? In another place, localhost is another Redis, or none."""
    return answer.status == 503 and redis.ping() and not redis.dbsize() and not has_another_client(redis)


@mistake("through_relay")
def kept_in_the_process(redis):
    """A word was taken, and nothing came to Redis: it has no key. What a process keeps for itself is lost when it ends,
    and no other process has it. Keep it in the Redis at os.environ["REDIS_URL"]."""
    return not redis.dbsize()


@mistake(*SHOWS)
def name_not_filled_in(redis):
    """There is a key {key}, with the word {word} in it and not its value: all beginnings share that key. Is there an f before
    the quotes? In an f-string two braces stand for one that is meant. One pair puts the value there:
    f"complete:{beginning}"."""
    for key in redis.scan_iter(match="*{*}*"):
        name = re.search(r"\{(beginning|prefix|word|q|text|start)\}", key)
        if name:
            return {"key": key, "word": name[1]}
    return None


# A word, taken or refused.


@mistake("test_a_word_is_taken")
def made_and_answered_with_200(answer):
    """POST /words answers with status 200. Something was made: say 201. Return the status too: return {…}, 201."""
    return answer.status == 200


@mistake("test_a_word_is_taken")
def word_not_returned(answer, pair):
    """POST /words must answer with the word and its weight: {"word": …, "weight": …}."""
    return answer.status == 201 and answer.json != pair


@mistake("test_a_malformed_word_is_400")
def length_in_bytes(answer, longest):
    """A word of {count} characters, as long as one may be, was refused, and another as long was taken. This one has {size} bytes
    in UTF-8. Are they counted in place of its characters? That is len(word), before it is encoded."""
    size, is_refused = len(longest.encode()), answer.path == "/words" and answer.status in (400, 415)
    return is_refused and size > len(longest) and {"count": len(longest), "size": size}


@mistake("test_every_beginning_leads_to_the_word")
def hyphen_and_blank_refused(answer, word):
    """{word} was refused, with its hyphen and its blank; words of letters alone were taken. A word is any text that is not
    only blanks."""
    return answer.path == "/words" and answer.status in (400, 415) and {"word": word}


@mistake("test_a_malformed_word_is_400")
def malformed_word_taken(answer, what):
    """The body had {what}, and the service took it. Check each part before you use it, and answer 400."""
    return answer.path == "/words" and answer.status in (200, 201) and {"what": what}


@mistake("test_a_malformed_word_is_400")
def malformed_word_breaks_the_view(answer, what):
    """The body had {what}, and the view could not handle it. That is the client's mistake, not the server's: check
    first, then answer 400."""
    return answer.path == "/words" and answer.status is not None and answer.status >= 500 and {"what": what}


@mistake("test_a_malformed_question_is_400")
def malformed_question_answered(answer, path):
    """{path} was answered with 200. Answer 400 if there is no `q`, or if `n` is not a whole number from 1 to 100."""
    return answer.status == 200 and {"path": path}


@mistake("test_a_malformed_question_is_400")
def malformed_question_breaks_the_view(answer, path):
    """{path} was answered with {status}: the view could not handle it. What comes after the ? is text, if it is there
    at all. Check it before you use it, and answer 400."""
    return answer.status is not None and answer.status >= 500 and {"path": path, "status": answer.status}


# What is found, and in which order.


@mistake(*SHOWS)
def completions_are_a_list(answer):
    """The answer is a JSON list. The lesson asks for an object with the list in it: {"q": …, "completions": […]}."""
    return answer.path.startswith("/complete") and answer.status == 200 and isinstance(answer.json, list)


@mistake(*SHOWS)
def completions_are_not_pairs(actual):
    """`completions` is {seen}. The lesson asks for a list of objects: [{"word": "cat", "weight": 90}, …]."""
    told = getattr(actual, "json", None)
    found = told.get("completions") if isinstance(told, dict) else None
    if isinstance(found, dict):
        return {"seen": "an object, which has no order"}
    are_words = isinstance(found, list) and bool(found) and all(isinstance(one, str) for one in found)
    return are_words and {"seen": "a list of words without their weights"}


@mistake("test_the_best_come_first")
def question_not_found(answer):
    """`q` was in the address, and the service refused the question with {status}. What comes after the ? is in
    request.args, and nowhere else."""
    is_refused = answer.path.startswith("/complete") and answer.status in (400, 415)
    return is_refused and {"status": answer.status}


@mistake("test_the_best_come_first")
def nothing_found_is_404(answer, before):
    """No word begins with {q}, and the answer was 404. That is no mistake of the client's: answer 200, and an empty list."""
    q = f"{before}dog"
    return answer.status == 404 and q in answer.path and {"q": q}


@mistake("test_the_best_come_first")
def weights_are_strings(actual):
    """The weights come back as strings: {weight} for the first word. They must be numbers: int(…)."""
    weights = [pair[1] for pair in actual if isinstance(pair, tuple)] if isinstance(actual, list) else []
    return bool(weights) and isinstance(weights[0], str) and {"weight": repr(weights[0])}


@mistake("test_the_best_come_first")
def positive_scores_turned_round(actual, redis):
    """The weight of {word} comes back as {weight}, and in {key} its score is {score}: positive. The answer turns the sign
    round, as if negative scores were stored. Store the weight as a negative score; then the heaviest comes first."""
    word, weight = actual[0] if isinstance(actual, list) and actual else ("", 0)
    scores = positive_scores(redis, word) if isinstance(weight, int | float) and weight < 0 else {}
    return bool(scores) and {"word": word, "weight": weight} | dict(
        zip(("key", "score"), next(iter(scores.items())), strict=True)
    )


@mistake("test_the_best_come_first")
def weights_are_negative(actual, redis):
    """The weights come back as they are stored, negative: {weight} for the first word. Turn the sign round again in the
    answer."""
    weights = [pair[1] for pair in actual if isinstance(pair[1], int | float)] if isinstance(actual, list) else []
    are_negative = bool(weights) and max(weights) < 0 and not positive_scores(redis, actual[0][0])
    return are_negative and {"weight": weights[0]}


@mistake("test_the_best_come_first")
def lightest_first(actual, before):
    """The lightest words come first. A sorted set begins with its lowest score: ask with REV (redis-py: desc=True), or
    store the weight as a negative score."""
    return words_of(actual) == [f"{before}coin", f"{before}cold"]


@mistake("test_the_best_come_first")
def by_the_alphabet_alone(actual, before):
    """The words come in the order of the alphabet, whatever their weight. In a sorted set with equal scores the
    alphabet decides; the weight must be the score."""
    return words_of(actual) == [f"{before}car", f"{before}cart"]


@mistake("test_the_best_come_first")
def one_too_many(actual, expected):
    """There is one completion more than `n` says. ZRANGE includes the end of its range: it is n - 1."""
    is_longer = isinstance(actual, list) and len(actual) == len(expected) + 1
    return is_longer and bool(expected) and actual[: len(expected)] == expected


@mistake("test_the_best_come_first")
def n_not_heeded(actual, expected):
    """{count} completions came, and `n` was {n}. What comes after the ? in the address is in request.args."""
    is_longer = isinstance(actual, list) and len(actual) > len(expected) > 0
    return is_longer and {"count": len(actual), "n": len(expected)}


@mistake("test_ten_by_default")
def another_number_by_default(actual):
    """Without `n` there were {count} completions. The lesson asks for ten."""
    return isinstance(actual, int) and actual != 10 and {"count": actual}


@mistake("test_equal_weights_by_the_alphabet")
def alphabet_from_its_end(actual, words):
    """Words of the same weight come from the end of the alphabet. REV, like reverse=True in Python, turns both orders
    round, that of the weights and that of the words. Store the weight as a negative score and ask without REV: then the
    heaviest comes first, and a comes before b."""
    return actual == sorted(words, reverse=True)[:7]


@mistake("test_equal_weights_by_the_alphabet")
def equal_weights_in_no_order(actual, words):
    """Words of the same weight do not come in the order of the alphabet: {seen}. Where the weights are equal, the words
    decide. In Python: key=lambda pair: (-pair[1], pair[0])."""
    are_words = isinstance(actual, list) and bool(actual) and all(isinstance(word, str) for word in actual)
    return are_words and set(actual) <= set(words) and actual != sorted(actual) and {"seen": ", ".join(actual)}


@mistake("test_every_beginning_leads_to_the_word")
def whole_word_not_found(actual, word, end):
    """The whole word is asked for, and not found: the last beginning of a word is the word itself. range(1, len(word) +
    1)."""
    return actual is None and end == len(word)


@mistake("test_every_beginning_leads_to_the_word")
def short_beginnings_not_found(actual, end):
    """A beginning of {end} characters leads nowhere. Every beginning must, from the first character on."""
    return actual is None and end < 4 and {"end": end}


@mistake("test_every_beginning_leads_to_the_word")
def long_beginnings_not_found(actual, end, word):
    """A beginning of {end} characters leads nowhere, and one of {before} leads to the word. Every beginning must, up to
    the whole word."""
    return actual is None and 4 <= end < len(word) and {"end": end, "before": end - 1}


@mistake("test_every_beginning_leads_to_the_word")
def blanks_taken_out(actual, word):
    """{word} was added, and comes back as {seen}, without its blank. A word is all of the text that came."""
    seen = actual[0] if isinstance(actual, tuple) else word
    return seen != word and seen == word.replace(" ", "") and {"word": word, "seen": seen}


@mistake("test_every_beginning_leads_to_the_word")
def only_the_first_part_is_kept(actual, word):
    """{word} was added, and comes back as {part}. A word is all of the text that came, with its blanks and hyphens."""
    part = actual[0] if isinstance(actual, tuple) else word
    return isinstance(part, str) and word.startswith(part) and part != word and {"word": word, "part": part}


@mistake("test_a_second_time_adds_to_the_weight")
def weight_replaced(service, first):
    """{first} came with 10 and then with 6, and weighs 6: the second replaced the first. Add: ZINCRBY or HINCRBY."""
    return (first, 6) in found(service, first) and {"first": first}


@mistake("test_a_second_time_adds_to_the_weight")
def second_time_not_added(service, first):
    """{first} came with 10 and then with 6, and still weighs 10: the second was not added. ZINCRBY and HINCRBY add,
    whether the word is there or not."""
    return (first, 10) in found(service, first) and {"first": first}


@mistake("test_the_new_weight_is_returned")
def weight_returned_as_it_came(actual, word):
    """{word} weighed 16, and 4 came. POST /words answered with the weight 4; answer with the weight that the word has now,
    20. HINCRBY and ZINCRBY return it."""
    return isinstance(actual, dict) and actual.get("weight") == 4 and {"word": word}


@mistake("test_a_second_time_adds_to_the_weight")
def total_is_limited(actual, second):
    """{second} came with a million, twice, and weighs a million. The limit is for the weight that is sent; what it adds up
    to has none."""
    return actual == [(second, 10**6)] and {"second": second}


@mistake("test_capitals_make_no_difference")
def folded_in_two_ways(actual, q, street):
    """{street} was added, and {q} does not find it. Fold the word and the question in the same way: casefold() makes ss of
    ß, and lower() leaves it."""
    return actual == [] and "ß" in q and {"street": street, "q": q}


@mistake("test_capitals_make_no_difference")
def capitals_come_back(actual, word):
    """Both are one word, and it comes back as {seen}. It must come back in small letters: store it folded."""
    is_one = isinstance(actual, list) and len(actual) == 1 and isinstance(actual[0][0], str) and actual[0][1] == 7
    return is_one and actual[0][0] != word == actual[0][0].casefold() and {"seen": actual[0][0]}


@mistake("test_capitals_make_no_difference")
def capitals_kept_apart(actual, expected, word):
    """{word} was added twice, in different capitals, and one question does not find both as one word. Fold the word
    before you store it, and the question before you ask: text.casefold()."""
    return actual != [(word, 7)] and expected == [(word, 7)] and {"word": word}


@mistake("test_any_script_is_completed")
def reduced_to_ascii(actual, word):
    """{word} comes back as {seen}: of each character, only what ASCII has was kept. Every character counts: keep them all."""
    seen = actual[0][0] if isinstance(actual, list) and len(actual) == 1 else word
    bare = unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode()
    return seen != word and seen == bare and {"word": word, "seen": seen}


@mistake("test_any_script_is_completed")
def beginning_of_another_script_not_found(actual, word, length):
    """{word} is not found by its first {length} characters. Beginnings are made of characters, not of bytes: word[:end] of
    the text, before it is encoded. And every character counts, marks too."""
    return actual == [] and {"word": word, "length": length}


@mistake("test_any_script_is_completed", "test_one_character_or_two")
def comes_back_in_another_form(actual, expected):
    """A word of {due} characters comes back with {got}, and looks the same: letters and their marks were taken apart, or
    put together. NFC is the form that the lesson asks for; NFD and NFKD take them apart."""
    pairs = list(zip(actual, expected, strict=False)) if isinstance(actual, list) else []
    words = [
        (got[0], due[0]) for got, due in pairs if isinstance(got[0], str) and got[0] != due[0] and got[1] == due[1]
    ]
    alike = [pair for pair in words if len({unicodedata.normalize("NFD", word) for word in pair}) == 1]
    return bool(alike) and {"got": len(alike[0][0]), "due": len(alike[0][1])}


@mistake("test_one_character_or_two")
def accents_written_in_two_ways(actual):
    """é can be one character, or an e and an accent. They look the same, and here {seen}. Bring the word and the question
    into one form: unicodedata.normalize("NFC", text)."""
    if actual == []:
        return {"seen": "a question in one of the two forms finds nothing"}
    return (
        isinstance(actual, list) and any(weight in (1, 2) for _, weight in actual) and {"seen": "they are two words"}
    )


# The question.


@mistake("test_the_question_is_data")
def question_is_a_pattern(actual, q, service, beginning):
    """`{q}` was taken for a pattern, and what matches it came back. KEYS and the SCAN family read patterns; look up a
    key that is made of the question."""
    matched = found(service, f"{beginning[0]}?{beginning[2:]}")  # only a pattern finds the words behind this
    return bool(actual) and any(sign in q for sign in "*?[") and bool(matched) and {"q": q}


@mistake("test_the_question_is_data")
def not_every_sign_counts(actual, q):
    """`{q}` found {word}, which does not begin with it. Every character of a question counts, whichever sign it is."""
    others = [word for word in words_of(actual) if not str(word).startswith(q)]
    return bool(others) and {"q": q, "word": others[0]}


@mistake("test_the_question_is_data")
def decoded_twice(actual, service, word):
    """The question for {word} found nothing, and the question for {twice} finds it. The framework has decoded the question when your view gets it. The view
    decodes it once more: + becomes a blank then, and %41 an A. Leave `unquote` out."""
    twice = quote(word, safe="")
    return actual == [] and "%" in word and found(service, twice) and {"word": word, "twice": twice}


@mistake("test_a_question_is_one_command")
def all_keys_searched(many):
    """To answer, the service sent {command}, which looks at every key there is while all other clients wait. A key that
    is made of the question is found at once."""
    sent = many.sent[0].split()[0].upper() if many.sent else ""
    return sent in ("KEYS", "SCAN") and {"command": sent}


@mistake("test_a_question_is_one_command")
def several_commands(many):
    """To answer, the service sent Redis {count} commands. Store the completions so that one command reads them: a
    sorted set for each beginning has the words and their weights."""
    return len(many.sent) > 1 and {"count": len(many.sent)}


@mistake("test_a_question_is_one_command")
def script_looks_at_each_word(many, few):
    """One script was sent. Inside Redis it carried out {many} commands for 80 words, and {few} for 10: it looks at each
    of them. Keep the best of each beginning ready."""
    return len(many.sent) == 1 and many.commands > few.commands + 4 and {"many": many.commands, "few": few.commands}


@mistake("test_a_question_is_one_command")
def all_words_fetched(many, few):
    """With 10 words Redis sent {few} bytes, with 80 it sent {many}: all words were fetched, and most thrown away. Let
    Redis send the best n only."""
    return len(many.sent) == 1 and many.bytes > 2 * few.bytes + 200 and {"many": many.bytes, "few": few.bytes}


# What is kept.


@mistake("test_the_best_are_kept")
def one_more_than_the_cap(actual, SMALL):
    """`COMPLETIONS_CAP` was {cap}, and one beginning keeps {size} words: one too many. Ranks begin with 0, so the first to go
    is the one of rank {cap}; and it goes after the new word has come in."""
    sizes = actual.values() if isinstance(actual, dict) else ()
    return max(sizes, default=0) == SMALL + 1 and {"cap": SMALL, "size": SMALL + 1}


@mistake("test_the_best_are_kept")
def kept_without_a_bound(actual, words, SMALL):
    """`COMPLETIONS_CAP` was {cap}, and one beginning keeps all {size} words that came. Is what is beyond the best removed,
    with ZREMRANGEBYRANK? And is the cap the one in os.environ["COMPLETIONS_CAP"]?"""
    sizes = actual.values() if isinstance(actual, dict) else ()
    return max(sizes, default=0) == len(words) and {"cap": SMALL, "size": len(words)}


@mistake("test_the_best_are_kept")
def completions_end(actual, ends):
    """{key} has a time to live of {seconds} s. Then these completions are gone, and no word comes back by itself: leave
    EXPIRE out."""
    return bool(ends) and actual == ends and {"key": next(iter(ends)), "seconds": next(iter(ends.values()))}


@mistake("test_the_best_are_kept")
def best_taken_away(actual, best):
    """More words came than are kept, and the heaviest are not there. Either the wrong end was removed (ZREMRANGEBYRANK
    counts from the lowest score), or a set that is full takes no other word."""
    return isinstance(actual, list) and bool(actual) and best[0] not in actual and actual != [(best[-1][0], 100)]


@mistake("test_the_best_are_kept")
def weight_forgotten_with_the_place(actual, words):
    """{word} was no longer among the best, with a weight of 10. It came again with 100, and weighs {weight}: its weight
    was kept only in that place. Keep all weights in a hash too."""
    return isinstance(actual, list) and actual == [(words[0], 100)] and {"word": words[0], "weight": 100}


@mistake("test_a_word_is_added_in_one_step")
def half_a_word_seen(actual):
    """While a word was being added, three of its beginnings were asked for, between two commands, and its weight behind
    them was {seen}. All of it must be one step: a script, or a transaction."""
    return isinstance(actual, list) and len(set(actual)) > 1 and {"seen": ", ".join(map(str, actual))}


@mistake("test_no_weight_is_lost")
def total_written_later(actual, rivals, seen):
    """Others added to the word between two commands, and its weight is {missing} too low. {command} added to it in one step,
    and what it returned was written by a later one, over a newer total. All of it must be one step: a script, say."""
    missing = 101 + 10 * len(rivals) - actual[0][1] if isinstance(actual, list) and actual else 0
    adds = what_adds(seen.commands)
    return bool(rivals and adds) and missing > 0 and {"missing": missing, "command": adds[0]}


@mistake("test_no_weight_is_lost")
def weight_read_and_written_back(actual, rivals, seen):
    """Others added to the word between two commands, and its weight is {missing} too low. Either it was read, increased
    in Python, and written back: ZINCRBY and HINCRBY increase it in one step. Or a transaction that WATCH had stopped was
    not begun again."""
    missing = 101 + 10 * len(rivals) - actual[0][1] if isinstance(actual, list) and actual else 0
    return bool(rivals) and not what_adds(seen.commands) and missing > 0 and {"missing": missing}
