-- Names the key that every sealed value of this database is sealed with; one row.
CREATE TABLE sealed_with (key_id TEXT NOT NULL);
