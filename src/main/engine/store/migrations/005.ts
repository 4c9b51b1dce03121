/** Datasets that bring a validation part, and what their import has to say. */
export default `
ALTER TABLE datasets ADD COLUMN validationCount INTEGER NOT NULL DEFAULT 0;
ALTER TABLE datasets ADD COLUMN notes TEXT NOT NULL DEFAULT '[]';
`
