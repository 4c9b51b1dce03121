/** Settings in which variants differ by nature: nobody expects them to be the same. */
export const isOwn = (key: string): boolean => key.startsWith('regularizer.') || key.startsWith('pretraining.regularizer.')
