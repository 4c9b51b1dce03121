import { npyArray, npyTexts } from '../../files/npy.ts'
import { ZipWriter } from '../../files/zipWriter.ts'
import type { Source, Write } from './file.ts'

const pathsOf = ({ count, pathAt }: Source): string[] => Array.from({ length: count }, (_, row) => pathAt(row))

/**
 * NumPy's archive: `codes` float32 [N, Z], `paths` [N], with labels `labels` int32 [N] (-1 for none) and `classes` [C], and
 * what the codes are from as texts of their own.
 */
export const writeNpz: Write = async (path, source, onRows) => {
  const zip = await ZipWriter.create(path)
  try {
    const bytesOfRow = source.codeSize * 4
    let written = 0,
      stopped: unknown = null
    await zip.addFile('codes.npy', source.codes, (bytes) => {
      onRows(Math.min(source.count, Math.floor((written += bytes) / bytesOfRow))).catch((thrown: unknown) => {
        stopped = thrown
      })
      if (stopped !== null) throw stopped
    })
    await zip.add('paths.npy', npyTexts(pathsOf(source), [source.count]))
    if (source.labels) {
      await zip.add('labels.npy', npyArray({ shape: [source.count], data: source.labels }))
      await zip.add('classes.npy', npyTexts(source.classes, [source.classes.length]))
    }
    for (const [name, text] of Object.entries(source.about)) await zip.add(`${name}.npy`, npyTexts([text], []))
    await zip.finish()
  } finally {
    await zip.close()
  }
}
