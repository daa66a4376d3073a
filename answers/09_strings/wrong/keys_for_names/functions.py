def read_settings(r, defaults):
    keys = [f"setting:{name}" for name in defaults]
    values = r.mget(keys)
    return {k: d if v is None else v for k, d, v in zip(keys, defaults.values(), values)}
