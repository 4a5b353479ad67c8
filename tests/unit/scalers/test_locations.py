"""Where a number lies in an answer of the metrics-api trigger: as gjson, go-yaml and expfmt find it."""

import math

import pytest

from autoscaler.scalers.locations.found import NotFound
from autoscaler.scalers.locations.json_path import find_in_json
from autoscaler.scalers.locations.metric_selector import find_in_metrics
from autoscaler.scalers.locations.yaml_path import find_in_yaml

SHOP = b"""{"a":1,"b":{"c":2.5,"d":"3k","e":[10,20,{"f":30}],"g":null,"n":12345678901234567890,"p.q":7},
"list":[{"name":"x","v":1},{"name":"y","v":2},{"name":"z","v":3}],"dup":1,"dup":2,"w":"1e3"}"""


@pytest.mark.parametrize(
    ("path", "number"),
    [
        ("*.c", 2.5),
        ("?.e.0", 10),
        ("b.*.0", 10),
        ("b.p\\.q", 7),
        ("b.p?q", 7),
        ("b.e.01", 20),
        ("b.e.#(>15)", 20),
        ("b.e.#(>5)#|#", 2),
        ("b.e.#(f==30).f", 30),
        ("list.#(name=z).v", 3),
        ('list.#[name="y"].v', 2),
        ('list.#(name%"?")#|#', 3),
        ('list.#(name!="x")#|0.v', 2),
        ("list.#(v==~true)#|#", 3),
        ("list.#|@this", 3),
        ("list.#.v|@reverse.0", 3),
        ("list.#.{v}|0.v", 1),
        ("[list.#.v,b.e]|@flatten|3", 10),
        ('{"m":list.#.v}.m.#', 3),
        ("@keys.#", 6),
        ("@reverse.w", 1000),
        ("b.c|@values|0", 2.5),
        ("b.g|@keys|#", 1),
        ("@dig:v|#", 3),
        ('@pretty:{"sortKeys":true}|@values|0', 1),
        ("list.@join.v", 3),
        ("@tostr|@fromstr|a", 1),
        ("b.n|@tostr", 1.234567890123457e19),
        ("b.n", 1.2345678901234567e19),
        ('!"5".a', 5),
        ("..0.a", 1),
    ],
)
def test_paths_of_gjson(path, number):
    """Wildcards, queries, pipes, selections, modifiers and literals lead where GJSON leads (gjson.go, Get)."""
    assert find_in_json(SHOP, path) == number


@pytest.mark.parametrize(
    "path",
    [
        "list.#(v>1)#.#(v>2).v",
        "list.#.v",
        "b.e.-1",
        "@nope",
        "b..c",
        "[a",
        "list.#(v>5).v",
        "a|b",
        "@valid.x",
        'list.#.{"q":v}|1.q',
    ],
)
def test_paths_that_lead_to_no_number(path):
    """A list, a missing key and a path that is none give nothing."""
    assert isinstance(find_in_json(SHOP, path), NotFound)


@pytest.mark.parametrize(
    ("body", "path", "number"),
    [
        (b'{"b":}"a":6}', "b", None),
        (b'{"b" "a":6}', "b", None),
        (b'{"b":1}],"a":6}', "b", 1),
        (b'{"a":5x}', "a", 0),
        (b'{"a":0x1p4}', "a", 16),
        (b'{"a":1e400}', "a", math.inf),
        (b'{"a":5 6}', "a", 5),
        (b'{"\\u0061":5}', "a", 5),
        (b'for(;;);{"a":5}', "a", 5),
        (b'{"a":"5', "..#", None),
        (b'{"a":[1,2,3,],"b":4}', "a.#", 3),
    ],
)
def test_broken_json_is_searched_as_far_as_gjson_goes(body, path, number):
    """Nobody validates a body; what a scanner makes of it counts (gjson.go, parseObject, parseNumber)."""
    found = find_in_json(body, path)
    assert (None if isinstance(found, NotFound) else found) == number


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b"[" * 1_000_000, "a.b"),
        (b"[" + b"1," * 100_000 + b"1]", "|".join(["@reverse"] * 50) + "|0"),
        (b"[" + b'{"a":1},' * 60_000 + b"1]", "[" + ",".join(["#.a"] * 100) + "].0"),
        (b'{"a":' * 300_000, "@dig:a"),
        (b"[" + b'{"a":x},' * 50_000, "#.a"),
        (b'{"a":"\\""}', "|".join(["@tostr"] * 70)),
        (b"[" + b",".join([b'"' + rb"\u0061" * 1000 + b'"'] * 170) + b"]", "[" + ",".join(['#(%"x*")'] * 45) + "]"),
        (b"[" + b"1," * 400_000 + b"1]", "|".join(["@valid"] * 70)),
        (b'{"a":[' + b"1," * 400_000 + b'1],"b":1}', "[" + ",".join(["b"] * 120) + "]|0"),
    ],
)
def test_a_search_ends_within_its_steps(body, path):
    """What would take seconds is given up."""
    found = find_in_json(body, path)
    assert isinstance(found, NotFound)
    assert "steps" in found.detail


def test_many_stars_cost_little():
    """A star never gives back what it took, so a pattern of many is as quick as one of few."""
    body = b"{" + b",".join(b'"%s%d":1' % (b"a" * 60, index) for index in range(2000)) + b"}"
    assert isinstance(find_in_json(body, "*a*a*a*a*a*a*b"), NotFound)


@pytest.mark.parametrize(
    ("body", "path", "number"),
    [
        ("a: _1", "a", None),
        ("a: -9223372036854775808", "a", -9.223372036854775808e18),
        ("a: 0xFFFFFFFFFFFFFFFFF", "a", None),
        ("a: +18446744073709551615", "a", 18446744073709551615.0),
        ("a: 1e400", "a", math.inf),
        ("e: [10, 20]", "e.00", None),
        ("a: !!str 0x10", "a", None),
        ("a: !!int 5.5", "a", None),
        ("a: !!float 5", "a", 5),
        ("a: !!binary NQ==", "a", 5),
        ("b: !!bool 1\na: 5", "a", None),
        ("0x5: 7", "0x5", 7),
        ("0x5: 7", "5", None),
        ("q: {0x5: 7}", "q.5", 7),
        ("q: {1: 6, 0x1: 7}", "q.2", None),
        ("1: 6\n0x1: 7", "0x1", 7),
        ("q: {1e6: 7}", "q.1e+06", 7),
        ("q: {null: 7}", "q.<nil>", 7),
        ("null: 7", "null", None),
        ("q: {2025-01-01: 7}", "q.2025-01-01 00:00:00 +0000 UTC", 7),
        ("a: 5\n[1]: 2", "a", None),
        ("a: 5\n<<: 7", "a", None),
        ("z: {<<: [{a: 3}, {a: 4}]}", "z.a", 3),
        ('z: {!!merge "<<": {a: 3}}', "z.a", 3),
    ],
)
def test_yaml_of_go(body, path, number):
    """Tags, keys by letter or by meaning, merges and what breaks a document are go-yaml's (resolve.go, decode.go)."""
    found = find_in_yaml(body.encode(), path)
    assert (None if isinstance(found, NotFound) else found) == number


WIDE = "base: &a {" + ",".join(f"k{index}: 1" for index in range(12_000)) + "}\n"
CHAIN = "m0: &m0 {a: 1}\n" + "".join(f"m{index}: &m{index} {{<<: *m{index - 1}}}\n" for index in range(1, 3000))


@pytest.mark.parametrize(
    "body",
    [
        WIDE + "l: [" + ",".join(["{<<: *a}"] * 5_000) + "]\n",
        WIDE + "l: {<<: [" + ",".join(["*a"] * 20_000) + "]}\n",
        CHAIN + "z: {1: 1, <<: *m2999}\n",
    ],
)
def test_merges_are_bounded(body):
    """A small document that merges one mapping again and again, or one into the other, is no YAML of ours."""
    found = find_in_yaml(body.encode(), "x")
    assert isinstance(found, NotFound)
    assert "YAML" in found.detail


METRICS = '# TYPE temp gauge\ntemp 36.6\ntemp{room="a b"} 20.5\n'


@pytest.mark.parametrize(
    ("selector", "number"),
    [
        ('temp{"room"="a b"}', 20.5),
        ('temp{"x"}', 36.6),
        ('temp{__name__="other"}', 36.6),
        ('{"other","temp"}', 36.6),
        ('temp{room="\\x61 b"}', 20.5),
        ('temp{room="a\\u0020b"}', 20.5),
        ("temp # all", 36.6),
        ('temp{room="\\q"}', None),
        ('temp{room="a b",,}', None),
    ],
)
def test_selectors_of_promql(selector, number):
    """Quoted names, escapes and comments are PromQL's; a name before the brace counts (parse.go)."""
    found = find_in_metrics(METRICS.encode(), selector)
    assert (None if isinstance(found, NotFound) else found) == number


@pytest.mark.parametrize(
    ("body", "number"),
    [
        ('{"temp"} 5', 5),
        ('{"temp",a="b"} 5', 5),
        ('temp{"a"="b"} 5', 5),
        ('temp{a="b",a="c"} 5', None),
        ('temp{__name__="x"} 5', None),
        ('{a="b"} 5', None),
        ("temp 5\r", None),
        ("# TYPE temp\ntemp 5", 5),
        ("# TYPE 1x gauge\ntemp 5", None),
        ("# TYPE temp gauge \ntemp 5", None),
        ("# HELP temp a\n# HELP temp b\ntemp 5", None),
        ("# HELP temp a\\xb\ntemp 5", None),
        ('# TYPE h histogram\nh_bucket{le="x"} 1\ntemp 5', None),
        ("temp 0x1p4", None),
        ("temp5", None),
        ("temp 5\nother7", None),
    ],
)
def test_the_text_format_of_expfmt(body, number):
    """Names in braces are read; what expfmt refuses breaks the whole answer (text_parse.go)."""
    found = find_in_metrics(body.encode(), "temp")
    assert (None if isinstance(found, NotFound) else found) == number


@pytest.mark.parametrize("body", [b"a" * 500_000 + b"{", b"a" + b" " * 500_000 + b"{", b"a{" + b"}" * 500_000])
def test_a_broken_line_is_seen_at_once(body):
    """No part of a line gives back what it took, so a long line costs what its length does."""
    assert isinstance(find_in_metrics(body, "temp"), NotFound)


@pytest.mark.parametrize("selector", [" " * 100_000 + "!", " " * 100_000 + "temp temp", "temp{" + " " * 100_000])
def test_a_broken_selector_is_seen_at_once(selector):
    """Blanks before, between and after its parts cost what their number does."""
    assert isinstance(find_in_metrics(METRICS.encode(), selector), NotFound)
