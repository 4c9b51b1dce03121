import { dirname, isAbsolute } from 'node:path'
import { WorkbenchError } from '../../../shared/errors.ts'
import { checkTarget, writeChecked } from '../export/targetFile.ts'
import { whileNoted } from '../export/targetNotes.ts'

/**
 * Writes a text where that was asked for: whole, or not at all. @returns the file's path, or null where none was named.
 * @throws WorkbenchError CALL_INVALID, EXPORT_EXISTS, EXPORT_UNWRITABLE, DISK_FULL
 */
export async function writeText(
  home: string,
  text: string,
  { out, force }: { out?: string | undefined; force: boolean },
): Promise<string | null> {
  if (out === undefined) return null
  if (!isAbsolute(out))
    throw new WorkbenchError('CALL_INVALID', `“${out}” is not an absolute path; give the file's whole path.`, { field: 'out' })
  const target = await checkTarget(out, force, home)
  await whileNoted(home, [dirname(target)], () => writeChecked(target, Buffer.from(text), force, async () => {}))
  return target
}
