"""`/docs`: the JSON interface as a page without any script, made of the OpenAPI description."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Template


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("signllm.serving", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("docs.html")


def documentation(openapi: dict[str, Any]) -> str:
    """The page of an OpenAPI description."""
    operations = [
        _operation(path, method, operation, openapi)
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
    ]
    schemas = {
        name: {"description": schema.get("description", ""), "fields": _fields(schema, openapi)}
        for name, schema in openapi["components"]["schemas"].items()
        if "properties" in schema and not name.startswith(("HTTPValidation", "Validation"))
    }
    return _template().render(info=openapi["info"], operations=operations, schemas=schemas)


def _operation(path: str, method: str, operation: dict[str, Any], openapi: dict[str, Any]) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    return {
        "path": path,
        "method": method.upper(),
        "summary": operation.get("summary", ""),
        "description": operation.get("description", ""),
        "parameters": [
            {"name": p["name"], "where": p["in"], "type": _type(p["schema"], openapi)}
            for p in operation.get("parameters", ())
        ],
        "body": body and _type(body, openapi),
        "responses": [
            {"status": status, "description": response.get("description", ""), "schema": _answer(response, openapi)}
            for status, response in operation["responses"].items()
            if not (status == "422" and _answer(response, openapi) == "HTTPValidationError")
        ],
    }


def _answer(response: dict[str, Any], openapi: dict[str, Any]) -> str:
    schema = response.get("content", {}).get("application/json", {}).get("schema")
    return _type(schema, openapi) if schema else ""


def _fields(schema: dict[str, Any], openapi: dict[str, Any]) -> list[dict[str, Any]]:
    needed = schema.get("required", ())
    return [
        {
            "name": name,
            "type": _type(part, openapi),
            "needed": name in needed,
            "default": part.get("default"),
            "description": part.get("description", ""),
        }
        for name, part in schema["properties"].items()
    ]


def _type(schema: dict[str, Any], openapi: dict[str, Any]) -> str:
    """A type in words: `string`, `list of NoteOut`, `base64 or numbers`."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    for key in ("anyOf", "allOf", "oneOf"):
        if key in schema:
            kinds = [_type(part, openapi) for part in schema[key]]
            return " or ".join(kind for kind in kinds if kind != "null")
    if "enum" in schema or "const" in schema:
        return " or ".join(map(str, schema.get("enum", [schema.get("const")])))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}), openapi)}"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_type(schema['additionalProperties'], openapi)}"
    return str(schema.get("type", "any"))
