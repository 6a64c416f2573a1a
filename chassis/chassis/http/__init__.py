"""The HTTP half of the chassis: everything that a service's `api` package imports."""

from chassis.http.action import Acting, Action, VersionedAction
from chassis.http.answer import Answer
from chassis.http.app import create_app
from chassis.http.caller import Caller
from chassis.http.context import HttpContext, http_context
from chassis.http.errors import register_domain_errors
from chassis.http.etag import etag
from chassis.http.pages import Page, PageQuery, PageRequest, Position, next_cursor, page, ready_page
from chassis.http.reading import Reader, reading
from chassis.http.schemas import ApiModel

__all__ = [
    "Acting",
    "Action",
    "Answer",
    "ApiModel",
    "Caller",
    "HttpContext",
    "Page",
    "PageQuery",
    "PageRequest",
    "Position",
    "Reader",
    "VersionedAction",
    "create_app",
    "etag",
    "http_context",
    "next_cursor",
    "page",
    "reading",
    "ready_page",
    "register_domain_errors",
]
