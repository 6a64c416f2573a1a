"""Steps that run at the same time, in threads that never keep the program from ending."""

import threading
from collections.abc import Callable, Sequence


def in_parallel(steps: Sequence[Callable[[], object]]) -> None:
    """Run all steps; the first exception is raised as soon as it happens, while the other steps go on."""
    first_failure: list[BaseException] = []
    changed = threading.Condition()
    remaining = len(steps)

    def run(step: Callable[[], object]) -> None:
        nonlocal remaining
        failure: BaseException | None = None
        try:
            step()
        except BaseException as error:  # noqa: BLE001 -- raised in the caller's thread
            failure = error
        with changed:
            remaining -= 1
            if failure:
                first_failure.append(failure)
            changed.notify()

    for step in steps:
        threading.Thread(target=run, args=(step,), daemon=True).start()
    with changed:
        changed.wait_for(lambda: first_failure or remaining == 0)
    if first_failure:
        raise first_failure[0]
