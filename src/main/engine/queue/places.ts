/** Short questions that are answered by a process each, and not by a task: as many at once. The others wait for their turn. */
export const questionsAtOnce = 2

/** Lets so many works go on at once, in the order in which they came; who is cancelled while it waits, leaves. */
export function createPlaces(most: number) {
  let occupied = 0
  const waiting: (() => void)[] = []
  const take = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error)
      const enter = () => {
        signal.removeEventListener('abort', leave)
        occupied += 1
        resolve()
      }
      const leave = () => {
        waiting.splice(waiting.indexOf(enter), 1)
        reject(signal.reason as Error)
      }
      if (occupied < most) return enter()
      waiting.push(enter)
      signal.addEventListener('abort', leave, { once: true })
    })
  return {
    /** Errors: what the work throws; the signal's reason where it is aborted before its turn. */
    async use<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
      await take(signal)
      try {
        return await work()
      } finally {
        occupied -= 1
        waiting.shift()?.()
      }
    },
  }
}
