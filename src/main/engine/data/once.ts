/** What was found once is not looked for again, unless it failed. */
export function once<T>(find: (signal?: AbortSignal) => Promise<T>): (signal?: AbortSignal) => Promise<T> {
  let found: { value: T } | undefined
  return async (signal) => (found ??= { value: await find(signal) }).value
}
