"""The stack of transports below a session, outermost first: Retry, Budget, Meter, the real one (or a simulator)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

import httpx
import tenacity

from deskferry.connectors.kit.clock import Clock
from deskferry.connectors.kit.faults import InDoubt, describe, request_id
from deskferry.connectors.kit.governor import Governor, Permit
from deskferry.connectors.kit.meter import Meter
from deskferry.connectors.kit.verdicts import Accept, Again, Judge, Stop, Verdict, broken_body, usual_verdict
from deskferry.errors import Exhausted
from deskferry.redaction import redact

BUCKET = "deskferry.bucket"
STREAMED = "deskferry.streamed"
IDEMPOTENT = "deskferry.idempotent"
PLAIN = "deskferry.plain"
VERDICT = "deskferry.verdict"
_PERMIT = "deskferry.permit"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "DELETE"})


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long one call is tried: whichever of attempts and total seconds comes first."""

    attempts: int = 8
    total: float = 900.0
    """Seconds for failures; waits that the vendor asks for do not count."""
    first: float = 1.0
    longest: float = 60.0
    throttled: float = 7200.0
    """Seconds for which one call may be put off by limits before the run stops."""
    longest_asked: float = 3900.0
    """A vendor that asks for a longer pause (a daily quota) stops the run: it is resumed another time."""


class _Failed(Exception):
    """One attempt failed in a way that may be tried again."""

    def __init__(self, again: Again, status: int | None, request_id: str) -> None:
        super().__init__(again.why)
        self.again, self.status, self.request_id = again, status, request_id


class MeterTransport(httpx.BaseTransport):
    """Counts every attempt and every byte that comes over the wire."""

    def __init__(self, inner: httpx.BaseTransport, meter: Meter) -> None:
        self._inner, self._meter = inner, meter

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass on and count."""
        permit = request.extensions.get(_PERMIT)
        bucket = permit.bucket if isinstance(permit, Permit) else ""
        sent = int(request.headers.get("content-length", 0))
        try:
            response = self._inner.handle_request(request)
        except Exception as error:
            self._meter.call(bucket, type(error).__name__, sent)
            raise
        self._meter.call(bucket, str(response.status_code), sent)
        assert isinstance(response.stream, httpx.SyncByteStream)
        if response.is_closed:  # a simulator in the process answers whole
            self._meter.received(bucket, len(response.content))
        else:
            response.stream = _CountedStream(response.stream, self._meter, bucket)
        return response

    def close(self) -> None:
        """Close what is below."""
        self._inner.close()


class _CountedStream(httpx.SyncByteStream):
    def __init__(self, inner: httpx.SyncByteStream, meter: Meter, bucket: str) -> None:
        self._inner, self._meter, self._bucket = inner, meter, bucket

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        try:
            for chunk in self._inner:
                size += len(chunk)
                yield chunk
        finally:
            self._meter.received(self._bucket, size)

    def close(self) -> None:
        self._inner.close()


class BudgetTransport(httpx.BaseTransport):
    """Waits for the governor's leave before every attempt, and tells it what the headers say."""

    def __init__(self, inner: httpx.BaseTransport, governor: Governor, meter: Meter) -> None:
        self._inner, self._governor, self._meter = inner, governor, meter

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Wait, pass on, heed the headers."""
        target = request.url.raw_path.decode("ascii", "replace")
        permit = self._governor.acquire(request.method, target, request.extensions.get(BUCKET))
        request.extensions[_PERMIT] = permit
        for bucket, seconds in permit.waits.items():
            self._meter.waited(bucket, seconds)
        response: httpx.Response | None = None
        try:
            response = self._inner.handle_request(request)
        finally:
            self._governor.finish(permit, None if response is None else response.headers)
        return response

    def close(self) -> None:
        """Close what is below."""
        self._inner.close()


class RetryTransport(httpx.BaseTransport):
    """Repeats what may be repeated, by the vendor's verdict; a write that may have taken effect is never sent again."""

    def __init__(
        self,
        inner: httpx.BaseTransport,
        *,
        clock: Clock,
        governor: Governor,
        meter: Meter,
        vendor: str = "",
        judge: Judge | None = None,
        policy: RetryPolicy | None = None,
        jitter: random.Random | None = None,
    ) -> None:
        self._inner, self._clock, self._governor, self._meter = inner, clock, governor, meter
        self._vendor, self._judge = vendor, judge
        self._policy = policy if policy is not None else RetryPolicy()
        self._jitter = jitter if jitter is not None else random.Random()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the first acceptable answer; raises InDoubt, Exhausted, or what the verdict says."""
        tries = _Tries(self._policy, self._clock, self._jitter)
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Failed),
            stop=lambda _state: tries.spent,
            wait=lambda _state: tries.pause,
            sleep=self._clock.sleep,
            before_sleep=lambda _state: self._meter.retried(),
            retry_error_callback=lambda _state: None,
        )
        response = retrying(self._attempt, request, tries)
        if response is None:
            self._give_up(request, tries)
        return response

    def close(self) -> None:
        """Close what is below."""
        self._inner.close()

    def _attempt(self, request: httpx.Request, tries: _Tries) -> httpx.Response | None:
        result: httpx.Response | Exception
        try:
            result = self._inner.handle_request(request)
            result.request = request
            if not (request.extensions.get(STREAMED) and result.is_success):
                result.read()
        except httpx.RequestError as error:  # no answer, or one whose encoding is broken
            result = error
        verdict = self._judged(request, result)
        if isinstance(verdict, Stop):
            if isinstance(result, httpx.Response):
                result.close()
            raise verdict.error
        if not isinstance(verdict, Again):
            assert isinstance(result, httpx.Response)
            result.extensions[VERDICT] = verdict
            return result
        headers = httpx.Headers()
        status = None
        if isinstance(result, httpx.Response):
            result.close()
            headers, status = result.headers, result.status_code
        failed = _Failed(verdict, status, request_id(headers))
        if not verdict.untouched and not _repeatable(request):
            raise InDoubt(describe(self._vendor, request), redact(verdict.why))
        tries.note(failed)
        permit = request.extensions.get(_PERMIT)
        if verdict.throttled and isinstance(permit, Permit) and not tries.spent:
            # The whole bucket pauses, for every thread; the next attempt waits there and not here.
            self._governor.block(permit, tries.pause)
            tries.pause = 0.0
        raise failed

    def _judged(self, request: httpx.Request, result: httpx.Response | Exception) -> Verdict:
        verdict = None if self._judge is None else self._judge(request, result)
        if verdict is not None:
            return verdict
        verdict = usual_verdict(request, result, self._clock.now())
        streamed = request.extensions.get(STREAMED) or request.extensions.get(PLAIN)
        if isinstance(verdict, Accept) and isinstance(result, httpx.Response) and not streamed:
            broken = broken_body(result)
            if broken:
                return Again(why=f"status {result.status_code} with {broken}")
        return verdict

    def _give_up(self, request: httpx.Request, tries: _Tries) -> NoReturn:
        failed = tries.last
        assert failed is not None
        again, call, why = failed.again, describe(self._vendor, request), redact(failed.again.why)
        known = f" (request id {failed.request_id})" if failed.request_id else ""
        if again.throttled and again.after is not None and again.after > self._policy.longest_asked:
            raise Exhausted(
                f"{call}: the vendor asks to wait {again.after:.0f} seconds{known}.",
                "Run the same command again after that; it goes on where it stopped.",
            )
        status = "" if failed.status is None or str(failed.status) in why else f"status {failed.status}, "
        raise Exhausted(
            f"{call}: {status}{why}; gave up after {tries.count} attempts{known}.",
            "Check the vendor's status page, base_url and the network; the same command goes on where it stopped.",
        )


class _Tries:
    """The attempts of one call: how long to pause before the next one, and whether they are spent."""

    def __init__(self, policy: RetryPolicy, clock: Clock, jitter: random.Random) -> None:
        self._policy, self._clock, self._jitter = policy, clock, jitter
        self._began: float | None = None
        self._failures = self._throttles = 0
        self._asked = 0.0
        self.pause = 0.0
        self.spent = False
        self.last: _Failed | None = None

    @property
    def count(self) -> int:
        """Return how many attempts failed."""
        return self._failures + self._throttles

    def note(self, failed: _Failed) -> None:
        """Take in a failed attempt."""
        policy, again = self._policy, failed.again
        now = self._clock.now()
        self._began = now if self._began is None else self._began
        self.last = failed
        if again.throttled:
            self._throttles += 1
        else:
            self._failures += 1
        self.pause = again.after if again.after is not None else self._backoff(again.throttled)
        if again.throttled:
            self._asked += self.pause
            self.spent = self._asked > policy.throttled or self.pause > policy.longest_asked
        else:
            spent = now - self._began - self._asked + self.pause
            self.spent = self._failures >= policy.attempts or spent > policy.total

    def _backoff(self, throttled: bool) -> float:
        count = self._throttles if throttled else self._failures
        ceiling = min(self._policy.first * 2.0 ** min(count - 1, 16), self._policy.longest)
        # Full jitter would let a throttled caller come back at once; half of it is kept.
        return ceiling * (0.5 + self._jitter.random() / 2)


def _repeatable(request: httpx.Request) -> bool:
    told: Any = request.extensions.get(IDEMPOTENT)
    return request.method in _SAFE_METHODS if told is None else bool(told)


def stack(
    real: httpx.BaseTransport,
    *,
    clock: Clock,
    governor: Governor,
    meter: Meter,
    vendor: str = "",
    judge: Judge | None = None,
    policy: RetryPolicy | None = None,
) -> RetryTransport:
    """Return Retry(Budget(Meter(real)))."""
    budget = BudgetTransport(MeterTransport(real, meter), governor, meter)
    return RetryTransport(
        budget, clock=clock, governor=governor, meter=meter, vendor=vendor, judge=judge, policy=policy
    )
