"""A process that sends until it is killed: started by test_outbox_races.py.

Reads from standard input one line of JSON: url, now. Writes the id of each delivery on a line of
its own when the receiver has it, before it is marked as sent; then it waits for a line.
"""

import json
import sys
from datetime import datetime

from sqlalchemy.orm import Session

from engine import outbox
from engine.db import WORKER_ROLE, connect
from engine.outbox import Delivery


def main() -> None:
    given = json.loads(sys.stdin.readline())
    database = connect(given["url"], role=WORKER_ROLE)

    def send(session: Session, delivery: Delivery) -> None:
        sys.stdout.write(f"{delivery.id}\n")
        sys.stdout.flush()
        sys.stdin.readline()

    outbox.deliver_due(database, datetime.fromisoformat(given["now"]), {"mail": send})


main()
