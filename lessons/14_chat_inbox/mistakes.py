"""What goes wrong in lesson 14. Looked through after a check has failed, from the top; the first that holds is the hint."""

import html
import re
import time

from workshop.grader import has_another_client, mistake, said

SHOWS = ("test_the_inbox_shows_each_conversation", "inbox")
KEYS = "test_the_keys_of_a_user_share_a_hash_tag"
YEAR = 365 * 24 * 3600


def peers_of(page):
    """The peers of an inbox, in its order."""
    return [one["peer"] for one in page] if isinstance(page, list) else []


def of_peer(page, peer):
    """What an inbox shows of one peer."""
    return next((one for one in page if one["peer"] == peer), None) if isinstance(page, list) else None


def scores_in_the_crowd(redis, peer):
    """The scores of a peer in the sorted sets of the crowded inbox, by their keys."""
    scores = {key: redis.zscore(key, peer) for key in redis.scan_iter(match="*Crowd*", _type="zset")}
    return {key: score for key, score in scores.items() if score is not None}


# Where it is kept.


@mistake("test_a_message_is_taken", "sent", "inbox")
def another_error_told_as_an_outage(answer, redis):
    """The service says that Redis is gone, but it has a connection to Redis that works. Does an `except` or an errorhandler
    take another error for an outage, one in a command or in a script? RedisError and Exception do. Answer 503 for redis-py's
    ConnectionError and TimeoutError alone; then the log names any other error."""
    return answer.status == 503 and has_another_client(redis)


@mistake("test_a_message_is_taken", "sent", "inbox")
def redis_looked_for_elsewhere(answer, redis):
    """The service says that Redis is gone. Redis answers the grader, and has no key, and no connection from the service. Does
    it use the address in os.environ["REDIS_URL"]? In another place, localhost is another Redis, or none."""
    return answer.status == 503 and redis.ping() and not redis.dbsize() and not has_another_client(redis)


@mistake("test_the_inbox_shows_each_conversation")
def nothing_written(actual, redis):
    """Messages were answered with 201. The inbox is empty, and Redis has no key: nothing was written. The commands of a
    pipeline are sent by its execute()."""
    return actual == [] and not redis.dbsize()


@mistake("through_relay", KEYS)
def kept_in_the_process(redis):
    """A message was answered with 201, and nothing came to Redis: it has no key. What a process keeps for itself is lost
    when it ends, and no other process has it. Keep it in the Redis at os.environ["REDIS_URL"]."""
    return not redis.dbsize()


@mistake(*SHOWS)
def name_not_filled_in(redis):
    """There is a key {key}, with the word {word} in it and not its value: all users share that key. Is there an f before the
    quotes? In an f-string two braces stand for one that is meant, so {{user}} is no value in braces. It takes three:
    f"inbox:{{{user}}}:at"."""
    for key in redis.scan_iter(match="*{*}*"):
        tag = re.search(r"\{(user|to|name|user_name|username)\}", key)
        if tag:
            return {"key": key, "word": tag[1]}
    return None


# A message, taken or refused.


@mistake("test_a_message_is_taken")
def message_not_found_in_the_body(answer):
    """A message with all its parts was sent as JSON, and refused with {status}. Is it read with request.get_json()?
    request.form is for HTML forms, and request.args for what comes after the ?."""
    return answer.status in (400, 415) and {"status": answer.status}


@mistake("sent")
def fraction_refused(answer, letter, redis):
    """A message whose `at` is {at} was refused, and one whose `at` is a whole number was taken. A time can have a fraction,
    as time.time() has: take a float as well as an int."""
    is_refused = answer.status in (400, 415) and isinstance(letter["at"], float)
    return is_refused and bool(redis.dbsize()) and {"at": letter["at"]}


@mistake("test_a_message_is_taken")
def made_and_answered_with_200(answer):
    """POST /messages answers with status 200. Something was made: say 201. Return the status too: return {…}, 201."""
    return answer.status == 200


@mistake("test_a_message_is_taken")
def message_not_returned(answer, letter):
    """POST /messages must answer with the message itself: its from, to, text and at as they came."""
    return answer.status == 201 and answer.json != letter


@mistake("test_what_is_no_message_is_400")
def malformed_message_taken(answer, what):
    """The body was {what}, and the service took it. Check each part before you use it, and answer 400."""
    return answer.path == "/messages" and answer.status in (200, 201) and {"what": what}


@mistake("test_what_is_no_message_is_400")
def malformed_message_breaks_the_view(answer, what):
    """The body was {what}, and the view could not handle it. That is the client's mistake, not the server's: check
    first, then answer 400."""
    return answer.path == "/messages" and answer.status is not None and answer.status >= 500 and {"what": what}


@mistake("test_what_is_no_message_is_400")
def refused_and_kept(actual, expected):
    """All were refused, and still the inbox shows one. Check the whole message before the first command to Redis."""
    return expected == [] and bool(actual)


# The inbox as it is written.


@mistake(*SHOWS)
def inbox_is_a_list(answer):
    """The inbox is a JSON list. The lesson asks for an object with the list in it: {"user": …, "conversations": […]}."""
    return answer.path.startswith("/inbox") and answer.status == 200 and isinstance(answer.json, list)


@mistake("test_the_inbox_shows_each_conversation")
def inbox_of_the_sender(service, jenny, user, actual):
    """The messages are not in the inbox of the user whom they were sent to. They are in the inbox of {jenny}, who sent
    ten. A message belongs in the inbox of its `to`."""
    senders = service.get(f"/inbox/{jenny}").json
    found = senders.get("conversations") if isinstance(senders, dict) else None
    peers = [one.get("peer") for one in found or [] if isinstance(one, dict)]
    return actual == [] and user in peers and {"jenny": jenny}


@mistake("inbox")
def empty_inbox_is_404(answer, user):
    """GET /inbox/<user> answered 404, and no message had come to that user. Such an inbox is empty: answer 200, and an empty
    list."""
    return answer.status == 404 and user.endswith("-nobody")


@mistake("test_the_inbox_shows_each_conversation")
def peer_is_the_user(actual, user):
    """`peer` is {user}, whose inbox it is. The peer is the other person, who sent the message: its `from`."""
    return user in peers_of(actual) and {"user": user}


@mistake("test_the_inbox_shows_each_conversation")
def unread_is_a_string(actual, jenny):
    """`unread` is {unread}, a string; it must be a number. What Redis keeps in a hash comes back as text: int(…)."""
    mine = of_peer(actual, jenny)
    return mine and isinstance(mine["unread"], str) and {"unread": repr(mine["unread"])}


@mistake("test_the_inbox_shows_each_conversation")
def a_line_for_each_message(actual, jenny):
    """{jenny} wrote ten messages, and is in the inbox {times} times. A conversation is one entry: its newest message,
    and the number of unread ones."""
    times = peers_of(actual).count(jenny)
    return times > 1 and {"jenny": jenny, "times": times}


@mistake("test_the_inbox_shows_each_conversation")
def unread_not_counted(actual, jenny):
    """Ten messages came from {jenny}, and `unread` says {unread}. Each message adds one: HINCRBY."""
    mine = of_peer(actual, jenny)
    return mine and mine["unread"] != 10 and {"jenny": jenny, "unread": mine["unread"]}


@mistake("test_the_inbox_shows_each_conversation")
def at_is_another_time(actual, jenny, letters):
    """`at` of the conversation with {jenny} is {at}; the newest message from there has {due}. It is the time in the
    message, as a number, and not the time at which it arrived."""
    mine, due = of_peer(actual, jenny), letters[-1]["at"]
    return mine and mine["at"] != due and {"jenny": jenny, "at": repr(mine["at"]), "due": due}


# Order, late messages, previews.


@mistake("test_the_newest_comes_first")
def oldest_first(actual, expected):
    """The oldest conversation comes first: ZRANGE begins with the lowest score. Ask with REV (redis-py: desc=True)."""
    return actual == expected[::-1]


@mistake("test_the_newest_comes_first")
def ordered_by_arrival(actual, letters):
    """The conversations are in the order in which their messages arrived. It must be that of `at`, in the message."""
    arrived = [letter["from"] for letter in letters]
    return actual in (arrived, arrived[::-1])


@mistake("test_a_late_message_changes_no_preview")
def late_message_replaces_the_newest(actual, peer, newest):
    """A message that is ten minutes old arrived after a newer one, and the newer preview is gone. Compare its `at` with
    the one that is there, in the same step that writes."""
    mine = of_peer(actual, peer)
    return mine and mine["preview"] and not newest["text"].startswith(str(mine["preview"]))


@mistake("test_a_late_message_changes_no_preview")
def late_message_moves_the_conversation(actual, peer, newest):
    """A message that is ten minutes old arrived after a newer one. The preview stayed, as it should, but `at` went back
    to the old time. ZADD with GT (redis-py: gt=True) only raises a score."""
    mine = of_peer(actual, peer)
    return mine and mine["preview"] == newest["text"] and mine["at"] < newest["at"]


@mistake("test_a_late_message_changes_no_preview")
def late_message_not_counted(actual, peer):
    """A message that arrived late was not counted. It is unread like any other; only preview and `at` stay as they are."""
    mine = of_peer(actual, peer)
    return mine and mine["unread"] == 1


def both(actual, expected):
    """The previews that came and those that were due, in pairs; none if no inbox came."""
    return list(zip(actual, expected, strict=False)) if isinstance(actual, list) else []


@mistake("test_a_preview_has_40_characters")
def cut_on_bytes(actual, letters):
    """A preview with characters of several bytes is too short: it was cut as bytes. Cut the str: text[:40]."""
    texts = [letter["text"] for letter in letters]
    ends = [text.encode()[:40].decode(errors="ignore") for text in texts]
    return actual in (ends, [text.encode()[:40].decode(errors="replace") for text in texts])


@mistake("test_a_preview_has_40_characters")
def cut_amid_a_character(answer, log):
    """The inbox was answered with 500. The log says: {error}. Something was cut amid a character: in UTF-8 most characters take several bytes, and
    string.sub in Lua counts bytes. Cut the text in Python, as str, before you send it: text[:40]."""
    error = said(r"^(?P<error>UnicodeDecodeError: 'utf-8' codec can't decode byte[^\n]*)", log)
    return answer.status == 500 and error


@mistake("test_a_preview_has_40_characters")
def preview_escaped(actual, expected):
    """The preview {seen} has characters written as HTML: &amp; for &, say. The answer is JSON, in which text stands as it is. If
    a page shows it, the page escapes it."""
    pairs = both(actual, expected)
    seen = [got for got, due in pairs if isinstance(got, str) and got != due and "&" in got]
    due = [html.unescape(got[: got.rindex("&")]) for got in seen]
    is_so = any(html.unescape(got) != got for got in seen) and any(
        text.startswith(start) for text in expected for start in due if start
    )
    return is_so and {"seen": repr(seen[0])}


@mistake("test_a_preview_has_40_characters")
def blanks_taken_off(actual, expected):
    """The preview of a text is {got}, and the first 40 characters of that text are {due}. Blanks are characters too: leave
    .strip() out."""
    pairs = both(actual, expected)
    texts = [(got, due) for got, due in pairs if isinstance(got, str) and got != due != due.strip()]
    bare = [(got, due) for got, due in texts if got.startswith(due.strip())]
    return bool(bare) and {"got": repr(bare[0][0]), "due": repr(bare[0][1])}


@mistake("test_a_preview_has_40_characters")
def cut_elsewhere(actual, expected):
    """The preview of a long text has {length} characters; the lesson asks for 40, and nothing added."""
    pairs = both(actual, expected)
    lengths = [len(got) for got, due in pairs if isinstance(got, str) and got != due and got[:10] == due[:10]]
    return bool(lengths) and lengths[0] != 40 and {"length": lengths[0]}


@mistake("test_a_preview_has_40_characters")
def dots_take_the_place_of_characters(actual, expected):
    """The preview ends in dots, which replace characters of the text. The lesson asks for the first 40 as they are."""
    pairs = both(actual, expected)
    return any(got != due and got.endswith(("…", "...")) for got, due in pairs if isinstance(got, str))


# Reading.


@mistake("test_reading_sets_unread_to_0")
def looking_marks_as_read(actual, expected):
    """The inbox was looked at twice. The second time `unread` was 0, and nobody had asked for
    POST /inbox/<user>/read. Looking is not reading: GET changes nothing."""
    return peers_of(actual) != [] and expected[0]["unread"] == 2 and actual[0]["unread"] == 0


@mistake("test_reading_sets_unread_to_0")
def reading_drops_the_conversation(actual, expected):
    """After it was read, the conversation is no longer in the inbox. Reading sets `unread` to 0, and nothing else."""
    return actual == [] and expected != [] and expected[0]["unread"] == 0


@mistake("test_reading_sets_unread_to_0")
def still_unread(actual, expected):
    """POST /inbox/<user>/read answered 200, and `unread` is still {unread}. Set it where GET /inbox/<user> reads it."""
    still = [one["unread"] for one in actual if one["unread"]] if isinstance(actual, list) else []
    return bool(still) and expected[0]["unread"] == 0 and {"unread": still[0]}


@mistake("test_an_unknown_peer_is_404")
def unknown_peer_read_all_the_same(answer):
    """There is no such conversation, and `read` answered 200. Test whether it is there, in the same step that sets
    `unread`, and answer 404 if it is not."""
    return answer.status == 200


# Pages.


@mistake("test_a_page_is_a_part")
def page_one_too_long(actual, expected):
    """The page has one conversation too many. ZRANGE includes the end of its range: it is offset + limit - 1."""
    return isinstance(actual, list) and len(actual) == len(expected) + 1 and actual[:-1] == expected


@mistake("test_a_page_is_a_part")
def offset_and_limit_ignored(actual, crowd, service):
    """The page is the same whatever `offset` and `limit` say. They come after the ? in the address: request.args."""
    asked = service.get(f"/inbox/{crowd.user}?offset=31&limit=11").json
    found = asked.get("conversations") if isinstance(asked, dict) else None
    return bool(actual) and actual == peers_of(found)


@mistake("test_a_page_is_a_part")
def another_default(actual, offset=None):
    """Without `?limit=` the page has {count} conversations. The lesson asks for 20."""
    return offset is None and isinstance(actual, list) and len(actual) != 20 and {"count": len(actual)}


@mistake("test_a_page_is_a_part")
def limits_not_looked_at(answer, query):
    """`?{query}` was answered with {status}. Answer 400 unless `limit` is a whole number from 1 to 100 and `offset` one
    from 0 up. Without a maximum, one request can ask for everything."""
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    return bool(query) and {"query": asked, "status": answer.status}


# What it costs.


@mistake("test_an_inbox_is_read_in_few_trips")
def a_trip_for_each_conversation(actual):
    """To read 50 conversations, the service asked Redis {trips} times: once or more for each of them. Ask for all in
    one trip: a pipeline, a script, or a structure that holds them together."""
    return isinstance(actual, int) and actual >= 50 and {"trips": actual}


@mistake("test_a_page_costs_the_same")
def all_conversations_fetched(few, many):
    """A page of five took {few} bytes from an inbox of 6 conversations, and {many} bytes from one of 60: the service
    fetches all of them and throws most away. With 100,000 that is megabytes for each page. Let Redis keep the order,
    in a sorted set, and send the page only."""
    return many.bytes > 2 * few.bytes + 300 and {"few": few.bytes, "many": many.bytes}


@mistake("test_a_page_costs_the_same")
def whole_inbox_walked(few, many):
    """For a page of five Redis carried out {few} commands in an inbox of 6 conversations, and {many} in one of 60:
    something asks about every conversation, shown or not. With 100,000 all other clients wait meanwhile. Ask only
    about those of the page."""
    return many.commands > few.commands + 8 and {"few": few.commands, "many": many.commands}


# Keys.


@mistake("test_the_keys_of_a_user_share_a_hash_tag")
def keys_apart(actual, tags):
    """A message to one user made the keys {keys}. A cluster places each by its whole name or, if a part is in braces, by
    that part: inbox:{ada}:at and inbox:{ada}:unread stay together. It belongs in the inbox of its `to` only."""
    return len(tags) < 2 and bool(actual) and {"keys": ", ".join(actual)}


@mistake("test_the_keys_of_a_user_share_a_hash_tag")
def one_hash_tag_for_all(actual, tags):
    """The keys of two users have the same hash tag, {tag}: a cluster would keep all inboxes on one node. Put the user's
    name into the braces."""
    return len(tags) == 2 and tags[0] == tags[1] and {"tag": f"{{{tags[0]}}}"}


# Many at the same time.


@mistake("test_no_message_is_lost")
def unread_written_back(actual, rivals, expected):
    """Other messages arrived between two commands of POST /messages, and `unread` is {missing} too low. Either it was
    read, increased in Python, and written back: increase it in one step, with HINCRBY or a script. Or a transaction that
    WATCH had stopped was not begun again."""
    due = expected[0]["unread"] if isinstance(expected, list) and rivals and expected else 0
    missing = due - actual[0]["unread"] if peers_of(actual) else 0
    return missing > 0 and {"missing": missing}


@mistake("test_no_message_is_lost")
def newest_message_written_over(actual, expected):
    """A message arrived between two commands, and the inbox shows an older one: what was written came from what had
    been read before. Read, decide and write in one step, and change only what changes."""
    newest = expected[0] if isinstance(expected, list) and expected else None
    return newest and peers_of(actual) != [] and actual[0]["preview"] != newest["preview"]


@mistake("test_a_message_is_one_step")
def inbox_breaks_half_way(answer):
    """While a message was being written, the inbox of its receiver was asked for, between two commands, and answered
    {status}. Is one key written, and another not yet? Write everything of a message in one step: a script, or a
    transaction."""
    is_broken = answer.status is not None and answer.status >= 500
    return answer.path.startswith("/inbox") and is_broken and {"status": answer.status}


@mistake("test_a_message_is_one_step")
def half_a_message_seen(actual):
    """While a message was being written, the inbox of its receiver was asked for, between two commands, and showed half
    of it. Write everything of a message in one step: a script, or a transaction."""
    return isinstance(actual, list) and bool(actual)


@mistake("test_a_page_is_one_moment")
def page_of_two_moments(actual, pages):
    """Messages arrived between two commands of GET /inbox/<user>, and the page fits no moment: one part of it is from
    before, another from after. Read all of it in one step: a script, or a transaction."""
    return sorted(peers_of(actual)) == sorted(peers_of(pages[0]))


# Ends.


@mistake("test_idle_conversations_drop_out")
def ended_conversation_breaks_the_inbox(answer):
    """A conversation has ended, and GET /inbox/<user> answers {status}. Does an index still name a conversation that is
    gone? Remove it there too."""
    return answer.status is not None and answer.status >= 500 and {"status": answer.status}


@mistake("test_idle_conversations_drop_out")
def end_counted_in_milliseconds(redis, NOW):
    """With the default `INBOX_TTL`, {key} has an end of a conversation that is {years} years ahead. Was a time to
    live in milliseconds added to a clock that counts seconds? Use one unit for both."""
    ahead = {key: (score - NOW) / YEAR for key, score in scores_in_the_crowd(redis, "peer0").items()}
    far = [key for key, years in ahead.items() if 1 < years < 1000]  # a clock in milliseconds is 50,000 years ahead
    return bool(far) and {"key": far[0], "years": round(ahead[far[0]])}


@mistake("test_idle_conversations_drop_out")
def end_counted_from_at(redis, NOW):
    """In {key} the ends of two conversations are as far apart as the `at` of their messages, which arrived together. The
    time counts from when a message arrives, whatever its `at` says."""
    first, last = (scores_in_the_crowd(redis, peer) for peer in ("peer0", "peer59"))  # 59 seconds between them
    keys = [key for key in first if first[key] > NOW + 1 and 58.5 < first[key] - last.get(key, first[key]) < 59.5]
    return bool(keys) and {"key": keys[0]}


@mistake("test_idle_conversations_drop_out")
def looking_prolongs(redis, service):
    """A GET of an inbox put off the end of a conversation: its score in {key} rose by {seconds} s. Only a message starts the
    time again."""
    before = scores_in_the_crowd(redis, "peer0")
    service.get("/inbox/Crowd", limit=1.0)
    after = scores_in_the_crowd(redis, "peer0")
    keys = [key for key in before if after.get(key, 0) > before[key]]
    return bool(keys) and {"key": keys[0], "seconds": f"{after[keys[0]] - before[keys[0]]:.1f}"}


@mistake("test_idle_conversations_drop_out")
def reading_prolongs(actual, ending):
    """Two conversations had their last message at the same time. One was read later with POST /inbox/<user>/read, and is still there;
    the other dropped out. Only a message starts the time again."""
    peers = ending.second.peers
    return actual == sorted(peers) and ending.aunt in peers and ending.uncle not in peers


@mistake("test_idle_conversations_drop_out")
def message_does_not_count_anew(actual, ending, TTL):
    """A conversation dropped out {seconds} s after its first message, although a second one had come meanwhile. Each
    message sets the end again: EXPIRE, or another time in the set of ends."""
    lost = ending.jenny not in ending.second.peers and ending.jenny in ending.first.peers
    return actual == sorted(ending.second.peers) and lost and {"seconds": TTL}


@mistake("test_idle_conversations_drop_out")
def inbox_ends_as_a_whole(ending, redis):
    """Nobody wrote in one conversation for `INBOX_TTL` seconds, and it stayed as long as another one lived; then both
    disappeared. An EXPIRE on a key that both share ends them together: each conversation needs an end of its own."""
    stayed = ending.uncle in ending.second.peers and ending.third.answer.status == 200 and not ending.third.peers
    has_own_end = any(score > time.time() for score in scores_in_the_crowd(redis, "peer0").values())
    return stayed and not has_own_end


@mistake("test_idle_conversations_drop_out")
def conversations_never_end(ending, TTL):
    """`INBOX_TTL` was {seconds}, and more than {seconds} seconds after the last message both conversations are there.
    Is something set to end them, and with the seconds from os.environ["INBOX_TTL"]?"""
    return {ending.uncle, ending.jenny} <= set(ending.third.peers) and {"seconds": TTL}


@mistake("test_what_has_dropped_out_is_forgotten")
def late_message_wakes_the_old_conversation(actual, expected):
    """A conversation had dropped out, and nobody had looked since. Then a message came, with an older `at`. `unread` is {unread}
    and the preview is {preview}: something of the old conversation was still there. Remove what is over before you write,
    in the same step."""
    is_old = isinstance(actual, list) and len(actual) == 1 and actual != expected
    return is_old and {"unread": actual[0][0], "preview": repr(actual[0][1])}


@mistake("test_what_has_dropped_out_is_forgotten")
def read_after_the_end(answer):
    """A conversation had dropped out, and nobody had looked since. `read` answered 200. Remove what is over before you ask
    whether the conversation is there, in the same step."""
    return answer.status == 200 and answer.path.endswith("/read")


@mistake("test_nothing_is_left_of_it")
def ghost_in_the_index(ending):
    """The inbox no longer shows the conversation that has ended, but its name is still in {keys}. So every conversation
    leaves something behind for ever: remove it from the index too."""
    return bool(ending.left) and {"keys": " and ".join(ending.left)}


@mistake("test_nothing_is_left_of_it")
def inbox_kept_for_ever(ending):
    """All conversations of the user have ended, and Redis still has {keys}. Perhaps nobody asks for this inbox again:
    give the keys a time to live too, with EXPIRE at each message."""
    return not ending.left and bool(ending.for_ever) and {"keys": " and ".join(ending.for_ever)}


@mistake("test_nothing_is_left_of_it")
def keys_outlive_the_inbox(ending, GRACE):
    """All conversations of the user had ended, and {seconds} s later Redis still had {keys}: with a time to live, and with
    a longer one than `INBOX_TTL`."""
    has_ends = bool(ending.kept) and not ending.for_ever
    return not ending.left and has_ends and {"keys": " and ".join(ending.kept), "seconds": f"{GRACE:.0f}"}
