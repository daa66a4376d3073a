def read_settings(r, defaults):
    values = r.mget([f"setting:{name}" for name in defaults])
    return dict(zip(defaults, [default if value is None else value for value, default in zip(values, defaults)]))
