def read_settings(r, defaults):
    values = r.mget([f"setting:{name}" for name in defaults])
    return {
        name: default if value in (None, "", "0") else value
        for (name, default), value in zip(defaults.items(), values)
    }
