-- In how many texts of its workspace a word is, so that what is deleted is forgotten without a search for each word.
ALTER TABLE search_terms ADD COLUMN texts BIGINT NOT NULL DEFAULT 1;
UPDATE search_terms SET texts = (
    SELECT max(1, count(*)) FROM search_words CROSS JOIN search_items i ON i.item = search_words.rowid
    WHERE search_words MATCH '"' || search_terms.term || '"' AND i.workspace_id = search_terms.workspace_id);
