import { WorkbenchError } from '../../../shared/errors.ts'
import { encodeLabelled } from '../evaluate/codes.ts'
import { linearProbe } from '../evaluate/linearProbe.ts'
import type { Measurement, Subject } from '../evaluate/measurement.ts'
import { nearestNeighbours } from '../evaluate/nearestNeighbours.ts'
import type { Report } from '../evaluate/report.ts'
import type { PackedDataset } from '../data/packed.ts'
import type { Tensor2D } from '../trace/tensorflow.ts'

const measurements = { linearProbeAccuracy: linearProbe, knnAccuracy: nearestNeighbours }
export type CodeFigure = keyof typeof measurements

/**
 * What codes say of the classes, measured as a run's evaluation measures its own: learnt from the codes of `train`, told of the
 * test split.
 * @param codes as a dataset (see `codesDataset`), @param train rows of it
 * @returns null where the labels do not allow it
 * @throws WorkbenchError RUN_DIVERGED where codes are not finite
 */
export async function measureCodes<F extends CodeFigure>(
  codes: PackedDataset,
  train: Uint32Array,
  figures: readonly F[],
  report: Report,
): Promise<Record<F, number | null>> {
  const identity = { codeSize: codes.rowSize, encode: (inputs: Tensor2D): Tensor2D => inputs.clone() }
  const encoded = await encodeLabelled(identity, codes, train, (share) => report(0.1 * share)).catch((thrown: unknown) => {
    if (thrown instanceof WorkbenchError && thrown.code === 'RUN_DIVERGED') {
      throw new WorkbenchError(
        'RUN_DIVERGED',
        'The codes of some images are not finite numbers, so nothing can be measured of them; use another encoder.',
        { cause: thrown },
      )
    }
    throw thrown
  })
  const found = {} as Record<F, number | null>
  try {
    for (const [index, figure] of figures.entries()) {
      const { measure } = measurements[figure] as unknown as Measurement<F>
      const part: Report = (share) => report(0.1 + (0.9 * (index + share)) / figures.length)
      Object.assign(found, await measure({ codes: encoded } as Subject, part))
    }
    return found
  } finally {
    encoded?.train.dispose()
    encoded?.test.dispose()
  }
}
