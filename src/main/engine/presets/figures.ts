import type { Run } from '../../../shared/domain.ts'
import { scaleOf, type Better } from '../../../shared/figures.ts'
import { metrics, type NumberKey } from '../figures/index.ts'

/** A figure as publications report it, read from a run. */
interface Published {
  title: string
  unit: string
  better: Better
  decimals: number
  /** In its unit; null where a run has none. */
  of(run: Run): number | null
}

type Read = (run: Run) => number | null | undefined

function published(key: NumberKey, decimals: number, read: Read = ({ evaluation }) => evaluation?.[key]): Published {
  const { title, unit, better } = metrics[key]
  const scale = scaleOf({ unit })
  return {
    title,
    // The presets are of images.
    unit: unit.replace('sample', 'image'),
    better,
    decimals,
    of(run) {
      const value = read(run)
      return value === null || value === undefined ? null : scale * value
    },
  }
}

const reversed = { lower: 'higher', higher: 'lower', neither: 'neither' } as const

/** The error where an accuracy is measured, and what is minimised where a likelihood is. */
function opposite(title: string, key: NumberKey, decimals: number): Published {
  const whole = metrics[key].unit === '%' ? 1 : 0
  const figure = published(key, decimals, ({ evaluation }) => {
    const value = evaluation?.[key]
    return value === null || value === undefined ? null : whole - value
  })
  return { ...figure, title, better: reversed[figure.better] }
}

/** Of the encoder as it was pretrained, before the whole network changed it. */
const pretrained = (key: NumberKey, decimals: number): Published => {
  const figure = published(key, decimals, ({ latest }) => latest[`stack/${key}`])
  return { ...figure, title: `${figure.title}, after pretraining` }
}

export const figures = {
  squaredError: published('squaredError', 2),
  classificationError: opposite('Classification error', 'classificationAccuracy', 2),
  linearProbeAccuracy: published('linearProbeAccuracy', 2),
  meanActivation: published('meanActivation', 4),
  negativeBound: opposite('Negative ELBO', 'elbo', 1),
  negativeLogLikelihood: opposite('Negative log likelihood', 'logLikelihood', 2),
  activeUnits: published('activeUnits', 0),
  pretrainedJacobian: pretrained('jacobianNorm', 3),
  pretrainedSaturation: pretrained('saturation', 1),
} as const satisfies Record<string, Published>

export type FigureId = keyof typeof figures
/** A figure that papers state: its words, and how it is read from a run. */
export const figureOf = (id: FigureId): Published => figures[id]
