import { product } from '../../src/main/engine/network/operations.ts'
import { tf, type Tensor2D } from '../../src/main/engine/trace/tensorflow.ts'

/**
 * Prints the milliseconds that the five matrix products of a step of contrastive divergence take by themselves: what no
 * implementation of it on this library can be below.
 */
const [visible, hidden, batch, steps] = process.argv.slice(2).map(Number) as [number, number, number, number]
const v = tf.randomUniform([batch, visible]) as Tensor2D,
  h = tf.randomUniform([batch, hidden]) as Tensor2D,
  kernel = tf.randomNormal([visible, hidden]) as Tensor2D
const once = () => {
  const results = [
    product(v, kernel),
    product(h, kernel, false, true),
    product(v, kernel),
    product(v, h, true),
    product(v, h, true),
  ]
  for (const result of results) result.dispose()
}
for (let step = 0; step < 20; step++) once()
const started = performance.now()
for (let step = 0; step < steps; step++) once()
const msPerStep = (performance.now() - started) / steps
console.log(JSON.stringify({ msPerStep, gigaflops: (5 * 2 * batch * visible * hidden) / msPerStep / 1e6 }))
