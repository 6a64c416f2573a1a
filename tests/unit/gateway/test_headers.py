import pytest

from chassis.problems import BadRequest, Forbidden
from gateway import headers
from gateway.cors import Cors


@pytest.mark.parametrize(
    "name",
    [
        "X-User-Id",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "Forwarded",
        "X-Real-IP",
        "X-Original-URL",
        "X-HTTP-Method-Override",
        "Cookie",
        "Connection",
        "Keep-Alive",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "Proxy-Authorization",
        "Content-Length",
        "Host",
        "Expect",
        "baggage",
        "tracestate",
    ],
)
def test_request_header_that_names_or_binds_the_client_is_dropped(name: str) -> None:
    passed = headers.to_service([(name.lower().encode(), b"x"), (b"accept", b"*/*")], b"id-1", None)
    assert passed == [(b"accept", b"*/*"), (b"x-request-id", b"id-1")]


def test_request_keeps_what_services_read() -> None:
    sent = [
        (b"authorization", b"Bearer t"),
        (b"content-type", b"application/json"),
        (b"idempotency-key", b"k"),
        (b"if-match", b'"3"'),
        (b"accept-language", b"ru"),
    ]
    passed = headers.to_service(sent, b"id-1", b"00-trace")
    assert passed == [*sent, (b"x-request-id", b"id-1"), (b"traceparent", b"00-trace")]


def test_client_cannot_choose_the_trace_past_the_gateway() -> None:
    passed = headers.to_service([(b"traceparent", b"00-theirs"), (b"x-request-id", b"theirs")], b"ours", b"00-ours")
    assert passed == [(b"x-request-id", b"ours"), (b"traceparent", b"00-ours")]


@pytest.mark.parametrize("name", [b"authorization", b"idempotency-key", b"if-match", b"content-type"])
def test_header_that_must_be_single_is_refused_twice(name: bytes) -> None:
    with pytest.raises(BadRequest):
        headers.to_service([(name, b"one"), (name, b"two")], b"id-1", None)


def test_header_that_is_no_text_is_refused() -> None:
    with pytest.raises(BadRequest):
        headers.to_service([(b"accept", b"\xff")], b"id-1", None)


def test_first_of_repeated_headers_counts() -> None:
    assert headers.fields_of([(b"origin", b"one"), (b"accept", b"*/*"), (b"origin", b"two")])[b"origin"] == b"one"


def test_answer_loses_what_belongs_to_the_connection() -> None:
    answer = [
        (b"content-type", b"application/json"),
        (b"connection", b"keep-alive, X-Internal"),
        (b"keep-alive", b"timeout=5"),
        (b"x-internal", b"secret"),
        (b"transfer-encoding", b"chunked"),
        (b"server", b"uvicorn"),
        (b"access-control-allow-origin", b"*"),
        (b"x-request-id", b"theirs"),
        (b"etag", b'"3"'),
    ]
    assert headers.to_client(200, answer) == [(b"content-type", b"application/json"), (b"etag", b'"3"')]


@pytest.mark.parametrize("sent", [b"req-1", b"01HZX/a.b~c:d=", b"x" * 128])
def test_harmless_request_id_is_kept(sent: bytes) -> None:
    assert headers.request_id({b"x-request-id": sent}, "trace") == sent


@pytest.mark.parametrize("sent", [b"", b"x" * 129, b"a b", b"a\r\nb", b"{json}", b"\xff", b'"quoted"'])
def test_any_other_request_id_is_replaced_by_the_traces(sent: bytes) -> None:
    assert headers.request_id({b"x-request-id": sent}, "trace") == b"trace"


@pytest.mark.parametrize("status", [204, 304])
def test_answer_without_a_body_announces_none(status: int) -> None:
    answer = [(b"content-length", b"999"), (b"etag", b'"3"')]
    assert headers.to_client(status, answer) == [(b"etag", b'"3"')]


def test_only_a_listed_origin_may_read_answers() -> None:
    cors = Cors(["https://app.example"])
    assert (b"access-control-allow-origin", b"https://app.example") in cors.answer_headers(b"https://app.example")
    assert cors.answer_headers(b"https://evil.example") == [(b"vary", b"Origin")]
    assert cors.answer_headers(None) == [(b"vary", b"Origin")]


def test_without_an_allow_list_no_origin_is_known() -> None:
    assert Cors([]).answer_headers(b"https://app.example") == []
    with pytest.raises(Forbidden):
        Cors([]).preflight_headers(b"https://app.example")
