"""What has moved to `reports/shown`, for who still imports it from here."""

from policyengine.analysis.diff.reports.shown import money_text as money_text
