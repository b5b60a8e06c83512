"""How attempts of tests end."""

from datetime import datetime

from apps.jobs.services.ledger.attempts import Ending, Failure, Outcome


def failed(error: str, *, at: datetime, outcome: Outcome = Outcome.FAILED) -> Ending:
    """An attempt that an error ended."""
    return Ending(outcome, at, failure=Failure(error, error))
