def read_settings(r, defaults):
    found = {}
    for name, default in defaults.items():
        value = r.get(f"setting:{name}")
        found[name] = default if value is None else value
    return found
