/** Short questions that are answered by a process each, and not by a task: as many at once. The others wait for their turn. */
export const questionsAtOnce = 2

/** Lets so many works go on at once, in the order in which they came. */
export function createSlots(most: number) {
  let occupied = 0
  const waiting: (() => void)[] = []
  return {
    /** Errors: what the work throws. */
    async use<T>(work: () => Promise<T>): Promise<T> {
      if (occupied === most) await new Promise<void>((enter) => waiting.push(enter))
      else occupied += 1
      try {
        return await work()
      } finally {
        // Whoever waited longest takes the slot over.
        const next = waiting.shift()
        if (next) next()
        else occupied -= 1
      }
    },
  }
}
