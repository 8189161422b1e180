//! What every answer of this dialect is wrapped in.

use serde_json::{Value, json};

use super::query::Page;
use crate::rest::operation::{Call, Reply};

/// An answer.
pub fn success(call: &Call, data: Value) -> Reply {
    Reply::json(&json!({
        "status": "SUCCESS",
        "data": data,
        "metaData": null,
        "correlationId": call.id,
    }))
}

/// A page of a list of so many items on all pages.
pub fn page(call: &Call, page: Page, total: u32, content: Vec<Value>) -> Reply {
    let data = json!({
        "totalPages": total.div_ceil(page.size.max(1)),
        "totalItems": total,
        "pageItemCount": content.len(),
        "pageSize": page.size,
        "empty": content.is_empty(),
        "content": content,
        "pageIndex": page.index,
    });
    success(call, data)
}
