"""Seals a release while the image is built: writes seal.json beside release.txt, made from the release and a token.

Whoever knows the token can tell a true seal from a forged one. The token itself cannot be read from the seal.
"""

import hashlib
import hmac
import json
import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
SECRET = Path("/run/secrets/seal_token")

token = SECRET.read_text(encoding="utf-8").strip() if SECRET.exists() else os.environ.get("SEAL_TOKEN", "")
if not token:
    sys.exit(f"seal.py: no token, neither in {SECRET} nor in the variable SEAL_TOKEN")

release = (HERE / "release.txt").read_text(encoding="utf-8").strip()
seal = hmac.new(token.encode(), release.encode(), hashlib.sha256).hexdigest()
(HERE / "seal.json").write_text(json.dumps({"release": release, "seal": seal}), encoding="utf-8")
