"""Calls every operation of the service through a generated client, and prints the ids of those that did as they should.

The package `evolution_client` is what openapi-python-client makes of the service's document:

    python drive.py http://127.0.0.1:7890
"""

import datetime
import hashlib
import io
import sys
import time

from evolution_client import Client
from evolution_client.api.datasets import (
    create_dataset,
    get_dataset_sample,
    get_dataset_version,
    list_dataset_versions,
    list_datasets,
    upload_dataset_part,
)
from evolution_client.api.discovery import (
    get_task_queue,
    list_adapters,
    list_providers,
    list_scorers,
    list_webhooks,
    test_webhook,
)
from evolution_client.api.experiments import (
    cancel_experiment,
    change_limits,
    count_experiments,
    create_experiment,
    emit_experiment,
    get_experiment,
    get_experiment_config,
    list_experiments,
    pause_experiment,
    rescore_experiment,
    resume_experiment,
    retry_experiment,
    terminate_experiment,
    watch_experiment,
)
from evolution_client.api.results import (
    get_breakdown,
    get_comparison,
    get_item_results,
    get_ledger,
    get_summary,
    list_results,
)
from evolution_client.api.schedules import (
    backfill_schedule,
    create_schedule,
    delete_schedule,
    get_schedule,
    list_schedules,
    pause_schedule,
    resume_schedule,
    trigger_schedule,
    update_schedule,
)
from evolution_client.api.workflows import get_workflow, get_workflow_history
from evolution_client.models import (
    AdapterConfigRecorded,
    AdapterConfigRecordedType,
    AdapterList,
    BackfillSchedule,
    Breakdown,
    Comparison,
    CreateDataset,
    CreateExperiment,
    CreateSchedule,
    DatasetConfigInline,
    DatasetConfigInlineType,
    DatasetItem,
    DatasetItemInput,
    DatasetList,
    DatasetSample,
    DatasetVersion,
    DatasetVersionList,
    EmitExperiment,
    Experiment,
    ExperimentCheck,
    ExperimentConfig,
    ExperimentCounts,
    ExperimentList,
    ExperimentSummary,
    FileFormat,
    ItemResults,
    ItemState,
    Ledger,
    LimitsChange,
    ModelConfig,
    NoteSchedule,
    OverlapPolicy,
    PauseExperiment,
    Problem,
    ProviderList,
    RescoreExperiment,
    ResultList,
    RetryChanges,
    RetryConfig,
    RetryExperiment,
    Schedule,
    ScheduleList,
    ScheduleSpec,
    ScorerConfigExactMatch,
    ScorerList,
    ScorerConfigExactMatchType,
    ScorerConfigRegex,
    ScorerConfigRegexType,
    SinkConfigJsonl,
    SinkConfigJsonlType,
    Status,
    TaskQueue,
    TerminateExperiment,
    TriggerSchedule,
    UpdateSchedule,
    WebhookList,
    Workflow,
    WorkflowHistory,
)
from evolution_client.types import File

DEADLINE_SECONDS = 60
ITEMS = 20


def main() -> None:
    with Client(base_url=sys.argv[1]) as client:
        check(client)
        experiment = create(client)
        follow(client, experiment)
        read(client, experiment)
        upload(client)
        again(client, experiment)
        over(client, experiment)
        schedule(client)
        discover(client)
        errors(client)


def check(client: Client) -> None:
    checked = create_experiment.sync(client=client, body=experiment_body(), validate_only=True)
    assert isinstance(checked, ExperimentCheck), checked


def create(client: Client) -> str:
    response = create_experiment.sync_detailed(
        client=client, body=experiment_body(), idempotency_key=f"python-{time.time_ns()}"
    )
    assert response.status_code == 201, response
    experiment = response.parsed
    assert isinstance(experiment, Experiment), experiment
    assert response.headers["location"] == experiment.links.self_
    called("create_experiment")
    return experiment.id


def experiment_body() -> CreateExperiment:
    """Every second answer is right."""
    items = [
        DatasetItem(
            id=str(index),
            input_=DatasetItemInput.from_dict({"prompt": f"{index} + 0"}),
            expected=str(index),
            output=str(index) if index % 2 == 0 else "no idea",
            tags=["sum"],
        )
        for index in range(ITEMS)
    ]
    return CreateExperiment(
        experiment_name="by a generated Python client",
        config=ExperimentConfig(
            dataset=DatasetConfigInline(type_=DatasetConfigInlineType.INLINE, items=items),
            adapter=AdapterConfigRecorded(type_=AdapterConfigRecordedType.RECORDED),
            models=[ModelConfig(name="recorded")],
            scorers=[
                ScorerConfigExactMatch(type_=ScorerConfigExactMatchType.EXACT_MATCH),
                ScorerConfigRegex(type_=ScorerConfigRegexType.REGEX, name="number", pattern="^[0-9]+$"),
            ],
            sinks=[SinkConfigJsonl(type_=SinkConfigJsonlType.JSONL)],
            tags=["python"],
        ),
    )


def follow(client: Client, experiment_id: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        experiment = get_experiment.sync(experiment_id, client=client)
        assert isinstance(experiment, Experiment), experiment
        if experiment.status == Status.COMPLETED:
            break
        assert experiment.status == Status.RUNNING, experiment
        assert time.monotonic() < deadline, experiment
        time.sleep(0.05)
    assert experiment.models[0].items_done == ITEMS, experiment
    called("get_experiment")
    stream = watch_experiment.sync(experiment_id, client=client)
    assert isinstance(stream, str) and '"status":"completed"' in stream, stream
    called("watch_experiment")


def read(client: Client, experiment_id: str) -> None:
    summary = get_summary.sync(experiment_id, client=client)
    assert isinstance(summary, ExperimentSummary), summary
    exact, number = summary.models[0].scorers
    assert (exact.scorer, exact.count, exact.errors) == ("exact_match", ITEMS, 0), exact
    assert abs(exact.mean - 0.5) < 1e-9 and abs(number.mean - 0.5) < 1e-9, summary
    assert 0 < exact.confidence_interval.low < 0.5 < exact.confidence_interval.high < 1, exact
    called("get_summary")
    config = get_experiment_config.sync(experiment_id, client=client)
    assert isinstance(config, ExperimentConfig) and len(config.dataset.items) == ITEMS, config
    called("get_experiment_config")
    broken = get_breakdown.sync(experiment_id, client=client, resamples=200, cluster_by="topic")
    assert isinstance(broken, Breakdown) and broken.complete, broken
    assert [(group.scorer, bool(group.tag)) for group in broken.estimates[:2]] == [("exact_match", False), ("exact_match", True)]
    assert broken.estimates[0].bootstrap.percentile.low < 0.5 < broken.estimates[0].bootstrap.percentile.high, broken
    called("get_breakdown")

    seen, token = [], None
    while True:
        page = list_results.sync(
            experiment_id, client=client, page_size=7, state=ItemState.OK, **({"page_token": token} if token else {})
        )
        assert isinstance(page, ResultList) and page.complete, page
        seen += page.results
        token = page.next_page_token
        if not token:
            break
    assert [result.result.item.id for result in seen] == [str(index) for index in range(ITEMS)]
    assert [result.result.scores[0].value for result in seen] == [index % 2 == 0 for index in range(ITEMS)]
    assert seen[1].result.output.answer.value == "no idea"
    assert seen[1].result.item.input_["prompt"] == "1 + 0"
    called("list_results")
    item = get_item_results.sync(experiment_id, "1", client=client)
    assert isinstance(item, ItemResults) and item.complete and item.results == [seen[1]], item
    called("get_item_results")

    # One run alone cannot be compared; two that are equal are tied.
    alone = get_comparison.sync(client=client, experiment=[experiment_id])
    assert isinstance(alone, Problem) and alone.errors[0].pointer == "/experiment", alone
    again = create(client)
    follow(client, again)
    comparison = get_comparison.sync(client=client, experiment=[experiment_id, again])
    assert isinstance(comparison, Comparison) and comparison.complete, comparison
    exact, number = comparison.differences
    assert exact.statistically_tied and exact.ties == exact.coverage.paired == ITEMS, exact
    assert number.mcnemar.p_value == 1.0 and number.mean_difference == 0.0, number
    called("get_comparison")

    listed = list_experiments.sync(client=client, page_size=100, name="by a generated Python client")
    assert isinstance(listed, ExperimentList), listed
    called("list_experiments")
    archived = list_experiments.sync(client=client, archived=True, tag="python")
    assert isinstance(archived, ExperimentList), archived
    found = [experiment for experiment in archived.experiments if experiment.id == experiment_id]
    assert found and found[0].tags == ["python"], archived
    counts = count_experiments.sync(client=client, tag="python")
    assert isinstance(counts, ExperimentCounts) and counts.total == counts.running + counts.completed, counts
    called("count_experiments")

    workflow = get_workflow.sync(experiment_id, client=client)
    assert isinstance(workflow, Workflow) and workflow.workflow_type == "ExperimentWorkflow", workflow
    called("get_workflow")
    history = get_workflow_history.sync(experiment_id, client=client)
    assert isinstance(history, WorkflowHistory), history
    assert len(history.events) == workflow.history_length, history
    called("get_workflow_history")

    ended = cancel_experiment.sync(experiment_id, client=client)
    assert isinstance(ended, Experiment) and ended.status == Status.COMPLETED, ended
    called("cancel_experiment")


def upload(client: Client) -> None:
    content = b'{"id": "1", "input": {}}\n'
    sha256 = hashlib.sha256(content).hexdigest()
    announced = create_dataset.sync(
        client=client,
        body=CreateDataset(name="python", format_=FileFormat.JSONL, bytes_=len(content), sha256=sha256),
    )
    assert isinstance(announced, DatasetVersion) and not announced.complete, announced
    called("create_dataset")
    for start in (0, 10):
        part = content[start:] if start else content[:10]
        uploaded = upload_dataset_part.sync(
            "python", sha256, client=client, body=File(payload=io.BytesIO(part)), upload_offset=start
        )
        assert isinstance(uploaded, DatasetVersion), uploaded
    assert uploaded.complete, uploaded
    called("upload_dataset_part")
    version = get_dataset_version.sync("python", sha256, client=client)
    assert version == uploaded, version
    called("get_dataset_version")
    versions = list_dataset_versions.sync("python", client=client)
    assert isinstance(versions, DatasetVersionList) and versions.versions == [uploaded], versions
    called("list_dataset_versions")
    sample = get_dataset_sample.sync("python", client=client, limit=1)
    assert isinstance(sample, DatasetSample) and not sample.more, sample
    assert [row.row.to_dict() for row in sample.rows] == [{"id": "1", "input": {}}], sample
    called("get_dataset_sample")
    datasets = list_datasets.sync(client=client)
    assert isinstance(datasets, DatasetList) and datasets.datasets == [uploaded], datasets
    called("list_datasets")


def again(client: Client, experiment_id: str) -> None:
    rounds = [
        (retry_experiment, RetryExperiment(config=RetryChanges(retry=RetryConfig(maximum_attempts=2)))),
        (
            rescore_experiment,
            RescoreExperiment(
                scorers=[
                    ScorerConfigExactMatch(type_=ScorerConfigExactMatchType.EXACT_MATCH),
                    ScorerConfigRegex(type_=ScorerConfigRegexType.REGEX, name="number", pattern="^[0-9]+$"),
                ]
            ),
        ),
        (emit_experiment, EmitExperiment(sinks=[SinkConfigJsonl(type_=SinkConfigJsonlType.JSONL)])),
    ]
    for operation, body in rounds:
        begun = operation.sync(experiment_id, client=client, body=body)
        assert isinstance(begun, Experiment) and begun.id == experiment_id, begun
        follow(client, experiment_id)
        called(operation.__name__.rsplit(".", 1)[-1])
    ended = get_experiment.sync(experiment_id, client=client)
    assert ended.models[0].round_ == 2, ended

    ledger = get_ledger.sync(experiment_id, client=client, page_size=100)
    assert isinstance(ledger, Ledger) and ledger.complete, ledger
    assert [entry.item_id for entry in ledger.entries] == [str(index) for index in range(ITEMS)]
    assert sum(entry.calls for entry in ledger.entries) == ledger.models[0].generated.calls, ledger
    called("get_ledger")


def over(client: Client, experiment_id: str) -> None:
    """To what has ended nothing can be said any more, and to end it changes nothing."""
    for operation, arguments in [
        (pause_experiment, {"body": PauseExperiment(reason="a look")}),
        (resume_experiment, {}),
        (change_limits, {"body": LimitsChange(concurrency_limit=3)}),
    ]:
        refused = operation.sync(experiment_id, client=client, **arguments)
        assert isinstance(refused, Problem) and refused.code == "ended", refused
        called(operation.__name__.rsplit(".", 1)[-1])
    ended = terminate_experiment.sync(experiment_id, client=client, body=TerminateExperiment(reason="done"))
    assert isinstance(ended, Experiment) and ended.status == Status.COMPLETED, ended
    called("terminate_experiment")


def schedule(client: Client) -> None:
    experiment = experiment_body()
    schedule_id = f"python-{time.time_ns()}"
    response = create_schedule.sync_detailed(
        client=client,
        body=CreateSchedule(
            schedule_id=schedule_id,
            experiment_name=experiment.experiment_name,
            config=experiment.config,
            spec=ScheduleSpec(cron=["0 3 1 1 *"], time_zone="Europe/Berlin"),
        ),
    )
    assert response.status_code == 201, response
    created = response.parsed
    assert isinstance(created, Schedule) and response.headers["location"] == created.links.self_, created
    assert created.next_times[0].year > created.created_at.year, created
    called("create_schedule")
    change = UpdateSchedule(overlap_policy=OverlapPolicy.BUFFER_ALL)
    changed = update_schedule.sync(schedule_id, client=client, body=change)
    assert isinstance(changed, Schedule) and changed.overlap_policy == OverlapPolicy.BUFFER_ALL, changed
    called("update_schedule")
    paused = pause_schedule.sync(schedule_id, client=client, body=NoteSchedule(note="lunch"))
    assert isinstance(paused, Schedule) and paused.paused and paused.note == "lunch", paused
    called("pause_schedule")
    resumed = resume_schedule.sync(schedule_id, client=client, body=NoteSchedule())
    assert isinstance(resumed, Schedule) and not resumed.paused, resumed
    called("resume_schedule")
    triggered = trigger_schedule.sync(schedule_id, client=client, body=TriggerSchedule())
    assert isinstance(triggered, Schedule), triggered
    called("trigger_schedule")
    filled = backfill_schedule.sync(
        schedule_id,
        client=client,
        body=BackfillSchedule(
            start_time=datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc),
            end_time=datetime.datetime(2024, 1, 2, tzinfo=datetime.timezone.utc),
        ),
    )
    assert isinstance(filled, Schedule), filled
    called("backfill_schedule")
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        seen = get_schedule.sync(schedule_id, client=client)
        assert isinstance(seen, Schedule), seen
        if len(seen.recent) == 2:
            break
        assert time.monotonic() < deadline, seen
        time.sleep(0.05)
    called("get_schedule")
    for started in seen.recent:
        follow(client, started.experiment_id)
    listed = list_schedules.sync(client=client, page_size=100)
    assert isinstance(listed, ScheduleList), listed
    called("list_schedules")
    deleted = delete_schedule.sync_detailed(schedule_id, client=client)
    assert deleted.status_code == 204, deleted
    called("delete_schedule")


def discover(client: Client) -> None:
    scorers = list_scorers.sync(client=client)
    assert isinstance(scorers, ScorerList) and scorers.scorers[0].eval_id == "exact_match.v1", scorers
    called("list_scorers")
    adapters = list_adapters.sync(client=client)
    assert isinstance(adapters, AdapterList) and adapters.adapters[0].name == "recorded", adapters
    called("list_adapters")
    providers = list_providers.sync(client=client)
    assert isinstance(providers, ProviderList) and providers.task_queue.live, providers
    called("list_providers")
    webhooks = list_webhooks.sync(client=client)
    assert isinstance(webhooks, WebhookList) and webhooks.webhooks == [], webhooks
    called("list_webhooks")
    unknown = test_webhook.sync("python", client=client)
    assert isinstance(unknown, Problem) and unknown.code == "not_found", unknown
    called("test_webhook")
    queue = get_task_queue.sync("nobody", client=client)
    assert isinstance(queue, TaskQueue) and not queue.live, queue
    called("get_task_queue")


def errors(client: Client) -> None:
    missing = get_experiment.sync("nothing", client=client)
    assert isinstance(missing, Problem) and missing.code == "not_found", missing
    body = experiment_body()
    body.config.models = []
    invalid = create_experiment.sync(client=client, body=body)
    assert isinstance(invalid, Problem) and invalid.code == "invalid", invalid
    assert [fault.pointer for fault in invalid.errors] == ["/config/models"], invalid


def called(operation: str) -> None:
    print(f"called {operation}", flush=True)


if __name__ == "__main__":
    main()
