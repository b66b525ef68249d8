"""Signals for the host project, sent by `send_robust()`: what a receiver raises is logged, and the next one is called.

The app itself never listens to them: internals call functions.
"""

from django.dispatch import Signal

__all__ = ["sessions_ended", "signed_in", "trust_voided"]

# Sent after commit, once an act. Arguments: act (Act), count (int, sessions ended).
sessions_ended = Signal()

# Sent after commit: forget whatever lets a browser of this user skip a second factor ("trust this browser"), because
# a device was lost, a sign-in was not the owner's or everything was signed out. Arguments: user_id, reason (EndReason).
trust_voided = Signal()

# Sent after commit. Arguments: session (Session), user, new_device (bool).
signed_in = Signal()
