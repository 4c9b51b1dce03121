import { unsupportedFile } from '../byte-stream.ts'
import { readNpz } from '../npz.ts'
import { chooseArrays } from './choose.ts'
import type { Format } from './format.ts'
import { namedFiles, openWithParts, setsOf } from './parts-of-files.ts'

const ending = /\.npz$/i

/** An archive of NumPy arrays, told apart by their names. */
const npz: Format = {
  name: 'npz',
  title: 'an npz file',
  named: ending,
  recognise: (_, start) => start[0] === 0x50 && start[1] === 0x4b,
  inFolder: (folder, names) => setsOf(namedFiles(folder, names, ending)),
  open: (path, alone, choice) =>
    openWithParts(path, alone, ending, async (file, one) => {
      const arrays = await readNpz(file)
      if (arrays.size === 0 && /\.(pt|pth|ckpt)$/i.test(file)) {
        throw unsupportedFile(
          file,
          'is a PyTorch file of pickled objects, which are never unpacked because they can run programs; save ' +
            'its tensors with numpy.savez.',
        )
      }
      return chooseArrays(file, arrays, one, choice)
    }),
}
export default npz
