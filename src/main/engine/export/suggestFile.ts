import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** The longest part of a name that file systems take, in characters, with room for a number and an ending. */
const longest = 60

/** A name as a file's name can hold it; what it cannot hold becomes a hyphen. */
export const fileName = (name: string, otherwise = 'experiment'): string =>
  [...name.replace(/[^\p{L}\p{N}._-]+/gu, '-')]
    .slice(0, longest)
    .join('')
    .replace(/^[-.]+|-+$/g, '') || otherwise

/**
 * A path that does not exist yet, in the user's documents folder where there is one. @param name what it is of; what a file's
 * name cannot hold becomes a hyphen
 */
export function suggestFile(name: string, ending: string): string {
  const documents = join(homedir(), 'Documents')
  const folder = existsSync(documents) ? documents : homedir()
  const base = fileName(name)
  let file = join(folder, base + ending)
  for (let number = 2; existsSync(file); number += 1) file = join(folder, `${base}-${number}${ending}`)
  return file
}
