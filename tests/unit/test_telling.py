"""What a log tells where no mistake explains a failure."""

import pytest

from workshop.grading.telling import telling

TRACEBACK = """127.0.0.1 - - [29/Nov/2026 12:00:00] "GET /x HTTP/1.1" 500 -
Traceback (most recent call last):
  File "/usr/local/lib/python3.13/site-packages/flask/app.py", line 1511, in wsgi_app
    response = self.full_dispatch_request()
  File "/app/app.py", line 12, in read
    return PAIRS[key]
KeyError: 'error'
"""


@pytest.mark.parametrize(
    ("log", "told"),
    [
        ("", ""),
        (
            ' * Serving Flask app\nWARNING: This is a development server. Do not use it.\n"GET /error HTTP/1.1" 404 -\n',
            "",
        ),
        (TRACEBACK, "/app/app.py, line 12: KeyError: 'error'"),
        ("starting\nworker 1: connection refused\nready\n", "worker 1: connection refused"),
        ("\n".join(f"try {n} failed" for n in range(9)), "try 6 failed\ntry 7 failed\ntry 8 failed"),
    ],
)
def test_telling(log, told):
    assert telling(log) == told
