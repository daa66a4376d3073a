def cache_report(r):
    stats, memory = r.info("stats"), r.info("memory")
    hits, misses = stats["keyspace_hits"], stats["keyspace_misses"]
    return {
        "hit_rate": hits / (hits + misses) if hits else None,
        "evicted": stats["evicted_keys"],
        "full": memory["used_memory"] / memory["maxmemory"] if memory["maxmemory"] else None,
    }
