"""The walls of a container are the same as flags and as keys of a compose file."""

from workshop.engine import limits

FLAG_OF = {"mem_limit": "--memory", "memswap_limit": "--memory-swap", "pids_limit": "--pids-limit", "cpus": "--cpus"}


def pairs(flags):
    return list(zip(flags[::2], flags[1::2], strict=True))


def test_each_wall_is_a_flag_and_a_key():
    keys, flags = limits.keys(), pairs((*limits.LIMITS, *limits.NO_OUTSIDE_NAMES))
    as_flags = [(FLAG_OF[key], f"{keys.pop(key):g}" if key == "cpus" else str(keys.pop(key))) for key in list(FLAG_OF)]
    as_flags += [("--ulimit", f"{name}={most}") for name, most in keys.pop("ulimits").items()]
    as_flags += [("--cap-drop", *keys.pop("cap_drop")), ("--dns", *keys.pop("dns"))]
    as_flags += [("--security-opt", word.removesuffix(":true")) for word in keys.pop("security_opt")]
    logging = keys.pop("logging")
    as_flags += [("--log-driver", logging["driver"])]
    as_flags += [("--log-opt", f"{name}={value}") for name, value in logging["options"].items()]
    assert sorted(as_flags) == sorted(flags)
    assert keys == {}


def test_a_service_may_have_less():
    keys = limits.keys(memory=64 * 2**20, cpus=0.5)
    assert (keys["mem_limit"], keys["memswap_limit"], keys["cpus"]) == (64 * 2**20, 64 * 2**20, 0.5)
