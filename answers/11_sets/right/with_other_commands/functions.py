import random


def friends_in_common(r, one, other):
    found = sorted(r.execute_command("SINTER", f"friends:{one}", f"friends:{other}"))
    return found


def find_articles(r, wanted, unwanted):
    found = r.sinter(*[f"tagged:{tag}" for tag in wanted])
    for tag in unwanted:
        found = found - r.sinter(f"tagged:{tag}")
    return sorted(found)


def show_some(r, team, count):
    members = list(r.smembers(f"team:{team}"))
    return random.sample(members, min(count, len(members)))


def move_ticket(r, ticket, before, after):
    with r.pipeline() as pipe:
        while True:
            try:
                pipe.watch(f"state:{before}")
                if not pipe.sismember(f"state:{before}", ticket):
                    return False
                pipe.multi()
                pipe.srem(f"state:{before}", ticket)
                pipe.sadd(f"state:{after}", ticket)
                pipe.execute()
                return True
            except Exception as error:
                if type(error).__name__ != "WatchError":
                    raise


def online_among(r, contacts):
    if not contacts:
        return []
    p = r.pipeline()
    p.sadd("asked", *contacts).sinter("asked", "online").delete("asked")
    on = p.execute()[1]
    return [c for c in contacts if c in on]


def online_among(r, contacts):
    if not contacts: return []
    p = r.pipeline()
    p.sadd("asked", *contacts).sinter("asked", "online").delete("asked")
    on = p.execute()[1]
    return [c for c in contacts if c in on]
