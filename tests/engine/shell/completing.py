"""A process that completes tasks until it is killed: started by test_kill.py.

Reads from standard input one line of JSON: url, tenant_id, now, and the ids of the tasks. Writes
the id of each task on a line of its own as soon as its completion has been committed.
"""

import json
import sys
import threading
from datetime import datetime
from uuid import UUID

from engine import user_tasks
from engine.db import connect, unit_of_work


def main() -> None:
    given = json.loads(sys.stdin.readline())
    database = connect(given["url"], pool_size=4)
    now, tenant_id = datetime.fromisoformat(given["now"]), UUID(given["tenant_id"])
    one_at_a_time = threading.Lock()

    def complete(ids: list[str]) -> None:
        for task_id in ids:
            with unit_of_work(database, tenant_id) as session:
                user_tasks.complete(session, UUID(task_id), {"done": task_id}, by="amina", now=now)
            with one_at_a_time:
                sys.stdout.write(f"{task_id}\n")
                sys.stdout.flush()

    threads = [
        threading.Thread(target=complete, args=(given["ids"][start::4],)) for start in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


main()
