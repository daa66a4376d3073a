"""Chromium, for the tests that look at a page as a person does."""

import contextlib
import functools
import http.server
import threading

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
QUIET = ("--disable-component-update", "--disable-sync")
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
PATIENCE = 30_000  # milliseconds in which the page does what is expected, on a busy machine


@contextlib.contextmanager
def window(chromium, **options):
    """A browser without a window and with nothing remembered; options are those of a context."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, headless=True, args=[*FLAGS, *QUIET])
        context = browser.new_context(**{"viewport": DESKTOP, **options})
        context.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        try:
            yield context
        finally:
            browser.close()


def faults(page):
    """What axe finds on a page, as [rule, place, how to fix it]."""
    found = Axe().run(page).response["violations"]
    return [[one["id"], node["target"], node["failureSummary"]] for one in found for node in one["nodes"]]


def is_too_wide(page):
    """Whether the page must be moved sideways to be read."""
    return page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth + 1")


class Fetching:
    """Fetches for the browser what a page consists of: Chromium drops what it is loading when a container comes or goes on this machine."""

    def __init__(self):
        self.kept = {}

    def __call__(self, route):
        request = route.request
        if request.is_navigation_request():
            return route.continue_()
        if "/static/" not in request.url:
            return route.fulfill(response=route.fetch())
        if request.url not in self.kept:
            answer = route.fetch()
            self.kept[request.url] = {
                "status": answer.status,
                "content_type": answer.headers.get("content-type"),
                "body": answer.body(),
            }
        return route.fulfill(**self.kept[request.url])


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextlib.contextmanager
def served(folder):
    """A plain file server on a folder; yields its address."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
