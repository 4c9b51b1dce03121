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
    // Of values that lie on a line there is one component.
    const onLine = rows.every(([x, y]) => Math.abs(x! * rows[0]![1]! - y! * rows[0]![0]!) < 1e-9)
    if (onLine) assert.deepEqual(second, [0, 0])
    for (const component of onLine ? [first] : [first, second]) {
      assert.ok(Math.abs(dot(component, component) - 1) < 1e-6, `[${component.join(', ')}] has not length 1`)
      assert.ok(component[0]! > 0, 'the first of the largest entries is positive')
    }
    const sign = Math.sign(rows[0]![0]! * rows[0]![1]!)
    assert.ok(Math.abs(first[0]! - half) < 1e-6 && Math.abs(first[1]! - sign * half) < 1e-6)
    assert.ok(Math.abs(dot(first, second)) < 1e-6)
  }
})

test('beyond the rank there are no components: fewer images than units, copies, values that never vary', async () => {
  const draws = Array.from({ length: 4 }, (_, row) => Array.from({ length: 9 }, (__, at) => Math.sin((row + 1) * (at + 1) ** 2)))
  const cases: [rows: number[][], rank: number][] = [
    [draws, 3],
    [[...draws, ...draws, ...draws], 3],
    [draws.map((row) => row.map((value, at) => (at < 7 ? 0.3 : value))), 2],
    [[draws[0]!, draws[0]!, draws[0]!], 0],
  ]
  for (const [rows, rank] of cases) {
    const components = await componentsOf(rows, 8)
    components.forEach((component, at) => {
      assert.ok(Math.abs(dot(component, component) - Number(at < rank)) < 1e-5, `component ${at} of ${rank}: ${component}`)
      for (const other of components.slice(0, at)) assert.ok(Math.abs(dot(component, other)) < 1e-5)
    })
    // The data themselves are rebuilt: what was left out is nothing.
    const mean = rows[0]!.map((_, at) => rows.reduce((sum: number, row) => sum + row[at]!, 0) / rows.length)
    for (const row of rows) {
      const centred = row.map((value, at) => value - mean[at]!)
      const rebuilt = mean.map((value, at) => components.reduce<number>((sum, one) => sum + dot(centred, one) * one[at]!, value))
      rebuilt.forEach((value, at) => assert.ok(Math.abs(value - row[at]!) < 1e-5))
    }
  }
})
