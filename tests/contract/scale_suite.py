"""What the scale port promises, whatever stands behind it."""

import asyncio

import anyio.to_thread
import pytest

from autoscaler.model.objects import Mode, TargetType
from autoscaler.model.observation import PodCount, ScaleStatus, Unreadable, UnreadableReason
from autoscaler.model.record import Applied, Failed, Superseded, Unneeded, Withheld
from tests.contract.worlds import Hands, World, a_cohort, hands_of
from tests.unit.builders import a_trigger


async def behind_our_back(move: object, *args: object) -> None:
    """Let somebody else act."""
    await anyio.to_thread.run_sync(move, *args)  # type: ignore[arg-type]


async def until_watched(hands: Hands) -> None:
    """Wait until the watch knows the Deployment."""
    assert hands.watches is not None
    collection = f"/apis/apps/v1/namespaces/{hands.namespace}/deployments"
    async with asyncio.timeout(10):
        while hands.watches.scale(collection, "web") is None:
            await asyncio.sleep(0.01)


class ScalePortSuite:
    """Every test gets a fresh Deployment ``web`` with two replicas."""

    watching = False

    @pytest.fixture
    async def hands(self, world: World):  # type: ignore[no-untyped-def]
        await behind_our_back(world.make, "web", 2)
        hands = await hands_of(world, watching=self.watching)
        if self.watching:
            await until_watched(hands)
        yield hands
        await hands.close()

    async def test_the_scale_is_read(self, hands: Hands):
        """A scale gives the count in spec, its identity and its version."""
        scale = await hands.scale(hands.object("web"))
        assert (scale.spec, bool(scale.uid), bool(scale.resource_version)) == (2, True, True)
        assert scale.selector == "app=web"

    async def test_a_write_is_stored(self, hands: Hands, world: World):
        """A decided count is what the API server holds afterwards, and the next read sees it."""
        obj = hands.object("web")
        outcome = await hands.apply(obj, await hands.scale(obj), 5)
        assert isinstance(outcome, Applied)
        after = await hands.scale(obj)
        assert (after.spec, after.resource_version) == (5, outcome.resource_version)
        assert await anyio.to_thread.run_sync(world.count, "web") == 5

    async def test_zero_is_written_and_read(self, hands: Hands):
        """A count of zero, which the API server leaves out of its answers, is a zero all the same."""
        obj = hands.object("web")
        assert isinstance(await hands.apply(obj, await hands.scale(obj), 0), Applied)
        assert (await hands.scale(obj)).spec == 0

    async def test_an_unchanged_count_writes_nothing(self, hands: Hands):
        """Where desired is current nothing is sent."""
        obj = hands.object("web")
        before = await hands.scale(obj)
        assert await hands.apply(obj, before, 2) == Unneeded()
        assert (await hands.scale(obj)).resource_version == before.resource_version

    async def test_a_change_beside_the_count_does_not_stop_a_write(self, hands: Hands, world: World):
        """A conflict with the same count is written again on the new version (L7)."""
        obj = hands.object("web")
        scale = await hands.scale(obj)
        await behind_our_back(world.touch, "web")
        assert isinstance(await hands.apply(obj, scale, 5), Applied)

    async def test_another_writers_count_wins(self, hands: Hands, world: World):
        """A conflict with another count is Superseded and says which count was found (D23)."""
        obj = hands.object("web")
        scale = await hands.scale(obj)
        await behind_our_back(world.write, "web", 4)
        outcome = await hands.apply(obj, scale, 5)
        assert isinstance(outcome, Superseded)
        assert outcome.found == 4
        assert (await hands.scale(obj)).spec == 4

    async def test_a_new_object_of_the_same_name_is_not_the_old_one(self, hands: Hands, world: World):
        """A target that was deleted and made again is left alone (R20)."""
        obj = hands.object("web")
        scale = await hands.scale(obj)
        await behind_our_back(world.remove, "web")
        await behind_our_back(world.make, "web", 2)
        outcome = await hands.apply(obj, scale, 5)
        assert isinstance(outcome, Superseded)
        assert "made again" in outcome.why
        assert (await hands.scale(obj)).spec == 2

    async def test_no_count_is_laid_at_the_wrong_door(self, hands: Hands, world: World):
        """Who wrote the count is named right or, where the API server does not note it, not at all."""
        obj = hands.object("web")
        assert isinstance(await hands.apply(obj, await hands.scale(obj), 5), Applied)
        assert (await hands.scale(obj)).writer in (None, "autoscaler")
        await behind_our_back(world.write, "web", 4)
        assert (await hands.scale(obj)).writer != "autoscaler"

    async def test_a_uid_alone_stops_a_write(self, hands: Hands, world: World):
        """The identity is checked by the API server even where the version would fit."""
        obj = hands.object("web")
        scale = await hands.scale(obj)
        forged = ScaleStatus(
            spec=2, status=2, resource_version=scale.resource_version, uid="00000000-0000-0000-0000-000000000000"
        )
        assert isinstance(await hands.apply(obj, forged, 5), Superseded)
        assert await anyio.to_thread.run_sync(world.count, "web") == 2

    async def test_a_passed_deadline_sends_nothing(self, hands: Hands, world: World):
        """A write whose fence has passed does not leave (R15)."""
        obj = hands.object("web")
        outcome = await hands.apply(obj, await hands.scale(obj), 5, seconds=-0.001)
        assert isinstance(outcome, Superseded)
        assert await anyio.to_thread.run_sync(world.count, "web") == 2

    async def test_a_count_out_of_bounds_is_not_sent(self, hands: Hands, world: World):
        """The write checks the bounds once more, whoever decided (L4)."""
        obj = hands.object("web", maximum=4)
        outcome = await hands.apply(obj, await hands.scale(obj), 5)
        assert isinstance(outcome, Failed)
        assert "outside 1..4" in outcome.why
        assert await anyio.to_thread.run_sync(world.count, "web") == 2

    async def test_an_object_in_dry_run_is_not_written(self, hands: Hands, world: World):
        """The mode dry-run of an object withholds its writes."""
        obj = hands.object("web", mode=Mode.DRY_RUN)
        assert isinstance(await hands.apply(obj, await hands.scale(obj), 5), Withheld)
        assert await anyio.to_thread.run_sync(world.count, "web") == 2

    async def test_a_missing_target_is_named(self, hands: Hands):
        """A target that does not exist is Unreadable, and the text names it."""
        found = await hands.read(hands.object("gone"))
        assert isinstance(found, Unreadable)
        assert found.reason is UnreadableReason.NOT_FOUND
        assert f"deployment/gone does not exist in namespace {hands.namespace}" in found.detail

    async def test_a_deleted_target_fails_the_write(self, hands: Hands, world: World):
        """A target deleted between reading and writing is a failure with its status, not a crash."""
        obj = hands.object("web")
        scale = await hands.scale(obj)
        await behind_our_back(world.remove, "web")
        outcome = await hands.apply(obj, scale, 5)
        assert isinstance(outcome, Failed)
        assert outcome.status == 404

    async def test_an_unknown_kind_is_named(self, hands: Hands):
        """A kind that its API group does not have is Unreadable, with the kind that was meant."""
        found = await hands.read(hands.object("web", kind="Deploymint"))
        assert found == Unreadable(
            reason=UnreadableReason.NOT_FOUND, detail="apps/v1 has no kind Deploymint; did you mean Deployment?"
        )

    async def test_an_unknown_group_is_named(self, hands: Hands):
        """An API group that is not served is Unreadable and says what is missing."""
        found = await hands.read(hands.object("web", kind="Model", api_version="ml.example.com/v1"))
        assert isinstance(found, Unreadable)
        assert (found.reason, "does not serve ml.example.com/v1" in found.detail) == (UnreadableReason.NOT_FOUND, True)

    async def test_a_cohort_is_read_at_once(self, hands: Hands, world: World):
        """Every target of a cohort gets its own answer, the missing ones theirs."""
        for number in range(20):
            await behind_our_back(world.make, f"w{number}", number)
        objects = [hands.object(f"w{number}") for number in range(20)]
        scales = await hands.reader.read(a_cohort(*objects, hands.object("gone")))
        assert [scales[obj.target].spec for obj in objects] == list(range(20))  # type: ignore[union-attr]
        assert len(scales) == 21

    async def test_pods_are_counted_for_a_value_target(self, hands: Hands, world: World):
        """An object with a Value target gets its pods counted by the target's selector."""
        await behind_our_back(world.make, "none", 0)
        obj = hands.object("none", triggers=[a_trigger(type=TargetType.VALUE)])
        assert (await hands.scale(obj)).pods == PodCount(total=0, ready=0)
        assert (await hands.scale(hands.object("none"))).pods is None
