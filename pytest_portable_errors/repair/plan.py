"""What the fixes that are accepted make of a project's files."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pytest_portable_errors.diagnosis.pickle_reader import read
from pytest_portable_errors.diagnosis.reducers_table import Table
from pytest_portable_errors.repair.diffs import unified_diff
from pytest_portable_errors.repair.edits import CannotEdit, edited
from pytest_portable_errors.repair.files import MayNotWrite, Writer
from pytest_portable_errors.repair.proof import Evidence, Proof, Prove
from pytest_portable_errors.repair.proposals import Left, Proposal
from pytest_portable_errors.repair.reducers import (
    NotOurs,
    generated,
    import_line,
    module_text,
    table_of,
)
from pytest_portable_errors.repair.settings import CannotAdd, with_expected
from pytest_portable_errors.repair.source_file import MethodEdit


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a project's fixes go."""

    root: Path
    """The project's folder, its links resolved."""
    reducers: Path
    """The module for reducers of others' classes."""
    reducers_module: str
    """Its dotted name."""
    ini: Path | None
    """The file of pytest's settings; None if there is none."""


@dataclass(slots=True, kw_only=True)
class Plan:
    """The fixes that are accepted so far, and what they make of the files."""

    place: Place
    writer: Writer
    payloads: Mapping[str, Sequence[bytes]]
    accepted: list[Proposal] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    originals: dict[Path, bytes | None] = field(default_factory=dict)
    """What each file held before the first change; None: it did not exist."""
    blocked: dict[Path, str] = field(default_factory=dict)
    """Files that could not be written, or put back, with the reason."""
    table: Table = field(default_factory=Table)
    """What the module of reducers does with the fixes that are accepted."""
    unneeded: frozenset[str] = frozenset()
    """Classes in it that have learned to travel, or that are gone."""
    raised_only: frozenset[str] = frozenset()
    """Classes in it that travel without it, but for what tests raised."""

    @property
    def has_reducers(self) -> bool:
        """Whether there are reducers for others' classes among the fixes."""
        return any(one.is_reducer for one in self.accepted)

    def changes(self, proposals: Iterable[Proposal]) -> dict[Path, bytes]:
        """What the files are to hold with these fixes; those that cannot be made are left."""
        self.accepted = []
        contents: dict[Path, bytes] = {}
        self._keep_reducers_up(contents)
        # From the end of each file, so that the lines of those before it stay where they are.
        # Those without lines, which need none, come last.
        in_order = sorted(
            proposals,
            key=lambda one: (one.fix.file, not one.fix.lines, *(-n for n in one.fix.lines)),
        )
        for proposal in in_order:
            with_it = dict(contents)
            try:
                if proposal.fix.method:
                    self._add_method(with_it, proposal)
                elif proposal.is_reducer:
                    self._add_reducer(with_it, proposal)
                if proposal.fix.expect:
                    self._add_expected(with_it, proposal.fix.expect)
            except (MayNotWrite, CannotEdit, NotOurs, CannotAdd) as error:
                self._leave(proposal, str(error))
            else:
                contents = with_it
                self.accepted.append(proposal)
        return {
            file: content for file, content in contents.items() if content != self.originals[file]
        }

    def write(self, changes: dict[Path, bytes]) -> dict[Path, bytes]:
        """Write the files that change, and put back those that do not any more.

        Returns:
            The changes that were made; less than asked for where a file may not be written.
        """
        while not self._wrote(changes):
            changes = self.changes(self.accepted)
        return changes

    def _wrote(self, changes: Mapping[Path, bytes]) -> bool:
        """Whether all was written that was not known to be impossible."""
        known = len(self.blocked)
        for file in self.originals:
            try:
                if file in changes:
                    self.writer.write(file, changes[file])
                elif self.writer.wrote(file):
                    self.writer.put_back(file)
            except MayNotWrite as error:
                self.blocked.setdefault(file, str(error))
        return len(self.blocked) == known

    def proof(self, prove: Prove) -> Proof:
        """Prove what was written; where that cannot be done, all is put back."""
        evidence = [
            _evidence(one, self.payloads)
            for one in self.accepted
            if one.fix.recipe != "Declaration"
        ]
        module = self.place.reducers_module if self.table.classes else ""
        try:
            return prove(evidence, module, self.table.classes)
        except BaseException:  # the user's Ctrl-C, too
            self._wrote({})
            raise

    def learn(self, proof: Proof) -> None:
        """Note which reducers are not needed, or cannot be seen to be."""
        new = {one.fix.owner.replace(":", ".") for one in self.accepted if one.is_reducer}
        self.raised_only |= proof.travelling & new
        self.unneeded |= proof.gone | (proof.travelling - new - self.table.raised_only)

    def refuse(self, failures: Mapping[str, str]) -> bool:
        """Take out the fixes that do not hold; False if none of them was accepted."""
        refused = [one for one in self.accepted if one.fix.owner in failures]
        for proposal in refused:
            self.accepted.remove(proposal)
            why = failures[proposal.fix.owner]
            self._leave(proposal, f"its fix does not hold where it was written: {why}")
        return bool(refused)

    def advice(self) -> Iterable[str]:
        """What is to be done next."""
        if self.has_reducers:
            yield (
                "others' classes: where your worker starts, "
                f"{import_line(self.place.reducers_module)}"
            )
        for file, why in self.blocked.items():
            if self.writer.wrote(file):
                yield f"look at {self.writer.shown(file)}, which was not put back: {why}"

    def _file_of(self, proposal: Proposal) -> Path:
        return self.place.root / proposal.fix.file

    def _leave(self, proposal: Proposal, reason: str) -> None:
        self.left += [Left(defect.cls, reason) for defect in proposal.defects]

    def _content(self, contents: Mapping[Path, bytes], file: Path) -> bytes | None:
        """What a file is to hold so far; None if it does not exist."""
        if file in self.blocked:
            raise MayNotWrite(self.blocked[file])
        if file not in self.originals:
            self.originals[file] = self.writer.read(file) if file.exists() else None
        return contents.get(file, self.originals[file])

    def _add_method(self, contents: dict[Path, bytes], proposal: Proposal) -> None:
        fix = proposal.fix
        if not fix.file:
            raise MayNotWrite("its source lies outside of the project, or is in no file")
        file = self._file_of(proposal)
        source = self._content(contents, file)
        if source is None:
            raise MayNotWrite(f"{self.writer.shown(file)} is not there: is it in an archive?")
        contents[file] = edited(
            source,
            MethodEdit(
                qualname=fix.owner.partition(":")[2],
                name=fix.method,
                code=fix.code,
                lines=fix.lines,
            ),
        )

    def _keep_reducers_up(self, contents: dict[Path, bytes]) -> None:
        """Take out of the module what is not needed; without a module there is nothing to do."""
        file = self.place.reducers
        self.table = Table()
        try:
            before = self._content(contents, file)
            if before is not None and generated(_text(before)):
                self._write_table(contents, table_of(_text(before)).without(self.unneeded))
        except (MayNotWrite, NotOurs):
            return  # it stays as it is; a fix that needs it says why

    def _add_reducer(self, contents: dict[Path, bytes], proposal: Proposal) -> None:
        self.writer.ensure_writable(self.place.reducers)
        before = self._content(contents, self.place.reducers)
        if before is not None:
            table_of(_text(before))  # raises NotOurs where it cannot be read
        row = _row(proposal, self.payloads.get(proposal.fix.owner, ()))
        self._write_table(contents, self.table.merged(row))

    def _write_table(self, contents: dict[Path, bytes], table: Table) -> None:
        file, module = self.place.reducers, self.place.reducers_module
        raised_only = (table.raised_only | self.raised_only) & table.classes
        self.table = replace(table, raised_only=raised_only)
        before = self._content(contents, file)
        text = module_text(None if before is None else _text(before), self.table, module)
        contents[file] = text.encode()

    def _add_expected(self, contents: dict[Path, bytes], line: str) -> None:
        file = self.place.ini
        if file is None:
            raise CannotAdd(f"there is no file for settings: portable_errors_expect = {line}")
        before = self._content(contents, file)
        try:
            text = "" if before is None else before.decode()
        except UnicodeDecodeError as error:
            raise CannotAdd(f"{file.name} is not in UTF-8") from error
        contents[file] = with_expected(text, file.name, [line]).encode()


def _text(module: bytes) -> str:
    """The text of the module of reducers.

    Raises:
        NotOurs: It is in another encoding than those that are generated.
    """
    try:
        return module.decode()
    except UnicodeDecodeError as error:
        raise NotOurs("it is not in UTF-8") from error


def _row(proposal: Proposal, payloads: Sequence[bytes]) -> Table:
    """What the module of reducers is to do for a class.

    The readers have the packages that are named in what has arrived there already.
    """
    fix = proposal.fix
    name = fix.owner.replace(":", ".")
    known = frozenset(
        found.module.partition(".")[0] for payload in payloads for found in read(payload).names
    )
    if fix.becomes:
        return Table(becomes={name: fix.becomes})
    if fix.recipe == "AndState":
        return Table(added=frozenset({name}))
    return Table(
        rebuilt=frozenset({name}),
        left_behind={name: fix.leaves_behind}
        if fix.leaves_behind and fix.recipe != "ByModule"
        else {},
        known=known - {name.partition(".")[0]} - sys.stdlib_module_names,
    )


def _evidence(proposal: Proposal, payloads: Mapping[str, Sequence[bytes]]) -> Evidence:
    fix = proposal.fix
    return Evidence(
        owner=fix.owner,
        # What tests raised was kept as it arrived: as the other class, where there is one.
        classes=() if fix.becomes else proposal.classes,
        payloads=() if fix.becomes else tuple(payloads.get(fix.owner, ())),
        unrepaired=fix.unrepaired,
        keeps_chain=fix.recipe in ("WithChain", "ByModule"),
        gives_up=fix.gives_up,
        becomes=fix.becomes,
    )


def diff_of(plan: Plan, changes: Mapping[Path, bytes]) -> str:
    """All changes as a unified diff, from the project's folder."""
    return "".join(
        unified_diff(plan.writer.shown(file), plan.originals[file], changes[file])
        for file in sorted(changes)
    )
