"""What goes wrong in lesson 11. Looked through after a check has failed, from the top; the first that holds is the
hint."""

from workshop.grader import mistake, said


@mistake("test_tag_article_stores_each_tag")
def stored_under_another_key(redis, article):
    """There is no key tags:{article} in Redis after the call, but there is {others}."""
    others = [key for key in redis.keys("*") if article in key]
    is_there = f"tags:{article}" in others
    return {"article": article, "others": ", ".join(others)} if others and not is_there else False


@mistake("test_tag_article_stores_each_tag")
def all_tags_in_one_text(actual, tags):
    """All tags are in one member, {member}. Each tag should be a member. A star before the list passes its strings one
    by one: r.sadd(key, *tags).
    """
    members = [member for member in actual if all(tag in member for tag in tags[:2])]
    return {"member": repr(members[0])} if members else False


@mistake("test_tag_article_stores_each_tag")
def old_tags_lost(actual, tags):
    """The article had two tags, and they are gone: the set was replaced. SADD adds to what is there."""
    return actual == set(tags[2:])


@mistake("test_tag_article_counts_the_new")
def all_tags_counted(actual, expected, tags):
    """Two of the five tags were there already, and all five were counted. SADD itself returns the number of new
    members."""
    return (actual, expected) == (len(tags), 3)


@mistake("test_tag_article_counts_the_new")
def a_tag_named_twice_counted_twice(actual, expected):
    """A tag that is in the list twice is one member, and new once. SADD itself returns the number of new members."""
    return (actual, expected) == (3, 2)


@mistake("test_tag_article_counts_the_new")
def sizes_before_and_after(actual, new):
    """Somebody else added a tag at the same moment, and it was counted too. That happens if the sizes before and after
    are compared. SADD returns how many members this call added."""
    return actual == new == 2


@mistake("test_tag_article_takes_an_empty_list")
def emptied_for_an_empty_list(actual, article):
    """There was no tag to add, and the tags that the article had are gone."""
    return actual == {} and article


@mistake("test_find_articles_has_all_wanted")
def no_unwanted_tag_to_ask_for(error):
    """There was no unwanted tag, and Redis refuses a command that names no key. Test for an empty list first; then nothing
    has to be taken away."""
    return "wrong number of arguments" in error.message and any(name in error.message for name in ("sunion", "sdiff"))


@mistake("test_tag_article_takes_an_empty_list", "test_online_among_takes_an_empty_list")
def nothing_to_ask_for(error):
    """The list was empty, and Redis refuses a command that names no member. Test for an empty list first; then Redis
    need not be asked at all."""
    return "wrong number of arguments" in error.message


@mistake("test_count_visitor_counts_each_once", "test_tag_article_stores_each_tag")
def letters_of_a_name(actual):
    """The set holds single letters. A star before a string unpacks its letters: pass the string without it."""
    return isinstance(actual, set) and actual and all(len(member) == 1 for member in actual)


@mistake("test_count_visitor_counts_each_once")
def one_key_for_each_visitor(redis, day, users):
    """The key {key} was made for one visitor. One set, visitors:{day}, should hold all visitors of the day."""
    own = [key for key in redis.keys("*") if day in key and any(user in key for user in users)]
    return {"key": own[0], "day": day} if own else False


@mistake("test_count_visitor_counts_each_once")
def key_and_member_swapped(redis, day, users):
    """The key visitors:{user} has the member {day}: the two are swapped. The set of a day is visitors:<day>, here
    visitors:{day}, and the visitors are its members."""
    swapped = [user for user in users if day in redis.smembers(f"visitors:{user}")]
    return swapped and {"user": swapped[0], "day": day}


@mistake("test_count_visitor_greets_the_first_visit")
def answer_of_sadd_turned_round(actual, is_new, seen, redis, day, user):
    """It was the first visit, so SADD returned 1, and the function returned False. 1 says that the member was new: it is to
    become True."""
    is_alone = seen["sadd"] == seen.total == 1
    return is_new is True and actual is False and is_alone and redis.sismember(f"visitors:{day}", user)


@mistake("test_count_visitor_greets_the_first_visit")
def counted_after_sadd(actual, is_new, seen):
    """The visitor came for the second time, and the function returned True. SCARD returns how many visitors the day has,
    which says nothing about this one; SADD returns whether the member was new."""
    return is_new is False and actual is True and seen["scard"] == 1 and seen["sadd"]


@mistake("test_count_visitor_greets_the_first_visit")
def answer_of_sadd_not_used(actual, is_new, seen):
    """The visitor came for the second time, so SADD returned 0, and the function returned True. What SADD returns says
    whether the member was new: return that, as True or False."""
    return is_new is False and actual is True and seen["sadd"] == seen.total == 1


@mistake("test_count_visitor_greets_the_first_visit")
def greeted_at_each_visit(actual, is_new, seen):
    """The visitor came for the second time, and the function returned True. Whether somebody is in the set shows nothing
    once they have been put in; SADD returns whether the member was new."""
    sent = [line.split()[0].lower() for line in seen.sent]
    looks = [place for place, name in enumerate(sent) if name in ("sismember", "smismember", "smembers")]
    return is_new is False and actual is True and looks and "sadd" in sent[: min(looks)]


@mistake("test_count_visitor_greets_once")
def looked_at_before_sadd(actual):
    """Another request by the same visitor was just a little faster, and both were greeted: looking and adding were two
    steps. SADD does both, and returns whether the member was new."""
    return actual is True


@mistake()
def number_of_keys_for_sinter(error):
    """{command} takes the keys of the sets and nothing else; here a number stands before them. Only SINTERCARD wants to be
    told how many keys there are. Leave the number out."""
    found = said(r"\.(?P<command>sinter|sunion|sdiff)\(\s*(?:\d+|len\()", error.source or "")
    return error.type == "DataError" and found and {"command": found["command"].upper()}


@mistake("test_online_among_keeps_the_order", "test_online_among_takes_an_empty_list", "test_online_among_asks_once")
def names_for_keys_of_sets(error):
    """SINTER takes the keys of sets in Redis, and `contacts` is a list of names in Python: with a star too, each name would
    be taken for a key. SMISMEMBER asks one set about many members."""
    return error.type == "DataError" and said(r"\.sinter\w*\([^)]*\bcontacts\b", error.source or "")


@mistake("test_friends_in_common_finds_them")
def friends_without_their_prefix(seen, one):
    """Redis was asked for the set {one}. The friends of {one} are in the set friends:<name>, here friends:{one}."""
    words = [word for line in seen.sent for word in line.split()]
    return one in words and f"friends:{one}" not in words and {"one": one}


@mistake("test_friends_in_common_finds_them", "test_find_articles_has_all_wanted")
def order_taken_for_granted(actual, expected):
    """The names are right, but they are not a sorted list. A set has no order: sorted(…) makes a sorted list of it."""
    return isinstance(actual, (list, set)) and sorted(map(str, actual)) == expected


@mistake("test_friends_in_common_finds_them")
def union_for_intersection(actual, people):
    """These are the friends that *either* of the two has. Shared friends are in *both* sets: SINTER finds them."""
    return actual == sorted(people)


@mistake("expect_unchanged")
def a_result_left_behind(actual, expected):
    """After the call Redis has a key that was not there before: {key}. A result that is stored on the way must be
    deleted again."""
    new = sorted(actual.keys() - expected.keys()) if isinstance(actual, dict) else []
    return {"key": new[0]} if new else False


@mistake("expect_unchanged")
def stored_over_a_set(actual, expected):
    """The set {key} has other members than before the call. The STORE commands write their result over their first
    key."""
    changed = [key for key in expected if actual.get(key, expected[key]) != expected[key]]
    return {"key": changed[0]} if changed else False


@mistake("expect_no_fixed_key")
def one_temporary_key_for_all(used):
    """Each call keeps its result on the way in the same key, {key}, and others can see it. Two calls at once write over one
    another's. Use a new name each time, or one step: MULTI."""
    shared = sorted(used[0] & used[1]) if len(used) == 2 else []
    return {"key": shared[0]} if shared else False


@mistake("test_friends_in_common_lets_redis_compare")
def compared_in_python(sent, FEW_BYTES):
    """Redis sent {sent} bytes to find the one friend who is shared: the others came too. SINTER compares in Redis, and
    only the result travels."""
    return {"sent": sent} if sent > FEW_BYTES else False


@mistake("test_find_articles_has_all_wanted")
def any_tag_will_do(actual, articles):
    """These are the articles that have *any* of the tags. Wanted are those that have *all* of them: SINTER finds
    them."""
    return actual == sorted(articles)


@mistake("test_find_articles_has_all_wanted")
def an_empty_result_begins_anew(actual, expected, articles):
    """The first two tags have no article in common, so no article has all three. An empty result is a result: the next
    tag must not start again from nothing."""
    return expected == [] and actual == sorted([*articles[8:14], articles[18]])


@mistake("test_find_articles_has_all_wanted")
def a_wanted_tag_left_out(actual, expected, articles):
    """Three tags are wanted. These articles have the first and the third one, and none of them has the second. Ask for all
    of the list, however long it is."""
    return expected == [] and actual == sorted(articles[8:14])


@mistake("test_find_articles_has_all_wanted")
def unknown_tags_skipped(actual, expected, articles):
    """No article has the second tag, so none has both. A tag without articles must not be skipped."""
    return expected == [] and actual == sorted(articles[:15])


@mistake("test_find_articles_has_none_unwanted")
def taken_out_while_walked_through(actual, expected, articles):
    """{article} has an unwanted tag and was not left out; its neighbours were. If a list loses an element while `for` walks
    through it, all behind it move up, and the next one is skipped. Make a new list, or take one set from the other."""
    return actual == [articles[1], *expected] and {"article": articles[1]}


@mistake("test_find_articles_has_none_unwanted")
def only_the_unwanted(actual, articles):
    """These are the articles that have an unwanted tag: just they should be left out. `&` keeps what both sets have, `-`
    takes the second away from the first."""
    return actual == articles[:3]


@mistake("test_find_articles_has_none_unwanted")
def articles_for_keys(seen, articles):
    """Redis was asked: {asked}. SDIFF takes keys of sets, and some of these are articles: what an earlier command has
    returned is a set in Python. `-` takes another one away from it."""
    lines = [line for line in seen.sent if line.lower().startswith("sdiff ")]
    odd = [line for line in lines if {*line.split()[1:]} & {*articles}]
    return odd and {"asked": odd[0]}


@mistake("test_find_articles_has_none_unwanted")
def unwanted_not_taken_away(actual, seen, articles, bad, worse):
    """Redis was asked for the articles with unwanted tags (SUNION), and all of them are still here. `a - b` makes a new set
    and leaves `a` as it is: keep the new one, a = a - b."""
    return actual == articles[:9] and union_asked(seen, bad, worse)


def union_asked(seen, *tags):
    """Whether Redis was asked for the union of the articles with these tags."""
    asked = [word for line in seen.sent if line.lower().startswith("sunion") for word in line.split()[1:]]
    return {f"tagged:{tag}" for tag in tags} <= {*asked}


@mistake("test_find_articles_has_none_unwanted")
def unwanted_only_with_all_tags(actual, expected, seen, articles, bad, worse):
    """{article} has an unwanted tag and was not left out. An article goes if it has *any* of the unwanted tags: take
    away their union (SUNION), or one after the other."""
    kept = (
        [name for name in articles[:3] if name in actual and name not in expected] if isinstance(actual, list) else []
    )
    is_told = union_asked(seen, bad, worse) or actual == articles[:3]
    return {"article": kept[0]} if kept and not is_told else False


@mistake("test_draw_winners_draws_and_takes_out")
def winners_stay_in_the_pot(actual, people, winners):
    """The winners are still in the pot, and could win again. SPOP draws and takes out in one command."""
    return isinstance(winners, list) and winners and actual == set(people)


@mistake("expect_names")
def a_set_for_a_list(names):
    """A list was promised, and a set came: list(…) makes a list of it."""
    return isinstance(names, set)


@mistake("expect_names")
def one_name_for_a_list(names, people):
    """One name came, as text. Without a number SPOP and SRANDMEMBER return one member by itself; with a number they return
    a list or a set, even for 1. Pass the number on."""
    return isinstance(names, str) and names in people


@mistake("test_draw_winners_draws_and_takes_out", "test_show_some_shows_members")
def one_name_too_few(seen, names=None, winners=None, count=5):
    """{count} names were asked for, and Redis was asked for {asked}: {line}. Pass the number on as it is."""
    drawn = [line.split() for line in seen.sent if line.lower().startswith(("spop ", "srandmember "))]
    is_so = len(drawn) == 1 and drawn[0][-1] == str(count - 1)
    return is_so and {"count": count, "asked": count - 1, "line": " ".join(drawn[0])}


@mistake("test_draw_winners_draws_and_takes_out", "test_show_some_shows_members")
def one_name_cut_off(seen, names=None, winners=None, count=5):
    """Redis was asked for {count} names ({line}), and {came} came back from the function. The end of a slice does not belong
    to it: [0:{came}] has {came}. No slice is needed."""
    found = names if names is not None else winners
    drawn = [line.split() for line in seen.sent if line.lower().startswith(("spop ", "srandmember "))]
    is_so = len(drawn) == 1 and drawn[0][-1] == str(count) and isinstance(found, list) and len(found) == count - 1
    return is_so and {"count": count, "came": count - 1, "line": " ".join(drawn[0])}


@mistake("expect_names", "test_draw_winners_never_draws_twice")
def none_among_the_names(names=None, mine=None):
    """None came with the names: there were fewer than were asked for. SPOP and SRANDMEMBER without a count return None if
    the set is empty."""
    found = mine if names is None else names
    return isinstance(found, list) and None in found


@mistake("test_draw_winners_draws_by_chance")
def always_the_same_winners(draws):
    """Three draws from the same forty names had the same ten winners. Let Redis draw: SPOP picks at random."""
    return len(draws) == 1


@mistake("test_draw_winners_never_draws_twice")
def drawn_then_taken_out(actual):
    """Another machine drew in between, and a name won on both or is still in the pot. Drawing and taking out were two
    steps; SPOP does both in one."""
    return isinstance(actual, set) and actual


@mistake("test_show_some_shows_members", "test_draw_winners_takes_what_is_left", "test_draw_winners_never_draws_twice")
def sample_of_too_few(error):
    """There are fewer members than asked for, and random.sample refuses that. SRANDMEMBER and SPOP return all of them
    then."""
    return "Sample larger than population" in error.message


@mistake("test_show_some_shows_members")
def sample_of_a_set(error):
    """random.sample takes a list, and redis-py returns the members as a set. SRANDMEMBER draws in Redis, and only those
    travel."""
    return "Population must be a sequence" in error.message


@mistake("test_show_some_shows_members", "test_show_some_leaves_the_team")
def spop_for_srandmember(redis, team, people):
    """Members are missing from the team after the call. SPOP takes out what it returns; SRANDMEMBER leaves the set as
    it is."""
    return redis.type(f"team:{team}") in ("set", "none") and redis.scard(f"team:{team}") < len(people) - 1


@mistake("test_show_some_leaves_the_team")
def taken_out_and_put_back(seen):
    """Members were taken out of the team and put back. In between, others see a smaller team, and if the program stops
    there, they are lost. SRANDMEMBER leaves the set as it is."""
    return seen["sadd"] and (seen["spop"] or seen["srem"])


@mistake("test_show_some_shows_members")
def drawn_one_by_one(actual, seen):
    """The same member came several times. Each SRANDMEMBER draws from all: one call with the number returns that many
    different ones."""
    return seen["srandmember"] > 1 and comes_twice(actual)


@mistake("test_show_some_shows_members")
def negative_number_without_its_repeats(seen, names, shown):
    """Redis was asked: {line}. With a negative number SRANDMEMBER may draw the same member several times, and without the
    repeats fewer are left than were asked for. With the number as it is all are different."""
    asked = [line for line in seen.sent if line.lower().startswith("srandmember ") and " -" in line]
    is_so = asked and isinstance(names, list) and not comes_twice(names) and len(names) < shown
    return is_so and {"line": asked[0]}


@mistake("test_show_some_shows_members")
def somebody_for_nobody(count, names):
    """No name was asked for, count is 0, and a name came. `0 or 1` is 1, since 0 counts as false; SRANDMEMBER takes 0 and
    returns an empty list."""
    return count == 0 and isinstance(names, list) and len(names) == 1


@mistake("test_show_some_shows_members")
def the_same_member_several_times(actual, seen):
    """The same member came several times. SRANDMEMBER does that if its number is negative; otherwise all are
    different."""
    return comes_twice(actual) and any(" -" in line for line in seen.sent)


def comes_twice(actual):
    """Whether a list has something twice."""
    return isinstance(actual, list) and len({*map(str, actual)}) < len(actual)


@mistake("test_show_some_shows_others_each_time")
def always_the_same_members(shown):
    """Three calls showed the same ten of sixty members. SRANDMEMBER picks at random."""
    return len(shown) == 1


@mistake("test_move_ticket_moves")
def moved_the_other_way(seen, before, after):
    """Redis was asked to move it from state:{after} to state:{before}. SMOVE takes the set it comes from first, and then the
    one it goes to."""
    turned = any(line.lower().startswith(f"smove state:{after} state:{before} ") for line in seen.sent)
    return turned and {"before": before, "after": after}


@mistake("test_move_ticket_moves")
def ticket_for_a_set(seen, ticket):
    """Redis was asked: {asked}. SMOVE takes the set it comes from, the set it goes to, and then the member."""
    asked = [line.split() for line in seen.sent if line.lower().startswith("smove ")]
    odd = [words for words in asked if ticket in words[1:3]]
    return odd and {"asked": " ".join(odd[0])}


@mistake("test_move_ticket_moves")
def sets_without_their_prefix(seen, before):
    """Redis was asked for the set {before}. The set of a state is state:<name>, here state:{before}."""
    words = [word for line in seen.sent for word in line.split()]
    return before in words and f"state:{before}" not in words and {"before": before}


@mistake("test_move_ticket_moves")
def answer_of_smove_compared(actual, was_moved, seen):
    """The ticket was moved, so SMOVE returned True, and the function returned False. redis-py makes True and False of
    what SMOVE says; neither equals a text. Return it as it is."""
    return actual is was_moved is False and seen["smove"] == seen.total == 1


@mistake("test_move_ticket_invents_none")
def moved_without_a_look(actual, ticket):
    """The ticket was not there to be moved, and now it is in the other set. SMOVE moves only what is there."""
    return actual == {ticket}


@mistake("test_move_ticket_invents_none")
def looked_at_before_the_move(actual, after):
    """A colleague had just moved the ticket, and now it is in two sets. Looking first does not help; SMOVE looks and
    moves in one step."""
    return isinstance(actual, list) and after in actual


@mistake("test_move_ticket_invents_none")
def moved_by_somebody_else_and_told_as_own(actual, where):
    """A colleague had just moved the ticket, so nothing was moved here: that is False. SMOVE itself says whether it
    moved the ticket; a look before it does not."""
    return where == ["taken"] and actual is True


@mistake("test_move_ticket_invents_none")
def true_without_a_move(actual, redis, after, ticket):
    """The ticket was not there, nothing was moved, and the function returned True. SMOVE returns whether it moved it."""
    return actual is True and not redis.sismember(f"state:{after}", ticket)


@mistake("test_move_ticket_is_never_lost")
def out_of_one_then_into_the_other(redis, moments, before, after, ticket):
    """For a moment the ticket was in {place}: it was moved in two steps. If the program stops in between, it stays
    like that. SMOVE moves it in one step."""
    places = [name for name in (before, after) if redis.sismember(f"state:{name}", ticket)]
    is_so = len(places) == 1 and moments - {1}
    return is_so and {"place": "no set" if 0 in moments else "both sets"}


@mistake("test_online_among_keeps_the_order")
def the_order_is_lost(actual, expected):
    """These are the right contacts, but not in the order of the list. A set keeps no order; SMISMEMBER returns its
    answers in the order of the question.
    """
    return isinstance(actual, (list, set)) and sorted(map(str, actual)) == sorted(expected)


@mistake("test_online_among_keeps_the_order")
def list_taken_for_an_answer(actual, seen, contacts):
    """All contacts came, those who are offline too. SMISMEMBER returns a list, here with one answer, and a list that is
    not empty counts as true: [0] does too."""
    return actual == contacts and seen["smismember"] == seen.total == len(contacts)


@mistake("test_online_among_keeps_the_order")
def answers_for_names(actual, expected, contacts):
    """An answer for each contact came, where the names of those who are online were promised. zip(…) puts each contact
    beside its answer."""
    return isinstance(actual, list) and actual == [contact in expected for contact in contacts]


@mistake("test_online_among_keeps_the_order")
def only_the_first_one_online(actual, expected):
    """Only the first of those who are online came. A `return` inside the loop ends it there: with less indentation it
    comes after the loop."""
    return len(expected) > 1 and actual == expected[:1]


@mistake("test_online_among_asks_once")
def everybody_fetched(actual, seen):
    """Redis sent {sent} bytes: all who are online, to find these few. Ask about the contacts only: SMISMEMBER."""
    return type(actual) is int and {"sent": seen.bytes}


@mistake("test_online_among_asks_once")
def one_question_for_each_contact(seen):
    """Redis was asked {times} times. SMISMEMBER takes all contacts in one command."""
    return {"times": seen.round_trips} if seen.round_trips > 1 else False


@mistake("test_week_report_counts")
def visits_for_visitors(redis, actual, expected):
    """{count} are the visits of all days together. A visitor who came on several days counts once: count the union."""
    visits = sum(redis.scard(key) for key in redis.keys("visitors:*"))
    return told(actual, "visitors") == visits > expected["visitors"] and {"count": visits}


@mistake("test_week_report_counts")
def new_since_the_day_before(redis, days, actual, expected):
    """A visitor who came on an earlier day was counted as new: only the day before the last was looked at. New are those
    who came on none of the days before."""
    since = len(redis.sdiff(f"visitors:{days[2]}", f"visitors:{days[1]}"))
    return told(actual, "new") == since > expected["new"]


@mistake("test_week_report_counts")
def new_on_the_first_day(redis, days, actual, expected):
    """The number {came} is that of the visitors of the first day who came on no other. SDIFF takes the sets that follow
    away from the first one: the last day must come first."""
    came = len(redis.sdiff([f"visitors:{day}" for day in days]))
    is_so = len(days) == 3 and told(actual, "new") == came != expected["new"]
    return is_so and {"came": came}


@mistake("test_week_report_counts")
def others_names_in_the_report(actual, expected):
    """The report needs the keys {expected}, and has {actual}."""
    is_so = isinstance(actual, dict) and actual.keys() != expected.keys()
    return is_so and {"expected": ", ".join(expected), "actual": ", ".join(map(str, actual)) or "none"}


@mistake("test_week_report_counts")
def names_for_numbers(actual):
    """The report has the visitors themselves where it should say how many they are."""
    return isinstance(actual, dict) and any(isinstance(value, (set, list)) for value in actual.values())


def told(actual, name):
    """What a report says under this name; None if it does not."""
    return actual.get(name) if isinstance(actual, dict) else None


@mistake("test_week_report_sends_numbers")
def names_fetched_to_count_them(seen):
    """Redis sent {sent} bytes: the visitors' names travelled, only to be counted. SINTERCARD counts in Redis, and the STORE
    commands return how many there are."""
    return {"sent": seen.bytes}
