"""What schemathesis does not know by itself: which rules no schema can say, how events are written, how much is enough."""

import json
import os
import zlib

import schemathesis

# A body that holds every scorer, adapter and sink makes ten thousand cases: every so-many-th is put.
SAMPLED = {"create_experiment": 100}

# Where a request that keeps to its schema may still be refused as `invalid`, and why.
BEYOND_THE_SCHEMA = {
    # Rules between the parts of a configuration, and patterns, templates and schemas that must compile.
    "create_experiment": ["/config", "/experiment_id"],
    "retry_experiment": ["/config"],
    "rescore_experiment": ["/scorers", "/config"],
    "emit_experiment": ["/sinks", "/config"],
    # A change that changes nothing.
    "change_limits": [""],
    # A Parquet file is not compressed as a whole.
    "create_dataset": ["/compression"],
    # A part must not lead beyond the end that was announced.
    "upload_dataset_part": [""],
    # What is asked for must be there.
    "get_comparison": ["/experiment", "/model"],
    "list_results": ["/model", "/scorer", "/min_score", "/max_score", "/tag"],
    "get_breakdown": ["/model", "/resamples"],
    "get_ledger": ["/model"],
    # Texts that no experiment has; and signs that Temporal cannot count by.
    "list_experiments": ["/name", "/model", "/tag", "/schedule"],
    "count_experiments": ["/name", "/model", "/tag", "/schedule"],
    # As of experiments; and a rule of cron, a time zone, or times in their order.
    "create_schedule": ["/config", "/spec", "/catchup_window", "/schedule_id"],
    "update_schedule": ["", "/config", "/spec", "/catchup_window"],
    "backfill_schedule": ["/start_time", "/end_time"],
    # A length of time has a longest.
    "get_experiment": ["/wait"],
}


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Says what holds for this service, and what OpenAPI 3.1 has no words for."""
    # Where it has keys, nobody is let in without one.
    if not os.environ.get("CONTRACT_OPEN"):
        raw_schema["security"] = [way for way in raw_schema["security"] if way]
    for methods in raw_schema["paths"].values():
        for operation in methods.values():
            for response in operation["responses"].values():
                stream = response.get("content", {}).get("text/event-stream")
                if stream:
                    # What each event is: 3.2 has words for it, and schemathesis knows them.
                    stream["schema"] = {}
                    stream["itemSchema"] = {
                        "type": "object",
                        "required": ["event", "id", "data"],
                        "properties": {"event": {"const": "experiment"}, "data": {"type": "string", "pattern": "^\\{"}},
                    }


@schemathesis.hook
def filter_case(context, case):
    """Keeps a part of the cases of large bodies, the same one every time."""
    every = SAMPLED.get(operation_id(case))
    if every is None or case.meta is None or case.meta.phase.name != "coverage":
        return True
    text = json.dumps(case.body, sort_keys=True, default=repr)
    return zlib.crc32(text.encode()) % every == 0


@schemathesis.check
def refusals_say_how_to_mend_the_request(context, response, case):
    """Every failure is a problem document, which names each fault with its place; good requests have none but known ones."""
    if response.status_code < 400 or case.method.upper() == "HEAD":
        return
    kind = response.headers.get("content-type", [""])[0]
    assert kind == "application/problem+json", f"{response.status_code} is no problem document but {kind!r}"
    problem = response.json()
    code = problem["code"]
    assert problem["status"] == response.status_code, problem
    assert problem["type"] == f"/problems/{code}", problem
    assert problem["request_id"] == response.headers["x-request-id"][0], problem
    pointers = [fault["pointer"] for fault in problem.get("errors", [])]
    assert code != "invalid" or pointers, problem
    assert all(pointer == "" or pointer.startswith("/") for pointer in pointers), problem
    assert all(fault["message"] for fault in problem.get("errors", [])), problem
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if response.status_code == 400:
        assert code == "bad_page_token", problem
    if code == "invalid":
        known = BEYOND_THE_SCHEMA.get(operation_id(case), [])
        strange = [at for at in pointers if not any(at == start or start and at.startswith(start + "/") for start in known)]
        assert not strange, f"the document does not say why {strange} are wrong: {problem}"


def operation_id(case):
    return case.operation.definition.raw.get("operationId")
