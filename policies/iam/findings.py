"""Findings about policy documents, which show nothing of a document that is a secret."""

from __future__ import annotations

from policies.finding import Finding
from policies.iam.document import Document, Statement

_HIDDEN = "(hidden: the document is a secret)"


def about(
    document: Document,
    statement: Statement | None,
    *,
    subject: str,
    found: str,
    allowed: str,
    mend: str | None = None,
    advice: bool = False,
) -> Finding:
    """Make a finding about a statement, or about the document as a whole."""
    place = f"{document.kind.value} ({document.path})"
    if statement is not None:
        number = f"statement {statement.number}" if document.secret else statement.name
        place = f"{place}, {number}"
    return Finding(
        resource=document.resource,
        subject=_HIDDEN if document.secret else subject,
        found=f"{place}: {_HIDDEN if document.secret else found}",
        allowed=allowed,
        mend=mend,
        advice=advice,
    )
