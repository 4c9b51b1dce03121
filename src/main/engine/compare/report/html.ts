/** Text that is HTML already. Made by `html` only. */
export class Markup {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
  toString(): string {
    return this.text
  }
}

type Part = string | number | Markup | null | false | readonly Part[]

/** Whatever is inserted is escaped, unless it was made by this very function; null and false are nothing. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Markup {
  return new Markup(strings.reduce((text, string, index) => text + string + (index < parts.length ? shown(parts[index]!) : ''), ''))
}

function shown(part: Part): string {
  if (part === null || part === false) return ''
  if (part instanceof Markup) return part.text
  if (Array.isArray(part)) return part.map((one: Part) => shown(one)).join('')
  return escaped(String(part))
}

/** Safe between tags and in quoted attributes; what no document may contain is replaced. */
export const escaped = (text: string): string =>
  text
    // eslint-disable-next-line no-control-regex
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ud800-\udfff\ufffe\uffff]/gu, '\ufffd')
    .replace(/[&<>"']/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[character]!)

/** A name that a person gave: whatever its direction, the text around it keeps its own. */
export const name = (text: string): Markup => html`<bdi>${text}</bdi>`

/** A sentence with the names in it set apart. */
export function sentence(text: string, names: readonly string[]): Markup {
  const known = [...new Set(names)].filter((one) => one !== '').sort((a, b) => b.length - a.length)
  const parts: Part[] = []
  let rest = text
  while (rest !== '') {
    let at = -1
    let found = ''
    for (const one of known) {
      const quoted = `“${one}”`
      const index = rest.indexOf(quoted)
      if (index >= 0 && (at < 0 || index < at)) [at, found] = [index, one]
    }
    if (at < 0) break
    parts.push(`${rest.slice(0, at)}“`, name(found), '”')
    rest = rest.slice(at + found.length + 2)
  }
  return html`${[...parts, rest]}`
}
