"""The configuration of a fit."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import BaseModel, Field, ValidationError, field_validator

from forecast.errors import ConfigInvalid


class Config(BaseModel):
    horizon: int = Field(gt=0, le=365)
    column: str = "sales"
    start: date | None = None
    allowed_bytes: int = 1_000_000

    @field_validator("column")
    @classmethod
    def _is_a_name(cls, value: str) -> str:
        if not value.isidentifier():
            raise ValueError(f"{value!r} is no name")
        return value


def load(values: dict[str, Any]) -> Config:
    try:
        return Config(**values)
    except ValidationError as exc:
        raise ConfigInvalid(f"{exc.error_count()} settings are wrong") from exc
