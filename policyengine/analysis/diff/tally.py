"""What has moved to `rating/tally`, for who still imports it from here."""

from policyengine.analysis.diff.rating.tally import EXACT as EXACT
