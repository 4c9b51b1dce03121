/** Upper half of code page 437, which zip archives of old use for names that do not say that they are UTF-8. */
const upper437 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■ '
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The text of a member's name: UTF-8 where it is that, else each byte as Latin-1 (tar) or code page 437 (zip). */
export function nameIn(bytes: Buffer, otherwise: 'latin1' | 'cp437' = 'latin1'): string {
  try {
    return utf8.decode(bytes)
  } catch {
    if (otherwise === 'latin1') return bytes.toString('latin1')
    return Array.from(bytes, (byte) => (byte < 0x80 ? String.fromCharCode(byte) : upper437[byte - 0x80]!)).join('')
  }
}

/** Of a path on the disk, in bytes: no system has longer ones. */
export const longestName = 4096
/** Of folders in one another. */
export const mostLevels = 100

/** A name as it is kept: relative, with `/`, without `.` and doubled separators; null where it leads out of the archive. */
export function cleanName(name: string): string | null {
  const parts = name
    .replaceAll('\\', '/')
    .split('/')
    .filter((part) => part !== '' && part !== '.')
  // eslint-disable-next-line no-control-regex
  return parts.includes('..') || /^(\/|[a-zA-Z]:)/.test(name) || parts.length === 0 || /[\0-\x1f]/.test(name)
    ? null
    : parts.join('/')
}
