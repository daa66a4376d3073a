"""Lesson 1: a small web service in Flask."""

def test_up(service):
    """up"""
    service.get("/").expect(200, text="Hello World")

def test_h(service, some):
    """hello"""
    n = some.name()
    service.get(f"/hello/{n}").expect(200)
