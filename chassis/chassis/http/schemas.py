from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class ApiModel(BaseModel):
    """A request or response body. An unknown field is refused (422), so nothing can be assigned by accident.

    NUL, lone surrogates, NaN and numbers without end are refused before a model sees them: see strict_json.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
