/** Fewer updates of the weights than this seldom suffice, whatever the network. */
export const fewSteps = 1000

/** About as many as small networks need before they can be compared. */
export const enoughSteps = 2000

/**
 * As many whole passes over the training samples as come nearest to so many steps, at least one. @param stepsPerEpoch may be a
 * fraction
 */
export const epochsFor = (steps: number, stepsPerEpoch: number): number =>
  Math.max(1, Math.round(steps / Math.max(stepsPerEpoch, Number.EPSILON)))
