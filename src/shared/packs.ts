/** What the name of a packed experiment's file ends with, where it is ours to say. */
export const packEnding = '.experiment.zip'
/** Whether a path is called like a packed experiment. */
export const isPack = (path: string): boolean => path.toLowerCase().endsWith(packEnding)
