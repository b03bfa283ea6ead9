"""Fuzz the reader of manifests, which come from mirrors.

    python -m tests.fuzz.fuzz_manifest SCRATCH tests/fuzz/corpus/manifest -runs=100000

Any bytes are a list of files whose paths stay below the prefix and have a hash, or a ManifestError of one line.
"""

from __future__ import annotations

import sys

from probes.content.manifest import Listed, ManifestError, generation_of, parse, plain_path

FILES_MAX = 50


def one_input(data: bytes) -> None:
    try:
        listed = parse(data, FILES_MAX, own="SHA256SUMS")
    except ManifestError as error:
        said = str(error)
    else:
        _sound(listed)
        return
    assert said.isprintable(), said
    assert len(said) < 500, said


def _sound(listed: Listed) -> None:
    assert 0 < len(listed.files) <= FILES_MAX
    assert "SHA256SUMS" not in listed.files
    for path, fact in listed.files.items():
        assert plain_path(path) == path
        assert fact.sha256 or fact.sha1
    again = {path: listed.files[path] for path in reversed(list(listed.files))}
    assert generation_of(again) == listed.generation


if __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
