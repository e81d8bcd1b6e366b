"""What a change breaks: every kind of change by its code, its name and the version bump that it requires."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["major", "minor", "patch"]
LEVELS: tuple[Level, ...] = ("patch", "minor", "major")


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of change; `says` is what it means for those who call, pay or are paid."""

    code: str
    name: str
    level: Level
    says: str


INPUT_REQUIRED = Rule("D001", "input_required", "major", "a fact must be given that was not needed before")
INPUT_REMOVED = Rule("D002", "input_removed", "major", "a fact that callers may give is refused now")
INPUT_NARROWED = Rule("D003", "input_narrowed", "major", "facts are refused that were accepted before")
DECISION_REMOVED = Rule("D004", "decision_removed", "major", "a decision is not there any more")
OUTPUT_REMOVED = Rule("D005", "output_removed", "major", "a decision does not answer with this any more")
OUTPUT_RETYPED = Rule("D006", "output_retyped", "major", "an answer has another type or unit")
MEMBER_REMOVED = Rule("D007", "member_removed", "major", "a word is not known any more")
PRICE_RAISED = Rule("D008", "price_raised", "major", "somebody pays more for the same")
ENTITLEMENT_LOWERED = Rule("D009", "entitlement_lowered", "major", "somebody may do less than before")
RETRY_BUDGET_RAISED = Rule("D010", "retry_budget_raised", "major", "a payment is tried more often than before")
GUARD_LOOSENED = Rule("D011", "guard_loosened", "major", "something passes that was stopped before")
CONTRACT_WORSENED = Rule("D012", "contract_worsened", "major", "a tenant loses what an override gave")
ROW_REMOVED = Rule("D013", "row_removed", "major", "a row that answered is not there any more")
TERMS_CHANGED = Rule("D014", "terms_changed", "major", "name, currency, time zone or time in force are others")
ACCOUNT_CHANGED = Rule("D015", "account_changed", "major", "something is booked elsewhere")
AMOUNT_CHANGED = Rule("D016", "amount_changed", "major", "an amount is computed otherwise: it may grow or fall")
DECISION_CHANGED = Rule("D017", "decision_changed", "major", "something is decided otherwise, and how cannot be told")
CODE_CHANGED = Rule("D018", "code_changed", "major", "a refusal has another code")
PRICE_LOWERED = Rule("D030", "price_lowered", "minor", "somebody pays less for the same")
ENTITLEMENT_RAISED = Rule("D031", "entitlement_raised", "minor", "somebody may do more than before")
RETRY_BUDGET_LOWERED = Rule("D032", "retry_budget_lowered", "minor", "a payment is tried less often than before")
GUARD_TIGHTENED = Rule("D033", "guard_tightened", "minor", "something is stopped that passed before")
CONTRACT_IMPROVED = Rule("D034", "contract_improved", "minor", "an override gives a tenant more")
INPUT_WIDENED = Rule("D035", "input_widened", "minor", "facts are accepted that were refused before")
TERMS_WIDENED = Rule("D036", "terms_widened", "minor", "the version is in force for longer")
PART_ADDED = Rule("D037", "part_added", "minor", "something new, which nothing asked for before")
PART_REMOVED = Rule("D038", "part_removed", "minor", "something is gone that no decision is called by")
BOUNDS_CHANGED = Rule("D039", "bounds_changed", "minor", "overrides may set other values")
RETRY_MOVED = Rule("D040", "retry_moved", "minor", "a payment is tried at other times")
NOTICE_CHANGED = Rule("D041", "notice_changed", "minor", "warnings, notes or approvers are others")
TEXT_CHANGED = Rule("D060", "text_changed", "patch", "a reason is worded otherwise")

OF_GUARDS = frozenset((GUARD_LOOSENED, GUARD_TIGHTENED))
"""What shows in the effect of a decision, or nowhere."""
UNSEEN = frozenset((TEXT_CHANGED, BOUNDS_CHANGED))
"""What shows in no answer."""
RULES = tuple(value for value in list(globals().values()) if isinstance(value, Rule))
"""All of them, in the order of their codes."""
