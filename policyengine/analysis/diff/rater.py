"""What has moved to `rating/rater`, for who still imports it from here."""

from policyengine.analysis.diff.rating.rater import Grouping as Grouping
from policyengine.analysis.diff.rating.rater import UnreadableLine as UnreadableLine
