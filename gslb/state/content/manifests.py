"""The files of the generations that sites hold, as they go into a World."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gslb.model import Manifest, ManifestFile
from probes.content.model import FileFact


class Manifests:
    """`in_world` is the same mapping, of the same manifests, as long as nothing changes: a World is shipped by identity."""

    def __init__(self) -> None:
        self.in_world: Mapping[str, Manifest] = {}
        self._known: dict[str, Manifest] = {}
        self._refused: dict[str, int] = {}  # generations for which there is no room, and how many files they have

    @property
    def left_out(self) -> int:
        """Generations that are held, and whose files are beyond the bound."""
        return len(self._refused)

    def take(self, generation: str, files: Mapping[str, FileFact] | None) -> bool:
        """Whether it is new."""
        if not generation or files is None or generation in self._known or generation in self._refused:
            return False
        made = {path: ManifestFile(fact.sha256, fact.sha1, fact.size) for path, fact in files.items()}
        self._known[generation] = Manifest(generation, made)
        return True

    def keep(self, wanted: Iterable[str], most: int) -> None:
        """Of these generations, the most wanted first, those that have at most `most` files together."""
        kept: dict[str, Manifest] = {}
        refused: dict[str, int] = {}
        files = 0
        for generation in dict.fromkeys(wanted):
            manifest = self._known.get(generation)
            count = len(manifest.files) if manifest is not None else self._refused.get(generation)
            if count is None:
                continue
            if files + count > most:
                refused[generation] = count
            elif manifest is not None:  # else there is room now, and the next look brings it
                files += count
                kept[generation] = manifest
        self._known, self._refused = kept, refused
        if kept != self.in_world:  # manifests are compared by identity
            self.in_world = dict(kept)

    @property
    def files(self) -> int:
        return sum(len(manifest.files) for manifest in self.in_world.values())
