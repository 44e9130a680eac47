"""A second factor is taken away from the command line, where no two people are left who could."""

from gradatim.core.errors import UnusableInput
from gradatim.web.accounts.invitations import COMMAND_LINE
from gradatim.web.accounts.managing import MANAGED, alone
from gradatim.web.accounts.models import User
from gradatim.web.accounts.second_factor import has_device
from gradatim.web.operations.migrate import refuse_unmigrated

RESET = MANAGED["reset-second-factor"]


def take_second_factor_away(username: str) -> None:
    """Take a person's second factor away; they set another up after signing in.

    Whoever runs the server does not get into the account alone: not after a password was taken away
    from here, until the owner has signed in again. The act stands with the account.

    Raises:
        UnusableInput: there is no such account or no second factor, or the password was taken away
            from here.
    """
    refuse_unmigrated()
    found = User.objects.filter(username=username, is_active=True).first()
    if found is None or not has_device(found):
        raise UnusableInput(
            "there is no active account with a second factor", username, todo="look at its name"
        )
    if alone(found, RESET, COMMAND_LINE):
        raise UnusableInput(
            "a link to a new password was just made from here",
            username,
            "both together would hand the account to one person",
            "let two people do it, under People and rights",
        )
    RESET.do(found, COMMAND_LINE)
