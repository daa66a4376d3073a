def read_settings(r, defaults):
    values = r.mget([f"setting:{name}" for name in defaults])
    return {name: value or default for (name, default), value in zip(defaults.items(), values)}
