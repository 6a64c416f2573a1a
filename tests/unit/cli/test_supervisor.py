from collections.abc import Sequence
from pathlib import Path

import pytest

from cli.errors import StackError
from cli.part import Part
from cli.stack.reporting import Progress
from cli.stack.supervisor import Supervisor


class FakePart(Part):
    """A part without a process: it runs when it says so."""

    def __init__(self, name: str) -> None:
        super().__init__(name, log=Path("fake.log"), record=Path("fake.json"))
        self.alive = True
        self.is_ready = True
        self.launches = 0
        self.refusal: StackError | None = None

    def running(self) -> bool:
        return self.alive

    def ready(self) -> bool:
        return self.alive and self.is_ready

    def launch(self, until: float) -> None:
        del until
        if self.refusal:
            raise self.refusal
        self.alive = True
        self.launches += 1

    def _prepare(self, until: float) -> Sequence[str | Path]:
        raise NotImplementedError


class Scene:
    """A supervisor of one part, with a clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.part = FakePart("trust")
        self.told: list[Progress] = []
        self.supervisor = Supervisor({"trust": self.part}, self.told.append, clock=lambda: self.now)

    def pass_time(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.1)):
            self.now += 0.1
            self.supervisor.tick()

    def launched_after(self) -> float:
        """Seconds from the part's end to its next start."""
        self.part.alive = False
        ended, launches = self.now, self.part.launches
        while self.part.launches == launches:
            self.pass_time(0.1)
        return round(self.now - ended, 1)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_running_part_is_left_alone(scene: Scene) -> None:
    scene.pass_time(60)
    assert scene.part.launches == 0
    assert scene.told == []


def test_a_part_that_ended_starts_again_and_both_are_told(scene: Scene) -> None:
    assert scene.launched_after() < 1
    scene.pass_time(0.2)
    assert [progress.state for progress in scene.told] == ["ended", "ready again"]


def test_a_part_is_called_ready_only_when_it_is(scene: Scene) -> None:
    scene.part.is_ready = False
    scene.launched_after()
    scene.pass_time(5)
    assert [progress.state for progress in scene.told] == ["ended"]


def test_a_part_that_keeps_ending_is_started_ever_more_slowly(scene: Scene) -> None:
    pauses = [scene.launched_after() for _ in range(7)]
    assert pauses == sorted(pauses)
    assert pauses[0] < 1
    assert pauses[-1] == pytest.approx(10, abs=0.3)


def test_after_a_long_run_the_pause_is_short_again(scene: Scene) -> None:
    for _ in range(6):
        scene.launched_after()
    scene.pass_time(40)
    assert scene.launched_after() < 1


def test_a_held_part_stays_ended_until_it_is_released(scene: Scene) -> None:
    scene.supervisor.hold("trust")
    scene.part.alive = False
    scene.pass_time(60)
    assert scene.part.launches == 0
    scene.supervisor.release("trust")
    assert scene.launched_after() < 1


def test_a_start_that_fails_is_told_and_tried_again(scene: Scene) -> None:
    scene.part.refusal = StackError("Port 1 of trust is in use by another program; end it.")
    scene.part.alive = False
    scene.pass_time(3)
    scene.part.refusal = None
    scene.pass_time(5)
    assert scene.part.launches == 1
    assert "Port 1" in next(progress.detail for progress in scene.told if progress.state == "not started")
