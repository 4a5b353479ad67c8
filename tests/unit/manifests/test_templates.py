"""A chart's file that nobody rendered: every template is named, and how to check what the chart renders."""

import pytest

from autoscaler.manifests.load import load
from autoscaler.manifests.templates import HINT, template_in
from tests.unit.manifests.builders import WEB, judge

RENDERED = "a template that Helm has not rendered; check what the chart renders: helm template . | autoscaler check -"


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("http_requests_total[1m]", 'x{app="{{ .Values.app }}"}[1m]', "spec.triggers[0].metadata.query"),
        ("http://prometheus:9090", '"{{ .Values.prometheus }}"', "spec.triggers[0].metadata.serverAddress"),
        ('"10"', "'{{ .Values.threshold | quote }}'", "spec.triggers[0].metadata.threshold"),
        ("  name: web\n  namespace", "  name: '{{ include \"web.name\" . }}'\n  namespace", "metadata.name"),
        ("namespace: demo", "namespace: '{{ .Release.Namespace }}'", "metadata.namespace"),
        ("    name: web\n  triggers", "    name: '{{- $.Values.name }}'\n  triggers", "spec.scaleTargetRef.name"),
    ],
)
def test_a_template_in_a_field_is_the_one_fault_of_that_field(old: str, new: str, path: str) -> None:
    """Whatever the field should hold, what is wrong with it is that it was not rendered."""
    judged = judge(WEB.replace(old, new, 1))
    assert judged.obj is None
    (fault,) = judged.faults
    assert (fault.code, fault.path) == ("E101", path)
    assert fault.message.endswith(RENDERED)
    assert fault.message.startswith("holds {{")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("{{- if .Values.autoscaling }}\na: 1\n{{- end }}\n", 1),
        ("a: 1\nb: {{ .Values.b }}\n", 2),
        ("a: {{ .Values.a }} and more\n", 1),
        ("a:\n  {{- toYaml .Values.a | nindent 2 }}\n", 2),
        ("a: 1\n{{ $b := 2 }}\nc: 3\n", 2),
    ],
)
def test_a_file_that_is_no_yaml_for_its_templates_says_so(text: str, line: int) -> None:
    """Indentation and brackets are not what is wrong with a chart's file."""
    fault = load(text).fault
    assert fault is not None
    assert fault.message.endswith(RENDERED)
    assert abs((fault.line or 0) - line) <= 1


@pytest.mark.parametrize("text", ["x{a=~'b{2}'}", "{# > 1}", "{{ }}", "{{a,b}}", 'sum(x{a="{{b}}"})', "{{"])
def test_other_braces_are_no_template(text: str) -> None:
    """Only what Helm would act on counts: its values, its words and its variables."""
    assert template_in(text) is None


def test_the_hint_is_a_command_that_check_understands() -> None:
    """What is piped is read from standard input."""
    assert HINT.endswith("| autoscaler check -")
