def read_settings(r, defaults):
    values = r.mget([f"setting:{name}" for name in reversed(defaults)])
    return {n: defaults[n] if v is None else v for n, v in zip(defaults, values)}
