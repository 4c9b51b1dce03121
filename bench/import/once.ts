import { importDataset } from '../../src/main/engine/data/import.ts'

/** One import in a process of its own: FOLDER OUT. Prints its seconds. */
const [path, folder] = process.argv.slice(2) as [string, string]
const start = performance.now()
await importDataset({ id: 'bench', name: 'bench', path, fit: 'crop', folder })
console.log((performance.now() - start) / 1000)
