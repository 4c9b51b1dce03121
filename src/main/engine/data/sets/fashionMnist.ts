import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { InstalledSet } from './set.ts'

const train = 'train-images-idx3-ubyte.gz'
const debianPackage = 'dataset-fashion-mnist'

/** Xiao, Rasul and Vollgraf, "Fashion-MNIST", 2017 (arXiv 1708.07747), from where Debian's package puts it. */
export const fashionMnist: InstalledSet = {
  kind: 'files',
  name: 'fashionMnist',
  title: 'Fashion-MNIST',
  description: 'Gray pictures of clothes in ten classes, 28 × 28 pixels, with their own test split.',
  comparable: true,
  folder() {
    const shared = (process.env['XDG_DATA_DIRS'] || '/usr/local/share:/usr/share').split(':').filter(Boolean)
    return shared.map((folder) => join(folder, 'datasets', 'fashion-mnist')).find((at) => existsSync(join(at, train))) ?? null
  },
  missing:
    `Fashion-MNIST is not installed; install Debian’s package (sudo apt install ${debianPackage}), ` +
    'or import a folder with its four files.',
  train,
  test: 't10k-images-idx3-ubyte.gz',
  classes: ['T-shirt/top', 'Trouser', 'Pullover', 'Dress', 'Coat', 'Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot'],
}
