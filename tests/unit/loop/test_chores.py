"""What the daemon does beside its ticks."""

from autoscaler.loop.chores import TROUBLE, Keeper
from autoscaler.loop.vitals import Vitals
from tests.unit.builders import START
from tests.unit.loop.world import Disk


def test_a_state_folder_that_cannot_be_used_is_said_before_the_first_save():
    """From the start on readiness says that memory will be lost, and why."""
    disk, vitals = Disk(), Vitals(started_at=START)
    disk.fault = "cannot use the state folder /nowhere"
    Keeper(disk, vitals)
    assert vitals.troubles == {TROUBLE: "cannot use the state folder /nowhere; memory is lost with this process"}
