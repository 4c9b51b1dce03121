import { isAlwaysOn } from '../../../../shared/activity.ts'
import { inactiveState } from '../../network/activation.ts'
import { isPrior } from '../../../../shared/collapse.ts'
import type { ResultOf } from '../../../../shared/answers.ts'
import { sizeOf } from '../../../../shared/shape.ts'
import { unitStatistics } from '../../evaluate/collapse.ts'
import type { Report } from '../../evaluate/report.ts'
import { nearEnd } from '../../figures/protocol.ts'
import { filterOf, usedKernel, type Layer } from '../../network/layer.ts'
import { tf, type Tensor2D } from '../../trace/tensorflow.ts'
import { countsOf, edgesOf } from '../histogram.ts'
import { picturesInParts, signedPictures } from '../pictures.ts'
import { part, type Answer } from '../question.ts'
import { codesOf, sampleRows } from '../rows.ts'
import type { Subject } from '../subject.ts'
import { jacobianOf } from '../tangent.ts'

/** A unit that is active in a smaller share of the images is sparse. */
const sparse = 0.2
/** Images that a mean gradient is of. */
const gradientImages = 64

/** What each code unit does over the test split. */
export const units: Answer<'units'> = async ({ offset, count, exciting, bins }, { subject, drawing, report }) => {
  const { dataset, network } = subject
  const { codeSize, codeActivation, gated } = network
  const rows = dataset.test
  const codes = await codesOf(subject, rows, part(report, 0, 0.4))
  const figures = figuresOf(codes, codeSize, inactiveState(codeActivation, gated))
  const latent = network.latent
  const statistics = latent ? await unitStatistics(latent, dataset, rows, part(report, 0.4, 0.7)) : null
  const outgoing = latent?.outgoing() ?? []
  const collapsed = new Set(subject.target.collapsed ?? [])
  const state = Array.from({ length: codeSize }, (_, unit): ResultOf<'units'>['state'][number] => {
    if (statistics) {
      const of = {
        kl: statistics.kl[unit]!,
        mean: statistics.mean[unit]!,
        meanVariance: statistics.meanVariance[unit]!,
        deviation: statistics.deviation[unit]!,
      }
      return collapsed.has(unit) ? 'collapsed' : isPrior(of) ? 'silent' : 'active'
    }
    const activity = figures.activity[unit]!
    return activity === 0 || figures.maximum[unit] === figures.minimum[unit]
      ? 'dead'
      : isAlwaysOn(activity)
        ? 'alwaysOn'
        : activity < sparse
          ? 'sparse'
          : 'active'
  })

  const shown = Int32Array.from({ length: Math.max(0, Math.min(count, codeSize - offset)) }, (_, i) => offset + i)
  const filters = await filtersOf(subject, shown, part(report, 0.7, 1))
  const most = Math.min(exciting, rows.length)
  const found = strongest(codes, codeSize, shown, most)
  const edges = edgesOf(codes, codeActivation, bins)
  const excitingRows = Int32Array.from(found.places, (place) => rows[place]!)
  const floats = (values: readonly number[]) => Float32Array.from(values)
  return {
    kind: 'units',
    units: codeSize,
    images: rows.length,
    ...figures,
    state,
    posterior: statistics && {
      kl: floats(statistics.kl),
      mean: floats(statistics.mean),
      meanVariance: floats(statistics.meanVariance),
      deviation: floats(statistics.deviation),
      outgoing: floats(outgoing),
    },
    edges,
    counts: countsOf(codes, codeSize, edges),
    shown,
    filterOf: singleLayer(subject) ? 'kernel' : 'meanGradient',
    filters: signedPictures(filters, drawing),
    excitingRows,
    excitingLabels: subject.labelsOf(excitingRows),
    excitingValues: found.values,
    exciting:
      most > 0
        ? picturesInParts(excitingRows.length, drawing, (start, some) => subject.inputs(excitingRows.subarray(start, start + some)))
        : null,
  }
}

/** Of every column of codes [n, Z]. */
function figuresOf(codes: Float32Array, codeSize: number, inactive: number) {
  const count = codes.length / codeSize,
    zeros = () => new Float64Array(codeSize)
  const sum = zeros(),
    squares = zeros(),
    active = zeros(),
    minimum = zeros().fill(Infinity),
    maximum = zeros().fill(-Infinity)
  codes.forEach((value, at) => {
    const unit = at % codeSize
    sum[unit]! += value
    minimum[unit] = Math.min(minimum[unit]!, value)
    maximum[unit] = Math.max(maximum[unit]!, value)
    if (Math.abs(value - inactive) > nearEnd) active[unit]!++
  })
  codes.forEach((value, at) => {
    squares[at % codeSize]! += (value - sum[at % codeSize]! / count) ** 2
  })
  return {
    mean: Float32Array.from(sum, (value) => value / count),
    deviation: Float32Array.from(squares, (value) => Math.sqrt(value / count)),
    minimum: Float32Array.from(minimum),
    maximum: Float32Array.from(maximum),
    activity: Float32Array.from(active, (value) => value / count),
  }
}

/** The rows in which some units are largest, the largest first, [units, most]; equal ones by row. */
function strongest(codes: Float32Array, codeSize: number, units: Int32Array, most: number) {
  const count = codes.length / codeSize
  const places = new Int32Array(units.length * most),
    values = new Float32Array(units.length * most)
  values.fill(-Infinity)
  units.forEach((unit, at) => {
    const first = at * most
    for (let i = 0; i < count; i++) {
      const value = codes[i * codeSize + unit]!
      let place = first + most
      while (place > first && value > values[place - 1]!) place--
      if (place === first + most) continue
      values.copyWithin(place + 1, place, first + most - 1)
      places.copyWithin(place + 1, place, first + most - 1)
      values[place] = value
      places[place] = i
    }
  })
  return { places, values }
}

/** The only layer of an encoder whose code units are its filters, each as large as an input; null where there is none. */
function singleLayer({ network }: Subject): Layer | null {
  const [first, second] = network.layers.encoder
  return second === undefined && sizeOf(first!.map.filter) === sizeOf(network.input) ? first! : null
}

/**
 * What of the input a unit answers to, [units, D]: its filter, or of a deeper encoder its mean gradient over some test images.
 */
async function filtersOf(subject: Subject, units: Int32Array, report: Report): Promise<Tensor2D> {
  const { network } = subject
  const { codeSize } = network,
    inputSize = sizeOf(network.input)
  const single = singleLayer(subject)
  if (single) {
    const kernel = usedKernel(network.config.network, network.weight(single.kernel), codeSize)
    const filters = new Float32Array(units.length * inputSize)
    units.forEach((unit, at) => filters.set(filterOf(kernel, codeSize, unit), at * inputSize))
    return tf.tensor2d(filters, [units.length, inputSize])
  }
  const chosen = tf.tensor1d(units.slice(), 'int32')
  const rows = sampleRows(subject.dataset.test, subject.dataset.labels, gradientImages, 1)
  let sum = tf.zeros([units.length, inputSize]) as Tensor2D
  for (const [index, row] of rows.entries()) {
    const next = tf.tidy(() => sum.add(tf.gather(jacobianOf(network.encodeLayers(subject.inputs([row]))), chosen)) as Tensor2D)
    sum.dispose()
    sum = next
    await report((index + 1) / rows.length)
  }
  return sum
}
