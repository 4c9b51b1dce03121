import { thousands } from '../../../../shared/words.ts'
import type { Report } from '../../evaluate/report.ts'
import { tf } from '../../trace/tensorflow.ts'
import { drawsOf } from '../corrupt.ts'
import { distributionOf, distributionWords, rangeWords, withinRange } from '../decoding.ts'
import { drawCodes, fitMixture, fitNormal, type Normal } from '../density.ts'
import { picturesInParts, read } from '../pictures.ts'
import { part, unsuitable, type Answer } from '../question.ts'
import { codesOf, sampleRows } from '../rows.ts'
import type { Subject } from '../subject.ts'

/** Codes that a distribution is fitted to; more change little. */
const fittedCodes = 8000
/** A full covariance of more units has more entries than there are codes to tell them. */
const mostUnits = 512

/** New images: codes drawn from the prior, or from what was fitted to the training codes, decoded. */
export const generate: Answer<'generate'> = async (
  { from: wanted, components, count, sampled, seed },
  { subject, drawing, report },
) => {
  const { network } = subject
  const from = wanted ?? (network.prior ? 'prior' : 'gaussian')
  if (from === 'prior' && !network.prior) {
    throw unsuitable(
      'This network was not trained against a prior, so there is none to draw codes ' +
        'from; draw them from a Gaussian or a mixture that is fitted to its codes.',
      'question.from',
    )
  }
  const density =
    from === 'prior' ? standard(network.codeSize) : await fit(subject, from === 'gaussian' ? 1 : components, part(report, 0, 0.95))
  const distribution = await distributionOf(subject)
  const z = withinRange(subject, tf.tensor2d(drawCodes(density, count, seed), [count, network.codeSize]))
  const pictures = picturesInParts(count, drawing, (start, some) =>
    tf.tidy(() => {
      const { mean, drawn } = network.drawDecoded(z.slice([start, 0], [some, -1]), distribution, drawsOf(seed, 1 + start))
      return sampled ? drawn : mean
    }),
  )
  const fitted = () =>
    `fitted to ${thousands(Math.min(fittedCodes, subject.trainRows.length))} codes ` +
    `of training images${rangeWords(subject)}; this network was not trained to make them so`
  const source =
    from === 'prior'
      ? 'the prior, a standard normal distribution'
      : `${from === 'gaussian' ? 'a normal distribution' : `a mixture of ${density.length} normal distributions`} ${fitted()}`
  return {
    kind: 'generate',
    from,
    sentence:
      `Codes are drawn from ${source}. ` +
      `${sampled ? `Then ${distributionWords(distribution)}.` : "The decoder's output is shown as it is."}`,
    distribution,
    codes: read(z),
    pictures,
  }
}

const standard = (size: number): Normal[] => [
  {
    weight: 1,
    mean: new Float64Array(size),
    triangle: Float64Array.from({ length: size * size }, (_, i) => Number(i % (size + 1) === 0)),
  },
]

/** The distribution of the training codes; made once for each number of components. */
const fit = (subject: Subject, components: number, report: Report): Promise<Normal[]> =>
  subject.rememberLater(`density/${components}`, async () => {
    const { codeSize } = subject.network
    if (codeSize > mostUnits)
      throw unsuitable(
        `Distributions are fitted to codes of up to ${mostUnits} units, and this one ` +
          `has ${codeSize}; begin a chain or an interpolation at an image instead.`,
      )
    const rows = sampleRows(subject.trainRows, null, fittedCodes, 1)
    const codes = tf.tensor2d(await codesOf(subject, rows, part(report, 0, 0.3)), [rows.length, codeSize])
    if (components === 1 || rows.length < 4 * components) return fitNormal(codes)
    return fitMixture(codes, components, 1, (iteration) => report(0.3 + 0.7 * (1 - 0.94 ** iteration)))
  })
