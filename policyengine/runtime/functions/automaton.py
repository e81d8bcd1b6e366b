"""A matcher that reads each character once: it cannot hang, whatever the pattern.

A pattern becomes a small program of instructions (Thompson's construction). `search` runs all its threads together and
remembers every set of threads that it met, so that it mostly looks up one character after the other. `find` runs the
threads in the order of their priority with what their groups matched (Pike's machine): its answer is that of matchers
that go back, leftmost and first alternative first, in time linear in the text.

Every step is charged to the meter by the threads that it moves.
"""

from __future__ import annotations

from functools import lru_cache, reduce
from operator import getitem

from policyengine.frozen import frozen
from policyengine.runtime.functions.patterns import (
    Anchor,
    Chars,
    Choice,
    Group,
    Node,
    Refused,
    Repeat,
    Sequence,
    parse_pattern,
)
from policyengine.runtime.limits import Meter

SIZE_MAX = 5_000
"""Instructions of one program; RE2 refuses what needs more memory, too."""
_STEPS_MAX = 20_000
"""What a search remembers at most of where characters lead: some two megabytes."""
_ENDLESS = 10**30
_WORD = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")


@frozen
class Take:
    """Go on where the character is one of these."""

    chars: Chars

    def accepts(self, code: int) -> bool:
        inside = any(low <= code <= high for low, high in self.chars.ranges)
        return inside is not self.chars.negated


@frozen
class Split:
    """Go on at several places, the first one preferred."""

    targets: tuple[int, ...]


@frozen
class Save:
    """Remember the position: slot 2n is the start, 2n + 1 the end of group n."""

    slot: int


@frozen
class Assert:
    kind: str


@frozen
class Match:
    pass


Instruction = Take | Split | Save | Assert | Match


@frozen
class Program:
    """A compiled pattern. `groups` counts the groups that keep what they matched."""

    code: tuple[Instruction, ...]
    groups: int


@lru_cache(maxsize=128)
def compiled(pattern: str) -> Program | str:
    """The program of a pattern, or why it cannot be used."""
    try:
        node = parse_pattern(pattern)
        if _size(node) > SIZE_MAX:
            return "it is too large once its repetitions are written out"
    except Refused as refused:
        return refused.what
    writer = _Writer()
    writer.write(node)
    writer.code.append(Match())
    return Program(tuple(writer.code), writer.groups)


def _size(node: Node) -> int:
    """How many instructions a part needs, repetitions written out."""
    match node:
        case Chars() | Anchor():
            return 1
        case Group(part=part):
            return _size(part) + 2
        case Sequence(parts=parts) | Choice(options=parts):
            return sum(map(_size, parts)) + 2 * len(parts)
        case Repeat(part=part, low=low, high=high):
            return (_size(part) + 2) * max(low + (high is None), high or 0, 1)


class _Writer:
    def __init__(self) -> None:
        self.code: list[Instruction] = []
        self.groups = 0

    def write(self, node: Node) -> None:
        match node:
            case Chars():
                self.code.append(Take(node))
            case Anchor(kind=kind):
                self.code.append(Assert(kind))
            case Group(part=part, number=number):
                self._group(part, number)
            case Sequence(parts=parts):
                for part in parts:
                    self.write(part)
            case Choice(options=options):
                self._choice(options)
            case Repeat():
                self._repeat(node)

    def _group(self, part: Node, number: int | None) -> None:
        if number is None:
            self.write(part)
            return
        self.groups = max(self.groups, number)
        self.code.append(Save(2 * number))
        self.write(part)
        self.code.append(Save(2 * number + 1))

    def _choice(self, options: tuple[Node, ...]) -> None:
        split = self._reserve()
        targets: list[int] = []
        ends: list[int] = []
        for option in options:
            targets.append(len(self.code))
            self.write(option)
            ends.append(self._reserve())
        self.code[split] = Split(tuple(targets))
        for end in ends:
            self.code[end] = Split((len(self.code),))

    def _repeat(self, node: Repeat) -> None:
        for _ in range(node.low):
            self.write(node.part)
        if node.high is None:
            split = self._reserve()
            self.write(node.part)
            self.code.append(Split((split,)))
            self._decide(split, node.lazy)
            return
        splits: list[int] = []
        for _ in range(node.high - node.low):
            splits.append(self._reserve())
            self.write(node.part)
        for split in splits:
            self._decide(split, node.lazy)

    def _reserve(self) -> int:
        self.code.append(Match())
        return len(self.code) - 1

    def _decide(self, split: int, lazy: bool) -> None:
        """Once more, or on to what follows, which begins here."""
        again, on = split + 1, len(self.code)
        self.code[split] = Split((on, again) if lazy else (again, on))


def _holds(kind: str, at_start: bool, at_end: bool, word_before: bool, word_after: bool) -> bool:
    match kind:
        case "^":
            return at_start
        case "$":
            return at_end
        case "b":
            return word_before is not word_after
        case _:
            return word_before is word_after


class _State(dict[str, "_State"]):
    """The threads alive between two characters; as a dict, where each next character leads.

    `ends` says whether the text may end here with a match, once that has been asked.
    """

    __slots__ = ("at_start", "ends", "search", "threads", "word_before")

    def __init__(self, search: Search, threads: frozenset[int], at_start: bool, word_before: bool) -> None:
        super().__init__()
        self.search = search
        self.threads = threads
        self.at_start = at_start
        self.ends: bool | None = None
        self.word_before = word_before

    def __missing__(self, character: str) -> _State:
        return self.search.step(self, character)


class Search:
    """Whether a pattern occurs in texts, for one evaluation: what it learns of the pattern it keeps."""

    def __init__(self, program: Program, meter: Meter) -> None:
        self.program = program
        self.meter = meter
        self.words = any(isinstance(i, Assert) and i.kind in "bB" for i in program.code)
        self.found = _State(self, frozenset(), at_start=False, word_before=False)
        self.dead = _State(self, frozenset(), at_start=False, word_before=False)
        self.states: dict[tuple[frozenset[int], bool], _State] = {}
        self.steps = 0
        self.start = _State(self, frozenset((0,)), at_start=True, word_before=False)
        self.tied = self._is_tied()

    def occurs(self, text: str) -> bool:
        """Whether the pattern matches somewhere in the text."""
        self.meter.charge(len(text) // 4)
        state = reduce(getitem, text, self.start)
        if state is self.found or state is self.dead:
            return state is self.found
        if state.ends is None:
            state.ends = self._reached(state, at_end=True, word_after=False)[1]
        return state.ends

    def step(self, state: _State, character: str) -> _State:
        """Where a character leads from a state; nothing leads away from the two in which all is decided."""
        if self.steps >= _STEPS_MAX:
            self._forget()
        self.steps += 1
        if state is self.found or state is self.dead:
            state[character] = state
            return state
        word_after = self.words and character in _WORD
        takes, matched = self._reached(state, at_end=False, word_after=word_after)
        if matched:
            state[character] = self.found
            return self.found
        code = ord(character)
        following = {0}
        for at in takes:
            instruction = self.program.code[at]
            if isinstance(instruction, Take) and instruction.accepts(code):
                following.add(at + 1)
        made = self.dead if self.tied and len(following) == 1 else self._state(frozenset(following), word_after)
        state[character] = made
        return made

    def _is_tied(self) -> bool:
        """Whether a match can only begin where the text does, as behind `^`."""
        later = [_State(self, frozenset((0,)), at_start=False, word_before=before) for before in (False, True)]
        reached = [
            self._reached(state, end, after) for state in later for end in (False, True) for after in (False, True)
        ]
        return not any(takes or matched for takes, matched in reached)

    def _state(self, threads: frozenset[int], word_before: bool) -> _State:
        key = (threads, word_before)
        state = self.states.get(key)
        if state is None:
            state = self.states[key] = _State(self, threads, at_start=False, word_before=word_before)
        return state

    def _forget(self) -> None:
        # Another thread may be learning something at this moment; what it keeps of that is true all the same.
        for state in [self.start, self.found, self.dead, *self.states.values()]:
            state.clear()
        self.states.clear()
        self.steps = 0

    def _reached(self, state: _State, at_end: bool, word_after: bool) -> tuple[list[int], bool]:
        """The instructions that wait for a character after all others have run, and whether one says match."""
        takes: list[int] = []
        matched = False
        pending = list(state.threads)
        seen = set(pending)
        while pending:
            at = pending.pop()
            instruction = self.program.code[at]
            targets: tuple[int, ...] = ()
            match instruction:
                case Take():
                    takes.append(at)
                case Match():
                    matched = True
                case Split():
                    targets = instruction.targets
                case Save():
                    targets = (at + 1,)
                case Assert(kind=kind):
                    if _holds(kind, state.at_start, at_end, state.word_before, word_after):
                        targets = (at + 1,)
            for target in targets:
                if target not in seen:
                    seen.add(target)
                    pending.append(target)
        self.meter.charge(2 + 2 * len(seen))
        return takes, matched


@lru_cache(maxsize=1024)
def matcher(pattern: str) -> Search:
    """The search for a pattern of a compiled policy, which is known to be usable; it is kept from call to call."""
    program = compiled(pattern)
    assert isinstance(program, Program), "the compiler has checked the pattern"
    return Search(program, Meter(_ENDLESS))


Slots = tuple[int, ...]


def find(program: Program, meter: Meter, text: str, start: int) -> Slots | None:
    """The first match at or after a position: where it and each of its groups begin and end, -1 where they do not."""
    empty: Slots = (-1,) * (2 * program.groups + 2)
    best: Slots | None = None
    threads: list[tuple[int, Slots]] = []
    for position in range(start, len(text) + 1):
        if best is None:
            threads.append((0, (position, *empty[1:])))
        if not threads:
            break
        reached = _threads_at(program, meter, threads, text, position)
        threads = []
        code = ord(text[position]) if position < len(text) else -1
        for at, slots in reached:
            instruction = program.code[at]
            if isinstance(instruction, Match):
                best = (slots[0], position, *slots[2:])
                break  # what follows has a lower priority
            assert isinstance(instruction, Take)
            if code >= 0 and instruction.accepts(code):
                threads.append((at + 1, slots))
    return best


def _threads_at(
    program: Program, meter: Meter, threads: list[tuple[int, Slots]], text: str, position: int
) -> list[tuple[int, Slots]]:
    """All threads at a position in the order of their priority, run up to a character or a match."""
    before = position > 0 and text[position - 1] in _WORD
    after = position < len(text) and text[position] in _WORD
    reached: list[tuple[int, Slots]] = []
    seen: set[int] = set()
    pending = threads[::-1]
    while pending:
        at, slots = pending.pop()
        if at in seen:
            continue
        seen.add(at)
        match program.code[at]:
            case Take() | Match():
                reached.append((at, slots))
            case Split(targets=targets):
                pending += [(target, slots) for target in reversed(targets)]
            case Save(slot=slot):
                pending.append((at + 1, (*slots[:slot], position, *slots[slot + 1 :])))
            case Assert(kind=kind):
                if _holds(kind, position == 0, position == len(text), before, after):
                    pending.append((at + 1, slots))
    meter.charge(2 + 3 * len(seen))
    return reached
