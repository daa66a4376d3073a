"""What a teacher without this workshop would write into the notebook of lesson 9: plain asserts, one cell for each exercise.

The other tools of the bench grade with them. No rival acts in them and no command is counted, so they notice less than the lesson's grader.
"""

LESSON = "9"
ASSERTS = {
    "record_visit": """
r.flushdb()
assert record_visit(r, "home") == 1
assert record_visit(r, "home") == 2
assert record_visit(r, "about") == 1
assert r.get("visits:home") == "2"
""",
    "save_session": """
import json
r.flushdb()
save_session(r, "token", {"name": "Ada", "cart": [], "admin": True}, 90)
assert json.loads(r.get("session:token")) == {"name": "Ada", "cart": [], "admin": True}
assert 88 <= r.ttl("session:token") <= 90
save_session(r, "token", {"name": "Ada"}, 1.5)
assert 1000 < r.pttl("session:token") <= 1500
""",
    "change_session": """
import json
r.flushdb()
r.set("session:token", "{}", ex=500)
assert change_session(r, "token", {"name": "Ada"}) is True
assert json.loads(r.get("session:token")) == {"name": "Ada"}
assert 495 <= r.ttl("session:token") <= 500
assert change_session(r, "none", {"name": "Ada"}) is False
assert r.exists("session:none") == 0
""",
    "time_left": """
r.flushdb()
r.set("there", "1", ex=200)
r.set("eternal", "1")
assert 198 <= time_left(r, "there") <= 200
assert time_left(r, "eternal") == "for ever"
assert time_left(r, "missing") is None
""",
    "read_settings": """
r.flushdb()
r.mset({"setting:theme": "dark", "setting:sound": "0", "setting:name": ""})
defaults = {"theme": "light", "sound": "1", "name": "nobody", "size": "12"}
assert read_settings(r, defaults) == {"theme": "dark", "sound": "0", "name": "", "size": "12"}
assert read_settings(r, {}) == {}
""",
    "take_lock": """
r.flushdb()
assert take_lock(r, "printer", "mine", 60) is True
assert r.get("lock:printer") == "mine"
assert 58 <= r.ttl("lock:printer") <= 60
assert take_lock(r, "printer", "theirs", 60) is False
assert r.get("lock:printer") == "mine"
""",
    "release_lock": """
r.flushdb()
r.set("lock:printer", "theirs", ex=60)
assert release_lock(r, "printer", "mine") is False
assert r.get("lock:printer") == "theirs"
assert release_lock(r, "printer", "theirs") is True
assert r.exists("lock:printer") == 0
assert release_lock(r, "printer", "theirs") is False
""",
    "find_keys": """
r.flushdb()
r.mset({f"other:{number}": "" for number in range(1500)})
wanted = [f"wanted:{number}" for number in range(6)]
r.mset(dict.fromkeys(wanted, ""))
assert list(find_keys(r, "wanted:")) == wanted
assert list(find_keys(r, "none:")) == []
""",
    "allow_request": """
r.flushdb()
assert [allow_request(r, "ada", 2, 60, 120.5) for _ in range(3)] == [True, True, False]
assert r.keys() == ["rate:ada:2"]
assert 58 <= r.ttl("rate:ada:2") <= 120
assert allow_request(r, "ada", 2, 60, 180.0) is True
""",
}
