import os
import sys
import urllib.request

answer = urllib.request.urlopen(f"http://127.0.0.1:{os.environ['PORT']}/healthz", timeout=2)
sys.exit(answer.status)
