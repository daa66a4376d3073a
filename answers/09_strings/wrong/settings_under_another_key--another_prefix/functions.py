def read_settings(r, defaults):
    values = r.mget([f"settings:{name}" for name in defaults])
    return {n: defaults[n] if v is None else v for n, v in zip(defaults, values)}
