"""What can be wrong with a bundle as a whole: one named function a diagnostic, all of the compiler's in this file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from policyengine.language.closest import closest
from policyengine.source import Diagnostic, Span
from policyengine.values.types import Type

CYCLE_SHOWN = 12


def cycle(path: Sequence[str], at: Span) -> Diagnostic:
    """Nodes that read one another in a circle have no order of evaluation."""
    names = list(path) if len(path) <= CYCLE_SHOWN else [*path[: CYCLE_SHOWN - 2], "...", *path[-2:]]
    shown = " -> ".join(names)
    return Diagnostic("B002", "cycle", f"these names read one another in a circle: {shown}", at)


def no_manifest(folder: str) -> Diagnostic:
    hint = "a bundle is a folder with a `bundle.yaml`; `policyengine init` writes one"
    return Diagnostic("B003", "no_manifest", f"no `bundle.yaml` in {folder}", None, hint)


def unknown_type(name: str, at: Span, known: Iterable[str]) -> Diagnostic:
    return Diagnostic("B004", "unknown_declared_type", f"unknown type `{name}`", at, closest(name, known))


def bad_literal(found: str, wanted: str, at: Span, hint: str | None = None) -> Diagnostic:
    """A literal that is not of the type that its place asks for."""
    return Diagnostic("B005", "bad_literal", f"expected {wanted}, found {found}", at, hint)


def key_not_covered(missing: Iterable[str], at: Span) -> Diagnostic:
    """A keyed value that does not answer for every member of its key."""
    names = ", ".join(f"`{m}`" for m in missing)
    hint = "add them, or an `otherwise`"
    return Diagnostic("B006", "key_not_covered", f"the keys do not cover {names}", at, hint)


def key_not_an_enum(found: Type, at: Span) -> Diagnostic:
    hint = "a key is an enum, a bool, a text or an int"
    return Diagnostic("B007", "bad_key", f"a value cannot be keyed by {found}", at, hint)


def key_without_end(found: Type, at: Span) -> Diagnostic:
    """Keys of a text or an int, which can never cover all of them."""
    hint = "add an `otherwise`, or declare the key as an enum"
    return Diagnostic("B007", "bad_key", f"the keys do not cover every {found}", at, hint)


def dates_not_increasing(date: str, at: Span) -> Diagnostic:
    return Diagnostic("B008", "dates_not_increasing", f"`{date}` is not after the date before it", at)


def bad_date(text: str, at: Span, hint: str | None = None) -> Diagnostic:
    return Diagnostic("B009", "bad_date", f"`{text}` is not a date or a time", at, hint)


def unknown_column(name: str, at: Span, known: Iterable[str]) -> Diagnostic:
    return Diagnostic("B010", "unknown_column", f"the table has no column `{name}`", at, closest(name, known))


def missing_cell(column: str, at: Span) -> Diagnostic:
    hint = "write a value, or declare the column with `optional: true`"
    return Diagnostic("B011", "missing_cell", f"the row has no value for `{column}`", at, hint)


def row_without_id(at: Span) -> Diagnostic:
    hint = "rows of an overridable table are named by their `id`"
    return Diagnostic("B012", "row_without_id", "this row has no `id`", at, hint)


def row_id_twice(row: str, at: Span, first: Span) -> Diagnostic:
    related = ((first, "the first one"),)
    return Diagnostic("B013", "row_id_twice", f"two rows have the id `{row}`", at, "rename one", related=related)


def gap(witness: str, area: str, count: int, at: Span) -> Diagnostic:
    """A table with a combination that no row answers for."""
    more = f", one of {count} such gaps" if count > 1 else ""
    hint = f"no row covers {area}{more}; add a row, an `otherwise:` row, or `otherwise: error` for a caller's error"
    return Diagnostic("B014", "gap", f"no row of the table answers for {witness}", at, hint)


def overlap(first: str, second: str, witness: str, at: Span, other: Span) -> Diagnostic:
    message = f"the rows `{first}` and `{second}` both answer for {witness}"
    hint = "make the conditions disjoint, or choose another `hit` policy"
    return Diagnostic("B015", "overlap", message, at, hint, related=((other, "the other row"),))


def masked_row(row: str, at: Span) -> Diagnostic:
    message = f"the row `{row}` can never answer: other rows answer for all of its cases"
    return Diagnostic("B016", "masked_row", message, at, "remove it, or move it before them")


def row_never_fits(row: str, at: Span) -> Diagnostic:
    message = f"the row `{row}` can never answer: no input meets its conditions"
    return Diagnostic("B052", "row_never_fits", message, at, "correct its conditions, or remove it")


def never_in_force(what: str, at: Span) -> Diagnostic:
    message = f"{what} is never in force: it ends before it begins"
    hint = "`from` comes first, and `until` is the first instant after"
    return Diagnostic("B119", "never_in_force", message, at, hint)


def tiers_not_increasing(at: Span) -> Diagnostic:
    message = "`up_to` does not grow from tier to tier"
    return Diagnostic("B017", "tiers_not_increasing", message, at, "put the tiers in order")


def last_tier_not_open(at: Span) -> Diagnostic:
    hint = "leave `up_to` out of the last tier, so that every quantity has a price"
    return Diagnostic("B018", "last_tier_not_open", "the last tier has an upper bound", at, hint)


def open_tier_not_last(at: Span) -> Diagnostic:
    return Diagnostic("B019", "open_tier_not_last", "only the last tier may be without `up_to`", at)


def quantity_may_be_negative(at: Span) -> Diagnostic:
    hint = "declare the input with `min: 0`, use `max(0, ...)`, or say `negative_quantity: zero` or `mirror`"
    return Diagnostic("B020", "quantity_may_be_negative", "this quantity may be negative", at, hint)


def not_a_charge(name: str, at: Span, known: Iterable[str]) -> Diagnostic:
    return Diagnostic("B021", "not_a_charge", f"`{name}` is not a charge", at, closest(name, known))


def not_a(what: str, name: str, at: Span, known: Iterable[str]) -> Diagnostic:
    return Diagnostic("B022", "wrong_kind", f"`{name}` is not {what}", at, closest(name, known))


def unknown_entry(name: str, at: Span, known: Iterable[str]) -> Diagnostic:
    return Diagnostic("B023", "unknown_decision", f"`{name}` is nothing that can be decided", at, closest(name, known))


def not_an_amount(field: str, found: Type, at: Span) -> Diagnostic:
    return Diagnostic("B024", "not_an_amount", f"`{field}` is {found}, not an amount of money", at)


def places_not_known(at: Span) -> Diagnostic:
    hint = "write a number, `currency`, or the name of a parameter that has one value"
    return Diagnostic("B025", "places_not_known", "the places of a rounding must be known before evaluation", at, hint)


def outside_range(value: str, name: str, at: Span) -> Diagnostic:
    """A value that its own declaration does not allow."""
    message = f"`{value}` is outside the declared range or places of `{name}`"
    return Diagnostic("B053", "outside_range", message, at, "change the value, or its `min`, `max` and `places`")


def say_flat_at_zero(at: Span) -> Diagnostic:
    hint = "say `flat_at_zero: true` or `false`: is the first tier's flat amount due when nothing was used?"
    return Diagnostic("B054", "say_flat_at_zero", "tiers with a flat amount do not say what is due at zero", at, hint)


def say_package_rounding(at: Span) -> Diagnostic:
    hint = "`package_rounding: ceiling` charges a package that is begun, `floor` only full ones"
    return Diagnostic("B057", "say_package_rounding", "packages do not say how they are counted", at, hint)


def needs_already_billed(at: Span) -> Diagnostic:
    hint = "say `already_billed`: what the earlier slices of the period have billed"
    message = "a maximum or minimum beside `already_rated` needs to know what was billed"
    return Diagnostic("B058", "needs_already_billed", message, at, hint)


def not_a_position(at: Span) -> Diagnostic:
    hint = "it is first, middle, last, only, or a text input with one of these words"
    return Diagnostic("B059", "not_a_position", "this is not the position of a slice", at, hint)


def key_inside_itself(key: str, at: Span) -> Diagnostic:
    message = f"`{key}` is asked again inside one of its own cases"
    return Diagnostic("B060", "key_inside_itself", message, at, "write the value of that case directly")


def key_may_fail(key: str, at: Span) -> Diagnostic:
    hint = "use `when/value/otherwise`, which asks only where it must"
    message = f"`{key}` may fail, and is a key only inside some cases of another key"
    return Diagnostic("B061", "key_may_fail", message, at, hint)


def sizes_differ(at: Span) -> Diagnostic:
    hint = "give every tier the same `package_size`, or say `package_rounding: per_tier`"
    return Diagnostic("B064", "sizes_differ", "`total_first` needs packages of one size in all tiers", at, hint)


def only_with_each(at: Span) -> Diagnostic:
    hint = "use `minimum` and `maximum` for the whole charge"
    return Diagnostic("B065", "only_with_each", "bounds of an element need `each`", at, hint)


def say_free_quantity_as(at: Span) -> Diagnostic:
    hint = "`free_quantity_as: quantity` takes it off first, `tier` puts a free tier in front"
    message = "a free quantity under volume tiers does not say what it means"
    return Diagnostic("B066", "say_free_quantity_as", message, at, hint)


def split_with_each(at: Span) -> Diagnostic:
    hint = "give each element its own period as a list of stretches, or repeat a decision whose charge is split"
    return Diagnostic("B090", "split_with_each", "one period cannot be split for each element of a list", at, hint)


def no_peak(why: str, at: Span) -> Diagnostic:
    """`flat_by: peak` where the highest quantity cannot be known."""
    hint = "repeat the charge over the changes of the level with `each`, or charge flat amounts without `flat_by`"
    return Diagnostic("B091", "no_peak", f"`flat_by: peak` has no peak to go by: {why}", at, hint)


def quantity_of_each(at: Span) -> Diagnostic:
    hint = "commit an `amount`, or repeat a decision whose charge has the commitment"
    message = "a committed quantity has no one price where every element of a list has its own"
    return Diagnostic("B092", "quantity_of_each", message, at, hint)


def minimum_or_commitment(at: Span) -> Diagnostic:
    hint = "a commitment with `true_up: true` charges what falls short of it; a `sum` of this charge may have a minimum"
    return Diagnostic("B093", "minimum_or_commitment", "a charge has a minimum or a commitment, not both", at, hint)


def rail_without_places(at: Span) -> Diagnostic:
    hint = "write `places: rail`, or take `rail` away"
    return Diagnostic("B097", "rail_without_places", "a `rail` is named, and the places are not its own", at, hint)


# --- warnings about prices: legal, and often not meant


def unreachable_tier(tier: int, schedule: str, at: Span) -> Diagnostic:
    """A tier that begins beyond every quantity, or between two whole ones."""
    of = f" of `{schedule}`" if schedule else ""
    hint = "take it out, or allow larger quantities where the input is declared"
    return Diagnostic("B094", "unreachable_tier", f"no quantity reaches tier {tier}{of}", at, hint, "warning")


def volume_cliff(before: str, after: str, prices: tuple[str, str] | None, schedule: str, at: Span) -> Diagnostic:
    """One unit more, and all units cost less together."""
    of = f" in `{schedule}`" if schedule else ""
    message = f"more costs less{of}: {after} less than {before}"
    if prices is not None:
        message = f"more costs less{of}: a quantity of {before} costs {prices[0]}, and {after} costs {prices[1]}"
    hint = "`mode: graduated` gives the lower price only to what lies beyond the edge; or charge a `flat_amount`"
    return Diagnostic("B095", "volume_cliff", message, at, hint, "warning")


def free_quantity_raises(
    free: str, quantity: str, prices: tuple[str, str] | None, schedule: str, at: Span
) -> Diagnostic:
    """A grant that makes the bill larger: what is left falls into a dearer tier."""
    of = f" in `{schedule}`" if schedule else ""
    sums = "" if prices is None else f": {prices[1]} instead of {prices[0]}"
    message = f"a free quantity of {free} makes {quantity} dearer{of}{sums}"
    hint = "use `mode: graduated`, or tiers that do not get cheaper as a whole"
    return Diagnostic("B096", "free_quantity_raises", message, at, hint, "warning")


def amount_may_be_negative(field: str, at: Span) -> Diagnostic:
    hint = "declare the input with `min: 0`, or use `max(0, ...)`"
    return Diagnostic("B067", "amount_may_be_negative", f"`{field}` may be negative", at, hint)


def levels_differ(field: str, levels: Sequence[str], at: Span) -> Diagnostic:
    shown = ", ".join(f"{level}: ..." for level in levels)
    hint = f"write `{field}: {{{shown}}}`"
    return Diagnostic(
        "B068", "levels_differ", f"`{field}` does not say a value for each level of `precedence`", at, hint
    )


def grant_field(name: str, at: Span) -> Diagnostic:
    hint = "a grant has `id`, a text, and `balance`, a number; its times are timestamps, and all amounts have one unit"
    return Diagnostic("B069", "bad_grants", f"these grants have no `{name}` that can be used", at, hint)


def counter_field(name: str, wanted: str, at: Span) -> Diagnostic:
    hint = f"declare `{name}` as {wanted}"
    return Diagnostic("B070", "bad_counters", f"these counters have no `{name}` that can be used", at, hint)


def unknown_counter_field(name: str, known: Sequence[str], at: Span) -> Diagnostic:
    hint = "a counter may have " + ", ".join(f"`{word}`" for word in known)
    return Diagnostic("B070", "bad_counters", f"a counter has no `{name}`", at, hint)


def counters_differ(at: Span) -> Diagnostic:
    hint = "give all windows the same list, or each a number of its own"
    return Diagnostic("B070", "bad_counters", "the windows are not counted in one way", at, hint)


def window_twice(window: str, at: Span) -> Diagnostic:
    return Diagnostic("B071", "window_twice", f"two windows have the id `{window}`", at, "rename one")


def bad_interval(why: str, at: Span, hint: str | None) -> Diagnostic:
    return Diagnostic("B072", "unfit_interval", f"this interval cannot be used: {why}", at, hint)


def recurrence_field(name: str, wanted: str, at: Span) -> Diagnostic:
    hint = f"declare `{name}` as {wanted}"
    return Diagnostic("B073", "bad_recurrences", f"these recurrences have no `{name}` that can be used", at, hint)


def needs_overage(at: Span) -> Diagnostic:
    hint = "say `overage: {allow: ...}`, with `max_purchase` or `spend_limit` where there is one"
    return Diagnostic("B074", "say_overage", "`when_exceeded: overage` does not say how far one may go", at, hint)


def overage_without_word(at: Span) -> Diagnostic:
    hint = "say `when_exceeded: overage`, or leave `overage` out"
    return Diagnostic("B074", "say_overage", "`overage` needs `when_exceeded: overage`", at, hint)


def needs_overage_used(at: Span) -> Diagnostic:
    hint = "say `used`: the overage so far, as the last answer gave it"
    return Diagnostic("B074", "say_overage", "grants do not know how much overage there was", at, hint)


def overage_used_twice(at: Span) -> Diagnostic:
    hint = "leave it out: what is used above the limit is overage"
    return Diagnostic("B074", "say_overage", "`used` of the entitlement has the overage in it", at, hint)


def unknown_spend_limit(at: Span) -> Diagnostic:
    hint = "write a number, or `{percent_of_granted: 120%}`"
    return Diagnostic("B074", "say_overage", "this is not a spend limit", at, hint)


def rollover_needs_since(at: Span) -> Diagnostic:
    hint = "say `reset: {interval: ..., since: ...}`: the stored beginning of the period that `used` belongs to"
    return Diagnostic("B075", "say_since", "`rollover` needs to know which period was stored", at, hint)


def since_with_grants(at: Span) -> Diagnostic:
    hint = "what grants hold after a reset is said by `burn_down`"
    return Diagnostic("B075", "say_since", "grants are not reset by `since`", at, hint)


def limit_may_be_absent(at: Span) -> Diagnostic:
    hint = "give the last level of `precedence` a value in every case; no limit is no answer"
    return Diagnostic("B076", "limit_may_be_absent", "there may be no limit here", at, hint)


def needs_requested(at: Span) -> Diagnostic:
    hint = "say `requested`, or leave `on_excess` out"
    return Diagnostic("B077", "needs_requested", "`on_excess` is about a request, and there is none", at, hint)


def burn_down_field(name: str, wanted: str, at: Span) -> Diagnostic:
    hint = f"declare `{name}` as {wanted}"
    return Diagnostic("B079", "bad_burn_down", f"this list has no `{name}` that can be burned", at, hint)


def needs_duration(at: Span) -> Diagnostic:
    hint = "say `duration`, such as `5h`"
    return Diagnostic("B085", "needs_duration", "a window that use opens does not say how long it is", at, hint)


def not_an_excess(words: Sequence[str], at: Span) -> Diagnostic:
    hint = f"it is {', '.join(words)}, or an input that is an enum of these words"
    return Diagnostic("B086", "not_an_excess", "this does not say what happens to an excess", at, hint)


def endless_quantity(at: Span) -> Diagnostic:
    hint = "round the request first"
    return Diagnostic("B078", "endless_quantity", "a share of this quantity has no end of digits", at, hint)


def not_analysed(reason: str, at: Span) -> Diagnostic:
    """A table whose gaps and overlaps could not be examined; a missing combination is then an evaluation error."""
    message = f"gaps and overlaps of this table were not examined: {reason}"
    return Diagnostic("B055", "not_analysed", message, at, None, "warning")


def not_a_zone(text: str, at: Span) -> Diagnostic:
    hint = "`zone` names an input that is a text, such as `customer.timezone`"
    return Diagnostic("B056", "not_a_zone", f"`{text}` is no input with a time zone", at, hint)


def override_not_allowed(name: str, at: Span) -> Diagnostic:
    hint = "declare it with `overridable: true` or with bounds"
    return Diagnostic("B026", "override_not_allowed", f"`{name}` is not overridable", at, hint)


def override_target(name: str, what: str, at: Span, known: Iterable[str]) -> Diagnostic:
    return Diagnostic("B027", "override_target", f"{what} has no `{name}`", at, closest(name, known))


def override_of_another_form(name: str, known: Sequence[str], at: Span) -> Diagnostic:
    """One value for a parameter that has several, or a key for one that has one value."""
    message = f"`{name}` has one value" if known == ("",) else f"`{name}` has more than one value"
    keys = known[0].split(".") if known[0] else []
    shown = "".join(f"{{{key}: " for key in keys) + "..." + "}" * len(keys)
    return Diagnostic("B027", "override_target", message, at, f"write `{name}: {shown}`")


def override_out_of_bounds(value: str, bound: str, at: Span) -> Diagnostic:
    return Diagnostic("B028", "override_out_of_bounds", f"{value} is outside the bound {bound}", at)


def overrides_collide(first: str, second: str, name: str, at: Span, other: Span) -> Diagnostic:
    message = f"`{first}` and `{second}` set `{name}` of one tenant at the same time"
    return Diagnostic("B029", "overrides_collide", message, at, None, related=((other, "the other override"),))


def unsupported(what: str, at: Span) -> Diagnostic:
    """A word of the language that this version does not evaluate yet; nothing is guessed in its place."""
    return Diagnostic("B030", "not_supported_yet", f"{what} is not supported yet", at)


def unreadable(file: str, why: str, at: Span | None) -> Diagnostic:
    return Diagnostic("B031", "unreadable_file", f"`{file}` cannot be read: {why}", at)


def currency_of_unknown(found: str, at: Span) -> Diagnostic:
    hint = "a currency is a code such as `USD`, or an input that is an enum of codes"
    return Diagnostic("B032", "bad_currency", f"`{found}` is not a currency", at, hint)


def money_without_currency(at: Span) -> Diagnostic:
    hint = "say `currency: USD` in `bundle.yaml`"
    return Diagnostic("B033", "no_currency", "an amount of money needs the currency of the bundle", at, hint)


def no_timezone(date: str, at: Span) -> Diagnostic:
    hint = "say `timezone: UTC` in `bundle.yaml`: dates begin at midnight there"
    return Diagnostic("B034", "no_timezone", f"the date `{date}` needs the time zone of the bundle", at, hint)


def bad_zone(name: str, at: Span | None, hint: str | None) -> Diagnostic:
    return Diagnostic("B038", "unknown_timezone", f"unknown time zone `{name}`", at, hint)


def state_too_fine(at: Span) -> Diagnostic:
    hint = "round it, or declare the state with more `places`"
    return Diagnostic("B039", "state_too_fine", "this has more places than the carried state keeps", at, hint)


def csv_fault(message: str, at: Span, hint: str | None = None) -> Diagnostic:
    return Diagnostic("B035", "bad_csv", message, at, hint)


def too_many_rows(limit: int, at: Span) -> Diagnostic:
    return Diagnostic("B036", "too_many_rows", f"the table has more than {limit:,} rows", at)


def never_chosen(at: Span) -> Diagnostic:
    return Diagnostic("B037", "never_chosen", "this value can never be chosen", at)


def output_is_a_quotient(name: str, at: Span) -> Diagnostic:
    hint = "round it first, as in `round(x, 2, half_up)`"
    message = f"the output `{name}` is a quotient: it may have no end of digits"
    return Diagnostic("T006", "quotient_escapes", message, at, hint)


# --- B040 to B059: cells of condition columns


def empty_range(written: str, at: Span, hint: str | None) -> Diagnostic:
    """A range such as `[10..5]` or `(3..3)`."""
    return Diagnostic("B040", "empty_range", f"nothing lies in the range `{written}`", at, hint)


def cell_accepts_everything(at: Span, hint: str) -> Diagnostic:
    """A cell that no value fails, although it is written as a condition."""
    return Diagnostic("B041", "cell_accepts_everything", "this cell accepts every value", at, hint)


def cell_accepts_nothing(why: str, at: Span, hint: str | None = None) -> Diagnostic:
    """A cell that no value can meet, so that its row can never answer."""
    return Diagnostic("B042", "cell_accepts_nothing", f"this cell accepts no value: {why}", at, hint)


def repeated_alternative(written: str, at: Span, first: Span) -> Diagnostic:
    """The same alternative twice in one cell."""
    message = f"`{written}` stands twice in this cell"
    related = ((first, "the first one"),) if (first.start, first.end) != (at.start, at.end) else ()
    return Diagnostic("B043", "repeated_alternative", message, at, "remove one", related=related)


def no_chart(name: str, at: Span) -> Diagnostic:
    """Accounts in a bundle that has no chart."""
    hint = "write the tree of accounts under `chart:`, as in `chart: {revenue: {seats: {}}}`"
    return Diagnostic("B110", "no_chart", f"`{name}` books to a chart, and the bundle has none", at, hint)


def class_not_covered(missing: Iterable[str], at: Span) -> Diagnostic:
    """A retry that does not say what to do about a class of failures."""
    names = ", ".join(f"`{name}`" for name in missing) or "every text that `class` may give"
    return Diagnostic("B111", "class_not_covered", f"`classes` do not cover {names}", at, "add them, or an `otherwise`")


def two_plans(name: str, at: Span) -> Diagnostic:
    hint = "keep one of `schedule`, `wait` and `base`"
    return Diagnostic("B112", "two_plans", f"the class `{name}` has more than one plan of waits", at, hint)


def too_many_attempts(most: int, at: Span) -> Diagnostic:
    hint = "write a number, or an input or parameter with a `max`"
    return Diagnostic("B113", "too_many_attempts", f"these attempts may be more than {most:,}", at, hint)


def shrinking_backoff(at: Span) -> Diagnostic:
    message = "a multiplier below 1 lets the waits shrink"
    return Diagnostic("B114", "shrinking_backoff", message, at, "use 1 or more, or write a `schedule`")


def bad_jitter(at: Span) -> Diagnostic:
    message = "this jitter may go below zero, or from a larger factor to a smaller one"
    return Diagnostic("B115", "bad_jitter", message, at, "write `10%`, or `{from: 50%, to: 100%}`")


def endless_jitter(most: int, at: Span) -> Diagnostic:
    message = f"this jitter may make a wait more than {most} times as long"
    hint = "a share is written `10%`, and the factors of a wait `{from: 50%, to: 100%}`; declare an input with a `max`"
    return Diagnostic("B115", "bad_jitter", message, at, hint)


def bad_draw(at: Span) -> Diagnostic:
    return Diagnostic("B116", "bad_draw", "a draw lies from 0 to 1", at, "declare it with `min: 0, max: 1`")


def needs_first_failed_at(at: Span) -> Diagnostic:
    """`within` that is counted from a failure nobody names."""
    hint = "say `first_failed_at`, or write the waits out as a `schedule`"
    return Diagnostic("B117", "needs_first_failed_at", "when the first failure was is not known here", at, hint)


def empty_hours(text: str, at: Span) -> Diagnostic:
    message = f"`{text}` ends where it begins"
    return Diagnostic("B118", "empty_hours", message, at, "write `00:00-24:00`, or leave `hours` out")


def unfit_duration(what: str, found: str, at: Span) -> Diagnostic:
    """A length of time in a retry that cannot be meant: negative, or zero where that allows nothing."""
    hint = "write how long it is, such as `3d` or `12h`"
    return Diagnostic("B120", "unfit_duration", f"{what} is {found}", at, hint)


def cap_below_base(at: Span) -> Diagnostic:
    hint = "`base` is the first wait and `cap` the longest; waits of one length are written `wait: 3d`"
    return Diagnostic("B120", "unfit_duration", "`cap` is shorter than `base`", at, hint)


def empty_schedule(at: Span) -> Diagnostic:
    hint = "write its waits, as in `[1d, 3d]`, or give the class an `action` such as `stop`"
    return Diagnostic("B120", "unfit_duration", "this schedule has no wait", at, hint)


def bare_share(written: str, number: Decimal | int, at: Span) -> Diagnostic:
    """A share above 1 without a percent sign: the sign has probably been forgotten."""
    percent = f"{Decimal(number) * 100:f}"
    percent = percent.rstrip("0").rstrip(".") if "." in percent else percent
    hint = f"write `{written}%`, or `{percent}%` if that is meant"
    return Diagnostic("B121", "bare_share", f"as a share, `{written}` is {percent}%", at, hint)


def negative_limit(field: str, at: Span) -> Diagnostic:
    hint = "`0` allows nothing, and `unlimited` everything"
    return Diagnostic("B122", "negative_limit", f"`{field}` is negative", at, hint)


def needless_approver(effect: str, at: Span) -> Diagnostic:
    """An approver whom nobody asks."""
    hint = "say `effect: review`, or take `approver` away"
    return Diagnostic("B123", "needless_approver", f"nobody asks an `approver` where the effect is {effect}", at, hint)


def bad_range(written: str, at: Span, hint: str) -> Diagnostic:
    """A range or a comparison in the notation of another language."""
    return Diagnostic("B044", "bad_range", f"`{written}` is not a range", at, hint)


def comma_in_number(written: str, at: Span, instead: str | None) -> Diagnostic:
    """A comma between digits, where a comma separates alternatives."""
    message = f"the comma in `{written}` stands inside a number, and a comma means or"
    hint = f"write {instead}" if instead else "write `1_500` or `1.5` for one number, and a space after a comma for two"
    return Diagnostic("B045", "comma_in_number", message, at, hint)


def unknown_cell_form(key: str, at: Span, known: Iterable[str], or_else: str = "") -> Diagnostic:
    """A cell `{key: ...}` whose key is no form of a cell; `or_else` says what else it may have been."""
    names = list(known)
    hint = (closest(key, names) or "known here: " + ", ".join(f"`{name}`" for name in names)) + or_else
    return Diagnostic("B046", "unknown_cell_form", f"`{key}` is not a form of a cell", at, hint)


def one_form_only(at: Span) -> Diagnostic:
    """A cell with no key or with several."""
    hint = "write one of `not`, `starts_with`, `ends_with`, `contains` and `matches`"
    return Diagnostic("B047", "one_form_only", "a cell that is a mapping has one key", at, hint)


def pattern_needs_text(key: str, found: Type, at: Span) -> Diagnostic:
    """`starts_with` and its like in a column that holds no texts."""
    return Diagnostic("B048", "pattern_needs_text", f"`{key}` looks at texts, and this column holds {found}", at)


def any_is_a_member(found: Type, at: Span, hint: str) -> Diagnostic:
    """`any` accepts everything, but is also a member of the column's enum."""
    message = f"`any` accepts everything, but it is also a member of {found}"
    return Diagnostic("B049", "any_is_a_member", message, at, hint)


def empty_alternative(at: Span, hint: str = "write one, or remove the separator") -> Diagnostic:
    """A separator or a key with nothing before or behind it."""
    return Diagnostic("B050", "empty_alternative", "an alternative is missing here", at, hint)


def bad_pattern(why: str, at: Span, hint: str | None = None) -> Diagnostic:
    """A regular expression outside the subset that means one thing and cannot hang."""
    return Diagnostic("B051", "bad_pattern", f"this pattern cannot be used: {why}", at, hint)


def needs_a_leg(name: str, at: Span) -> Diagnostic:
    """A proration without a price."""
    hint = "say `credit`, the price of which the unused part is given back, `charge`, or both"
    return Diagnostic("B080", "needs_a_leg", f"the proration `{name}` has neither `credit` nor `charge`", at, hint)


def leg_is_missing(field: str, leg: str, at: Span) -> Diagnostic:
    """A word about a leg that a proration does not have."""
    hint = f"say `{leg}`, or take `{field}` away"
    return Diagnostic("B080", "needs_a_leg", f"`{field}` is about `{leg}`, which is missing", at, hint)


def two_stretches(at: Span) -> Diagnostic:
    """A change, and a stretch of its own."""
    hint = "`at` is a change: what follows it is prorated; `starts` and `ends` bound a stretch"
    return Diagnostic("B081", "two_stretches", "`at` stands beside `starts` or `ends`", at, hint)


def credited_without_paid(at: Span) -> Diagnostic:
    hint = "say `paid`: the credit is at most what was paid less what was given back before"
    return Diagnostic("B082", "credited_without_paid", "`credited` stands without `paid`", at, hint)


def timing_without_period(at: Span) -> Diagnostic:
    hint = "state `basis` and `period` instead of `fraction`"
    return Diagnostic("B083", "timing_without_period", "`timing` needs to know when the period ends", at, hint)


def split_is_of_a_charge(at: Span) -> Diagnostic:
    hint = "give `basis`, `period` and `charge`; a credit is a proration of its own"
    return Diagnostic("B084", "split_is_of_a_charge", "`split` is for one price of a period", at, hint)
