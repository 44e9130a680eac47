-- The ledger's event table. Rows are added at the end, and never changed.
CREATE TABLE IF NOT EXISTS ledger_event (
  trial TEXT NOT NULL,
  position INTEGER NOT NULL CHECK (position > 0),
  request TEXT NOT NULL,
  body BLOB NOT NULL CHECK (length(body) BETWEEN 1 AND 1000000),
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (trial, position)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX IF NOT EXISTS ledger_event_request
  ON ledger_event (trial, request) WHERE request <> '';

CREATE TRIGGER IF NOT EXISTS ledger_event_next BEFORE INSERT ON ledger_event
WHEN NEW.position IS NOT
  (SELECT coalesce(max(position), 0) + 1 FROM ledger_event WHERE trial = NEW.trial)
BEGIN
  SELECT raise(ABORT, 'ledger: the position is not the next one');
END;

CREATE TRIGGER IF NOT EXISTS ledger_event_no_update BEFORE UPDATE ON ledger_event
BEGIN
  SELECT raise(ABORT, 'ledger: events are never changed');
END;

CREATE TRIGGER IF NOT EXISTS ledger_event_no_delete BEFORE DELETE ON ledger_event
BEGIN
  SELECT raise(ABORT, 'ledger: events are never deleted');
END;
