"""Editors by mail: proofs before each slot, reports after it, broken files, and links that decide.

`due_proofs` and `proof_mails`, `report_mails`, `broken_mails` and `refused_mails` make mails as they
leave, each once an editor; `queue` keeps them and `send_waiting` hands them over. `read_proof` says what an editor's
link leads to. Whoever decides is named nowhere.
"""

from publisher.editors.broken import (
    broken_mails,
    broken_now,
    is_being_written,
    refused_mails,
    remember,
    told_of,
)
from publisher.editors.deciding import Proof, read_proof
from publisher.editors.mail import Post, open_post
from publisher.editors.notices import forget, queue
from publisher.editors.proof import due_proofs, proof_mails
from publisher.editors.report import report_mails
from publisher.editors.sending import REPLY_SECONDS, Handed, send_waiting

__all__ = [
    "REPLY_SECONDS",
    "Handed",
    "Post",
    "Proof",
    "broken_mails",
    "broken_now",
    "due_proofs",
    "forget",
    "is_being_written",
    "open_post",
    "proof_mails",
    "queue",
    "read_proof",
    "refused_mails",
    "remember",
    "report_mails",
    "send_waiting",
    "told_of",
]
