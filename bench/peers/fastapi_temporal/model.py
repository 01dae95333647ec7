"""What the two halves of the FastAPI + temporalio peer agree on."""

from dataclasses import dataclass, field

TASK_QUEUE = "peer"


@dataclass
class Totals:
    done: int = 0
    right: int = 0

    def add(self, other: "Totals") -> None:
        self.done += other.done
        self.right += other.right


@dataclass
class Experiment:
    path: str
    model: str
    concurrency: int
    maximum_attempts: int = 5
    # How far earlier runs of the same workflow have come.
    next_chunk: int = 0
    items: int | None = None
    totals: Totals = field(default_factory=Totals)


@dataclass
class Chunk:
    experiment_id: str
    path: str
    model: str
    start: int
    size: int
    share: int
    maximum_attempts: int
