"""What has moved to `rating/rerating`, for who still imports it from here."""

from policyengine.analysis.diff.rating.rerating import rerated as rerated
