-- What an agent needs to be started anew and its runtime keeps nowhere.
-- A JSON object, sealed: the variables of its spawn, which may be secrets. Null when there are none.
ALTER TABLE agents ADD COLUMN variables_sealed TEXT;
