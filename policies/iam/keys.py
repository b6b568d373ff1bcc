"""The statement that every KMS key needs: `kms:*` for the account that owns it."""

from __future__ import annotations

from policies.iam.document import Document, Statement
from policies.iam.sources import KEYS
from policies.view import Graph
from policies.view.arn import Arn

_ACCOUNT_DIGITS = 12


def opens_key_to_own_account(document: Document, statement: Statement, graph: Graph) -> bool:
    """Whether a statement gives all of a key to the account that owns it, and nobody else.

    It doesn't give permission by itself; without it IAM policies can't, and the key may become unmanageable.
    Where nothing says whose stack it is, a single account is the owner: AWS refuses a key whose policy locks
    out its maker.
    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    if document.resource.type not in KEYS or statement.actions != ("kms:*",):
        return False
    accounts = {_account(kind, text) for kind, text in statement.principals}
    if None in accounts or len(accounts) != 1:
        return False
    return not graph.accounts or accounts <= graph.accounts


def _account(kind: str, text: str) -> str | None:
    """The account that a principal means as a whole: its number, or the ARN of its root."""
    arn = Arn.parse(text)
    account = arn.account if arn is not None and arn.resource == "root" else text
    return account if kind == "AWS" and account.isdigit() and len(account) == _ACCOUNT_DIGITS else None
