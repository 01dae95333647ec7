"""The HTTP half of the FastAPI + temporalio peer: one process, uvloop, httptools, orjson."""

import sys
import uuid
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Annotated, Literal

import uvicorn
from fastapi import FastAPI, HTTPException, Response
from pydantic import BaseModel, ConfigDict, Field
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from model import TASK_QUEUE, Experiment

address, port = sys.argv[1], int(sys.argv[2])


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Dataset(Strict):
    type: Literal["jsonl"]
    path: str


class Adapter(Strict):
    type: Literal["openai"]
    provider: str
    prompt: str | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None


class Model(Strict):
    name: Annotated[str, Field(min_length=1, max_length=200)]


class Scorer(Strict):
    type: Literal["exact_match"]


class Execution(Strict):
    concurrency_limit: Annotated[int, Field(ge=1, le=10_000)] = 5


class Retry(Strict):
    initial_interval: str = "1s"
    maximum_interval: str = "60s"
    maximum_attempts: Annotated[int, Field(ge=1, le=100)] = 5


class Config(Strict):
    dataset: Dataset
    adapter: Adapter
    models: Annotated[list[Model], Field(min_length=1)]
    scorers: Annotated[list[Scorer], Field(min_length=1)]
    execution: Execution = Execution()
    retry: Retry = Retry()


class CreateExperiment(Strict):
    experiment_name: Annotated[str, Field(min_length=1, max_length=200)]
    config: Config


class Progress(BaseModel):
    items_done: int = 0
    items_total: int | None = None
    mean: float | None = None


class ExperimentView(BaseModel):
    id: str
    experiment_name: str
    status: str
    models: list[str]
    progress: Progress
    links: dict[str, str]


STATUS = {
    WorkflowExecutionStatus.RUNNING: "running",
    WorkflowExecutionStatus.CONTINUED_AS_NEW: "running",
    WorkflowExecutionStatus.COMPLETED: "completed",
    WorkflowExecutionStatus.CANCELED: "cancelled",
    WorkflowExecutionStatus.TERMINATED: "terminated",
    WorkflowExecutionStatus.TIMED_OUT: "timed_out",
}


@asynccontextmanager
async def lifespan(app: FastAPI):
    app.state.client = await Client.connect(address)
    yield


app = FastAPI(lifespan=lifespan)


def answer(view: ExperimentView, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    # Pydantic writes the JSON itself, which is faster than by way of dictionaries.
    return Response(view.model_dump_json(), status, headers, "application/json")


def view_of(id: str, name: str, status: str, models: list[str], progress: Progress) -> ExperimentView:
    path = f"/v1/experiments/{id}"
    links = {"self": path, "summary": f"{path}/summary", "results": f"{path}/results"}
    return ExperimentView(
        id=id, experiment_name=name, status=status, models=models, progress=progress, links=links
    )


@app.get("/readyz")
async def ready() -> Response:
    return Response()


@app.post("/v1/experiments", response_model=ExperimentView, status_code=201)
async def create_experiment(body: CreateExperiment) -> Response:
    id = f"exp_{uuid.uuid4().hex}"
    config = body.config
    models = [model.name for model in config.models]
    try:
        await app.state.client.start_workflow(
            "Evaluate",
            Experiment(
                path=config.dataset.path,
                model=models[0],
                concurrency=config.execution.concurrency_limit,
                maximum_attempts=config.retry.maximum_attempts,
            ),
            id=id,
            task_queue=TASK_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            memo={"experiment_name": body.experiment_name, "models": models},
            task_timeout=timedelta(seconds=10),
        )
    except WorkflowAlreadyStartedError:
        raise HTTPException(409, f"`{id}` exists") from None
    view = view_of(id, body.experiment_name, "running", models, Progress())
    return answer(view, 201, {"location": view.links["self"]})


@app.get("/v1/experiments/{id}", response_model=ExperimentView)
async def get_experiment(id: str) -> Response:
    try:
        description = await app.state.client.get_workflow_handle(id).describe()
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            raise HTTPException(404, f"`{id}` does not exist") from None
        raise HTTPException(503, "Temporal is away") from None
    memo = await description.memo()
    progress = Progress(**memo.get("progress", {}))
    status = STATUS.get(description.status, "failed")
    return answer(view_of(id, memo["experiment_name"], status, memo["models"], progress))


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=port, loop="uvloop", http="httptools", access_log=False, log_level="warning")
