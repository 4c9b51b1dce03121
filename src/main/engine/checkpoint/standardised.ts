import { existsSync } from 'node:fs'
import type { ChannelStatistics, Config } from '../../../shared/config.ts'
import { checkpointFile, describeCheckpointFile } from './checkpoint.ts'

const colours = ['red', 'green', 'blue']
const said = (value: number): string => String(Number(value.toPrecision(4)))

/** What a run standardises its inputs by, as its last checkpoint says, in a sentence; none where it does not, or has no checkpoint. */
export function standardisedNotes(runFolder: string, config: Config): string[] {
  const file = checkpointFile(runFolder, 'last')
  if (config.data.standardise === 'none' || !existsSync(file)) return []
  let statistics: ChannelStatistics | undefined
  try {
    statistics = describeCheckpointFile(file).config.data.statistics
  } catch {
    // A damaged checkpoint is told where it is needed.
  }
  if (statistics === undefined) return []
  const { mean, deviation } = statistics
  const each = mean.map(
    (value, channel) =>
      `${mean.length === 1 ? '' : `${colours[channel]} `}mean ${said(value)}, deviation ${said(deviation[channel]!)}`,
  )
  return [`The network standardises its inputs, pixels from 0 to 1, by those of the training images: ${each.join('; ')}.`]
}
