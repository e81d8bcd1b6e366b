"""What has moved to `judging/rules`, for who still imports it from here."""

from policyengine.analysis.diff.judging.rules import PRICE_LOWERED as PRICE_LOWERED
from policyengine.analysis.diff.judging.rules import PRICE_RAISED as PRICE_RAISED
