import { countsOf, edgesOf } from '../histogram.ts'
import type { Answer } from '../question.ts'
import { codesOf } from '../rows.ts'

/** How the activations of each code unit, and of all together, are distributed over the test split. */
export const histograms: Answer<'histograms'> = async ({ bins }, { subject, report }) => {
  const { dataset, network } = subject
  const codes = await codesOf(subject, dataset.test, report)
  const edges = edgesOf(codes, network.codeActivation, bins)
  const counts = countsOf(codes, network.codeSize, edges)
  const total = new Int32Array(bins)
  counts.forEach((count, at) => {
    total[at % bins]! += count
  })
  return { kind: 'histograms', units: network.codeSize, images: dataset.test.length, edges, counts, total }
}
