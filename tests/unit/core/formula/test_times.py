"""Instants, durations and time zones in formulas: their methods, their operators, how they are read and written."""

import pytest

from tests.unit.core.formula.builders import failure_of, value_of

AT = 'date("2024-02-29 13:14:15", "2006-01-02 15:04:05")'

FIELDS = {
    f"{AT}.Year()": 2024.0,
    f"int({AT}.Month())": 2.0,
    f"{AT}.Day()": 29.0,
    f"{AT}.Hour()": 13.0,
    f"{AT}.Minute()": 14.0,
    f"{AT}.Second()": 15.0,
    f"int({AT}.Weekday())": 4.0,
    f"{AT}.ISOWeek()": 2024.0,
    f"{AT}.IsZero() ? 1 : 0": 0.0,
    f"{AT}.IsDST() ? 1 : 0": 0.0,
    f'{AT}.Truncate(duration("1h")).Minute()': 0.0,
    f'{AT}.Round(duration("1m")).Second()': 0.0,
    f'{AT}.Round(duration("10m")).Minute()': 10.0,
    f'{AT}.Round(duration("0s")).Minute()': 14.0,
    f"{AT}.Local().Hour()": 13.0,
    'date("2024-01-02T03:04:05.123456789Z").Nanosecond()': 123_456_789.0,
    '(now() + duration("1ns")).Nanosecond()': 1.0,
    '(now() + duration("1ns") - now()).Nanoseconds()': 1.0,
    f"mean([{AT}.Month(), 3])": 2.5,
    f"{AT}.Month() == {AT}.Month() ? 1 : 0": 1.0,
    f"{AT}.YearDay()": 60.0,
    '(now() + duration("1500us")).Nanosecond()': 1_500_000.0,
    'date("1970-01-02").Unix()': 86_400.0,
    'date("1970-01-02").UnixMilli()': 86_400_000.0,
    'date("1970-01-02").UnixMicro()': 86_400_000_000.0,
    'date("1970-01-02").UnixNano()': 86_400_000_000_000.0,
}

MOVES = {
    f'{AT}.Add(duration("1h")).Hour()': 14.0,
    f'(duration("1h") + {AT}).Hour()': 14.0,
    f'({AT} - duration("1h")).Hour()': 12.0,
    f'{AT}.Sub(date("2024-02-29")).Hours()': 13.2375,
    f"{AT}.AddDate(1, 0, 0).YearDay()": 60.0,
    f"{AT}.AddDate(3, 0, 0).Year()": 2027.0,
    f"{AT}.AddDate(0, 11, 0).Year()": 2025.0,
    f"{AT}.AddDate(0, 11, 0).YearDay()": 29.0,
    f"{AT}.AddDate(0, 10, 0).YearDay()": 364.0,
    f"{AT}.AddDate(0, 0, 2).Day()": 2.0,
    f'{AT}.In(timezone("Asia/Tokyo")).Hour()': 22.0,
    f'{AT}.In(timezone("Asia/Tokyo")).UTC().Hour()': 13.0,
    'now(timezone("Asia/Tokyo")).Hour()': 17.0,
    "now().Hour()": 8.0,
    'date(timezone("Asia/Tokyo"), "2024-01-02").UTC().Day()': 1.0,
    'date("2024-01-02", "2006-01-02", "Asia/Tokyo").UTC().Hour()': 15.0,
    'date("2024-01-02T03:04:05Z").Hour()': 3.0,
    'date("2024-01-02T03:04:05+02:00").UTC().Hour()': 1.0,
    'date("2024-01-02 03:04:05").Minute()': 4.0,
    'date("03:04:05").Second()': 5.0,
    'date("2024-01-02T03:04:05.250Z").Nanosecond()': 250_000_000.0,
    'date("02 Jan 24 15:04 UTC").Hour()': 15.0,
    'date("Tuesday, 02-Jan-24 15:04:05 UTC").Second()': 5.0,
    'date("Tue, 02 Jan 2024 15:04:05 UTC").Minute()': 4.0,
    'date("03:04 PM", "03:04 PM").Hour()': 15.0,
    'date("12:04 AM", "03:04 PM").Hour()': 0.0,
    'date("3:04pm", "3:04pm").Hour()': 15.0,
    'date("02 Jan 24 15:04 MST").Hour()': 15.0,
    'date("02 Jan 24 15:04 MST").UTC().Hour()': 15.0,
    'date("1 2 24 GMT+3", "1 2 06 MST").UTC().Hour()': 21.0,
    'date("2024-01-02 +0000", "2006-01-02 -0700").Hour()': 0.0,
    'date("2024-060", "2006-002").Day()': 29.0,
    'date("2024- 60", "2006-__2").Day()': 29.0,
    'date("05.25", "05.00").Nanosecond()': 250_000_000.0,
    'date("05.25", "05.999").Nanosecond()': 250_000_000.0,
    'date("05", "05.999").Nanosecond()': 0.0,
    'date("Friday  2", "Monday _2").Day()': 2.0,
    'date("2024-07-02 03:00 CEST", "2006-01-02 15:04 MST", "Europe/Berlin").UTC().Hour()': 1.0,
    'date("1 January 2024", "_2 January 2006").Day()': 1.0,
    'date("24 05 -0700", "06 05 -0700").Second()': 5.0,
    'date("68", "06").Year()': 2068.0,
    'date("69", "06").Year()': 1969.0,
    'date("24", "06").YearDay()': 1.0,
    'date("05.123456789", "05.000000000").Nanosecond()': 123_456_789.0,
    'date("05.1234567899", "05.999").Nanosecond()': 123_456_789.0,
}

ORDER = {
    'now().Before(now() + duration("1ns"))': True,
    'now().Before(now() + duration("1us"))': True,
    "now().Before(now())": False,
    'now().After(now() - duration("1us"))': True,
    "now().After(now())": False,
    "now().Equal(now())": True,
    'now().Equal(now() + duration("1us"))': False,
    'now().Equal(now() - duration("1us"))': False,
    "now() == now()": True,
    'now() < now() + duration("1s")': True,
    'duration("1h") == duration("60m")': True,
    'duration("1h") <= duration("60m")': True,
    'duration("1h") < duration("60m")': False,
}

SPANS = {
    'duration("90m").Hours()': 1.5,
    'duration("90s").Minutes()': 1.5,
    'duration("1500ms").Seconds()': 1.5,
    'duration("1.9ms").Milliseconds()': 1.0,
    'duration("-1.9ms").Milliseconds()': -1.0,
    'duration("1.9us").Microseconds()': 1.0,
    'duration("1.5us").Nanoseconds()': 1500.0,
    'duration("2µs").Nanoseconds()': 2000.0,
    'duration("2μs").Nanoseconds()': 2000.0,
    'duration("3ns").Nanoseconds()': 3.0,
    'duration("1m").Seconds()': 60.0,
    'duration("1h2m3s4ms5us6ns").Nanoseconds()': 3_723_004_005_006.0,
    'duration("-1h").Abs().Minutes()': 60.0,
    'duration("+1h").Minutes()': 60.0,
    'duration("0").Seconds()': 0.0,
    'duration("-0").Seconds()': 0.0,
    'duration(".5s").Milliseconds()': 500.0,
    'duration("5.s").Seconds()': 5.0,
    'duration("100s").Truncate(duration("1m")).Seconds()': 60.0,
    'duration("-100s").Truncate(duration("1m")).Seconds()': -60.0,
    'duration("100s").Truncate(duration("0")).Seconds()': 100.0,
    'duration("100s").Round(duration("1m")).Seconds()': 120.0,
    'duration("90s").Round(duration("1m")).Seconds()': 120.0,
    'duration("-90s").Round(duration("1m")).Seconds()': -120.0,
    'duration("89s").Round(duration("1m")).Seconds()': 60.0,
    'duration("4ns").Round(duration("3ns")).Nanoseconds()': 3.0,
    'duration("5ns").Round(duration("3ns")).Nanoseconds()': 6.0,
    'duration("100s").Round(duration("0")).Seconds()': 100.0,
    'duration("100s").Round(duration("-1m")).Seconds()': 100.0,
    '(duration("3s") - duration("1s")).Seconds()': 2.0,
    '(duration("3s") * 2).Seconds()': 6.0,
    '(2 * duration("3s")).Seconds()': 6.0,
    'duration("3ns") * 1.5': 4.5,  # a float, not a duration, as in vm/runtime
    'duration("67m").Hours()': 1.1166666666666667,
    'duration("-1ms").Microseconds()': -1000.0,
    '(duration("3ns") * duration("2ns")).Nanoseconds()': 6.0,
}

WRITTEN = {
    'string(duration("0"))': "0s",
    'string(duration("3ns"))': "3ns",
    'string(duration("1500ns"))': "1.5µs",
    'string(duration("1us"))': "1µs",
    'string(duration("999us"))': "999µs",
    'string(duration("1.05ms"))': "1.05ms",
    'string(duration("1s"))': "1s",
    'string(duration("-1.5s"))': "-1.5s",
    'string(duration("60s"))': "1m0s",
    'string(duration("1h0m1s"))': "1h0m1s",
    'duration("90m").String()': "1h30m0s",
    'timezone("Asia/Tokyo").String()': "Asia/Tokyo",
    'timezone("UTC").String()': "UTC",
    'timezone("").String()': "UTC",
    "string(now())": "2026-03-01 08:30:00 +0000 UTC",
    "now().String()": "2026-03-01 08:30:00 +0000 UTC",
    "now().Month().String() + now().Weekday().String()": "MarchSunday",
    'date("2024-01-02T03:04:05.5Z").Format("05.000000000000")': "05.500000000000",
    'date("2024-07-02 03:00 +0200", "2006-01-02 15:04 -0700", "Europe/Berlin").Zone()': "CEST",
    'date("2024-07-02 03:00 +0300", "2006-01-02 15:04 -0700", "Europe/Berlin").Zone()': "+0300",
    'date("2024-07-02 03:00 +0200 CEST", "2006-01-02 15:04 -0700 MST", "Europe/Berlin").Zone()': "CEST",
    'date("2024-07-02 03:00 +0200 XST", "2006-01-02 15:04 -0700 MST", "Europe/Berlin").Zone()': "XST",
    f'{AT}.Format("Mon Monday Jan January 02 06 03 PM -0700 000%")': (
        "Thu Thursday Feb February 29 24 01 PM +0000 000%"
    ),
    f'{AT}.Format("Month Jany 1 _2 002 __2 3 4 5 pm")': "Month Jany 2 29 060  60 1 14 15 pm",
    f'{AT}.Format("Z0700 Z07:00 -07:00 -07 -070000")': "Z Z +00:00 +00 +000000",
    'date("2024-01-02T03:04:05.6789+05:30").Format("05.00 05.999999 05,000 Z07:00 MST")': (
        "05.67 05.6789 05,678 +05:30 +0530"
    ),
    f'{AT}.Format("05.000 05.999")': "15.000 15",
    'string(date("2024-01-02T03:04:05.5-02:00"))': "2024-01-02 03:04:05.5 -0200 -0200",
    f"string({AT}.Month()) + {AT}.Weekday().String()": "FebruaryThursday",
    f"type({AT}.Month()) + type({AT}.Weekday())": "time.Monthtime.Weekday",
    f"toJSON({AT}.Month())": "2",
    f"{AT}.Location().String() + {AT}.Zone()": "UTCUTC",
    'date("02 Jan 24 15:04 MST").Zone()': "MST",
    f'{AT}.Format("2006-01-02T15:04:05 MST")': "2024-02-29T13:14:15 UTC",
    f'type({AT} - {AT}) + type(timezone("UTC"))': "time.Durationtime.Location",
}

FAILURES = {
    "now().AddDate(first([0.5]), 0, 0).Year()": "years must be a whole number, found float",
    "now().AddDate(0, first([0.5]), 0).Year()": "months must be a whole number, found float",
    "now().AddDate(0, 0, first([0.5])).Year()": "days must be a whole number, found float",
    "now().AddDate(9000, 0, 0).Year()": "that instant is out of range",
    "first([now()]).Add(1).Year()": "+ cannot be used on time.Time and int",
    "first([now()]).Sub(1).Year()": "- cannot be used on time.Time and int",
    "first([now()]).Foo()": "time.Time has no method Foo",
    "first([1]).Foo()": "int has no method Foo",
    "first([now()]).Add().Year()": "Add takes 1 arguments, found 0",
    'first([duration("1s")]).Round(1).Seconds()': "a duration is needed, found int",
    "first([now()]).In(1).Hour()": "a time zone is needed, found int",
    "len(first([now()]).Format(1))": "Format needs a layout such as 2006-01-02",
    f'len(now().Format("{"x" * 129}"))': "Format needs a layout such as 2006-01-02",
    'now().AddDate(7900, 0, 0).Add(duration("2562000h")).Year()': "that instant is out of range",
    'duration("1").Hours()': "duration needs a text such as 1h30m",
    'duration("").Hours()': "duration needs a text such as 1h30m",
    'duration("1h 1m").Hours()': "duration needs a text such as 1h30m",
    'duration("h").Hours()': "duration needs a text such as 1h30m",
    'duration("1hx").Hours()': "duration needs a text such as 1h30m",
    'duration("2562048h").Hours()': "duration needs a text such as 1h30m",
    'timezone("No/Where").String()': "that is no time zone's name",
    'date("yesterday").Day()': "date cannot read that text",
    f'date("{"1" * 128}", "2006").Day()': "date cannot read that text",
    'date("13", "3").Hour()': "date cannot read that text",
    'date("24", "15").Hour()': "date cannot read that text",
    'date("13", "1").Day()': "date cannot read that text",
    'date("32", "2").Day()': "date cannot read that text",
    'date("60", "4").Minute()': "date cannot read that text",
}


@pytest.mark.parametrize(("text", "result"), [*FIELDS.items(), *MOVES.items(), *SPANS.items()])
def test_methods_of_instants_and_durations(text, result):
    """Instants and durations have the methods, operators and layouts of Go's time package."""
    assert value_of(text) == result


@pytest.mark.parametrize(("text", "result"), ORDER.items())
def test_instants_and_durations_are_compared(text, result):
    """Instants and durations have an order among themselves."""
    assert value_of(f"{text} ? 1 : 0") == float(result)


@pytest.mark.parametrize(("shift", "result"), [("-1", -1.0), ("0", 0.0), ("1", 1.0)])
def test_compare_says_which_instant_is_later(shift, result):
    """Compare gives -1, 0 or 1, as Go's does."""
    assert value_of(f'(now() + duration("1s") * {shift}).Compare(now())') == result


@pytest.mark.parametrize(("text", "result"), WRITTEN.items())
def test_times_are_written_as_go_does(text, result):
    """Durations, instants and zones become texts as Go writes them."""
    assert value_of(f"({text}) == '{result}' ? 1 : 0") == 1.0


@pytest.mark.parametrize(("text", "message"), FAILURES.items())
def test_what_time_cannot_do_is_said(text, message):
    """A method that fails says what it needs."""
    assert said_by(text) == message


def said_by(text: str) -> str:
    """The failure's message, whether the trial run finds it or the run itself."""
    return failure_of(f"a > 0 ? ({text}) : 0").message


MONTHS = [
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
]
DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]


@pytest.mark.parametrize(("number", "name"), list(enumerate(MONTHS, start=1)))
def test_every_month_is_written_and_read(number: int, name: str):
    """By its name and by the first three letters of it, in any case."""
    assert value_of(f'date("{number} 24", "1 06").Format("January Jan") == "{name} {name[:3]}" ? 1 : 0') == 1
    for text, layout in ((name, "January"), (name[:3].upper(), "Jan"), (name.lower(), "January")):
        assert value_of(f'int(date("{text} 24", "{layout} 06").Month())') == number


@pytest.mark.parametrize(("place", "name"), list(enumerate(DAYS)))
def test_every_day_of_the_week_is_written_and_read(place: int, name: str):
    """The first of September 2024 was a Sunday; a day's name is read and says nothing."""
    day = f'date("2024-09-0{place + 1}", "2006-01-02")'
    written = f'{day}.Format("Monday Mon ") + {day}.Weekday().String()'
    assert value_of(f'{written} == "{name} {name[:3]} {name}" ? 1 : 0') == 1
    assert value_of(f'int(date("{name} 2024-01-02", "Monday 2006-01-02").Weekday())') == 2
