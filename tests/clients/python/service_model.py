"""The service model that botocore ships, a client that sees every answer raw, and what an answer
must be by the model.
"""

import json

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

# The service answers this one everywhere, whatever an operation lists.
INVALID = "InvalidRequestException"


class Answer:
    """One answer, before botocore has made it fit."""

    def __init__(self, status, body, code, message):
        self.status, self.body, self.code, self.message = status, body, code, message

    def __repr__(self):
        return f"{self.status} {self.code} {self.message or self.body}"


class Service:
    """A client of one server; keeps what it saw."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        # What the client would refuse must reach the server.
        config = Config(retries={"max_attempts": 0}, parameter_validation=False)
        self.client = boto3.client("xray", endpoint_url=endpoint, config=config)
        self.model = self.client.meta.service_model
        self.called, self.succeeded = set(), set()
        self.seen, self.findings = set(), []
        self._body = None
        events = self.client.meta.events
        events.register("before-call.xray.*", self._before_call)
        events.register("after-call.xray.*", self._after_call)

    def call(self, operation, body):
        """Calls with `body`, bytes or what becomes JSON, past botocore's own serialiser."""
        self._body = body if isinstance(body, bytes) else json.dumps(body).encode()
        try:
            self.client._make_api_call(operation, {})
            return Answer(200, self._answer, None, None)
        except ClientError as error:
            details = error.response["Error"]
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            return Answer(status, None, details["Code"], details["Message"])
        finally:
            self._body = None

    def ok(self, operation, body):
        """As `call`, for answers that must be a success; returns the JSON."""
        answer = self.call(operation, body)
        if answer.status != 200:
            raise AssertionError(f"{operation} {str(body)[:500]}: {answer}")
        return answer.body

    def _before_call(self, params, **_):
        if self._body is not None:
            params["body"] = self._body

    def _after_call(self, http_response, model, **_):
        self.called.add(model.name)
        if not http_response.headers.get("x-amzn-requestid"):
            self.findings.append(f"{model.name}: no request id")
        if http_response.status_code != 200:
            modelled = [shape.name for shape in model.error_shapes] + [INVALID]
            code = http_response.headers.get("x-amzn-errortype")
            if code not in modelled:
                self.findings.append(f"{model.name}: `{code}` is none of {modelled}")
            return
        self.succeeded.add(model.name)
        self._answer = json.loads(http_response.content)
        if model.output_shape is not None:
            self._check(model.output_shape, self._answer, model.name, model.name)

    def _check(self, shape, value, path, owner):
        """Finds where the JSON `value` is not what `shape` says; `owner` is the structure's name."""
        kind = shape.type_name
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        right = {
            "structure": isinstance(value, dict),
            "list": isinstance(value, list),
            "map": isinstance(value, dict),
            "string": isinstance(value, str),
            "boolean": isinstance(value, bool),
            "integer": number and value == int(value),
            "long": number and value == int(value),
            "double": number,
            "float": number,
            "timestamp": number,
        }[kind]
        if not right:
            self.findings.append(f"{path}: {value!r} is no {kind}")
        elif kind == "structure":
            for name, member in value.items():
                if name not in shape.members:
                    self.findings.append(f"{path}: the model has no member `{name}`")
                elif member is not None:
                    self.seen.add(f"{owner}.{name}")
                    inner = shape.members[name]
                    self._check(inner, member, f"{path}.{name}", structure(inner))
            for name in shape.required_members:
                if value.get(name) is None:
                    self.findings.append(f"{path}: `{name}` is required and missing")
        elif kind == "list":
            for index, member in enumerate(value):
                self._check(shape.member, member, f"{path}[{index}]", owner)
        elif kind == "map":
            for name, member in value.items():
                self._check(shape.value, member, f"{path}[{name!r}]", structure(shape.value))
        elif kind == "string":
            if shape.enum and value not in shape.enum:
                self.findings.append(f"{path}: {value!r} is none of {shape.enum}")


def structure(shape):
    """The name of the structure that `shape` is, or holds as a list's items."""
    while shape.type_name == "list":
        shape = shape.member
    return shape.name


def response_members(model):
    """Every member of every answer: `GetGroups.NextToken`, `GroupSummary.GroupName`."""
    members, done = set(), set()

    def walk(shape, owner):
        while shape.type_name in ("list", "map"):
            shape = shape.member if shape.type_name == "list" else shape.value
            owner = shape.name
        if shape.type_name != "structure" or owner in done:
            return
        done.add(owner)
        for name, member in shape.members.items():
            members.add(f"{owner}.{name}")
            walk(member, structure(member))

    for name in model.operation_names:
        output = model.operation_model(name).output_shape
        if output is not None:
            walk(output, name)
    return members
