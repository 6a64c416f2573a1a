from gateway.breaker import Breaker


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def failing(clock: Clock, *, failures: int = 3) -> Breaker:
    breaker = Breaker(failures=failures, pause=1.0, clock=clock)
    for _ in range(failures):
        assert breaker.allows()
        breaker.failed()
    return breaker


def test_breaker_opens_after_failures_in_a_row() -> None:
    breaker = failing(Clock())
    assert breaker.open
    assert not breaker.allows()


def test_success_between_failures_keeps_it_closed() -> None:
    breaker = Breaker(failures=2, pause=1.0, clock=Clock())
    for _ in range(5):
        breaker.failed()
        breaker.succeeded()
    assert breaker.allows()


def test_after_the_pause_one_request_may_try() -> None:
    clock = Clock()
    breaker = failing(clock)
    clock.now = 1.0
    assert [breaker.allows(), breaker.allows()] == [True, False]


def test_success_of_the_trial_closes_it() -> None:
    clock = Clock()
    breaker = failing(clock)
    clock.now = 1.0
    assert breaker.allows()
    breaker.succeeded()
    assert not breaker.open
    assert [breaker.allows(), breaker.allows()] == [True, True]


def test_failure_of_the_trial_starts_another_pause() -> None:
    clock = Clock()
    breaker = failing(clock)
    clock.now = 1.0
    assert breaker.allows()
    breaker.failed()
    clock.now = 1.9
    assert not breaker.allows()
    clock.now = 2.0
    assert breaker.allows()


def test_trial_that_tells_nothing_leaves_room_for_another() -> None:
    clock = Clock()
    breaker = failing(clock)
    clock.now = 1.0
    assert breaker.allows()
    breaker.undecided()
    assert breaker.allows()
