import { unsupportedFile } from '../byte-stream.ts'
import { readNpz } from '../npz.ts'
import { testPart, trainPart } from '../request.ts'
import type { Format, Labelled } from './format.ts'

/** Names of arrays in any case, the first that is there. */
const trainImages = ['x_train', 'train_images', 'x', 'images', 'data']
const trainLabels = ['y_train', 'train_labels', 'y', 'labels', 'label', 'targets', 'target']
const testImages = ['x_test', 'test_images'], testLabels = ['y_test', 'test_labels']

/** An archive of NumPy arrays, told apart by their names. */
const npz: Format = {
  name: 'npz',
  title: 'an npz file',
  named: /\.npz$/i,
  offered: /\.npz$/i,
  recognise: (_, start) => start[0] === 0x50 && start[1] === 0x4b,
  async open(path, alone) {
    const arrays = await readNpz(path), used = new Set<string>()
    const pick = (keys: readonly string[]) => {
      for (const key of keys) for (const name of arrays.keys()) if (name.toLowerCase() === key) { used.add(name); return arrays.get(name)! }
      return null
    }
    const find = async (images: readonly string[], labels: readonly string[]): Promise<Labelled | null> => {
      const array = await pick(images)?.()
      if (!array) return null
      if ('characters' in array) throw unsupportedFile(path, `holds text in ${array.name} where images should be.`)
      return { images: array, labels: await pick(labels)?.() ?? null }
    }
    const unused = () => [...arrays.keys()].filter((name) => !used.has(name))
    if (alone) {
      const only = await find([...testImages, ...trainImages], [...testLabels, ...trainLabels])
      if (!only) throw unsupportedFile(path, 'holds no array named x_test, x, images or data.')
      return { parts: [{ part: testPart, ...only }], unused: unused() }
    }
    const train = await find(trainImages, trainLabels)
    const holds = [...arrays.keys()].join(', ') || 'no arrays'
    if (!train) throw unsupportedFile(path, `holds ${holds}; the images must be named x, images, data or x_train (labels: y, labels or y_train).`)
    const test = await find(testImages, testLabels)
    return { parts: [{ part: trainPart, ...train }, ...(test ? [{ part: testPart, ...test }] : [])], unused: unused() }
  },
}
export default npz
