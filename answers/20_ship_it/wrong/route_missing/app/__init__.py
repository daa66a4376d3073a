"""A small web API that keeps its data in Redis: pairs, chat inboxes, completions of words.

`create_app()` makes a Flask application that is ready to be served; `serve.py` serves it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask

from app import completions, config, errors, health, hello, inbox, metrics, pairs, store


def create_app(settings: Mapping[str, Any] | None = None) -> Flask:
    """A new application. `settings` win over the environment: a test says which Redis to use."""
    app = Flask(__name__)
    app.config.update(config.from_environment())
    app.config.update(settings or {})
    store.connect(app)
    errors.answer_in_json(app)
    metrics.count_requests(app)
    for part in (hello, health, metrics, pairs, inbox):
        app.register_blueprint(part.blueprint)
    return app
