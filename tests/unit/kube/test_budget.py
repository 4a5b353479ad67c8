"""How many writes leave, and which first."""

import asyncio

from autoscaler.kube.budget import Budget


async def test_a_burst_leaves_at_once_and_the_rest_waits():
    """Fifty writes may leave at once; what comes in no time is told no."""
    budget = Budget()
    assert [await budget.take(within_seconds=0, current=1, desired=2) for _ in range(51)] == [True] * 50 + [False]


async def test_the_rate_sets_the_burst():
    """Two and a half seconds' worth may leave at once."""
    budget = Budget(rate=2)
    assert [await budget.take(within_seconds=0, current=1, desired=2) for _ in range(6)] == [True] * 5 + [False]


async def test_growth_comes_before_shrink_and_need_before_order():
    """Of those that wait, growth comes first, and of growth the largest relative need."""
    budget, order = Budget(rate=200, burst=1), []

    async def want(name: str, current: int, desired: int) -> None:
        assert await budget.take(within_seconds=5, current=current, desired=desired)
        order.append(name)

    await budget.take(within_seconds=0, current=1, desired=2)
    async with asyncio.TaskGroup() as group:
        group.create_task(want("shrink", 10, 0))
        group.create_task(want("a tenth more", 10, 11))
        group.create_task(want("twice as many", 10, 20))
        group.create_task(want("from nothing", 0, 4))
    assert order == ["from nothing", "twice as many", "a tenth more", "shrink"]


async def test_who_gave_up_takes_nothing():
    """A write whose time is over leaves its place to the next."""
    budget = Budget(rate=50, burst=1)
    assert await budget.take(within_seconds=0, current=1, desired=2)
    early, late = await asyncio.gather(
        budget.take(within_seconds=0.001, current=1, desired=9), budget.take(within_seconds=5, current=1, desired=2)
    )
    assert (early, late) == (False, True)


async def test_a_rest_holds_everything():
    """While the budget rests nothing leaves, and afterwards all goes on."""
    budget = Budget()
    budget.rest(0.05)
    assert not await budget.take(within_seconds=0.01, current=1, desired=2)
    assert await budget.take(within_seconds=5, current=1, desired=2)
