import pytest

from autoscaler.manifests.load import MAX_NODES, load
from autoscaler.manifests.positions import data


def plain(text: str) -> list[object]:
    loaded = load(text)
    assert loaded.fault is None, loaded.fault
    return [data(root) for root in loaded.documents]


def refusal(text: str) -> tuple[str, int | None, int | None]:
    loaded = load(text)
    assert loaded.fault is not None
    assert loaded.fault.code == "E101"
    return loaded.fault.message, loaded.fault.line, loaded.fault.column


def test_a_text_holds_several_documents_and_empty_ones_are_left_out():
    """Every document of a text is read; what is empty or null is none."""
    assert plain("a: 1\n---\n---\n~\n---\n- b\n") == [{"a": 1}, ["b"]]


def test_an_alias_stands_for_what_it_names():
    """An alias gives what its anchor holds."""
    assert plain("a: &x [1]\nb: *x\n") == [{"a": [1], "b": [1]}]


def test_a_merge_key_fills_in_what_is_not_written():
    """What a mapping writes itself wins over what it merges, and the first merged mapping over the second."""
    text = "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc:\n  <<: [*a, *b]\n  x: 3\n"
    assert plain(text) == [{"a": {"x": 1, "y": 1}, "b": {"y": 2, "z": 2}, "c": {"x": 3, "y": 1, "z": 2}}]


def test_a_key_that_stands_twice_is_refused_where_it_stands_again():
    """The second of two equal keys is the fault, and the first is named."""
    assert refusal("a: 1\nb: 2\na: 3\n") == ('the key "a" is here and in line 1; remove one of them', 3, 1)


@pytest.mark.parametrize(
    ("text", "said", "line", "column"),
    [
        ("a: !!python/object/apply:os.system [x]\n", "the tag tag:yaml.org,2002:python", 1, 4),
        ("a: !!str 5\n", "the tag tag:yaml.org,2002:str is not allowed", 1, 4),
        ("a: &a [*a]\n", "alias *a has no finished anchor &a", 1, 8),
        ("a: *b\n", "alias *b has no finished anchor &b", 1, 4),
        ("? [a]\n: b\n", "a key must be text", 1, 3),
        ("a:\n  <<: 5\n", "<< takes a mapping", 2, 7),
        ("a: b: c\n", "this is not YAML: mapping values are not allowed", 1, 5),
        ("a:\n\t- b\n", "this is not YAML", 2, 1),
        ("a: \x07\n", "this is not YAML: the character U+0007 is not allowed", 1, 4),
        ("a: [\n", "this is not YAML", 2, 1),
        ("ok: 1\na: \ud800\n", "a lone surrogate is not text", 2, 4),
    ],
)
def test_what_is_no_plain_yaml_is_refused_with_its_place(text, said, line, column):
    """Tags, unfinished anchors, odd keys and broken syntax are refused with line and column."""
    message, *place = refusal(text)
    assert message.startswith(said)
    assert place == [line, column]


def test_depth_is_bounded():
    """64 levels are read, 65 are refused."""
    assert len(plain("[" * 64 + "]" * 64)) == 1
    message, line, column = refusal("[" * 65 + "]" * 65)
    assert (message, line, column) == ("nested deeper than 64 levels; no manifest needs that", 1, 65)


def test_depth_counts_what_aliases_bring_in():
    """Nesting by aliases is nesting."""
    deep = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 80))
    assert refusal(deep)[0] == "nested deeper than 64 levels once aliases are expanded"


def test_values_are_counted_as_aliases_expand():
    """An alias bomb is refused when its expansion passes 20,000 values, though it is 300 bytes long."""
    bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
    bomb += "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))
    message, line, _ = refusal(bomb)
    assert (message, line) == ("more than 20,000 values, aliases expanded; split the file", 5)


def test_values_are_bounded():
    """As many values as allowed are read, one more is refused."""
    assert len(plain("- x\n" * (MAX_NODES - 1))) == 1
    assert refusal("- x\n" * MAX_NODES) == ("more than 20,000 values, aliases expanded; split the file", MAX_NODES, 3)


def test_a_hundred_aliases_are_enough():
    """The 101st alias is refused."""
    assert plain("a: &a 1\nb: [" + ",".join(["*a"] * 100) + "]\n")
    assert refusal("a: &a 1\nb: [" + ",".join(["*a"] * 101) + "]\n")[0].startswith("more than 100 aliases")


def test_a_text_over_one_mebibyte_is_refused_unread():
    """Bytes count, not characters."""
    assert refusal("é" * 600_000)[0] == "the file is larger than 1 MiB; split it into several files"


def test_anchors_end_with_their_document():
    """An anchor of one document is unknown in the next."""
    assert refusal("a: &a 1\n---\nb: *a\n")[1:] == (3, 4)
