-- The ledger's event table. Rows are added at the end, and never changed.
CREATE TABLE IF NOT EXISTS ledger_event (
  trial text COLLATE "C" NOT NULL,
  position bigint NOT NULL CHECK (position > 0),
  request text COLLATE "C" NOT NULL,
  body bytea NOT NULL CHECK (length(body) BETWEEN 1 AND 1000000),
  hash bytea NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (trial, position)
);

CREATE UNIQUE INDEX IF NOT EXISTS ledger_event_request
  ON ledger_event (trial, request) WHERE request <> '';

CREATE OR REPLACE FUNCTION ledger_event_next() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  IF NEW.position IS DISTINCT FROM
    (SELECT coalesce(max(position), 0) + 1 FROM ledger_event WHERE trial = NEW.trial)
  THEN
    RAISE EXCEPTION 'ledger: the position is not the next one'
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION ledger_event_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'ledger: events are never changed or deleted'
    USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE OR REPLACE TRIGGER ledger_event_next BEFORE INSERT ON ledger_event
  FOR EACH ROW EXECUTE FUNCTION ledger_event_next();

CREATE OR REPLACE TRIGGER ledger_event_no_change BEFORE UPDATE OR DELETE ON ledger_event
  FOR EACH ROW EXECUTE FUNCTION ledger_event_refuse();

CREATE OR REPLACE TRIGGER ledger_event_no_truncate BEFORE TRUNCATE ON ledger_event
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_event_refuse();
