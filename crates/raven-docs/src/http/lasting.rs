//! Answers that last: they end with the right of whoever reads them.
//!
//! Owns when it is looked. Must not know what is sent.

use std::sync::Arc;

use axum::BoxError;
use axum::body::{Body, Bytes};
use futures_util::{Stream, StreamExt as _};

use crate::access::{Granted, Permission, decide_person};
use crate::auth::{Auth, Person};
use crate::db::Db;
use crate::error::Error;

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
            still(&db, &by).await.map_err(BoxError::from)?;
            part.map_err(Into::into)
        }
    }))
}

/// That whoever began to read may still do it: people lose roles, and leave.
async fn still<P: Permission>(db: &Db, by: &Granted<P>) -> Result<(), Error> {
    let Some(person) = by.person() else { return Ok(()) };
    let now = Auth::person_now(db.read(), by.workspace(), person.id.as_str()).await?;
    let now = now.ok_or(Error::Unauthenticated)?;
    // A token may be for less than its person's role.
    let role = now.role.min(person.role);
    decide_person::<P>(&Person { role, ..now }).map(drop)
}
