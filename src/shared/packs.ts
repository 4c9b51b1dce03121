/** What the name of a packed experiment's file ends with, where it is ours to say. */
export const packEnding = '.experiment.zip'
export const isPack = (path: string): boolean => path.toLowerCase().endsWith(packEnding)
