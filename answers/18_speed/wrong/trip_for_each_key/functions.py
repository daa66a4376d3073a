def biggest_keys(r, count):
    sizes = {key: r.memory_usage(key) for key in r.scan_iter(count=100)}
    return sorted(sizes.items(), key=lambda pair: -(pair[1] or 0))[:count]
