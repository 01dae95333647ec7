"""What breaks a client when a schema changes: what may be sent must not become less, what comes back must stay there.

Two things may grow in answers, as docs/api.md tells clients: the values of an enumeration and the variants of a union.
"""

from dataclasses import dataclass, field

# Keywords that bound a value from below and from above, in requests.
LOWEST = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
HIGHEST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")


@dataclass
class Comparison:
    """The breaks found between two documents, each with the place in the older one and what was done to it."""

    old: dict
    new: dict
    breaks: list[tuple[str, str]] = field(default_factory=list)
    _seen: set = field(default_factory=set)

    def broken(self, place: str, what: str) -> None:
        if (place, what) not in self.breaks:
            self.breaks.append((place, what))

    def request(self, place: str, old: dict, new: dict) -> None:
        """What was accepted is still accepted, and means the same."""
        self._schema(place, old, new, sent=True)

    def response(self, place: str, old: dict, new: dict) -> None:
        """What was told is still told, in the same form."""
        self._schema(place, old, new, sent=False)

    def _schema(self, place: str, old: dict, new: dict, sent: bool) -> None:
        names = old.get("$ref"), new.get("$ref")
        if all(names):
            if names[0] != names[1]:
                self.broken(place, f"the type {name(names[0])} is now {name(names[1])}: generated clients name it")
            if (*names, sent) in self._seen:
                return
            self._seen.add((*names, sent))
            place = name(names[0])
        old, new = resolved(self.old, old), resolved(self.new, new)
        if sent:
            self._accepted(place, old, new)
        self._types(place, old, new, sent)
        self._properties(place, old, new, sent)
        self._variants(place, old, new, sent)
        for inner in ("items", "additionalProperties"):
            if isinstance(old.get(inner), dict) and isinstance(new.get(inner), dict):
                self._schema(f"{place}/{inner}", old[inner], new[inner], sent)

    def _accepted(self, place: str, old: dict, new: dict) -> None:
        for key in LOWEST:
            if key in new and new[key] > old.get(key, float("-inf")):
                self.broken(place, f"{key} is raised from {old.get(key, 'none')} to {new[key]}")
        for key in HIGHEST:
            if key in new and new[key] < old.get(key, float("inf")):
                self.broken(place, f"{key} is lowered from {old.get(key, 'none')} to {new[key]}")
        for key in ("pattern", "format", "const", "multipleOf"):
            if key in new and new[key] != old.get(key):
                self.broken(place, f"{key} is now {new[key]}, and was {old.get(key, 'none')}")
        if new.get("uniqueItems") and not old.get("uniqueItems"):
            self.broken(place, "items must be unique now")
        if "default" in old and new.get("default") != old["default"]:
            self.broken(place, f"the default {old['default']} is now {new.get('default', 'none')}")
        if "enum" in new:
            for value in old.get("enum", [None]):
                if value not in new["enum"]:
                    self.broken(place, f"the value {value} is refused" if "enum" in old else "only some values are accepted")

    def _types(self, place: str, old: dict, new: dict, sent: bool) -> None:
        before, after = types(old), types(new)
        if sent and after and not (before and before <= after):
            self.broken(place, f"of the types {words(before)} only {words(after)} are accepted")
        if not sent and before and not (after and after <= before):
            self.broken(place, f"the type was {words(before)} and may be {words(after)}")
        if not sent and "format" in old and new.get("format") != old["format"]:
            self.broken(place, f"the format {old['format']} is now {new.get('format', 'none')}")

    def _properties(self, place: str, old: dict, new: dict, sent: bool) -> None:
        before, after = old.get("properties", {}), new.get("properties", {})
        for key in before:
            if key not in after:
                self.broken(f"{place}/{key}", "the key is gone")
            else:
                self._schema(f"{place}/{key}", before[key], after[key], sent)
        demanded, promised = set(new.get("required", [])), set(old.get("required", []))
        if sent:
            for key in sorted(demanded - promised):
                self.broken(f"{place}/{key}", "the key is required now")
            if new.get("additionalProperties") is False and old.get("additionalProperties") is not False:
                self.broken(place, "keys that are not known are refused now")
        else:
            for key in sorted((promised - demanded) & after.keys()):
                self.broken(f"{place}/{key}", "the key may be absent now")

    def _variants(self, place: str, old: dict, new: dict, sent: bool) -> None:
        for union in ("oneOf", "anyOf"):
            before, after = old.get(union, []), new.get(union, [])
            tags = (old.get("discriminator") or {}).get("propertyName"), (new.get("discriminator") or {}).get("propertyName")
            if tags[0] and tags[0] != tags[1] and before:
                self.broken(place, f"the tag {tags[0]} is now {tags[1]}")
            known = {name(variant["$ref"]): variant for variant in after if "$ref" in variant}
            for variant in before:
                if "$ref" not in variant:
                    continue
                if name(variant["$ref"]) in known:
                    self._schema(place, variant, known[name(variant["$ref"])], sent)
                else:
                    self.broken(place, f"the variant {name(variant['$ref'])} is gone")


def resolved(document: dict, schema: dict) -> dict:
    """The schema that a reference stands for, with what is said beside the reference."""
    while "$ref" in schema:
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        target = document
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step.replace("~1", "/").replace("~0", "~")]
        schema = {**target, **beside}
    return schema


def types(schema: dict) -> set[str]:
    """The types that a schema names; every integer is a number, too."""
    named = schema.get("type", [])
    named = {named} if isinstance(named, str) else set(named)
    return named | {"integer"} if "number" in named else named


def words(names: set[str]) -> str:
    return " or ".join(sorted(names)) or "any"


def name(reference: str) -> str:
    return reference.rsplit("/", 1)[-1]
