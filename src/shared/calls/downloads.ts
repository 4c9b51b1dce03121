import { z } from 'zod'
import { idSchema } from '../domain.ts'
import { call, path } from './call.ts'

const downloadRef = z.strictObject({ download: idSchema })

/** What a browser is to download: a file of its own for each, gone once it was sent, broken off, or nobody asked for it. */
export const downloadCalls = {
  /**
   * A place for one, to be given as `out` to whatever writes it. `folder`: it is to be a folder, which is sent as a zip archive.
   * Errors: EXPORT_UNWRITABLE where the name cannot be a file's.
   */
  'downloads.begin': call(
    z.strictObject({ name: z.string().max(32_768), folder: z.boolean().default(false) }),
    z.object({ download: idSchema, path: z.string() }),
  ),
  /** Once it is written: where this page can fetch it, once, within ten minutes. The address is told to nobody else. */
  'downloads.ready': call(downloadRef, z.object({ name: z.string(), bytes: z.int(), address: z.string() })),
  /** The path of a name in a folder, and what is there. Errors: EXPORT_UNWRITABLE where the name cannot be a file's. */
  'paths.target': call(
    z.strictObject({ folder: path, name: z.string().max(32_768) }),
    z.object({ path: z.string(), exists: z.enum(['file', 'folder']).nullable() }),
  ),
  /** Nobody wants it any more. */
  'downloads.end': call(downloadRef, z.object({})),
} as const
