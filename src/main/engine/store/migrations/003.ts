/**
 * Experiments and the runs that belong to them; what a user keeps with a run; the queue's order; removal that can be undone;
 * times that were measured; preferences.
 */
export default `
CREATE TABLE experiments (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  dataset TEXT NOT NULL REFERENCES datasets (id),
  plan TEXT NOT NULL,
  cells TEXT NOT NULL,
  baseline INTEGER,
  wanted TEXT NOT NULL CHECK (wanted IN ('running', 'paused', 'cancelled')),
  createdAt TEXT NOT NULL,
  endedAt TEXT,
  removedAt TEXT
) STRICT;

CREATE TABLE members (
  experiment TEXT NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
  cell INTEGER NOT NULL,
  seed INTEGER NOT NULL,
  run TEXT REFERENCES runs (id) ON DELETE SET NULL,
  reused INTEGER NOT NULL,
  PRIMARY KEY (experiment, cell, seed)
) STRICT, WITHOUT ROWID;
CREATE INDEX membersByRun ON members (run);

ALTER TABLE runs ADD COLUMN experiment TEXT REFERENCES experiments (id) ON DELETE SET NULL;
ALTER TABLE runs ADD COLUMN cell INTEGER;
ALTER TABLE runs ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
ALTER TABLE runs ADD COLUMN notes TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN archived INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN bytes INTEGER;
ALTER TABLE runs ADD COLUMN version TEXT;
ALTER TABLE runs ADD COLUMN removedAt TEXT;
ALTER TABLE runs ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN goesOn INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
CREATE INDEX runsByPlace ON runs (place);
CREATE INDEX runsByExperiment ON runs (experiment, cell);

CREATE TABLE timings (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  storedAt TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE preferences (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  storedAt TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`
