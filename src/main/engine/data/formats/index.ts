import type { Format } from './format.ts'
import cifar from './cifar.ts'
import csv from './csv.ts'
import hdf5 from './hdf5.ts'
import idx from './idx.ts'
import npy from './npy.ts'
import npz from './npz.ts'

/** Every kind of file that can be imported, the surest to recognise first. */
export const formats: readonly Format[] = [npz, npy, hdf5, idx, cifar, csv]
