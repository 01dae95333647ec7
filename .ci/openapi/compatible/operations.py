"""What breaks a client when the operations of a document change."""

from schemas import Comparison, resolved

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def breaks(old: dict, new: dict) -> list[tuple[str, str]]:
    """Every break between two documents: where, and what."""
    comparison = Comparison(old, new)
    for path, methods in old["paths"].items():
        for method in METHODS:
            if method not in methods:
                continue
            place = f"{method.upper()} {path}"
            changed = new["paths"].get(path, {}).get(method)
            if changed is None:
                comparison.broken(place, "the operation is gone")
            else:
                operation(comparison, place, methods[method], changed)
    return comparison.breaks


def operation(comparison: Comparison, place: str, old: dict, new: dict) -> None:
    for key in ("operationId", "tags"):
        if old.get(key) != new.get(key):
            comparison.broken(place, f"{key} was {old.get(key)} and is {new.get(key)}: generated clients are named by it")
    if new.get("deprecated") and not old.get("deprecated") and "Sunset" not in success_headers(comparison.new, new):
        comparison.broken(place, "it is deprecated without the header Sunset")
    security(comparison, place, old, new)
    parameters(comparison, place, old, new)
    body(comparison, place, old, new)
    responses(comparison, place, old, new)


def security(comparison: Comparison, place: str, old: dict, new: dict) -> None:
    """Whoever was let in is let in."""
    before = old.get("security", comparison.old.get("security", [{}]))
    after = new.get("security", comparison.new.get("security", [{}]))
    for way in before:
        if way not in after:
            comparison.broken(place, f"{' and '.join(way) or 'no key'} is not enough any more")


def parameters(comparison: Comparison, place: str, old: dict, new: dict) -> None:
    before, after = (
        {
            (parameter["in"], parameter["name"].lower()): parameter
            for parameter in (resolved(document, parameter) for parameter in part.get("parameters", []))
        }
        for document, part in ((comparison.old, old), (comparison.new, new))
    )
    for key, parameter in before.items():
        here = f"{place} {key[0]} {key[1]}"
        if key not in after:
            comparison.broken(here, "the parameter is gone")
            continue
        if after[key].get("required") and not parameter.get("required"):
            comparison.broken(here, "the parameter is required now")
        comparison.request(here, parameter["schema"], after[key]["schema"])
    for key, parameter in after.items():
        if key not in before and parameter.get("required"):
            comparison.broken(f"{place} {key[0]} {key[1]}", "the parameter is new and required")


def body(comparison: Comparison, place: str, old: dict, new: dict) -> None:
    before = resolved(comparison.old, old.get("requestBody", {}))
    after = resolved(comparison.new, new.get("requestBody", {}))
    if after.get("required") and not before.get("required"):
        comparison.broken(f"{place} body", "the body is required now")
    if before:
        contents(comparison, f"{place} body", before, after, comparison.request)


def responses(comparison: Comparison, place: str, old: dict, new: dict) -> None:
    for status, response in old.get("responses", {}).items():
        here = f"{place} {status}"
        if status not in new.get("responses", {}):
            # A failure that does not happen any more breaks nobody.
            if status.startswith("2") or status == "304":
                comparison.broken(here, "the answer is gone")
            continue
        before, after = resolved(comparison.old, response), resolved(comparison.new, new["responses"][status])
        for header in before.get("headers", {}):
            if header.lower() not in {known.lower() for known in after.get("headers", {})}:
                comparison.broken(here, f"the header {header} is gone")
        contents(comparison, here, before, after, comparison.response)


def contents(comparison: Comparison, place: str, old: dict, new: dict, compare) -> None:
    for kind, content in old.get("content", {}).items():
        if kind not in new.get("content", {}):
            comparison.broken(place, f"the content type {kind} is gone")
        else:
            compare(f"{place} {kind}", content.get("schema", {}), new["content"][kind].get("schema", {}))


def success_headers(document: dict, operation: dict) -> set[str]:
    answers = (resolved(document, answer) for status, answer in operation["responses"].items() if status.startswith("2"))
    return {header for answer in answers for header in answer.get("headers", {})}
