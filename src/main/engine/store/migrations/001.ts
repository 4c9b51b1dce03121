/** Datasets, runs and what they produce. Times are ISO 8601 in UTC, lists and configs JSON, NaN is NULL. */
export default `
CREATE TABLE datasets (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL CHECK (kind IN ('image', 'vector')),
  count INTEGER NOT NULL,
  testCount INTEGER NOT NULL,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  channels INTEGER NOT NULL,
  classes TEXT NOT NULL,
  classCounts TEXT NOT NULL,
  sha256 TEXT NOT NULL UNIQUE,
  source TEXT NOT NULL,
  fit TEXT NOT NULL,
  duplicates INTEGER NOT NULL,
  movedToOneSide INTEGER NOT NULL,
  skippedCount INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  createdAt TEXT NOT NULL
) STRICT;

CREATE TABLE skipped (
  dataset TEXT NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  path TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (dataset, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  dataset TEXT NOT NULL REFERENCES datasets (id),
  variant TEXT NOT NULL,
  seed INTEGER NOT NULL,
  config TEXT NOT NULL,
  state TEXT NOT NULL,
  colour INTEGER NOT NULL,
  epoch REAL NOT NULL DEFAULT 0,
  epochs INTEGER NOT NULL,
  step INTEGER NOT NULL DEFAULT 0,
  steps INTEGER NOT NULL,
  parameters INTEGER NOT NULL,
  createdAt TEXT NOT NULL,
  queuedAt TEXT NOT NULL,
  startedAt TEXT,
  endedAt TEXT,
  seconds REAL NOT NULL DEFAULT 0,
  stepsPerSecond REAL,
  threads INTEGER,
  latest TEXT NOT NULL DEFAULT '{}',
  evaluation TEXT,
  evaluationVersion INTEGER,
  error TEXT
) STRICT;
CREATE INDEX runsByDataset ON runs (dataset);
CREATE INDEX runsByState ON runs (state, queuedAt);

CREATE TABLE points (
  run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  series TEXT NOT NULL,
  step INTEGER NOT NULL,
  epoch REAL NOT NULL,
  seconds REAL NOT NULL,
  value REAL,
  PRIMARY KEY (run, series, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE previews (
  run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  step INTEGER NOT NULL,
  epoch REAL NOT NULL,
  packed BLOB NOT NULL,
  UNIQUE (run, step)
) STRICT;

CREATE TABLE exports (
  id TEXT PRIMARY KEY,
  run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  part TEXT NOT NULL,
  input TEXT NOT NULL,
  precision TEXT NOT NULL,
  file TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  opset INTEGER NOT NULL,
  maxAbsDiff REAL NOT NULL,
  inputs TEXT NOT NULL,
  outputs TEXT NOT NULL,
  createdAt TEXT NOT NULL
) STRICT;
CREATE INDEX exportsByRun ON exports (run);
`
