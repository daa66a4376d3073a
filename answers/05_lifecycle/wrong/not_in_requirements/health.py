import os
import sys

import requests

answer = requests.get(f"http://127.0.0.1:{os.environ['PORT']}/healthz", timeout=2)
sys.exit(0 if answer.ok else 1)
