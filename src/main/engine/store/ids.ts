import { randomInt } from 'node:crypto'

const letters = 'abcdefghijklmnopqrstuvwxyz'
const characters = `${letters}0123456789`

/** Eight lower-case letters and digits, a letter first: no id can be read as a number or an option. */
export function newId(): string {
  let id = letters[randomInt(letters.length)]!
  while (id.length < 8) id += characters[randomInt(characters.length)]!
  return id
}
