/** Runs that are trained elsewhere: at which place, by which kind of processor, in which folder, and how far that was read. */
export default `
ALTER TABLE runs ADD COLUMN site TEXT;
ALTER TABLE runs ADD COLUMN processor TEXT;
ALTER TABLE runs ADD COLUMN sentTo TEXT;
ALTER TABLE runs ADD COLUMN journal TEXT;
`
