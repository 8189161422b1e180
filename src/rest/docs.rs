//! The page at `/docs`: the operations of all dialects for people, without a script and without the network.

use std::fmt::Write;

use super::operation::{Dialect, Operation, Shape};
use super::query::Form;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#222;background:#fff}\
    code{background:#f3f3f0;padding:.1em .3em}summary{cursor:pointer;padding:.3em 0}td{padding:.1em 1em .1em 0;vertical-align:top}\
    b.verb{display:inline-block;width:4.5em;text-transform:uppercase;font-size:85%}details{border-bottom:1px solid #ddd}\
    @media(prefers-color-scheme:dark){body{color:#ddd;background:#1b1b1b}code{background:#333}details{border-color:#444}}";

/// The page of these dialects.
pub fn page(dialects: &[&Dialect]) -> String {
    let mut out = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Hedgerow REST</title><style>{STYLE}</style>\
         <h1>Hedgerow REST</h1><p>For programs: <a href=/openapi.json>openapi.json</a>, OpenAPI 3.1."
    );
    for dialect in dialects {
        // Writing to a string does not fail.
        let _ = write!(
            out,
            "<h2>{}</h2><p><a href=/openapi/{}.json>Its document</a>.",
            escape(dialect.title),
            dialect.name,
        );
        for operation in dialect.operations() {
            describe(dialect, operation, &mut out);
        }
    }
    out.push_str("</html>");
    out
}

fn describe(dialect: &Dialect, operation: &Operation, out: &mut String) {
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
            Form::Text => "text".to_owned(),
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
            "<tr><td><code>{}</code><td>{}<td>{}",
            escape(parameter.name),
            escape(&values),
            escape(parameter.description)
        );
    }
    out.push_str("</table></details>");
}

fn name(shape: Shape) -> String {
    match shape {
        Shape::Nothing => "no body".to_owned(),
        Shape::One(name) | Shape::List(name, _) => format!("<code>{name}</code>"),
        Shape::Maybe(name) => format!("<code>{name}</code> or no body"),
        Shape::Many(name) => format!("a list of <code>{name}</code>"),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
