/** What decides how principal components are found; here so that what it costs can be told without loading TensorFlow. */

/** Up to this many inputs the covariance is decomposed whole; beyond it, its leading subspace is found by iteration. */
export const largestCovariance = 3072
/** Passes over the data of that iteration, and vectors that it takes beside those that are wanted. */
export const passes = 6
export const oversampling = 16
