"""What is read out of the API server's answers."""

import json
from datetime import UTC, datetime

import pytest

from autoscaler.kube.answers import scale_of, unreadable, words
from autoscaler.kube.client import Answer, NoAnswer
from autoscaler.model.observation import ScaleStatus, Unreadable, UnreadableReason


def owned(manager: str, time: str, fields: dict[str, object]) -> dict[str, object]:
    return {"manager": manager, "operation": "Update", "time": time, "fieldsType": "FieldsV1", "fieldsV1": fields}


def test_a_scale_is_six_numbers():
    """Counts, identity, version and selector are read, whatever else stands there."""
    body = {
        "kind": "Scale",
        "metadata": {"name": "web", "uid": "u", "resourceVersion": "7", "labels": {"a": "b"}},
        "spec": {"replicas": 3},
        "status": {"replicas": 2, "selector": "app=web"},
    }
    expected = ScaleStatus(spec=3, status=2, resource_version="7", uid="u", selector="app=web")
    assert scale_of(json.dumps(body).encode()) == expected


def test_a_count_that_is_left_out_is_zero():
    """The API server leaves a 0 out of spec."""
    scale = scale_of(b'{"metadata":{"uid":"u","resourceVersion":"1"},"spec":{},"status":{"replicas":0}}')
    assert scale is not None
    assert scale.spec == 0


def test_the_newest_owner_of_the_count_is_its_writer():
    """Of the managers that own spec.replicas the one that wrote last is named, and no other."""
    fields = [
        owned("kubectl", "2026-01-01T00:00:00Z", {"f:spec": {"f:replicas": {}}}),
        owned("helm", "2026-01-02T00:00:00Z", {"f:spec": {"f:replicas": {}, "f:selector": {}}}),
        owned("kube-controller-manager", "2026-01-03T00:00:00Z", {"f:status": {"f:replicas": {}}}),
        owned("editor", "2026-01-04T00:00:00Z", {"f:metadata": {"f:labels": {}}, "f:spec": {"f:template": {}}}),
    ]
    body = {"metadata": {"uid": "u", "resourceVersion": "1", "managedFields": fields}, "spec": {"replicas": 1}}
    scale = scale_of(json.dumps(body).encode())
    assert scale is not None
    assert (scale.writer, scale.written_at) == ("helm", datetime(2026, 1, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b'{"spec":{"replicas":1}}', b'{"metadata":{"uid":1}}',
     b'{"metadata":{},"spec":{"replicas":"3"}}',
     b'{"metadata":{},"x":' + b"[" * 100_000, b'{"metadata":{"uid":"\xff"}}'],
)  # fmt: skip
def test_what_is_no_scale_is_none(body: bytes):
    """Pages, halves and impossible types are no scale, and no crash."""
    assert scale_of(body) is None


def test_a_refusal_is_quoted_clean_and_cut():
    """The API server's words are shown without control characters and not without end (S13)."""
    answer = Answer(status=403, body=json.dumps({"kind": "Status", "message": "no\x1b[2J" + "x" * 1000}).encode())
    assert words(answer).startswith("403, no\\x1b[2Jxxx")
    assert len(words(answer)) < 320
    assert words(Answer(status=502, body=b"<html>bad gateway</html>")) == "status 502 without a message"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Answer(status=401, body=b""), UnreadableReason.UNAUTHORIZED),
        (Answer(status=403, body=b""), UnreadableReason.FORBIDDEN),
        (Answer(status=404, body=b""), UnreadableReason.NOT_FOUND),
        (Answer(status=429, body=b""), UnreadableReason.SERVER),
        (Answer(status=500, body=b""), UnreadableReason.SERVER),
        (Answer(status=200, body=b"<html>"), UnreadableReason.SERVER),
        (NoAnswer(detail="x", sent=True, timed_out=True), UnreadableReason.TIMEOUT),
        (NoAnswer(detail="x", sent=False), UnreadableReason.UNREACHABLE),
    ],
)
def test_why_something_could_not_be_read(reply: Answer | NoAnswer, reason: UnreadableReason):
    """Each kind of failure has its own reason, and the text says what was being read."""
    found = unreadable(reply, "the scale of deployment/web")
    assert isinstance(found, Unreadable)
    assert found.reason is reason
    assert found.detail.startswith("the scale of deployment/web: ")
