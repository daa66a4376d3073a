"""Where things lie: the checkout, and the folder for what the workshop must remember."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def state_folder() -> Path:
    """Where the workshop keeps what it must remember: `.workshop` in the checkout, or WORKSHOP_STATE."""
    folder = Path(os.environ.get("WORKSHOP_STATE") or ROOT / ".workshop")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def shown_path(path: Path) -> str:
    """The path, relative to here if it can be."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except (ValueError, OSError):  # elsewhere; or the folder that we stand in is gone
        return str(path)
