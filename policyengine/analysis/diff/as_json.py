"""What has moved to `reports/as_json`, for who still imports it from here."""

from policyengine.analysis.diff.reports.as_json import plain as plain
