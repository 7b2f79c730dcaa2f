"""One image while it runs: pass after pass, each with a trajectory of its own."""

from collections.abc import Callable, Sequence

from worker.engine.enter_schedule import find_first_step
from worker.engine.passes import Pass, following_pass
from worker.engine.request import Picture, SecondPass
from worker.engine.trajectory import Trajectory


class RunningImage:
    """An image on its way.

    Args:
        first: The pass that makes its first picture.
        further: What is done with that picture, one after the other.
        begin: Begins a pass.

    Attributes:
        trajectory: Of the pass that runs now.
        num_steps: Steps of all passes.
        picture: (H, W, 3), once the last pass is done.
    """

    def __init__(
        self, first: Pass, further: Sequence[SecondPass], begin: Callable[[Pass], Trajectory]
    ) -> None:
        self._begin = begin
        self._pass = first
        self._further = iter(further)
        self.trajectory = begin(first)
        self._steps_before = 0
        self.num_steps = self.trajectory.num_steps + sum(self._count_steps(one) for one in further)
        self.picture: Picture | None = None

    @property
    def step(self) -> int:
        """Steps done, over all passes."""
        return self._steps_before + self.trajectory.step

    @property
    def is_denoised(self) -> bool:
        """Whether the latents of the pass that runs now have no noise left."""
        return self.trajectory.is_done

    def take(self, painted: Picture) -> None:
        """Take the picture that a pass ended in, (H, W, 3): the last one, or the next one's start.

        Args:
            painted: As it was decoded.
        """
        picture = self._pass.finish(painted)
        second = next(self._further, None)
        if second is None:
            self.picture = picture
            return
        self._pass = following_pass(second, picture)
        steps_before = self.step
        self.trajectory = self._begin(self._pass)
        self._steps_before = steps_before

    def _count_steps(self, second: SecondPass) -> int:
        steps = second.num_inference_steps
        return steps - find_first_step(self.trajectory.scheduler, steps, second.strength)
