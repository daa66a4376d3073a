"""What a terminal sends, as keys: what nobody means as one is none."""

import pytest

from workshop.desk.keys import Typed


@pytest.mark.parametrize(
    ("sent", "keys"),
    [
        ([b"h"], "h"),
        ([b"nhhq"], "nhhq"),
        (["ü".encode()], "ü"),
        (["ü".encode()[:1], "ü".encode()[1:], b"q"], "üq"),
        (["ü".encode("latin-1"), b"q"], "q"),
        ([b"\x1b[A"], ""),  # an arrow
        ([b"\x1b[", b"A", b"q"], "q"),
        ([b"\x1bOP\x1b[15~\x1b[1;5C"], ""),  # function keys, Ctrl with an arrow
        ([b"\x1bq"], ""),  # Alt with a key
        ([b"\x1b", b"q"], "q"),  # Escape, then a key
        ([b"\x1b[200~quit now\x1b[201~h"], "h"),  # a paste, marked
        ([b"\x1b[200~quit ", b"now, all", b" of it\x1b[201~", b"h"], "h"),
        ([b"quit the thing, and the next"], ""),  # a paste, not marked
        (["\U0001f98a".encode(), b"\x04"], "\U0001f98a\x04"),
    ],
)
def test_keys(sent, keys):
    typed = Typed()
    assert "".join(key for piece in sent for key in typed.keys(piece)) == keys
