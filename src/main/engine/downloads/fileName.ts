import { WorkbenchError } from '../../../shared/errors.ts'

/** In bytes: what file systems take, less what a browser adds to tell several apart. */
const longest = 200
/** Names of devices on Windows, whatever their ending. */
const devices = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i
/** What changes how the rest of a name is shown: an ending can be made to look like another. */
const misleading = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

/**
 * A name under which a file can be kept on any system, as it was typed but for white space around it.
 * @throws WorkbenchError EXPORT_UNWRITABLE, saying what is wrong with it
 */
export function requireFileName(typed: string): string {
  const name = typed.trim()
  const wrong =
    name === ''
      ? 'it is empty'
      : /[\\/]/.test(name)
        ? 'it holds a slash'
        : misleading.test(name)
          ? 'it holds characters that cannot be seen'
          : /[<>:"|?*]/.test(name)
            ? `it holds ${/[<>:"|?*]/.exec(name)![0]}`
            : name.startsWith('.')
              ? 'it begins with a dot'
              : name.endsWith('.')
                ? 'it ends with a dot'
                : devices.test(name)
                  ? 'Windows has a device of that name'
                  : Buffer.byteLength(name) > longest
                    ? `it is longer than ${longest} bytes`
                    : null
  if (wrong === null) return name
  const shown = [...name.replaceAll(new RegExp(misleading, 'gu'), '\uFFFD')].slice(0, 60).join('')
  throw new WorkbenchError('EXPORT_UNWRITABLE', `“${shown}” cannot be the name of a file: ${wrong}; choose another.`, {
    field: 'out',
  })
}
