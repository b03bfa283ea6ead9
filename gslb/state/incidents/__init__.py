"""What is wrong, for whom, and since when: findings grow into incidents, and incidents are over when it stays quiet."""

from gslb.state.incidents.book import IncidentBook, Timing
from gslb.state.incidents.finding import Finding, NodeFacts, findings
from gslb.state.incidents.impact import impact_of, shares_by_capacity
from gslb.state.incidents.incident import Acknowledgement, Impact, Incident, Moment, limited, worse
from gslb.state.incidents.markdown import markdown
from gslb.state.incidents.shelf import IncidentShelf

__all__ = [
    "Acknowledgement",
    "Finding",
    "Impact",
    "Incident",
    "IncidentBook",
    "IncidentShelf",
    "Moment",
    "NodeFacts",
    "Timing",
    "findings",
    "impact_of",
    "limited",
    "markdown",
    "shares_by_capacity",
    "worse",
]
