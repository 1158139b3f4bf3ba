import os
import time

from verso.search.lease import LOST_SECONDS, Place


def test_a_place_that_is_held_is_never_silent_and_one_that_was_left_grows_silent(tmp_path):
    with Place(tmp_path, 1, 1.0) as place:
        with Place(tmp_path, 2, 1.0):
            assert place.silent_for(2) == 0.0
        alive = tmp_path / "worker-2" / "alive"
        os.utime(alive, (time.time() - 40, time.time() - 40))
        assert 39 < place.silent_for(2) < LOST_SECONDS
        assert 39 < place.silent_for(2) < LOST_SECONDS
        assert place.silent_for(3) > LOST_SECONDS


def test_a_place_that_is_touched_after_the_first_look_is_held_though_its_lock_does_not_reach_here(tmp_path):
    alive = tmp_path / "worker-2" / "alive"
    alive.parent.mkdir()
    alive.touch()  # by a process on another node; no lock is seen
    with Place(tmp_path, 1, 1.0) as place:

        def silence_after(seconds):
            os.utime(alive, (time.time() - seconds, time.time() - seconds))
            return place.silent_for(2)

        assert 9 < silence_after(10) < LOST_SECONDS  # alive, or it died just now
        assert silence_after(5) == 0.0
        assert place.silent_for(2) == 0.0  # others are waited for as well, each with touches of its own
        assert 29 < silence_after(30) < LOST_SECONDS
