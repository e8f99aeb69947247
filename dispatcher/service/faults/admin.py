"""The admin endpoint: what is put in, another plan, and faults to order.

``GET /faults`` tells, ``PUT /faults`` brings another plan into force, ``DELETE /faults`` puts an end to all;
``POST /faults/orders`` orders a fault, ``DELETE /faults/orders`` takes back those that wait.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from http import HTTPStatus

from dispatcher.service.authentication import challenge
from dispatcher.service.clock import Clock
from dispatcher.service.errors import BatchError, Refusal, error_body
from dispatcher.service.faults.catalogue import Subject
from dispatcher.service.faults.injector import CommandRefused, Faults, NodeCommand, NodeCommander
from dispatcher.service.faults.loading import new_seed
from dispatcher.service.faults.plan import Plan, Rule
from dispatcher.service.faults.text import PlanError, make_plan, make_rule, plan_json, plan_text, read_plan, rule_json
from dispatcher.service.pipeline import BODY_LIMIT, Answer, Request, read_json_object
from dispatcher.service.shared_key import SignedRequest
from dispatcher.service.wire import JsonObject, JsonValue

PATH = "/faults"
"""No operation of the data plane has it."""

_ORDERS = f"{PATH}/orders"
_SHOWN = 100
_MOST_TIMES = 999_999_999


class Admin:
    """Answers the requests to the admin endpoint."""

    def __init__(
        self,
        faults: Faults,
        *,
        authenticate: Callable[[SignedRequest], None],
        command: NodeCommander,
        account: str,
        clock: Clock,
    ) -> None:
        """Take the parts; ``account`` is the one that orders on nodes mean unless they name another."""
        self._faults = faults
        self._authenticate = authenticate
        self._command = command
        self._account = account
        self._clock = clock

    def answers(self, path: str) -> bool:
        """Say whether a raw path is of this endpoint."""
        return path == PATH or path.startswith(f"{PATH}/")

    def answer(self, request: Request) -> Answer:
        """Answer a request; what is wrong with it is told as Batch would."""
        request_id = str(uuid.uuid4())
        headers = {"Content-Type": "application/json", "request-id": request_id}
        try:
            status, body = self._act(request)
        except BatchError as error:
            status, headers = error.status, {**headers, **error.headers}
            if status == HTTPStatus.UNAUTHORIZED:
                headers["WWW-Authenticate"] = challenge(self._account)
            url = f"{request.scheme}://{request.headers.get('host', '127.0.0.1')}/$metadata"
            body = error_body(error, metadata_url=url, request_id=request_id, now=self._clock.now())
        content = b"" if request.verb == "HEAD" else json.dumps(body).encode()
        return Answer(status=status, headers=headers, body=content)

    def _act(self, request: Request) -> tuple[int, JsonObject]:
        self._authenticate(
            SignedRequest(verb=request.verb, headers=request.headers, raw_path=request.raw_path, query=request.query)
        )
        verbs = self._verbs().get(request.raw_path)
        if verbs is None:
            raise BatchError(Refusal.INVALID_URI, f"The admin endpoint has {PATH} and {_ORDERS} only.")
        if (act := verbs.get(request.verb)) is None:
            message = f"{request.raw_path} takes {', '.join(verbs)}, not {request.verb}."
            raise BatchError(Refusal.UNSUPPORTED_HTTP_VERB, message, headers={"Allow": ", ".join(verbs)})
        try:
            return act(request)
        except PlanError as error:
            raise BatchError(Refusal.INVALID_REQUEST_BODY, f"{error}.") from None
        except CommandRefused as error:
            raise BatchError(Refusal.OPERATION_INVALID_FOR_CURRENT_STATE, str(error)) from None
        except OSError as error:
            message = f"The log of faults cannot be written, so that nothing was changed: {error}."
            raise BatchError(Refusal.INTERNAL_ERROR, message) from None

    def _verbs(self) -> Mapping[str, Mapping[str, Callable[[Request], tuple[int, JsonObject]]]]:
        return {
            PATH: {"GET": self._show, "PUT": self._replace, "DELETE": self._end},
            _ORDERS: {"POST": self._order, "DELETE": self._cancel},
        }

    def _show(self, request: Request) -> tuple[int, JsonObject]:
        del request
        source = self._faults.source
        orders: list[JsonValue] = [{**rule_json(order.rule), "times": order.left} for order in self._faults.orders]
        latest: list[JsonValue] = list(self._faults.latest)
        return HTTPStatus.OK, {
            "plan": plan_json(source) if isinstance(source, Plan) else None,
            "text": plan_text(source),
            "orders": orders,
            "putIn": {str(fault): count for fault, count in self._faults.put_in.items()},
            "latest": latest[-_SHOWN:],
            "log": str(self._faults.log_path),
        }

    def _replace(self, request: Request) -> tuple[int, JsonObject]:
        body = _read(request)
        text = body.get("text")
        if isinstance(text, str) and len(body) == 1:
            plan = read_plan(text, seed=new_seed())
        else:
            plan = make_plan(body, seed=new_seed())
        self._faults.replace(plan)
        return self._show(request)

    def _end(self, request: Request) -> tuple[int, JsonObject]:
        source = self._faults.source
        self._faults.replace(Plan(seed=source.seed if isinstance(source, Plan) else new_seed()))
        return self._cancel(request)

    def _order(self, request: Request) -> tuple[int, JsonObject]:
        body = dict(_read(request))
        times = _times(body.pop("times", 1))
        node = body.pop("node", None)
        for name in ("probability", "max"):
            if name in body:
                raise PlanError(f"an order has no {name!r}: it is put in for certain, as many times as 'times' says")
        rule = make_rule(body)
        if node is None:
            self._faults.order(rule, times)
        else:
            self._carry_out(rule, node, times)
        return HTTPStatus.ACCEPTED, {**rule_json(rule), "times": times}

    def _carry_out(self, rule: Rule, node: object, times: int) -> None:
        filters = dict(rule.filters)
        if rule.fault.subject is not Subject.RUN or times != 1 or not isinstance(node, str):
            raise PlanError("an order with 'node' is done to that node now and once: preempt, reboot or lose-node")
        if "pool" not in filters or filters.keys() - {"pool", "account"}:
            raise PlanError("an order with 'node' names the pool too, and no job and no task")
        command = NodeCommand(
            rule=rule, account=filters.get("account", self._account), pool_id=filters["pool"], node_id=node
        )
        if not self._faults.command(command, self._command(command)):
            raise OSError(str(self._faults.log_path))

    def _cancel(self, request: Request) -> tuple[int, JsonObject]:
        self._faults.cancel_orders()
        return self._show(request)


def _read(request: Request) -> JsonObject:
    if len(request.body) > BODY_LIMIT:
        raise BatchError(Refusal.REQUEST_BODY_TOO_LARGE)
    return read_json_object(request.body)


def _times(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _MOST_TIMES:
        raise PlanError(f"times is a whole number from 1 to {_MOST_TIMES}, not {json.dumps(value)[:50]}")
    return value
