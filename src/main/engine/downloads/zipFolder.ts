import { readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { writeWhole } from '../export/targetFile.ts'
import { ZipWriter } from '../files/zipWriter.ts'

/**
 * Puts a folder's files into an archive beside it, below the folder's name, and removes the folder.
 * @returns the path of the archive. @throws WorkbenchError DISK_FULL
 */
export async function zipFolder(folder: string): Promise<string> {
  const archive = `${folder}.zip`
  await writeWhole(archive, true, async (temporary) => {
    const zip = await ZipWriter.create(temporary)
    try {
      for (const entry of (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1)))
        if (entry.isFile()) await zip.addFile(`${path.basename(folder)}/${entry.name}`, path.join(folder, entry.name), () => {})
      await zip.finish()
    } finally {
      await zip.close()
    }
  })
  await rm(folder, { recursive: true, force: true })
  return archive
}
