import { unsupportedFile } from '../byte-stream.ts'
import { labelsFileOf, looksLikeIdx, readIdx, testImagesOf } from '../idx.ts'
import { testPart, trainPart } from '../request.ts'
import type { Format, Labelled } from './format.ts'

/** The files of MNIST: images, with labels and a test part beside them by the usual names. */
const idx: Format = {
  name: 'idx',
  title: 'IDX images',
  named: /idx\d|ubyte/i,
  offered: /images.*idx[34]/i,
  recognise: (path) => looksLikeIdx(path),
  async open(path, alone) {
    const testFile = alone ? null : testImagesOf(path)
    const parts = [{ part: trainPart, ...await pair(path) }]
    if (testFile !== null) parts.push({ part: testPart, ...await pair(testFile) })
    return { parts, unused: [] }
  },
}
export default idx

async function pair(file: string): Promise<Labelled> {
  const images = await readIdx(file)
  if (images.shape.length === 1) throw unsupportedFile(file, 'holds labels; choose the file with the images, the labels are found beside it.')
  const labels = labelsFileOf(file)
  return { images, labels: labels === null ? null : await readIdx(labels) }
}
