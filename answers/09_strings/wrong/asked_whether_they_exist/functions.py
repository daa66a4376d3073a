def read_settings(r, defaults):
    keys = [f"setting:{name}" for name in defaults]
    if not keys or not r.exists(*keys):
        return dict(defaults)
    return {
        name: default if value is None else value for (name, default), value in zip(defaults.items(), r.mget(keys))
    }
