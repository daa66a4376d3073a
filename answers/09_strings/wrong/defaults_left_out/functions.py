def read_settings(r, defaults):
    values = r.mget([f"setting:{name}" for name in defaults])
    return {n: v for n, v in zip(defaults, values) if v is not None}
