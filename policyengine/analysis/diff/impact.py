"""What has moved to `rating/impact`, for who still imports it from here."""

from policyengine.analysis.diff.rating.impact import Impact as Impact
from policyengine.analysis.diff.rating.impact import impact as impact
