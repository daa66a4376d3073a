def tag_article(r, article, tags):
    with r.pipeline() as pipe:
        for tag in tags:
            pipe.sadd(f"tags:{article}", tag)
        return sum(pipe.execute())


def count_visitor(r, day, user):
    added, _ = r.pipeline().sadd(f"visitors:{day}", user).expire(f"visitors:{day}", 200000).execute()
    return added == 1


def draw_winners(r, raffle, count):
    with r.pipeline(transaction=False) as pipe:
        for _ in range(count):
            pipe.spop(f"raffle:{raffle}")
        return [winner for winner in pipe.execute() if winner is not None]


def online_among(r, contacts):
    pipe = r.pipeline()
    for contact in contacts:
        pipe.sismember("online", contact)
    return [contact for contact, there in zip(contacts, pipe.execute()) if there]


def find_articles(r, wanted, unwanted):
    with r.pipeline() as pipe:
        pipe.sinterstore("found:tmp", [f"tagged:{tag}" for tag in wanted])
        pipe.sdiff("found:tmp", *(f"tagged:{tag}" for tag in unwanted))
        pipe.delete("found:tmp")
        return sorted(pipe.execute()[1])


def week_report(r, days):
    keys = [f"visitors:{d}" for d in days]
    p = r.pipeline()
    p.sunionstore("t", keys[:-1] or ["none"]).sdiffstore("u", [keys[-1], "t"]).sinterstore("v", keys).delete(
        "t", "u", "v"
    )
    old, new, faithful, _ = p.execute()
    return {"visitors": old + new, "faithful": faithful, "new": new}


def week_report(r, days):
    keys = [f"visitors:{d}" for d in days]
    p = r.pipeline()
    p.sunionstore("t", keys[:-1] or ["none"]).sdiffstore("u", [keys[-1], "t"]).sinterstore("v", keys).delete("t", "u", "v")
    old, new, faithful, _ = p.execute()
    return {"visitors": old + new, "faithful": faithful, "new": new}
