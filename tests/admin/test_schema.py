"""The API is what its OpenAPI document says: nothing undocumented comes back, whatever is sent."""

import schemathesis
from hypothesis import HealthCheck, settings

from gslb.admin import create_app
from tests.admin.bench import OPERATOR, Bench

NODE = Bench().ready()
APP = create_app(NODE)
EXAMPLES = 20


def described() -> dict:
    schema = APP.openapi()
    # A stream has no end to wait for; tests/admin/test_stream.py reads it.
    return {**schema, "paths": {path: each for path, each in schema["paths"].items() if not path.endswith("/stream")}}


api = schemathesis.openapi.from_dict(described())
api.app = APP


@api.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_answers_are_as_documented(case):
    case.call_and_validate(headers={"Authorization": f"Bearer {OPERATOR}"}, base_url="http://127.0.0.1:8053")
