/** Of anything that could be a misspelling; comparing costs the product of the lengths. */
const longestWord = 200

/**
 * The candidate with the smallest edit distance, if it is near enough to be a misspelling: of the last part, where all before
 * it is right. Upper and lower case are one. @returns null where none is near
 */
export function nearest(word: string, candidates: readonly string[]): string | null {
  if (word.length > longestWord) return null
  const section = word.slice(0, word.lastIndexOf('.') + 1)
  const near = candidates
    .map((candidate) => {
      const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
      const length = candidate.startsWith(section) ? word.length - section.length : word.length
      return { candidate, distance, allowed: Math.max(length < 4 ? 1 : 2, length / 3) }
    })
    .filter(({ distance, allowed }) => distance <= allowed)
  return near.toSorted((a, b) => a.distance - b.distance)[0]?.candidate ?? null
}

/**
 * What a sentence about an unknown word goes on with: `did you mean denoising? The others are pca, classical.` or `choose one of
 * ...`.
 */
export function suggestion(word: string, candidates: readonly string[]): string {
  const near = nearest(word, candidates)
  if (near === null) return `choose one of ${candidates.join(', ')}.`
  const others = candidates.filter((candidate) => candidate !== near)
  return `did you mean ${near}?${others.length === 0 ? '' : ` The others are ${others.join(', ')}.`}`
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    row = next
  }
  return row[b.length]!
}
