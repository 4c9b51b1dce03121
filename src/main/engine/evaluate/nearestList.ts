/** The nearest references of every query, nearest first; equal distances by index. */
export class NearestList {
  /** References kept of each query. */
  readonly size: number
  readonly #distances: Float64Array
  readonly #references: Int32Array

  constructor(queries: number, size: number) {
    this.size = size
    this.#distances = new Float64Array(queries * size).fill(Infinity)
    this.#references = new Int32Array(queries * size).fill(-1)
  }

  /** Distance beyond which nothing enters a query's list. */
  farthest(query: number): number {
    return this.#distances[(query + 1) * this.size - 1]!
  }

  /** Enters a reference where it is near enough and not there yet. */
  offer(query: number, distance: number, reference: number): void {
    const start = query * this.size
    const end = start + this.size
    let at = end
    while (at > start && this.#precedes(distance, reference, at - 1)) at--
    if (at === end || (at > start && this.#references[at - 1] === reference)) return
    this.#distances.copyWithin(at + 1, at, end - 1)
    this.#references.copyWithin(at + 1, at, end - 1)
    this.#distances[at] = distance
    this.#references[at] = reference
  }

  #precedes(distance: number, reference: number, at: number): boolean {
    const other = this.#references[at]!
    return other < 0 || distance < this.#distances[at]! || (distance === this.#distances[at]! && reference < other)
  }

  of(query: number): Int32Array {
    return this.#references.subarray(query * this.size, (query + 1) * this.size)
  }
}
