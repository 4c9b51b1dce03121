/** The numbers by which figures are measured, and which their words say. */

/** Levels of noise at the input: share of values masked, standard deviation of Gaussian noise. */
export const noiseLevels = [0.1, 0.25, 0.5] as const
/** Distances from the test samples at which the contraction is measured. */
export const contractionRadii = [0.5, 1, 2, 4] as const
/** Figures about the encoder's derivative are measured on the first this many test samples. */
export const derivativeSamples = 1000
/** Importance-sampled likelihoods are estimated on the first this many test samples, with so many draws of each. */
export const likelihoodImages = 1000
export const likelihoodSamples = 100
/**
 * A bound is estimated with so many draws of the code for each test sample that the standard error of its mean is at most this in nats, or
 * this share of it; but with no more than so many draws, of each sample and in all, and no fewer than some.
 */
export const boundError = { nats: 0.1, share: 1e-4 } as const
export const boundDraws = { fewest: 2, fewestInAll: 256, most: 1000, mostInAll: 200_000 } as const
/** Training samples that vote on the class of a test sample. */
export const neighbourCount = 5
/**
 * An activation this near to an end of its range is saturated; a unit is active in a sample when it is farther than this from
 * its inactive state.
 */
export const nearEnd = 0.05
/** Pixels of a side of the window in which the structural similarity looks at images. */
export const structuralWindow = 11
