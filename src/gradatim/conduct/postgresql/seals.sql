-- The seals of the ledger: one beside the last entry of each append. Never changed.
CREATE TABLE IF NOT EXISTS ledger_seal (
  trial text COLLATE "C" NOT NULL,
  position bigint NOT NULL CHECK (position > 0),
  link bytea NOT NULL CHECK (length(link) = 32),
  signature bytea NOT NULL CHECK (length(signature) = 64),
  PRIMARY KEY (trial, position)
);

CREATE OR REPLACE FUNCTION ledger_seal_next() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  IF NEW.position <=
    (SELECT coalesce(max(position), 0) FROM ledger_seal WHERE trial = NEW.trial)
    OR NEW.position >
    (SELECT coalesce(max(position), 0) FROM ledger_event WHERE trial = NEW.trial)
  THEN
    RAISE EXCEPTION 'ledger: the seal is not of an entry after the last one sealed'
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION ledger_seal_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'ledger: seals are never changed or deleted'
    USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE OR REPLACE TRIGGER ledger_seal_next BEFORE INSERT ON ledger_seal
  FOR EACH ROW EXECUTE FUNCTION ledger_seal_next();

CREATE OR REPLACE TRIGGER ledger_seal_no_change BEFORE UPDATE OR DELETE ON ledger_seal
  FOR EACH ROW EXECUTE FUNCTION ledger_seal_refuse();

CREATE OR REPLACE TRIGGER ledger_seal_no_truncate BEFORE TRUNCATE ON ledger_seal
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_seal_refuse();
