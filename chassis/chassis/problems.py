"""What a client may be told went wrong (RFC 9457). Raise one anywhere below a route; the HTTP half renders it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

TYPE_PREFIX = "urn:carpass:problem:"
"""A problem's `type` is this and the slug; clients branch on it, so a slug never changes its meaning."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field. `pointer` is an RFC 6901 pointer into the body, or `query/limit`, `header/If-Match`."""

    pointer: str
    message: str
    code: str


class Problem(Exception):  # noqa: N818 - named for what the client reads
    """An answer other than success.

    With `read_model=True` it says that only a read model refused (missing, foreign or in the wrong state alike):
    the event that changes its mind may be on its way, so a command looks again for a moment before it answers this.
    """

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "internal-error"
    title: ClassVar[str] = "Internal error"
    detail: ClassVar[str | None] = None

    def __init__(
        self,
        detail: str | None = None,
        *,
        status: int | None = None,
        slug: str | None = None,
        title: str | None = None,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        read_model: bool = False,
    ) -> None:
        """Every part that is not given comes from the class."""
        self.status = status or type(self).status  # type: ignore[misc]
        self.slug = slug or type(self).slug  # type: ignore[misc]
        self.title = title or type(self).title  # type: ignore[misc]
        self.detail = detail or type(self).detail  # type: ignore[misc]
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.read_model = read_model
        super().__init__(self.detail or self.title)


class BadRequest(Problem):
    """The request cannot be understood at all."""

    status = 400
    slug = "bad-request"
    title = "Bad request"


class Unauthenticated(Problem):
    """No access token, or one that does not verify."""

    status = 401
    slug = "unauthenticated"
    title = "Sign-in required"

    def __init__(self, detail: str | None = None, *, challenge: str = "Bearer") -> None:
        """`challenge` is the WWW-Authenticate header's value."""
        super().__init__(detail, headers={"WWW-Authenticate": challenge})


class Forbidden(Problem):
    """The caller sees the resource, but his role does not allow this."""

    status = 403
    slug = "forbidden"
    title = "Not allowed"


class NotFound(Problem):
    """Missing, or somebody else's: the answer is the same."""

    status = 404
    slug = "not-found"
    title = "Not found"
    detail = "There is no such resource among those that you can see."


class MethodNotAllowed(Problem):
    """The path exists, with other methods."""

    status = 405
    slug = "method-not-allowed"
    title = "Method not allowed"


class Conflict(Problem):
    """The resource's state does not allow this now."""

    status = 409
    slug = "conflict"
    title = "Conflict"


class PreconditionFailed(Problem):
    """`If-Match` names a version that is no longer the current one."""

    status = 412
    slug = "stale-version"
    title = "Changed meanwhile"
    detail = "The resource has changed since you read it: read it again and repeat your edit."


class TooLarge(Problem):
    """The body is over the limit."""

    status = 413
    slug = "too-large"
    title = "Too large"


class UnsupportedMediaType(Problem):
    """A body that does not call itself JSON."""

    status = 415
    slug = "unsupported-media-type"
    title = "Unsupported media type"
    detail = "Send the body as application/json."


class Invalid(Problem):
    """Understood, but a value breaks a rule; `errors` says which."""

    status = 422
    slug = "invalid"
    title = "Invalid request"


class PreconditionRequired(Problem):
    """An edit without `If-Match`."""

    status = 428
    slug = "precondition-required"
    title = "If-Match required"
    detail = "Send the resource's ETag in If-Match, so that nobody's change is lost."


class TooManyRequests(Problem):
    """The caller must slow down."""

    status = 429
    slug = "too-many-requests"
    title = "Too many requests"

    def __init__(self, detail: str | None = None, *, retry_after: int = 1) -> None:
        """`retry_after` is in seconds."""
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


class Unavailable(Problem):
    """Something this service needs is away for now: the same request may succeed later."""

    status = 503
    slug = "unavailable"
    title = "Temporarily unavailable"
    detail = "Please try again in a moment."

    def __init__(self, detail: str | None = None, *, retry_after: int = 1) -> None:
        """`retry_after` is in seconds."""
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """How a service's domain error is told to a client; the error's text becomes the problem's detail."""

    status: int
    slug: str
    title: str
    read_model: bool = False

    def problem(self, error: Exception) -> Problem:
        """The problem that stands for this error."""
        return Problem(
            str(error) or None,
            status=self.status,
            slug=self.slug,
            title=self.title,
            read_model=self.read_model,
        )


def check_version(expected: int, actual: int) -> None:
    """Raises PreconditionFailed (412) when the caller's version is not the row's."""
    if expected != actual:
        raise PreconditionFailed
