"""Each rule of compatibility, by a change that breaks it and one beside it that does not.

    python3 -m unittest discover .ci/openapi/compatible
"""

import copy
import unittest

from operations import breaks

DOCUMENT = {
    "security": [{}, {"api_key": []}],
    "paths": {
        "/things": {
            "post": {
                "operationId": "create_thing",
                "tags": ["things"],
                "parameters": [
                    {"name": "size", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 9, "default": 5}},
                    {"name": "Key", "in": "header", "schema": {"type": "string", "maxLength": 9, "pattern": "^a"}},
                ],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/CreateThing"}}}},
                "responses": {
                    "201": {
                        "headers": {"Location": {"schema": {"type": "string"}}},
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}},
                    },
                    "409": {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}},
                },
            }
        }
    },
    "components": {
        "schemas": {
            "CreateThing": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string"},
                    "kind": {"type": "string", "enum": ["a", "b"]},
                    "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Part"}, "maxItems": 5},
                    "shape": {"$ref": "#/components/schemas/Shape"},
                    "value": {"type": ["string", "integer"]},
                },
            },
            "Part": {"type": "object", "properties": {"weight": {"type": "number"}, "of": {"$ref": "#/components/schemas/Part"}}},
            "Shape": {
                "oneOf": [{"$ref": "#/components/schemas/Round"}, {"$ref": "#/components/schemas/Square"}],
                "discriminator": {"propertyName": "type"},
            },
            "Round": {"type": "object", "properties": {"radius": {"type": "number"}}},
            "Square": {"type": "object", "properties": {"side": {"type": "number"}}},
            "Thing": {
                "type": "object",
                "required": ["id", "status"],
                "properties": {
                    "id": {"type": "string"},
                    "status": {"type": "string", "enum": ["on", "off"]},
                    "at": {"type": "string", "format": "date-time"},
                    "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Part"}},
                },
            },
            "Problem": {"type": "object", "required": ["code"], "properties": {"code": {"type": "string"}}},
        }
    },
}

OPERATION = ("paths", "/things", "post")
SCHEMAS = ("components", "schemas")
BODY = (*OPERATION, "requestBody", "content", "application/json")
CREATED = (*OPERATION, "responses", "201")
SIZE = (*OPERATION, "parameters", 0)
KEY = (*OPERATION, "parameters", 1)
SENT = (*SCHEMAS, "CreateThing", "properties")
TOLD = (*SCHEMAS, "Thing", "properties")
GONE = object()


def change(place: tuple, value) -> list[tuple[str, str]]:
    """The breaks when the value at a place is another, or gone."""
    new = copy.deepcopy(DOCUMENT)
    target = new
    for step in place[:-1]:
        target = target[step]
    if value is GONE:
        del target[place[-1]]
    elif isinstance(target, list) and place[-1] == len(target):
        target.append(value)
    else:
        target[place[-1]] = value
    return breaks(DOCUMENT, new)


class Breaks(unittest.TestCase):
    def test_each_break_is_found_and_named(self):
        for place, value, said in [
            (("paths", "/things"), {}, "the operation is gone"),
            ((*OPERATION, "operationId"), "make_thing", "operationId"),
            ((*OPERATION, "tags"), ["other"], "tags"),
            ((*OPERATION, "deprecated"), True, "Sunset"),
            (("security",), [{"api_key": []}], "no key is not enough"),
            ((*OPERATION, "parameters"), [], "the parameter is gone"),
            ((*SIZE, "required"), True, "the parameter is required now"),
            ((*OPERATION, "parameters", 2), {"name": "x", "in": "query", "required": True, "schema": {}}, "new and required"),
            ((*SIZE, "schema", "minimum"), 2, "minimum is raised from 1 to 2"),
            ((*SIZE, "schema", "maximum"), 8, "maximum is lowered from 9 to 8"),
            ((*SIZE, "schema", "default"), 6, "the default 5 is now 6"),
            ((*SIZE, "schema", "type"), "string", "only string"),
            ((*SIZE, "schema", "enum"), [1, 2], "only some values"),
            ((*KEY, "schema", "maxLength"), 8, "maxLength is lowered"),
            ((*KEY, "schema", "pattern"), "^b", "pattern is now ^b"),
            ((*KEY, "schema", "format"), "uuid", "format is now uuid"),
            ((*OPERATION, "requestBody", "required"), True, "the body is required now"),
            (BODY, GONE, "the content type application/json is gone"),
            ((*SCHEMAS, "CreateThing", "required"), ["name", "kind"], "the key is required now"),
            ((*SCHEMAS, "CreateThing", "additionalProperties"), False, "keys that are not known"),
            ((*SENT, "kind"), GONE, "the key is gone"),
            ((*SENT, "kind", "enum"), ["a"], "the value b is refused"),
            ((*SENT, "parts", "maxItems"), 4, "maxItems is lowered"),
            ((*SENT, "parts", "minItems"), 1, "minItems is raised"),
            ((*SENT, "parts", "uniqueItems"), True, "unique"),
            ((*SENT, "value", "type"), "string", "only string are accepted"),
            ((*SCHEMAS, "Part", "properties", "weight"), {"type": "integer"}, "only integer"),
            ((*SCHEMAS, "Shape", "oneOf", 1), {"$ref": "#/components/schemas/Part"}, "the variant Square is gone"),
            ((*SCHEMAS, "Shape", "discriminator", "propertyName"), "kind", "the tag type is now kind"),
            ((*BODY, "schema", "$ref"), "#/components/schemas/Thing", "the type CreateThing is now Thing"),
            (CREATED, GONE, "the answer is gone"),
            ((*CREATED, "headers"), {}, "the header Location is gone"),
            ((*CREATED, "content"), {}, "the content type application/json is gone"),
            ((*SCHEMAS, "Thing", "required"), ["id"], "the key may be absent now"),
            ((*TOLD, "at"), GONE, "the key is gone"),
            ((*TOLD, "at", "format"), "date", "the format date-time is now date"),
            ((*TOLD, "id", "type"), ["string", "null"], "may be null or string"),
            ((*SCHEMAS, "Problem", "properties", "code"), GONE, "the key is gone"),
        ]:
            with self.subTest(place=place, value=value):
                found = change(place, value)
                self.assertTrue(any(said in what for _, what in found), found)

    def test_what_grows_breaks_nobody(self):
        self.assertEqual(breaks(DOCUMENT, DOCUMENT), [])
        for place, value in [
            (("paths", "/more"), {"get": {"operationId": "more"}}),
            ((*OPERATION, "parameters", 2), {"name": "x", "in": "query", "schema": {"type": "string"}}),
            ((*SIZE, "schema", "minimum"), 0),
            ((*SIZE, "schema", "maximum"), 10),
            ((*KEY, "schema", "pattern"), GONE),
            ((*SENT, "more"), {"type": "string"}),
            ((*SENT, "kind", "enum"), ["a", "b", "c"]),
            ((*SENT, "value", "type"), ["string", "integer", "null"]),
            ((*SCHEMAS, "CreateThing", "required"), []),
            ((*SCHEMAS, "Shape", "oneOf", 2), {"$ref": "#/components/schemas/Part"}),
            ((*TOLD, "more"), {"type": "string"}),
            ((*TOLD, "status", "enum"), ["on", "off", "broken"]),
            ((*SCHEMAS, "Thing", "required"), ["id", "status", "at"]),
            ((*CREATED, "content", "text/csv"), {}),
            ((*OPERATION, "responses", "409"), GONE),
            ((*OPERATION, "responses", "404"), {}),
        ]:
            with self.subTest(place=place, value=value):
                self.assertEqual(change(place, value), [])

    def test_a_deprecated_operation_that_says_its_end_breaks_nobody(self):
        new = copy.deepcopy(DOCUMENT)
        post = new["paths"]["/things"]["post"]
        post["deprecated"] = True
        post["responses"]["201"]["headers"]["Sunset"] = {"schema": {"type": "string"}}
        self.assertEqual(breaks(DOCUMENT, new), [])


if __name__ == "__main__":
    unittest.main()
