-- Whether an agent's program has tools to report with: the work of one that has none ends with its turn.
ALTER TABLE agents ADD COLUMN reports BOOLEAN NOT NULL DEFAULT TRUE;
UPDATE agents SET reports = FALSE WHERE agent_type = 'aider';

-- Work whose message may still be typed: kept after its end until its runtime has said that it is not.
CREATE INDEX assignments_with_message ON assignments (state) WHERE message_id IS NOT NULL;
