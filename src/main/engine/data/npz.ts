import { basename } from 'node:path'
import { openNpy, type NpzArray } from './npy.ts'
import { readZip } from './zip.ts'

/**
 * The arrays of an npz archive by their names, each opened (not read) when it is asked for.
 * @throws WorkbenchError FILE_DAMAGED, FILE_UNSUPPORTED
 */
export async function readNpz(path: string): Promise<Map<string, () => Promise<NpzArray>>> {
  const members = (await readZip(path)).filter((member) => member.name.endsWith('.npy'))
  return new Map(
    members.map(({ name, size, pieces }) => {
      const plain = name.slice(0, -4)
      return [plain, () => openNpy({ file: path, name: `${basename(path)}/${plain}`, size, pieces })]
    }),
  )
}
