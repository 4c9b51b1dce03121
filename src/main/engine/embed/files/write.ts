import { WorkbenchError } from '../../../../shared/errors.ts'
import { embeddingFormats } from '../../../../shared/embeddings.ts'
import { writeWhole } from '../../export/targetFile.ts'
import { writeCsv } from './csv.ts'
import type { Format, OnRows, Source, Write } from './file.ts'
import { writeNpz } from './npz.ts'

/** By the ending of a file's name. @throws WorkbenchError CALL_INVALID */
export function formatOf(out: string): Format {
  const ending = /\.([^./\\]+)$/.exec(out)?.[1]?.toLowerCase()
  const format = embeddingFormats.find((each) => each === ending)
  if (format === undefined)
    throw new WorkbenchError(
      'CALL_INVALID',
      `${out} does not say in what format; end its name with ${embeddingFormats
        .map((each) => `.${each}`)
        .join(', ')
        .replace(/, ([^,]*)$/, ' or $1')}.`,
      { field: 'out' },
    )
  return format
}

const writers: Record<Format, () => Promise<Write>> = {
  npz: async () => writeNpz,
  csv: async () => writeCsv,
  // Loaded when it is needed.
  parquet: async () => (await import('./parquet.ts')).writeParquet,
}

/**
 * Writes codes as a file that appears whole under its name, or not at all. @throws WorkbenchError EXPORT_EXISTS,
 * EXPORT_UNWRITABLE, DISK_FULL
 */
export async function writeEmbedding(target: string, force: boolean, source: Source, onRows: OnRows): Promise<void> {
  const write = await writers[formatOf(target)]()
  await writeWhole(target, force, async (temporary) => {
    await write(temporary, source, onRows)
    // The last moment at which a cancelled task can leave nothing.
    await onRows(source.count)
  })
}
