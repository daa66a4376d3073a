"""`workshop test`, the project's own tests."""

from workshop.cli.test import FIRST_LINES, LAST_LINES, Step, run


def test_a_step_shows_all_that_it_prints_and_gives_its_last_lines(tmp_path, monkeypatch, capfdbinary):
    (tmp_path / "talks.py").write_text(
        "import sys\nfor n in range(100): print(n)\nprint('the fault', file=sys.stderr)\nsys.exit(3)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    code, end = run(Step("talks", ("-m", "talks")))

    shown = capfdbinary.readouterr().out.decode().splitlines()
    assert code == 3
    assert len(shown) == 101
    assert {"0", "99", "the fault"} <= set(shown)
    assert len(end.splitlines()) == LAST_LINES
    assert "the fault" in end


def test_the_first_failure_is_told_again_though_it_stands_far_above(tmp_path, monkeypatch, capfdbinary):
    (tmp_path / "talks.py").write_text(
        "print('before')\nprint('   ✗ a promise')\nprint('     because so')\nfor n in range(100): print(n)\nraise SystemExit(1)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    _, end = run(Step("talks", ("-m", "talks")))

    assert end.splitlines()[:3] == ["   ✗ a promise", "     because so", "0"]
    assert end.splitlines()[-1] == "99"
    assert "before" not in end
    assert len(end.splitlines()) == FIRST_LINES + LAST_LINES
