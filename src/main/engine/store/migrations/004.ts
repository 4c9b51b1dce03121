/** Exports know what a reduced precision costs; codes that an encoder gave of a folder or of a dataset. */
export default `
ALTER TABLE exports ADD COLUMN reduction TEXT;

CREATE TABLE embeddings (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  run TEXT REFERENCES runs (id) ON DELETE SET NULL,
  model TEXT,
  modelSha256 TEXT NOT NULL,
  dataset TEXT REFERENCES datasets (id) ON DELETE CASCADE,
  folder TEXT,
  output TEXT NOT NULL,
  count INTEGER NOT NULL,
  codeSize INTEGER NOT NULL,
  skipped TEXT NOT NULL,
  file TEXT,
  bytes INTEGER,
  linearProbeAccuracy REAL,
  knnAccuracy REAL,
  seconds REAL NOT NULL,
  createdAt TEXT NOT NULL
) STRICT;
CREATE INDEX embeddingsByDataset ON embeddings (dataset);
`
