"""The two ways things go wrong: input a person can mend, and defects that we must mend."""

from dataclasses import dataclass


@dataclass(eq=False)
class UnusableInput(Exception):
    """Input that cannot be used: says what, where, why and what to do; the command exits with 2.

    Args:
        what: what is wrong, one short clause.
        where: file, line or path; empty when there is only one place it can be.
        why: the reason in the user's terms; may be empty.
        todo: what to do about it.
    """

    what: str
    where: str = ""
    why: str = ""
    todo: str = ""

    def inside(self, file: str) -> "UnusableInput":
        """The same fault, with the file it was found in before the place in it."""
        if self.where.startswith(file):
            return self
        where = f"{file}: {self.where}" if self.where else file
        return UnusableInput(self.what, where, self.why, self.todo)

    def __str__(self) -> str:
        """One message: `where: what: why. what to do.`."""
        head = f"{self.where}: {self.what}" if self.where else self.what
        todo = f"{self.todo[0].upper()}{self.todo[1:]}." if self.todo else ""
        if "\n" in self.why:  # a list, each on its line
            return f"{head}:{self.why.rstrip()}\n{todo}".rstrip()
        return f"{head}{': ' if self.why else ''}{self.why}. {todo}".rstrip()


def shortened(text: str, most: int = 40) -> str:
    """Quote what a person wrote; of a long text its beginning."""
    return repr(text if len(text) <= most else f"{text[:most]}...")


class Defect(Exception):
    """A fault of this program: stops the run, is never taken for a verdict."""
