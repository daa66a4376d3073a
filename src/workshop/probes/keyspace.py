"""What a Redis holds, and what it did: which keys name a thing, the hash tag of a key, the commands carried out so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import redis

UNCOUNTED = ("info", "client", "hello", "auth", "select", "ping", "config")  # what a fresh client says, and the grader


def has_another_client(redis: redis.Redis) -> bool:
    """Whether a client beside the one that asks is connected to Redis."""
    clients: Any = redis.client_list()
    return any(int(client["id"]) != redis.client_id() for client in clients)


def keys_with(redis: redis.Redis, *words: str) -> list[str]:
    """The keys that have one of the words in their names or in their contents, in the order of their names."""
    keys: Any = redis.keys("*")
    found = {key: f"{key} {_content_of(redis, key)}" for key in keys}
    return sorted(key for key, content in found.items() if any(word in content for word in words))


def _content_of(redis: redis.Redis, key: str) -> Any:
    match redis.type(key):
        case "string":
            return redis.get(key)
        case "hash":
            return redis.hgetall(key)
        case "set":
            return redis.smembers(key)
        case "list":
            return redis.lrange(key, 0, -1)
        case "zset":
            return redis.zrange(key, 0, -1)
        case "stream":
            return redis.xrange(key)
    return ""


def hash_tag(key: str) -> str:
    """The part of a key by which a cluster places it: what is in its first braces, if there is anything; else the whole key."""
    begin = key.find("{")
    end = key.find("}", begin + 1)
    return key[begin + 1 : end] if begin >= 0 and end > begin + 1 else key


def commands_done(redis: redis.Redis) -> int:
    """How many commands Redis has carried out so far, those inside scripts too; what a fresh client says is not counted."""
    stats: Any = redis.info("commandstats")
    names = {name: name.removeprefix("cmdstat_").partition("|")[0] for name in stats}
    return sum(one["calls"] for name, one in stats.items() if names[name] not in UNCOUNTED)
