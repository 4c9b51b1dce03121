import type { Report } from '../../evaluate/report.ts'
import { tf } from '../../trace/tensorflow.ts'
import { withinRange } from '../decoding.ts'
import { imageOf } from '../images.ts'
import { picturesInParts, picturesOf, read } from '../pictures.ts'
import { unsuitable, type Answer } from '../question.ts'
import { codesOf, sampleRows } from '../rows.ts'
import type { Subject } from '../subject.ts'

/** Units that are shown where none are named. */
const usualUnits = 32
const summarisedCodes = 5000

/** One unit of a code at a time, from one end to the other, all others as they are. */
export const traverse: Answer<'traverse'> = async ({ image, units: wanted, range, steps }, { subject, drawing, report }) => {
  const { network } = subject
  const { codeSize } = network
  const wrong = wanted?.find((unit) => unit >= codeSize)
  if (wrong !== undefined)
    throw unsuitable(`There is no unit ${wrong} in a code of ${codeSize}; choose one from 0 to ${codeSize - 1}.`, 'question.units')
  const prior = network.prior !== null
  const summary = prior ? null : await summaryOf(subject, report)
  const base = image
    ? read(network.encode((await imageOf(subject, image)).inputs))
    : Float32Array.from(summary?.mean ?? new Float64Array(codeSize))
  const units = wanted ?? unitsOf(summary?.deviation ?? null, codeSize)
  const low = Float32Array.from(units, (unit) => (prior ? -range : base[unit]! - range * summary!.deviation[unit]!))
  const high = Float32Array.from(units, (unit) => (prior ? range : base[unit]! + range * summary!.deviation[unit]!))
  const codes = new Float32Array(units.length * steps * codeSize)
  units.forEach((unit, at) => {
    for (let step = 0; step < steps; step++) {
      const from = (at * steps + step) * codeSize
      codes.set(base, from)
      codes[from + unit] = low[at]! + ((high[at]! - low[at]!) * step) / (steps - 1)
    }
  })
  const z = withinRange(subject, tf.tensor2d(codes, [units.length * steps, codeSize]))
  const reached = read(z)
  return {
    kind: 'traverse',
    base,
    basePicture: picturesOf(network.decode(tf.tensor2d(base.slice(), [1, codeSize])), drawing),
    units: Int32Array.from(units),
    steps,
    values: Float32Array.from({ length: units.length * steps }, (_, i) => reached[i * codeSize + units[Math.floor(i / steps)]!]!),
    pictures: picturesInParts(units.length * steps, drawing, (start, count) => network.decode(z.slice([start, 0], [count, -1]))),
    low,
    high,
  }
}

/** The units that vary most where there are many, in their order. */
function unitsOf(deviation: Float64Array | null, codeSize: number): number[] {
  const all = Array.from({ length: codeSize }, (_, unit) => unit)
  if (codeSize <= usualUnits) return all
  return (deviation ? all.sort((a, b) => deviation[b]! - deviation[a]!) : all).slice(0, usualUnits).sort((a, b) => a - b)
}

/** Mean and deviation of every unit over training codes. */
const summaryOf = (subject: Subject, report: Report): Promise<{ mean: Float64Array; deviation: Float64Array }> =>
  subject.rememberLater('summary', async () => {
    const rows = sampleRows(subject.trainRows, null, summarisedCodes, 1),
      { codeSize } = subject.network
    const codes = await codesOf(subject, rows, report)
    const mean = new Float64Array(codeSize),
      squares = new Float64Array(codeSize)
    codes.forEach((value, at) => {
      mean[at % codeSize]! += value / rows.length
    })
    codes.forEach((value, at) => {
      squares[at % codeSize]! += (value - mean[at % codeSize]!) ** 2 / rows.length
    })
    return { mean, deviation: squares.map(Math.sqrt) }
  })
