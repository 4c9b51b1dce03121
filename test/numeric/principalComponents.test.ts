import { test } from 'node:test'
import assert from 'node:assert/strict'
import { principalComponents } from '../../src/main/engine/network/principalComponents.ts'
import { tf, type Tensor2D } from '../../src/main/engine/trace/tensorflow.ts'

const componentsOf = async (rows: number[][], count: number): Promise<number[][]> => {
  const data = {
    count: rows.length,
    rowSize: rows[0]!.length,
    *batches(): Generator<Tensor2D> {
      yield tf.tensor2d(rows)
    },
  }
  return (await principalComponents(data, count, async () => {})).components.transpose<Tensor2D>().arraySync()
}
const dot = (a: number[], b: number[]) => a.reduce((sum, value, index) => sum + value * b[index]!, 0)

test('components have length 1 and a sign also where entries of opposite signs are equally large', async () => {
  const half = Math.SQRT1_2
  for (const rows of [
    [
      [1, -1],
      [-1, 1],
      [3, -3],
      [-3, 3],
    ],
    [
      [3, -3],
      [-3, 3],
      [1, 1],
      [-1, -1],
    ],
    [
      [-1, -1],
      [1, 1],
      [0.5, -0.5],
      [-0.5, 0.5],
    ],
  ]) {
    const [first, second] = (await componentsOf(rows, 2)) as [number[], number[]]
    for (const component of [first, second]) {
      assert.ok(Math.abs(dot(component, component) - 1) < 1e-6, `[${component.join(', ')}] has not length 1`)
      assert.ok(component[0]! > 0, 'the first of the largest entries is positive')
    }
    const sign = Math.sign(rows[0]![0]! * rows[0]![1]!)
    assert.ok(Math.abs(first[0]! - half) < 1e-6 && Math.abs(first[1]! - sign * half) < 1e-6)
    assert.ok(Math.abs(dot(first, second)) < 1e-6)
  }
})
