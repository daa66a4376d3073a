from itertools import compress
import uuid


def online_among(r, contacts):
    return list(compress(contacts, r.smismember("online", contacts))) if contacts else []


def friends_in_common(r, one, other):
    found = r.eval("local f = redis.call('SINTER', KEYS[1], KEYS[2]) table.sort(f) return f", 2, *(f"friends:{n}" for n in (one, other)))
    return sorted(found)


def find_articles(r, wanted, unwanted):
    pipe = r.pipeline()
    pipe.sinter([f"tagged:{t}" for t in wanted])
    for tag in unwanted:
        pipe.smembers(f"tagged:{tag}")
    good, *bad = pipe.execute()
    return sorted(set(good).difference(*bad))


def draw_winners(r, raffle, count):
    winners = []
    while len(winners) < count and (name := r.spop(f"raffle:{raffle}")) is not None:
        winners += [name]
    return winners


def week_report(r, days):
    keys, t = ["visitors:" + d for d in days], f"tmp:{uuid.uuid4()}"
    try:
        a = r.sunionstore(t, *keys)
        c = r.sdiffstore(t, keys[-1], *keys[:-1])
        return dict(visitors=a, new=c, faithful=r.sintercard(len(keys), keys))
    finally:
        r.delete(t)


def move_ticket(r, ticket, before, after):
    def work(p):
        there = p.sismember(f"state:{before}", ticket)
        p.multi()
        if there:
            p.srem(f"state:{before}", ticket); p.sadd(f"state:{after}", ticket)
    return bool(r.transaction(work, f"state:{before}"))
