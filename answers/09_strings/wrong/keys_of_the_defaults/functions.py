def read_settings(r, defaults):
    values = r.mget([f"setting:{name}" for name in defaults.values()])
    return {name: default if value is None else value for (name, default), value in zip(defaults.items(), values)}
