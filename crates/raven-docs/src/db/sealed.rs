//! What is sealed, whatever table it is in, and which key it is sealed with.

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::Queried;
use crate::secrets::sealed::Column;

/// Names the key that everything is sealed with; `None` in a new database.
pub async fn key_id(db: &impl ConnectionTrait) -> Queried<Option<String>> {
    let query = Statement::from_string(DbBackend::Sqlite, "SELECT key_id FROM sealed_with");
    let row = db.query_one_raw(query).await?;
    Ok(row.map(|row| row.try_get("", "key_id")).transpose()?)
}

/// Says which key everything is sealed with.
pub async fn set_key_id(db: &impl ConnectionTrait, key: &str) -> Queried<()> {
    db.execute_unprepared("DELETE FROM sealed_with").await?;
    let insert = "INSERT INTO sealed_with (key_id) VALUES (?)";
    db.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, insert, [key.into()])).await?;
    Ok(())
}

/// Every sealed value of a column, with its row's id. An empty text is none: what was sealed there is not needed any more.
pub async fn sealed(db: &impl ConnectionTrait, of: &Column) -> Queried<Vec<(String, String)>> {
    let Column { table, id, column, .. } = of;
    let query = format!("SELECT {id} AS id, {column} AS sealed FROM {table} WHERE {column} <> ''");
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Sqlite, query)).await?;
    rows.iter().map(|row| Ok((row.try_get("", "id")?, row.try_get("", "sealed")?))).collect()
}

/// Replaces a sealed value.
pub async fn seal(db: &impl ConnectionTrait, of: &Column, row: &str, sealed: &str) -> Queried<()> {
    let Column { table, id, column, .. } = of;
    let update = format!("UPDATE {table} SET {column} = ? WHERE {id} = ?");
    let values = [sealed.into(), row.into()];
    db.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, update, values)).await?;
    Ok(())
}

/// Every column of the database whose name says that it is sealed.
#[cfg(test)]
pub async fn columns(db: &impl ConnectionTrait) -> Queried<Vec<(String, String)>> {
    let query =
        "SELECT t.name AS table_name, c.name AS column_name FROM sqlite_master t, pragma_table_info(t.name) c
        WHERE t.type = 'table' AND c.name LIKE '%\\_sealed' ESCAPE '\\'";
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Sqlite, query)).await?;
    rows.iter().map(|row| Ok((row.try_get("", "table_name")?, row.try_get("", "column_name")?))).collect()
}
