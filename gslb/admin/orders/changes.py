"""Changes as a body has them, in the words of the configuration: weights, rules, sites to be taken out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from gslb.admin.views import Asked
from gslb.config import values
from gslb.model import Match, Network, Reweight, Rule, Steer

SITE_ID = r"^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$"
MOST_NAMED = 100
MOST_CHANGES = 100


def _sound(check: Callable[[str], object]) -> AfterValidator:
    """As the configuration has it, with its sentence for what is not."""

    def checked(text: str) -> str:
        check(text)
        return text

    return AfterValidator(checked)


def _listed(value: object) -> object:
    """One stands for a list of one, as in the configuration."""
    return value if isinstance(value, list) else [value]


def _day(value: object) -> object:
    return values.day(value) if isinstance(value, str) else value


Word = Annotated[str, _sound(values.word), Field(min_length=1, max_length=63)]
NetworkText = Annotated[str, _sound(values.network), Field(min_length=1, max_length=64, examples=["192.0.2.0/24"])]
CountryText = Annotated[str, _sound(values.country), Field(min_length=2, max_length=2, examples=["JP"])]
Asn = Annotated[int, Field(ge=1, le=2**32 - 1)]


def _to_come(day: date) -> date:
    """A rule that is over would be accepted and do nothing."""
    today = datetime.now(UTC).date()
    if day < today:
        raise ValueError(f"is over, as today is {today} (UTC)")
    return day


Day = Annotated[date, BeforeValidator(_day), AfterValidator(_to_come)]


class MatchRequest(Asked):
    """Which clients: those that any of the three names."""

    network: Annotated[list[NetworkText], BeforeValidator(_listed), Field(max_length=MOST_NAMED)] = Field(default_factory=list)
    asn: Annotated[list[Asn], BeforeValidator(_listed), Field(max_length=MOST_NAMED)] = Field(default_factory=list)
    country: Annotated[list[CountryText], BeforeValidator(_listed), Field(max_length=MOST_NAMED)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _names_somebody(self) -> MatchRequest:
        if not (self.network or self.asn or self.country):
            raise ValueError("names nobody; write network, asn or country")
        return self

    def match(self) -> Match:
        networks: dict[Network, None] = dict.fromkeys(values.steering_unit(values.network(each)) for each in self.network)
        return Match(tuple(networks), tuple(dict.fromkeys(self.asn)), tuple(dict.fromkeys(self.country)))


Targets = Annotated[list[Word], BeforeValidator(_listed), Field(min_length=1, max_length=MOST_NAMED)]


class RuleRequest(Asked):
    """As a rule of a service in the configuration: one of prefer, only and never."""

    match: MatchRequest
    prefer: Targets | None = None
    only: Targets | None = None
    never: Targets | None = None
    until: Day | None = Field(None, description="The last day on which it holds (UTC).", json_schema_extra={"format": "date"})

    @model_validator(mode="after")
    def _says_one_thing(self) -> RuleRequest:
        said = [name for name in ("prefer", "only", "never") if getattr(self, name) is not None]
        if len(said) != 1:
            raise ValueError(f"says {' and '.join(said)} at once" if said else "says nothing; write prefer, only or never")
        return self

    def rule(self) -> Rule:
        action: Literal["prefer", "only", "never"] = "prefer" if self.prefer else "only" if self.only else "never"
        targets = self.prefer or self.only or self.never or []
        return Rule(self.match.match(), action, tuple(dict.fromkeys(targets)), self.until)


class OutChange(Asked):
    kind: Literal["off", "drain"]
    site: Word


class WeightChange(Asked):
    kind: Literal["weight"]
    site: Word
    weight: int = Field(ge=0, le=10_000, description="0: last resort.")

    def change(self, _: str | None = None) -> Reweight:
        return Reweight(self.site, self.weight)


class RuleChange(Asked):
    kind: Literal["rule"]
    service: str | None = Field(None, max_length=255, description="Its host; may be left out where there is one.")
    rule: RuleRequest

    def change(self, only_service: str | None = None) -> Steer:
        """`only_service` is the one that is meant where none is named."""
        return Steer(self.service or only_service or "", self.rule.rule())


ChangeRequest = Annotated[OutChange | WeightChange | RuleChange, Field(discriminator="kind")]


def rule_document(rule: Rule) -> dict[str, Any]:
    """As the configuration writes it, without what is not said."""
    match: dict[str, Any] = {}
    if rule.match.networks:
        match["network"] = [str(network) for network in rule.match.networks]
    if rule.match.asns:
        match["asn"] = list(rule.match.asns)
    if rule.match.countries:
        match["country"] = list(rule.match.countries)
    until = None if rule.until is None else rule.until.isoformat()
    return {"match": match, rule.action: list(rule.targets), "until": until}
