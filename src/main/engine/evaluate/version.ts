/** Goes up whenever the same weights would get other figures; evaluations of different versions are not ranked together. */
export const EVALUATION_VERSION = 4
