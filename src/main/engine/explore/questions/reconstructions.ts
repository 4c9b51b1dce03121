import { tf } from '../../trace/tensorflow.ts'
import { corrupted, drawsOf } from '../corrupt.ts'
import { picturesOf, read, signedPictures } from '../pictures.ts'
import type { Answer } from '../question.ts'
import { rowsOf } from '../rows.ts'

/** The same rows, corrupted in the same way, through any network: a row's corruption depends on (seed, row) alone. */
export const reconstructions: Answer<'reconstructions'> = async ({ rows: wanted, corruption, seed }, { subject, drawing }) => {
  const rows = rowsOf(subject, wanted)
  const originals = subject.inputs(rows)
  const corrupts = corruption.kind !== 'none' && corruption.level > 0
  const inputs = corrupts ? corrupted(originals, corruption, drawsOf(seed, 0, rows).perImage, subject.channels) : originals
  const rebuilt = subject.network.reconstruct(inputs)
  const difference = tf.sub(rebuilt, originals) as typeof rebuilt
  return {
    kind: 'reconstructions',
    rows: Int32Array.from(rows),
    labels: subject.labelsOf(rows),
    originals: picturesOf(originals, drawing),
    corrupted: corrupts ? picturesOf(inputs, drawing) : null,
    reconstructions: picturesOf(rebuilt, drawing),
    difference: signedPictures(difference, drawing, 1),
    squaredErrors: read(difference.square().sum(1)),
  }
}
