//! The OpenAPI document (version 3.1) of one dialect or of all, made from their tables.
//!
//! Owns the form of the document. What stands in it is what the operations check.

use serde_json::{Map, Value, json};

use super::operation::{Dialect, Operation, Shape, Verb};
use super::query::{Form, LONGEST, Parameter};

/// Describes bodies for the document alone: a name, and members as programs and as clients write them. `shown` are those
/// that are described elsewhere, under the names of their types, or as what stands behind the name; `schemas()` gives all.
macro_rules! models {
    (@schema $shown:ident) => { $shown::schema() };
    (@schema $shown:ident $schema:expr) => { $schema };
    (
        shown [$($shown:ident $(= $schema:expr)?),* $(,)?]
        $($(#[$meta:meta])* $name:ident { $($(#[$member:meta])* $key:ident $wire:literal : $type:ty,)* })*
    ) => {
        $(
            #[derive(utoipa::ToSchema)]
            $(#[$meta])*
            #[expect(dead_code, reason = "the document describes it, nothing builds it")]
            struct $name { $($(#[$member])* #[schema(rename = $wire)] $key: $type,)* }
        )*

        /// All schemas of the dialect.
        pub fn schemas() -> Vec<(&'static str, utoipa::openapi::RefOr<utoipa::openapi::Schema>)> {
            use utoipa::PartialSchema;
            vec![
                $((stringify!($shown), models!(@schema $shown $($schema)?)),)*
                $((stringify!($name), $name::schema()),)*
            ]
        }
    };
}

pub(super) use models;

/// Statuses that every operation may answer with.
const ALWAYS: [u16; 2] = [429, 503];
/// Those that come before there is an operation, without a body.
const BEFORE: [(u16, &str); 2] = [
    (414, "The path and the query are too long."),
    (431, "There are too many headers, or they are too long."),
];

/// The document of these dialects.
pub fn of(dialects: &[&Dialect]) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    let mut schemas = Map::new();
    for dialect in dialects {
        for (name, schema) in (dialect.schemas)() {
            let schema = serde_json::to_value(schema).unwrap_or_default();
            schemas.insert(name.to_owned(), schema);
        }
        for operation in dialect.operations() {
            let own = [(operation.verb, operation.path)];
            for (at, (verb, path)) in own.iter().chain(operation.aliases).enumerate() {
                let path = format!("{}{path}", dialect.base());
                let item = paths.entry(path).or_insert_with(|| json!({}));
                if let Some(item) = item.as_object_mut() {
                    item.insert(verb.name().to_owned(), describe(dialect, operation, at));
                }
            }
        }
    }
    close(dialects, &mut schemas);
    let titles: Vec<&str> = dialects.iter().map(|dialect| dialect.title).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": format!("Hedgerow: {}", titles.join(", ")),
            "description": "Users and groups of one directory. What is changed here is seen over LDAP at once, and the other way round.",
            "version": env!("CARGO_PKG_VERSION"),
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer", "description": "A token that a login has given." },
                "basic": { "type": "http", "scheme": "basic", "description": "The user name and the password." },
                "key": { "type": "apiKey", "in": "header", "name": "x-api-key", "description": "A key of the account whose scope is the dialect." },
            },
        },
    })
}

/// What bodies of requests hold beyond their schemas is refused.
fn close(dialects: &[&Dialect], schemas: &mut Map<String, Value>) {
    let operations = dialects.iter().flat_map(|dialect| dialect.operations());
    for input in operations.filter_map(|operation| operation.body.as_ref()) {
        let name = match input.shape {
            Shape::One(name) | Shape::Maybe(name) | Shape::Many(name) | Shape::List(name, _) => {
                name
            }
            Shape::Nothing => continue,
        };
        if let Some(schema) = schemas.get_mut(name).and_then(Value::as_object_mut) {
            schema.insert("additionalProperties".to_owned(), Value::Bool(false));
        }
    }
}

/// Describes an operation under its own path, or under another that it has for those who expect it there.
fn describe(dialect: &Dialect, operation: &Operation, alias: usize) -> Value {
    let permission = operation.permission;
    let id = match alias {
        0 => operation.id.to_owned(),
        number => format!("{}Alias{number}", operation.id),
    };
    let mut described = json!({
        "operationId": id,
        "deprecated": alias > 0,
        "tags": [dialect.title],
        "summary": operation.summary,
        "description": format!("{}. For {}.", operation.summary, permission.name),
        "parameters": parameters(dialect, operation),
        "responses": responses(dialect, operation),
        "security": if permission.login {
            json!([{ "bearer": [] }, { "basic": [] }, { "key": [] }])
        } else {
            json!([{}, { "bearer": [] }])
        },
    });
    if let (Some(input), Some(object)) = (&operation.body, described.as_object_mut()) {
        let media = input.types.iter().copied().chain(["application/json"]);
        let content: Map<String, Value> = media
            .map(|media| (media.to_owned(), json!({ "schema": schema(input.shape) })))
            .collect();
        object.insert(
            "requestBody".to_owned(),
            json!({ "required": !matches!(input.shape, Shape::Maybe(_)), "content": content }),
        );
    }
    described
}

fn responses(dialect: &Dialect, operation: &Operation) -> Value {
    let mut responses = Map::new();
    let mut success = json!({ "description": operation.summary });
    if let Some(object) = success.as_object_mut() {
        let content = match operation.answer {
            Shape::Nothing => None,
            Shape::List(_, item) => Some(json!({
                "application/json": { "schema": schema(operation.answer) },
                "application/x-ndjson": { "schema": { "type": "string", "description": format!("One {item} a line, all there are.") } },
            })),
            shape => Some(json!({ "application/json": { "schema": schema(shape) } })),
        };
        object.extend(content.map(|content| ("content".to_owned(), content)));
        if operation.tagged {
            let tag = json!({ "ETag": { "description": "Names the state of the resource, for If-Match.", "schema": { "type": "string" } } });
            object.insert("headers".to_owned(), tag);
        }
    }
    responses.insert(operation.status.to_string(), success);
    let takes = operation.body.is_some();
    let asks = takes || !operation.parameters.is_empty();
    let common = [
        (400, asks || operation.path.contains('{')),
        (401, true),
        (403, operation.permission.login),
        (413, takes),
        (415, takes),
        (412, is_held_to_a_state(operation)),
    ];
    let common = common
        .into_iter()
        .filter(|(_, is)| *is)
        .map(|(status, _)| status);
    for status in common
        .chain(ALWAYS)
        .chain(operation.refusals.iter().copied())
    {
        let refusal = json!({
            "description": reason(status),
            "content": { "application/json": { "schema": reference(dialect.fault_schema) } },
        });
        responses.insert(status.to_string(), refusal);
    }
    for (status, reason) in BEFORE {
        responses.insert(status.to_string(), json!({ "description": reason }));
    }
    Value::Object(responses)
}

/// Whether a request may name the state that it is about.
fn is_held_to_a_state(operation: &Operation) -> bool {
    let changes = matches!(operation.verb, Verb::Put | Verb::Patch | Verb::Delete);
    operation.tagged && changes
}

fn reason(status: u16) -> &'static str {
    match status {
        400 => "The request is malformed, or asks for what cannot be.",
        401 => "Nobody has logged in, or the login is not valid.",
        403 => "The caller may not do this.",
        404 => "There is no such thing, or the caller may not know of it.",
        409 => "It would take what is another's.",
        412 => "It is not in the state that If-Match names.",
        413 => "The body is too long.",
        415 => "The body is not of a type that is understood.",
        429 => "Too many requests without a login.",
        _ => "It cannot be done now; try again.",
    }
}

fn parameters(dialect: &Dialect, operation: &Operation) -> Value {
    let mut described = Vec::new();
    let parts = operation.path.split('{').skip(1);
    for name in parts.filter_map(|part| part.split('}').next()) {
        let part = dialect.parts.iter().find(|part| part.name == name);
        let mut schema = json!({ "type": "string", "minLength": 1, "maxLength": LONGEST });
        if let (Some(format), Some(schema)) =
            (part.and_then(|it| it.format), schema.as_object_mut())
        {
            schema.insert("format".to_owned(), format.into());
        }
        described.push(json!({
            "name": name, "in": "path", "required": true,
            "description": part.map(|part| part.description),
            "schema": schema,
            "example": part.map(|part| part.example),
        }));
    }
    for parameter in operation.parameters.iter().copied().flatten() {
        described.push(json!({
            "name": parameter.name, "in": "query", "required": parameter.required,
            "description": parameter.description,
            "schema": form(parameter),
        }));
    }
    if is_held_to_a_state(operation) {
        described.push(json!({
            "name": "If-Match", "in": "header", "required": false,
            "description": "Only if the resource still is in the state of this ETag.",
            "schema": { "type": "string" },
        }));
    }
    Value::Array(described)
}

/// What texts in a query match.
const NO_NUL: &str = "^[^\\u0000]*$";

fn form(parameter: &Parameter) -> Value {
    match &parameter.form {
        Form::Text | Form::Part => {
            let least = usize::from(parameter.required);
            json!({ "type": "string", "minLength": least, "maxLength": LONGEST, "pattern": NO_NUL })
        }
        Form::Flag => json!({ "type": "boolean" }),
        Form::Moment => json!({ "type": "string", "format": "date-time" }),
        Form::Number {
            least,
            default,
            most,
        } => {
            json!({ "type": "integer", "minimum": least, "maximum": most, "default": default })
        }
        Form::Choice(known) => json!({ "type": "string", "enum": known }),
        Form::Texts => {
            json!({ "type": "array", "items": { "type": "string", "maxLength": LONGEST }, "maxItems": 1000 })
        }
        // Each counts as a parameter of the request.
        Form::Repeated => {
            json!({ "type": "array", "items": { "type": "string", "maxLength": LONGEST }, "maxItems": 100 })
        }
        Form::Choices(known) => {
            json!({ "type": "array", "items": { "type": "string", "enum": known } })
        }
    }
}

fn schema(shape: Shape) -> Value {
    match shape {
        Shape::Nothing => json!({}),
        Shape::One(name) | Shape::Maybe(name) | Shape::List(name, _) => reference(name),
        Shape::Many(name) => json!({ "type": "array", "items": reference(name) }),
    }
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}
