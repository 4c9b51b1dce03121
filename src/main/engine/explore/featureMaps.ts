import { sizeOf, type Shape } from '../../../shared/shape.ts'
import { batchSize, forEachBatch } from '../evaluate/samples.ts'
import type { Report } from '../evaluate/report.ts'
import type { LayerPass } from '../network/jacobian.ts'
import type { Layer } from '../network/layer.ts'
import { tf, type Tensor } from '../trace/tensorflow.ts'
import { unsuitable } from './question.ts'
import { sampleRows } from './rows.ts'
import type { Subject } from './subject.ts'

/** The most images that are remembered for a filter. */
const mostExciting = 24
/** Values that a batch's layers may have together. */
const valuesAtOnce = 16 * 2 ** 20

/**
 * What the places of a convolution's maps read, along one axis of the image: the place of number i reads `size` pixels from
 * first + i step.
 */
interface Field {
  first: number
  step: number
  size: number
}

/** An encoder's layer whose outputs are maps: a filter each, read place by place. */
export interface Convolved {
  /** `conv0` */
  name: string
  /** Its place among the encoder's layers. */
  at: number
  filters: number
  maps: Shape
  across: Field
  down: Field
}

/** The encoder's convolutions in order. @throws WorkbenchError QUESTION_UNSUITABLE where there is none */
export function convolvedOf({ network }: Pick<Subject, 'network'>): Convolved[] {
  const found: Convolved[] = []
  let across: Field = { first: 0, step: 1, size: 1 },
    down = across
  network.layers.encoder.forEach(({ name, map }: Layer, at) => {
    if (map.stride === undefined) return
    across = through(across, map.in.width, map.out.width, map.filter.width, map.stride)
    down = through(down, map.in.height, map.out.height, map.filter.height, map.stride)
    found.push({ name: name.split('/').at(-1)!, at, filters: map.out.channels, maps: map.out, across, down })
  })
  if (found.length === 0) throw unsuitable('This network has no convolutions, so it has no feature maps; see its units instead.')
  return found
}

/** A field seen through one more convolution of SAME padding. */
function through({ first, step, size }: Field, from: number, to: number, kernel: number, stride: number): Field {
  const before = Math.floor(Math.max((to - 1) * stride + kernel - from, 0) / 2)
  return { first: first - before * step, step: step * stride, size: size + (kernel - 1) * step }
}

/** How an answer describes a convolution. */
export const describedOf = ({ name, filters, maps: { width, height }, across, down }: Convolved) => ({
  name,
  filters,
  width,
  height,
  field: { width: across.size, height: down.size },
})

/** How each filter of a layer answers to a sample of images; `exciting` images a filter, the strongest first, equal ones by row. */
export interface Peaks {
  minimum: Float32Array<ArrayBuffer>
  maximum: Float32Array<ArrayBuffer>
  exciting: number
  /** [filters, exciting]: rows of the dataset, the largest activation there, and at which place of the map. */
  rows: Int32Array
  values: Float32Array
  places: Int32Array
}

/** The peaks of every convolution over up to so many test images, one of each class in turn; remembered. */
export async function peaksOf(subject: Subject, images: number, report: Report): Promise<{ sampled: number; peaks: Peaks[] }> {
  return subject.rememberLater(`peaks ${images}`, async () => {
    const { dataset, network } = subject
    const layers = convolvedOf(subject)
    const rows = sampleRows(dataset.test, dataset.labels, images, 1)
    const exciting = Math.min(mostExciting, rows.length)
    const peaks = layers.map(({ filters }): Peaks => {
      const values = new Float32Array(filters * exciting).fill(-Infinity)
      const [rows, places] = [new Int32Array(filters * exciting), new Int32Array(filters * exciting)]
      const minimum = new Float32Array(filters).fill(Infinity)
      return { minimum, maximum: new Float32Array(filters).fill(-Infinity), exciting, rows, values, places }
    })
    const each = network.layers.encoder.reduce((sum, { map }) => sum + sizeOf(map.in) + 2 * sizeOf(map.out), 0)
    const limit = Math.max(1, Math.min(batchSize(dataset.rowSize), Math.floor(valuesAtOnce / each)))
    await forEachBatch(
      dataset,
      rows,
      async ({ start, size, inputs }) => {
        const found = tf.tidy(() => {
          const passes = network.encodeLayers(inputs).layers
          return layers.map((layer) => {
            const maps = mapsOf(passes, layer)
            return { low: maps.min(1), high: maps.max(1), place: maps.argMax(1) }
          })
        })
        found.forEach(({ low, high, place }, at) =>
          merge(peaks[at]!, rows.subarray(start, start + size), numbers(low), numbers(high), numbers(place)),
        )
        await report((start + size) / rows.length)
      },
      limit,
    )
    return { sampled: rows.length, peaks }
  })
}

/** What a layer gave as maps: [N, places, filters]. */
export const mapsOf = (passes: readonly LayerPass[], { at, filters, maps }: Convolved): Tensor =>
  passes[at]!.output.reshape([-1, maps.height * maps.width, filters])

/** Filters whose map never changes, as 1 and 0. */
export const deadOf = ({ minimum, maximum }: Peaks): Int32Array<ArrayBuffer> =>
  Int32Array.from(maximum, (value, filter) => (value === minimum[filter] ? 1 : 0))

function numbers(tensor: Tensor): ArrayLike<number> {
  const values = tensor.dataSync()
  tensor.dispose()
  return values
}

/** Takes the figures of a batch into those of before. @param low of each row and filter [N, filters], as `high` and `place` are */
function merge(peaks: Peaks, rows: Uint32Array, low: ArrayLike<number>, high: ArrayLike<number>, place: ArrayLike<number>): void {
  const { minimum, maximum, exciting } = peaks
  const filters = maximum.length
  for (let i = 0; i < low.length; i++) {
    const filter = i % filters,
      value = high[i]!
    minimum[filter] = Math.min(minimum[filter]!, low[i]!)
    maximum[filter] = Math.max(maximum[filter]!, value)
    const first = filter * exciting,
      end = first + exciting
    let to = end
    while (to > first && value > peaks.values[to - 1]!) to--
    if (to === end) continue
    for (const list of [peaks.values, peaks.rows, peaks.places]) list.copyWithin(to + 1, to, end - 1)
    peaks.values[to] = value
    peaks.rows[to] = rows[(i - filter) / filters]!
    peaks.places[to] = place[i]!
  }
}
