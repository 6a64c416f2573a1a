"""What only a gateway has to tell."""

from __future__ import annotations

from chassis.problems import Problem


class BadGateway(Problem):
    """The service broke the connection, or its answer was no HTTP."""

    status = 502
    slug = "bad-gateway"
    title = "Bad gateway"
    detail = (
        "The service behind this path broke off. Whether it acted is not known: repeat with the same Idempotency-Key."
    )


class GatewayTimeout(Problem):
    """The service did not answer in time."""

    status = 504
    slug = "gateway-timeout"
    title = "Gateway timeout"
    detail = "The service behind this path took too long. It may still act: repeat with the same Idempotency-Key."


class RequestTimeout(Problem):
    """The client did not send its request in time."""

    status = 408
    slug = "request-timeout"
    title = "Request timeout"
    detail = "The request did not arrive in time."


class UriTooLong(Problem):
    """The path or the query is over the limit."""

    status = 414
    slug = "uri-too-long"
    title = "URI too long"
