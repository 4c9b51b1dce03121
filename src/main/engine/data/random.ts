/**
 * Deterministic randomness for splits and shuffles: xoshiro128** 1.1 (Blackman and Vigna, "Scrambled linear pseudorandom
 * number generators", ACM TOMS 2021), its 128 bits of state filled by hashing a purpose and integers with MurmurHash3's
 * 32-bit mixer. The same key gives the same numbers on every machine; different purposes never share a sequence.
 */
export interface Random {
  /** Uniform over 0 .. 2^32 - 1. */
  next(): number
  /** Uniform over 0 .. bound - 1, without modulo bias; `bound` in 1 .. 2^32. */
  below(bound: number): number
}

const rotate = (x: number, bits: number): number => (x << bits) | (x >>> (32 - bits))

/** MurmurHash3's finaliser: a bijection of 32 bits in which every input bit reaches every output bit. */
export function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return x ^ (x >>> 16)
}

/** @param key integers; those beyond 32 bits count with their high part too. */
export function random(purpose: string, ...key: readonly number[]): Random {
  let hash = 0x9e3779b9
  const absorb = (word: number) => {
    hash = (Math.imul(rotate(hash, 13) ^ mix(word), 5) + 0xe6546b64) | 0
  }
  for (let i = 0; i < purpose.length; i++) absorb(purpose.charCodeAt(i))
  for (const number of key) {
    absorb(number | 0)
    absorb(Math.floor(number / 2 ** 32) | 0)
  }
  const draw = () => {
    hash = (hash + 0x9e3779b9) | 0
    return mix(hash)
  }
  let a = draw(),
    b = draw(),
    c = draw(),
    d = draw()
  if ((a | b | c | d) === 0) a = 1

  const next = () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0
    const t = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= t
    d = rotate(d, 11)
    return result
  }
  const below = (bound: number) => {
    const limit = 2 ** 32 - (2 ** 32 % bound)
    let x = next()
    while (x >= limit) x = next()
    return x % bound
  }
  return { next, below }
}

/** Fisher-Yates in place; returns the same array. */
export function shuffleInPlace(indices: Uint32Array, source: Random): Uint32Array {
  for (let i = indices.length - 1; i > 0; i--) {
    const j = source.below(i + 1)
    const kept = indices[i]!
    indices[i] = indices[j]!
    indices[j] = kept
  }
  return indices
}

/** A shuffled copy: a function of (indices, seed, epoch) and of nothing else. */
export function shuffle(indices: Uint32Array, seed: number, epoch: number): Uint32Array {
  return shuffleInPlace(indices.slice(), random('shuffle', seed, epoch))
}
