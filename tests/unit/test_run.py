"""The lock by which a run is known: nobody else's sweep takes it, however close the two come."""

import threading

import pytest

from workshop.engine import run
from workshop.outcomes import Unchecked


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the locks of runs lie."""
    monkeypatch.setenv("WORKSHOP_STATE", str(tmp_path))
    return tmp_path / "runs"


def sweeping(folder):
    """Takes every lock that nobody holds, and removes it, as the sweep of forgotten runs does."""
    for path in folder.iterdir():
        if (lock := run.locked(path)) is not None:
            run._remove(path, lock)
            lock.close()


def test_a_name_that_a_sweep_holds_or_has_removed_is_given_up(folder, monkeypatch):
    real, seen = run.locked, []

    def late(path):
        """What comes between the making of a file and its lock: a sweep that holds it still, then one that is done with it."""
        seen.append(path)
        if len(seen) == 1:
            return None
        lock = real(path)
        if len(seen) == 2:
            path.unlink()
        if len(seen) == 3:
            path.unlink()
            path.touch()
        return lock

    monkeypatch.setattr(run, "locked", late)
    path, lock = run._taken_lock()
    with lock:
        assert len(seen) == 4 and path == seen[-1] and real(path) is None


def test_runs_that_begin_beside_sweeps_keep_their_locks(folder):
    over, lost = threading.Event(), []

    def sweeps():
        while not over.is_set():
            sweeping(folder)

    def begins():
        for _ in range(200):
            path, lock = run._taken_lock()
            if not path.exists() or run.locked(path) is not None:
                lost.append(path)
            run._remove(path, lock)
            lock.close()

    folder.mkdir()
    sweeper, runs = threading.Thread(target=sweeps), [threading.Thread(target=begins) for _ in range(3)]
    for thread in (sweeper, *runs):
        thread.start()
    for thread in runs:
        thread.join()
    over.set()
    sweeper.join()
    assert not lost and not list(folder.iterdir())


def test_a_folder_that_cannot_be_written_is_named(folder):
    folder.write_text("a file where the folder belongs")
    with pytest.raises(Unchecked, match=r"runs cannot be written: File exists\. Make it writable"):
        run._taken_lock()


def test_a_lock_that_cannot_be_opened_is_no_lock_that_another_holds(folder):
    folder.mkdir()
    with pytest.raises(OSError):
        run.locked(folder)
