//! Answers that last: they end with the right of whoever reads them.
//!
//! Owns when it is looked. Must not know what is sent.

use std::sync::Arc;

use axum::BoxError;
use axum::body::{Body, Bytes};
use futures_util::{Stream, StreamExt as _};

use crate::access::{Granted, Permission, standing};
use crate::db::Db;

/// A body of parts, before each of which it is looked whether the reader may still read it. One who may not gets a body
/// that breaks off, which nobody takes for a whole one.
pub fn body<P, E>(
    db: Db,
    by: Granted<P>,
    parts: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
) -> Body
where
    P: Permission + Send + Sync + 'static,
    E: Into<BoxError> + Send + 'static,
{
    let by = Arc::new(by);
    Body::from_stream(parts.then(move |part| {
        let (db, by) = (db.clone(), Arc::clone(&by));
        async move {
            standing::still(&*by, db.read()).await.map_err(BoxError::from)?;
            part.map_err(Into::into)
        }
    }))
}
