def read_settings(r, defaults):
    values = r.hmget("setting", list(defaults)) if defaults else []
    return {n: defaults[n] if v is None else v for n, v in zip(defaults, values)}
