import { WorkbenchError } from '../../../../shared/errors.ts'
import { stemOf } from '../layout/words.ts'

const longest = 200

/**
 * What a pattern finds in a name: `{label}_*.png` and `{group}/*` as people write names of files, or a regular expression whose group of
 * that name, else its first one, is taken. Patterns with a `/` go over the whole path, others over the file's name.
 * @throws WorkbenchError CALL_INVALID
 */
export function compilePattern(pattern: string, word: 'label' | 'group', field: string): (path: string) => string | null {
  const whole = pattern.includes('/'),
    hole = `{${word}}`
  const refuse = (why: string) =>
    new WorkbenchError(
      'CALL_INVALID',
      `“${pattern}” ${why}; write it like ${hole}_*.png, ` +
        `or as a regular expression with the ${word} in brackets, like ^([a-z]+).`,
      { field },
    )
  if (pattern.length > longest) throw refuse(`has more than ${longest} letters`)
  let expression: RegExp
  if (pattern.includes(hole)) {
    const source = pattern
      .split(/(\{label\}|\{group\}|\*|\?)/)
      .map((piece) =>
        piece === hole
          ? `(?<${word}>[^/]+?)`
          : piece === '*'
            ? '[^/]*'
            : piece === '?'
              ? '[^/]'
              : piece.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'),
      )
      .join('')
    if (pattern.split(hole).length > 2) throw refuse(`names the ${word} twice`)
    expression = new RegExp(`^(?:.*/)?${source}$`, 'u')
  } else {
    if (!/\((?!\?[:=!]|\?<[=!])/.test(pattern)) throw refuse(`says nowhere where the ${word} is`)
    try {
      expression = new RegExp(pattern, 'u')
    } catch {
      throw refuse('is not a pattern')
    }
  }
  return (path) => {
    const found = expression.exec(whole ? path : path.slice(path.lastIndexOf('/') + 1))
    const value = found?.groups?.[word] ?? found?.[1]
    return value === undefined || value.trim() === '' ? null : value.trim()
  }
}

/**
 * What a file's name begins with before its number: `cat` of `cat.0.png`, `n01440764` of `n01440764_10.jpeg`; null where there is no
 * number.
 */
export function prefixOf(path: string): string | null {
  const stem = stemOf(path.slice(path.lastIndexOf('/') + 1))
  return (/^(.*[^._\-\s])[._\-\s]+\(?\d+\)?$/u.exec(stem) ?? /^(.*[^\d._\-\s])\d+$/u.exec(stem))?.[1] ?? null
}
