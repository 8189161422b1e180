//! The page at `/docs`: the operations of all dialects for people, without a script and without the network.
//!
//! Owns how an operation is shown, with a command to copy; its bodies are `body`'s.

mod body;

use std::fmt::Write;

use super::operation::{Dialect, Operation, Shape, Verb};
use super::query::Form;
use body::Bodies;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#222;background:#fff}\
    code{background:#f3f3f0;padding:.1em .3em}summary{cursor:pointer;padding:.3em 0}td{padding:.1em 1em .1em 0;vertical-align:top}\
    b.verb{display:inline-block;width:4.5em;text-transform:uppercase;font-size:85%}details{border-bottom:1px solid #ddd}\
    pre{background:#f3f3f0;padding:.6em;white-space:pre-wrap;overflow-wrap:anywhere}td{overflow-wrap:anywhere}\
    @media(prefers-color-scheme:dark){body{color:#ddd;background:#1b1b1b}a{color:#8bf}code,pre{background:#333}details{border-color:#444}}";

const INTRODUCTION: &str = "<p>Every request that needs a login takes one of three: a name and a password (Basic), the token \
    of a login (Bearer), or in <code>x-api-key</code> a key whose scope is the dialect. What an operation does not know, in \
    the query or in a body, is refused by name. A request that was refused has changed nothing, unless its answer says what. \
    The commands below take <code>REST</code> for where the server listens and <code>ca.pem</code> for whom it is certified \
    by; names and ids in them are examples.";

/// The page of these dialects.
pub fn page(dialects: &[&Dialect]) -> String {
    let mut out = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Hedgerow REST</title><style>{STYLE}</style>\
         <h1>Hedgerow REST</h1><p>For programs: <a href=/openapi.json>openapi.json</a>, OpenAPI 3.1.{INTRODUCTION}"
    );
    for dialect in dialects {
        let bodies = Bodies::of(dialect);
        // Writing to a string does not fail.
        let _ = write!(
            out,
            "<h2>{}</h2><p><a href=/openapi/{}.json>Its document</a>.",
            escape(dialect.title),
            dialect.name,
        );
        for operation in dialect.operations() {
            describe(dialect, operation, &bodies, &mut out);
        }
        out.push_str("<h3>Bodies</h3>");
        bodies.show(&mut out);
    }
    out.push_str("</html>");
    out
}

fn describe(dialect: &Dialect, operation: &Operation, bodies: &Bodies, out: &mut String) {
    let _ = write!(
        out,
        "<details><summary><b class=verb>{}</b> <code>{}{}</code> {}</summary><p>For {}.",
        operation.verb.name(),
        dialect.base(),
        escape(operation.path),
        escape(operation.summary),
        escape(operation.permission.name),
    );
    if let Some(input) = &operation.body {
        let _ = write!(out, " Takes {}.", name(input.shape));
    }
    let _ = write!(
        out,
        " Answers {} with {}.",
        operation.status,
        name(operation.answer)
    );
    let parameters = operation.parameters.iter().copied().flatten();
    out.push_str("<table>");
    for parameter in parameters {
        let values = match &parameter.form {
            Form::Text | Form::Part => "text".to_owned(),
            Form::Texts | Form::Repeated => "texts".to_owned(),
            Form::Flag => "true, false".to_owned(),
            Form::Moment => "date-time".to_owned(),
            Form::Number {
                least,
                default,
                most,
            } => format!("{least} to {most}, default {default}"),
            Form::Choice(known) | Form::Choices(known) => known.join(", "),
        };
        let _ = write!(
            out,
            "<tr><td><code>{}</code>{}<td>{}<td>{}",
            escape(parameter.name),
            if parameter.required { ", required" } else { "" },
            escape(&values),
            escape(parameter.description)
        );
    }
    let command = command(dialect, operation, bodies);
    let _ = write!(out, "</table><pre>{}</pre></details>", escape(&command));
}

/// A command that does the operation, for a shell.
fn command(dialect: &Dialect, operation: &Operation, bodies: &Bodies) -> String {
    let mut path = format!("{}{}", dialect.base(), operation.path);
    for part in dialect.parts {
        path = path.replace(&format!("{{{}}}", part.name), part.example);
    }
    let parameters = operation.parameters.iter().copied().flatten();
    let required = parameters.filter(|it| it.required);
    let required: Vec<String> = required.map(|it| format!("{}=...", it.name)).collect();
    if !required.is_empty() {
        path = format!("{path}?{}", required.join("&"));
    }
    let mut command = "curl --cacert ca.pem -g".to_owned();
    if operation.permission.login {
        command.push_str(" -u NAME:PASSWORD");
    }
    if operation.verb != Verb::Get {
        command.push_str(&format!(" -X {}", operation.verb.name().to_uppercase()));
    }
    let body = operation.body.as_ref();
    if let Some(body) = body.and_then(|body| bodies.example(body.shape)) {
        let body = body.replace('\'', "'\\''");
        command.push_str(&format!(
            " \\\n  -H 'content-type: application/json' -d '{body}'"
        ));
    }
    format!("{command} \\\n  \"$REST{path}\"")
}

fn name(shape: Shape) -> String {
    let link = |name: &str| format!("<a href=#{name}><code>{name}</code></a>");
    match shape {
        Shape::Nothing => "no body".to_owned(),
        Shape::One(name) | Shape::List(name, _) => link(name),
        Shape::Maybe(name) => format!("{} or no body", link(name)),
        Shape::Many(name) => format!("a list of {}", link(name)),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
