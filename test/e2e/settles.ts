import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { setTimeout as pause } from 'node:timers/promises'

/**
 * Waits until what is read is what is expected, and says what it was where it never is. For whatever a page shows a moment
 * after something else: a single read of it is a race, which a slower machine loses.
 */
export async function settles<T>(read: () => Promise<T>, expected: T, what?: string, within = 20_000): Promise<void> {
  const end = Date.now() + within
  let found = await read()
  while (!isDeepStrictEqual(found, expected) && Date.now() < end) {
    await pause(50)
    found = await read()
  }
  assert.deepEqual(found, expected, what)
}
