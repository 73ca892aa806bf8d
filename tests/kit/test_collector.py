"""The collector of cycles is paused while any thread asks for it, and goes on afterwards."""

from __future__ import annotations

import gc
import threading
from contextlib import suppress

from deskferry.connectors.kit.collector import collector_paused


def test_it_goes_on_when_the_last_thread_is_done() -> None:
    """A pause that ends within another one does not end that one, in whichever order they began."""
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with collector_paused():
            inside.set()
            leave.wait(timeout=10)

    thread = threading.Thread(target=other)
    with collector_paused():
        thread.start()
        assert inside.wait(timeout=10)
    assert not gc.isenabled()
    with collector_paused():
        leave.set()
        thread.join(timeout=10)
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_goes_on_after_a_failure() -> None:
    """Whatever ends a pause."""
    with suppress(ValueError), collector_paused():
        raise ValueError
    assert gc.isenabled()


def test_one_that_did_not_run_stays_off() -> None:
    """Who turned it off for good finds it so."""
    gc.disable()
    try:
        with collector_paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
