-- The seals of the ledger: one beside the last entry of each append. Never changed.
CREATE TABLE IF NOT EXISTS ledger_seal (
  trial TEXT NOT NULL,
  position INTEGER NOT NULL CHECK (position > 0),
  link BLOB NOT NULL CHECK (length(link) = 32),
  signature BLOB NOT NULL CHECK (length(signature) = 64),
  PRIMARY KEY (trial, position)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER IF NOT EXISTS ledger_seal_next BEFORE INSERT ON ledger_seal
WHEN NEW.position <=
  (SELECT coalesce(max(position), 0) FROM ledger_seal WHERE trial = NEW.trial)
  OR NEW.position >
  (SELECT coalesce(max(position), 0) FROM ledger_event WHERE trial = NEW.trial)
BEGIN
  SELECT raise(ABORT, 'ledger: the seal is not of an entry after the last one sealed');
END;

CREATE TRIGGER IF NOT EXISTS ledger_seal_no_update BEFORE UPDATE ON ledger_seal
BEGIN
  SELECT raise(ABORT, 'ledger: seals are never changed');
END;

CREATE TRIGGER IF NOT EXISTS ledger_seal_no_delete BEFORE DELETE ON ledger_seal
BEGIN
  SELECT raise(ABORT, 'ledger: seals are never deleted');
END;
