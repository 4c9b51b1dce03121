import type { CallOutput } from '../../../shared/calls.ts'

/** A moment of a run's training of which there is a picture. */
export type Moment = CallOutput<'runs.moments'>['moments'][number]

/** The moment nearest to an epoch, the earlier of two that are equally near; of null the newest. Null where there is none. */
export function nearestMoment(moments: readonly Moment[], epoch: number | null): Moment | null {
  if (epoch === null) return moments.at(-1) ?? null
  return moments.reduce<Moment | null>(
    (best, moment) => (best === null || Math.abs(moment.epoch - epoch) < Math.abs(best.epoch - epoch) - 1e-9 ? moment : best),
    null,
  )
}

/** All epochs of which any run has a moment, ascending; those that are the same but for rounding once. */
export function epochsOf(all: readonly (readonly Moment[])[]): number[] {
  const sorted = all.flatMap((moments) => moments.map(({ epoch }) => epoch)).sort((a, b) => a - b)
  return sorted.filter((epoch, index) => index === 0 || epoch - sorted[index - 1]! > 1e-6)
}

/** Whether a moment is not the one that was asked for. */
export const isOther = (moment: Moment | null, epoch: number | null): boolean =>
  moment !== null && epoch !== null && Math.abs(moment.epoch - epoch) > 1e-6
