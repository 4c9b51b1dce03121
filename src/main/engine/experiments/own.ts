/** Settings in which variants differ by nature: nobody expects them to be the same. */
export { isOwn } from '../../../shared/ownedKeys.ts'
