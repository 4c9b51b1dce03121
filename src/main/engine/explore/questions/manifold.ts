import { tf } from '../../trace/tensorflow.ts'
import { withinRange } from '../decoding.ts'
import { axisOf, codesOfPlaces, manifoldFor } from '../manifold.ts'
import { picturesInParts } from '../pictures.ts'
import type { Answer } from '../question.ts'
import { sampleRows } from '../rows.ts'

/** What the decoder makes of places spread over the code. */
export const manifold: Answer<'manifold'> = async ({ size, slices, codes: shown }, { subject, drawing, report }) => {
  const { network, dataset } = subject
  const found = await manifoldFor(subject, report)
  const { place, dimensions, plane, rows, coordinates } = found
  const axes = Array.from({ length: dimensions }, (_, axis) => axisOf(found, axis, axis === 2 ? slices : size))
  const places = axes.reduce<number[][]>((tails, axis) => [...axis].flatMap((value) => tails.map((tail) => [...tail, value])), [[]])
  const at = tf.tensor2d(
    places.map((each) => [...each]),
    [places.length, dimensions],
  )
  const codes = withinRange(subject, codesOfPlaces(found, at, network.codeSize))
  const chosen = new Set(sampleRows(rows, dataset.labels, shown, 1))
  const kept = Array.from(rows, (_, i) => i).filter((i) => chosen.has(rows[i]!))
  const ends = axes.map(endsOf)
  const isBeyond = (i: number) =>
    ends.some(([low, high], axis) => {
      const value = coordinates[i * dimensions + axis]!
      return value < low || value > high
    })
  return {
    kind: 'manifold',
    place,
    dimensions,
    axes,
    sentence: sentenceOf(place, network.codeSize, plane?.explained ?? []),
    pictures: picturesInParts(places.length, drawing, (start, count) => network.decode(codes.slice([start, 0], [count, -1]))),
    codes: {
      coordinates: Float32Array.from(kept.flatMap((i) => [...coordinates.subarray(i * dimensions, (i + 1) * dimensions)])),
      rows: Int32Array.from(kept, (i) => rows[i]!),
      labels: subject.labelsOf(kept.map((i) => rows[i]!)),
    },
    beyond: kept.filter(isBeyond).length,
  }
}

/** How far the pictures of an axis reach: half a step beyond the first one and the last. */
function endsOf(axis: Float32Array): [low: number, high: number] {
  const [first, second, last, before] = [axis[0]!, axis[1] ?? axis[0]!, axis.at(-1)!, axis.at(-2) ?? axis[0]!]
  return [first - (second - first) / 2, last + (last - before) / 2]
}

function sentenceOf(place: 'quantiles' | 'range' | 'plane', units: number, explained: number[]): string {
  if (place === 'quantiles')
    return 'Images of codes at evenly spaced quantiles of the prior: each row and column is equally probable.'
  if (place === 'range')
    return 'Images of codes evenly spaced over the range of the test codes, from their 1st to their 99th percentile.'
  const share = Math.round(100 * explained.reduce((sum, value) => sum + value, 0))
  return (
    `Images of codes on the plane of the two leading principal components of the ${units} code units, ` +
    `which hold ${share}% of the variance of the test codes; the other directions are at their means.`
  )
}
