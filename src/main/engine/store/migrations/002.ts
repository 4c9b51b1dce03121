/** Runs know their stages, the preset they were made from, and the run they were made from. */
export default `
ALTER TABLE runs ADD COLUMN stages TEXT NOT NULL DEFAULT '[]';
ALTER TABLE runs ADD COLUMN preset TEXT;
ALTER TABLE runs ADD COLUMN origin TEXT;
`
