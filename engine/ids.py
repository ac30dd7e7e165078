"""Ids of what is made all the time: in the order of time, so that an index is filled page by page.

Ids by chance alone land all over an index. Its pages then stay a third empty, and each row that
is added to a large table touches a page that nobody has touched for weeks.
"""

import os
import time
from uuid import UUID

VERSION, VARIANT = 0x7 << 76, 0b10 << 62


def new_id() -> UUID:
    """Return a UUID of version 7 (RFC 9562): milliseconds, then 74 bits of chance.

    The milliseconds are the machine's and only put ids in order; nothing reads an instant from
    them, so a travelling clock does not matter here.
    """
    chance = int.from_bytes(os.urandom(10), "big")
    high, low = chance >> 68, chance & (1 << 62) - 1
    return UUID(int=time.time_ns() // 1_000_000 << 80 | VERSION | high << 64 | VARIANT | low)
