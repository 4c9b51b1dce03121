/** Words for a unit's activity, the share of samples in which it is active: the same in comparisons and on screen. */
export const seldom = 0.01
export const usual = 0.99

/** Active in hardly any sample. */
export const isDead = (activity: number): boolean => activity < seldom
/** Active in nearly every sample. */
export const isAlwaysOn = (activity: number): boolean => activity > usual

/** Name of what is counted while training: units of the encoder, filters of its convolutions among them, that are dead so. */
export const deadUnitsName = 'deadUnits'
