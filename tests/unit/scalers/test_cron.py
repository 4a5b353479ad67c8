"""The cron trigger: schedules, the days when clocks change, and what is read."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from autoscaler.model.faults import Faults
from autoscaler.model.observation import Missing, MissingReason
from autoscaler.model.spec import Parsed, TriggerSpec
from autoscaler.scalers.contract import Response
from autoscaler.scalers.cron import CronScaler
from autoscaler.scalers.schedule import next_firing, parse_schedule

OFFICE = {"start": "0 8 * * 1-5", "end": "0 18 * * 1-5", "timezone": "Europe/Berlin", "desiredReplicas": "5"}
NOTHING = Response(status=200, content_type="", body=b"")


def parse(**changes: str | None) -> Parsed | Faults:
    metadata = {key: text for key, text in {**OFFICE, **changes}.items() if text is not None}
    spec = TriggerSpec(
        index=2, type="cron", metadata=metadata, namespace="ns", object_name="so", env={}, path="spec.triggers[2]"
    )
    return CronScaler().parse(spec, {})


def read(at: str, **changes: str):
    built = parse(**changes)
    assert isinstance(built, Parsed), built
    return CronScaler().read(built.ask, NOTHING, datetime.fromisoformat(at))


def following(schedule: str, zone: str, at: str) -> str | None:
    parsed = parse_schedule(schedule)
    assert parsed is not None
    found = next_firing(parsed, ZoneInfo(zone), datetime.fromisoformat(at))
    return found.astimezone(ZoneInfo(zone)).isoformat() if found else None


@pytest.mark.parametrize(
    ("at", "milli"),
    [
        ("2026-03-02T06:59:59Z", 0),
        ("2026-03-02T07:00:00Z", 5000),
        ("2026-03-02T16:59:59Z", 5000),
        ("2026-03-02T17:00:00Z", 0),
        ("2026-03-07T10:00:00Z", 0),
    ],
)
def test_replicas_between_start_and_end(at, milli):
    """Active from the start on until the end, in the trigger's own zone; the value is desiredReplicas or 0."""
    got = read(at)
    assert (got.value_milli, got.active) == (milli, milli > 0)


def test_a_start_that_never_fires_is_always_active():
    """A schedule such as 30 February never fires: as start it makes the trigger active for good, as KEDA has it."""
    assert read("2026-03-02T10:00:00Z", start="0 0 30 2 *").active is True


def test_an_end_that_never_fires_is_never_active():
    """An end that never comes is never the next thing to happen."""
    assert read("2026-03-02T10:00:00Z", end="0 0 30 2 *").active is False


def test_a_doubled_half_hour_can_lie_between_nothing():
    """robfig/cron goes back to the start of the hour, so in the Chatham Islands an end can lie before now, and KEDA
    then counts the instant as outside. Source: cron_scaler.go, spec.go."""
    given = {"start": "52 4 * * 4", "end": "30 3 * * *", "timezone": "Pacific/Chatham"}
    assert read("2025-04-05T14:13:00Z", **given).active is False
    assert read("2025-04-05T12:13:00Z", **given).active is True


def test_days_of_the_week_count_without_days_of_the_month():
    """A list of days of the month that holds none leaves those of the week. Source: robfig/cron spec.go."""
    assert following("0 8 , * 1", "UTC", "2026-03-03T00:00:00+00:00") == "2026-03-09T08:00:00+00:00"


@pytest.mark.parametrize(("start", "active"), [("0 8 * * *", True), ("TZ=Local 0 8 * * *", True)])
def test_local_is_the_zone_of_kedas_image(start, active):
    """Go knows Local, the zone of the machine, which is UTC in KEDA's image; before a schedule it says nothing."""
    given = {"start": start, "end": "0 18 * * *"}
    assert read("2026-03-02T08:30:00Z", timezone="Local", **given).active is active
    assert read("2026-03-02T07:30:00Z", timezone="Local", **given).active is not active


@pytest.mark.parametrize(
    ("schedule", "at", "firing"),
    [
        ("30 2 * * *", "2026-03-29T00:00:00+01:00", "2026-03-30T02:30:00+02:00"),
        ("0 3 * * *", "2026-03-29T00:00:00+01:00", "2026-03-29T03:00:00+02:00"),
        ("30 2 * * *", "2026-10-25T00:00:00+02:00", "2026-10-25T02:30:00+02:00"),
        ("30 2 * * *", "2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"),
        ("0 0 1 * 0", "2026-06-02T00:00:00+02:00", "2026-06-07T00:00:00+02:00"),
        ("0 0 */2 * 0", "2026-06-02T00:00:00+02:00", "2026-06-03T00:00:00+02:00"),
        ("0 0 * * 0", "2026-06-02T00:00:00+02:00", "2026-06-07T00:00:00+02:00"),
        ("0 12 29 2 *", "2026-01-01T00:00:00+01:00", "2028-02-29T12:00:00+01:00"),
    ],
)
def test_schedules_follow_the_clock_on_the_wall(schedule, at, firing):
    """A skipped time is not made up for, a doubled one fires twice, days of month and week join as in robfig/cron."""
    assert following(schedule, "Europe/Berlin", at) == firing


@pytest.mark.parametrize(
    "schedule",
    ["+5 8 * * *", "1, 8 * * *", "*/61 * * * *", "0 8 ? jan-MAR sun", "TZ=UTC 0 8 * * *", "0\u00a08 * * 00000000001"],
)
def test_odd_schedules_that_are_accepted(schedule):
    """What robfig/cron accepts is accepted: signs, empty list parts, names in any case, a zone in front."""
    assert parse_schedule(schedule) is not None


@pytest.mark.parametrize(
    "schedule",
    [
        "@daily",
        "0 8 * *",
        "0 8 * * * *",
        "0 8 * * 7",
        "60 8 * * *",
        "0 8-7 * * *",
        "0 8 L * *",
        "0 8 1-2-3 * *",
        "*/0 * * * *",
        "0 8 * January *",
        "-1 8 * * *",
        "TZ=Nope/Zone 0 8 * * *",
        "TZ=UTC",
        "0\x1c8\x1c*\x1c*\x1c*",
        "a b c d e",
        "",
    ],
)
def test_schedules_that_are_refused(schedule):
    """Anything else is no schedule."""
    assert parse_schedule(schedule) is None


def test_every_fault_comes_at_once():
    """All faults of a trigger are reported together, each at its key, or at the metadata that lacks it."""
    got = parse(start="x", end=None, desiredReplicas="0", timezone=None)
    assert isinstance(got, Faults)
    assert [(fault.code, fault.path.rpartition(".")[2]) for fault in got.faults] == [
        ("E104", "start"),
        ("E102", "metadata"),
        ("E102", "metadata"),
        ("E104", "desiredReplicas"),
    ]


def test_start_and_end_must_differ():
    """Equal texts of start and end are refused."""
    got = parse(end=" 0 8 * * 1-5 ")
    assert isinstance(got, Faults)
    assert [fault.code for fault in got.faults] == ["E105"]


def test_an_unknown_zone_warns_at_load_and_is_missing_at_run():
    """KEDA looks the zone up when it asks; here loading says so already, and the trigger gives no sample."""
    built = parse(timezone="Nope/Zone")
    assert isinstance(built, Parsed)
    assert [(fault.code, fault.reason) for fault in built.warnings] == [("W124", "timezone")]
    got = read("2026-03-02T10:00:00Z", timezone="Nope/Zone")
    assert isinstance(got, Missing)
    assert got.reason is MissingReason.MALFORMED


def test_the_name_is_kedas():
    """The metric's name spells the zone and both schedules as KEDA does."""
    built = parse(timezone="Etc/UTC")
    assert isinstance(built, Parsed)
    assert built.ask.metric == "s2-cron-Etc-UTC-08xx1-5-018xx1-5"


def test_any_instant_of_a_minute_has_the_same_next_firing():
    """The next firing depends on the minute alone."""
    zone, schedule = ZoneInfo("UTC"), parse_schedule("*/5 * * * *")
    assert schedule is not None
    instants = [datetime(2026, 1, 1, 0, 4, second, 999, tzinfo=UTC) for second in (0, 30, 59)]
    assert {next_firing(schedule, zone, at) for at in instants} == {datetime(2026, 1, 1, 0, 5, tzinfo=UTC)}
