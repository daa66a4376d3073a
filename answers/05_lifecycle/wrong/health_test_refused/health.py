"""Asks the app how it is. Exit code 0 says healthy, 1 unhealthy."""

import os
import sys
import urllib.request

port = 8000
try:
    urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2)
except OSError as error:
    sys.exit(f"{error}")
