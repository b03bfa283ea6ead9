"""The bounds of looking at release sets: apart from the vocabulary, which has no clock in it and so may be imported by state."""

from dataclasses import dataclass, field

from probes.setting import Setting

MEGABYTE = 2**20


@dataclass(frozen=True, slots=True)
class ContentSetting:
    """The bounds of looking. `probe` has the clocks, who we are, and the time limits of an exchange that brings no whole file."""

    probe: Setting = field(default_factory=Setting)
    manifest_octets: int = 16 * MEGABYTE
    manifest_files: int = 100_000
    round_octets: int = MEGABYTE  # of whole files in a round; what is left comes with the next
    scan_octets: int = 256 * MEGABYTE  # of whole files in a scan; the next scan goes on from there
    file_octets: int = 16 * MEGABYTE  # a larger file is never fetched whole
    part_octets: int = 65_536  # of the beginning and of the end of a larger file
    body_s: float = 30.0  # for one whole file or manifest
    round_s: float = 60.0
    scan_s: float = 1800.0
    listing_s: float = 60.0
    listing_octets: int = 32 * MEGABYTE
    at_a_time: int = 4  # requests of one scan
    requests_per_s: int = 200  # of all scans together
    rounds_per_s: int = 20  # with more sets on addresses than that in an interval, rounds are further apart
