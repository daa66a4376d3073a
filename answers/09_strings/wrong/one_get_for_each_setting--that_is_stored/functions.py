def read_settings(r, defaults):
    found = dict(defaults)
    for key in r.scan_iter("setting:*"):
        name = key.removeprefix("setting:")
        if name in found:
            found[name] = r.get(key)
    return found
