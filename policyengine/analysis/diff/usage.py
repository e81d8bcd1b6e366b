"""What has moved to `rating/usage`, for who still imports it from here."""

from policyengine.analysis.diff.rating.usage import Defaults as Defaults
from policyengine.analysis.diff.rating.usage import Reader as Reader
from policyengine.analysis.diff.rating.usage import at_path as at_path
