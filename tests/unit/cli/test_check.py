"""``autoscaler check``: every fault at once, with its place, and an exit status that a pipeline can use."""

import json
from pathlib import Path

from tests.unit.cli.run import ROOT, autoscaler, typed

GOOD = """\
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: web, namespace: shop}
spec:
  scaleTargetRef: {name: web}
  triggers:
    - type: prometheus
      metadata:
        serverAddress: http://prometheus:9090
        query: sum(rate(http_requests_total[2m]))
        threshold: "10"
"""
TYPO = GOOD.replace("threshold:", "treshold:")
WARNING = GOOD.replace('threshold: "10"', 'threshold: "10"\n        metricName: requests')


def test_good_files_say_so(tmp_path: Path):
    """Nothing wrong is one line and status 0."""
    (tmp_path / "web.yaml").write_text(GOOD)
    done = typed("check", str(tmp_path))
    assert (done.status, done.out, done.err) == (0, "1 file: 1 object, nothing wrong.\n", "")


def test_a_typo_is_two_findings_with_their_places(tmp_path: Path):
    """A misspelled key is both what is missing and what is unknown; errors come first."""
    (tmp_path / "web.yaml").write_text(TYPO)
    done = typed("check", "web.yaml", cwd=tmp_path)
    assert done.status == 1
    assert done.out == (
        'web.yaml:9:9: E102 triggers[0].metadata: prometheus needs "threshold"\n'
        'web.yaml:11:9: W103 triggers[0].metadata.treshold: unknown key; did you mean "threshold"?\n'
        "1 file, 1 error, 1 warning. More: autoscaler explain E102\n"
    )


def test_the_published_example_shows_everything_that_is_wrong_with_it():
    """The article's manifest: one pass finds the open bracket, the short range, the series per pod and the dead key."""
    done = typed("check", "config/published/seldon-blog.yaml")
    assert done.status == 1
    lines = done.out.splitlines()
    assert lines[0] == (
        "config/published/seldon-blog.yaml: SeldonDeployment sklearn → so/sklearn-default-0-classifier in models"
    )
    assert [line.split()[1] for line in lines if ".yaml:2" in line] == ["E300", "W103", "W304", "W302"]
    query = lines.index('    rate(seldon_api_executor_client_requests_seconds_count{seldon_app=~"sklearn"}[10s]')
    assert lines[query + 1] == "        ^"
    assert lines[-1] == "1 file, 1 error, 3 warnings. More: autoscaler explain E300"


def test_the_examples_that_people_copy_are_clean():
    """config/ has no finding at all."""
    done = typed("check", "--strict", "config/")
    assert (done.status, done.err) == (0, "")
    assert done.out.endswith("3 files: 3 objects, nothing wrong.\n")


def test_files_without_an_object_are_warned_of(tmp_path: Path):
    """A check of nothing must not look like a check that passed; --strict makes it fail."""
    (tmp_path / "web.yaml").write_text("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n")
    done = typed("check", "web.yaml", cwd=tmp_path)
    assert (done.status, done.out) == (
        0,
        "web.yaml: W101 no ScaledObject and no SeldonDeployment in any of these files: nothing was checked\n"
        "1 file, 1 warning: 0 objects. More: autoscaler explain W101\n",
    )
    assert typed("check", "--strict", str(tmp_path)).status == 1
    assert typed("check", "--strict", "--ignore", "W101", str(tmp_path)).out == "1 file, 1 ignored: 0 objects.\n"


def test_a_misspelled_kind_is_an_error(tmp_path: Path):
    """The nearest kind that is read is named, and the status is 1."""
    (tmp_path / "web.yaml").write_text(GOOD.replace("ScaledObject", "ScaledObjct"))
    done = typed("check", "web.yaml", cwd=tmp_path)
    assert done.status == 1
    assert done.out.startswith('web.yaml:2:1: E101 kind: unknown kind "ScaledObjct"; did you mean "ScaledObject"?\n')


def test_no_message_names_its_field_twice(tmp_path: Path):
    """Path and message make one sentence."""
    (tmp_path / "web.yaml").write_text(GOOD.replace("spec:\n", "spec:\n  pollingInterval: fast\n"))
    done = typed("check", "web.yaml", cwd=tmp_path)
    assert 'E101 pollingInterval must be a whole number, found the text "fast"\n' in done.out


def test_our_own_words_are_named_as_they_are_written(tmp_path: Path):
    """The path of a word in the annotation is the annotation's name and the word's, nothing left out of its middle."""
    words = 'annotations: {autoscaler.sh/spec: "mode: activ"}'
    (tmp_path / "web.yaml").write_text(GOOD.replace("namespace: shop", f"namespace: shop, {words}"))
    done = typed("check", "web.yaml", cwd=tmp_path)
    assert done.out.partition(": ")[2].splitlines()[0] == (
        "E101 autoscaler.sh/spec.mode must be one of 'active', 'dry-run' or 'scale-out-only', "
        'found the text "activ"; did you mean "active"?'
    )


def test_warnings_fail_only_when_asked(tmp_path: Path):
    """--strict counts warnings as errors."""
    (tmp_path / "web.yaml").write_text(WARNING)
    assert typed("check", str(tmp_path)).status == 0
    assert typed("check", "--strict", str(tmp_path)).status == 1


def test_a_finding_can_be_left_out(tmp_path: Path):
    """--ignore silences a code, and the last line says that something was silenced."""
    (tmp_path / "web.yaml").write_text(WARNING)
    done = typed("check", "--strict", "--ignore", "w103", str(tmp_path))
    assert (done.status, done.out) == (0, "1 file, 1 ignored: 1 object, nothing wrong.\n")


def test_ignoring_a_code_that_does_not_exist_is_a_mistake():
    """A typo in --ignore would otherwise hide nothing, silently."""
    done = typed("check", "--ignore", "W13", "config/")
    assert done.status == 2
    assert "did you mean" in done.err


def test_standard_input_is_a_file(tmp_path: Path):
    """A chart's output is checked without a file."""
    done = autoscaler("check", "-", stdin=TYPO)
    assert done.status == 1
    assert ":9:9: E102" in done.out


def test_folders_below_are_read_only_when_asked(tmp_path: Path):
    """A mounted ConfigMap holds every file three times, so -R is a choice."""
    below = tmp_path / "below"
    below.mkdir()
    (below / "web.yaml").write_text(TYPO)
    assert typed("check", str(tmp_path)).status == 2
    assert typed("check", "-R", str(tmp_path)).status == 1


def test_a_file_that_cannot_be_read_is_wrong_usage():
    """A path that is not there ends with 2, as any mistake of the command line."""
    done = typed("check", "nowhere.yaml")
    assert done.status == 2
    assert "nowhere.yaml: E100 it cannot be read: no such file or directory" in done.out


def test_no_path_is_a_mistake_with_the_way_out():
    """Without a path the message shows a command that works."""
    done = typed("check")
    assert done.status == 2
    assert "autoscaler check config/" in done.err


def test_json_is_a_contract(tmp_path: Path):
    """Programs get every field of every finding, and the counts."""
    (tmp_path / "web.yaml").write_text(TYPO)
    body = json.loads(typed("check", "-o", "json", "web.yaml", cwd=tmp_path).out)
    first = body["findings"][0]
    assert {key: part for key, part in body.items() if key != "findings"} == {
        "apiVersion": "autoscaler.sh/v1",
        "kind": "CheckResult",
        "files": 1,
        "objects": 1,
        "errors": 1,
        "warnings": 1,
        "notes": 0,
        "ignored": 0,
    }
    assert first == {
        "file": "web.yaml",
        "line": 9,
        "column": 9,
        "code": "E102",
        "severity": "error",
        "object": "ScaledObject web",
        "path": "spec.triggers[0].metadata",
        "message": 'prometheus needs "threshold"',
        "excerpt": None,
        "caret": None,
    }


def test_github_shows_findings_at_their_lines(tmp_path: Path):
    """A workflow annotates the changed lines; what could break the format is escaped."""
    (tmp_path / "a,b.yaml").write_text(TYPO)
    done = typed("check", "-o", "github", "a,b.yaml", cwd=tmp_path)
    assert done.out.splitlines()[0] == (
        '::error file=a%2Cb.yaml,line=9,col=9,title=E102::spec.triggers[0].metadata: prometheus needs "threshold"'
    )


def test_piped_text_has_no_colour_unless_it_is_forced(tmp_path: Path):
    """Colour is for terminals; NO_COLOR and --color decide otherwise."""
    (tmp_path / "web.yaml").write_text(TYPO)
    assert "\x1b" not in typed("check", str(tmp_path)).out
    assert "\x1b" in typed("check", "--color", "always", str(tmp_path)).out
    assert "\x1b" in autoscaler("check", str(tmp_path), FORCE_COLOR="1").out
    assert "\x1b" not in autoscaler("check", str(tmp_path), FORCE_COLOR="1", NO_COLOR="1").out


def test_a_terminal_without_utf8_gets_ascii():
    """Signs have a plain form where the locale has none of them."""
    done = autoscaler("check", "config/published/seldon-blog.yaml", PYTHONIOENCODING="ascii")
    assert "SeldonDeployment sklearn -> so/sklearn-default-0-classifier" in done.out


def test_a_file_name_cannot_draw_on_the_terminal(tmp_path: Path):
    """A hostile file name appears as escapes."""
    (tmp_path / "a\x1b[31m.yaml").write_text(TYPO)
    done = typed("check", str(tmp_path))
    assert "\x1b" not in done.out
    assert "a\\x1b[31m.yaml" in done.out


def test_check_needs_nothing_but_the_files(tmp_path: Path):
    """No kubeconfig, no home folder and no network are needed."""
    done = autoscaler("check", str(ROOT / "config" / "web.yaml"), cwd=tmp_path, HOME="/nonexistent", KUBECONFIG="")
    assert done.status == 0
