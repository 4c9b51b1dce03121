import type { Dataset } from '../../../shared/domain.ts'
import type { CheckpointName } from './checkpoint.ts'

/** Which network is asked, and what it was trained on. */
export interface Target {
  /** The same network has the same key: run and file of weights. */
  key: string
  runName: string
  runFolder: string
  /** `result`: what the run's evaluation is of. */
  checkpoint: CheckpointName | 'result'
  dataset: Pick<Dataset, 'name' | 'kind' | 'count' | 'width' | 'height' | 'channels' | 'classes' | 'fit'> & { folder: string }
  /** Code units that the run's evaluation found collapsed; null where it says nothing of these weights. */
  collapsed: readonly number[] | null
}
