import { join } from 'node:path'
import { WorkbenchError } from '../../../../shared/errors.ts'
import idx from '../formats/idx.ts'
import type { Arrays } from '../formats/format.ts'
import { testPart, trainPart } from '../request.ts'
import type { InstalledSet } from './set.ts'

/** Opens a set of files. Error: PATH_MISSING where they are not installed. */
export async function openInstalled({ folder, missing, train, test, classes }: InstalledSet): Promise<Arrays> {
  const at = folder()
  if (at === null) throw new WorkbenchError('PATH_MISSING', missing, { field: 'path' })
  const [trained, tested] = [await idx.open(join(at, train), true), await idx.open(join(at, test), true)]
  return {
    parts: [
      { ...trained.parts[0]!, part: trainPart },
      { ...tested.parts[0]!, part: testPart },
    ],
    unused: [],
    ...(classes && { classNames: new Map(classes.map((name, label) => [label, name])) }),
  }
}
