"""What has moved to `judging/findings`, for who still imports it from here."""

from policyengine.analysis.diff.judging.findings import Finding as Finding
