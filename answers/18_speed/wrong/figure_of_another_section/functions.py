def cache_report(r):
    stats, memory = r.info("stats"), r.info("memory")
    reads = stats["keyspace_hits"] + stats["keyspace_misses"]
    return {
        "hit_rate": stats["keyspace_hits"] / reads if reads else None,
        "evicted": stats["evicted_keys"],
        "full": stats["used_memory"] / stats["maxmemory"] if stats["maxmemory"] else None,
    }
