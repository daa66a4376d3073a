def release_lock(r, name, token):
    return r.execute_command("DELEX", f"lock:{name}", "IFEQ", token) == 1
