import { resolve } from 'node:path'
import { WorkbenchError } from '../../../shared/errors.ts'
import type { Config } from '../../../shared/config.ts'
import { sizeOf, vectorOf, type Shape } from '../../../shared/shape.ts'
import { readSafetensors, writeSafetensors, type NamedTensor } from '../checkpoint/safetensors.ts'
import { tf, type Tensor, type Tensor2D } from '../trace/tensorflow.ts'
import { variantOf } from '../variants/index.ts'
import type { Randomness } from '../network/randomness.ts'
import { weightsOf } from '../variants/variant.ts'
import { lossAndGradients } from '../training/gradients.ts'
import { stateNames, stateSpecs } from '../training/objective.ts'

export interface ObjectiveJob {
  kind: 'objective'
  variant: string
  config: Config
  /** Of the images that rows of x are; vectors without it. */
  shape?: Shape
  in: string
  out: string
}
export interface ObjectiveResult {
  loss: number
  terms: Record<string, number>
}

/**
 * Loss, terms and gradients of a variant's objective at given weights, for checking it against another implementation. The input
 * holds the weights, `x` [B, D] and, where the objective draws, what to use instead: `xCorrupted` [B, D], `weightNoise/NAME` (added to
 * the kernel as it is), `dropoutMask` [B, Z] of zeros and ones; the variant's state where it has one, by name (`rhoHat` [Z]); and
 * of standardised inputs `inputMean` and `inputDeviation` [C]. As in a step of training, layers are normalised by the batch.
 * @throws WorkbenchError TENSOR_INVALID for a missing, misshapen, surplus or non-finite tensor; VARIANT_UNSUITABLE
 */
export function computeObjective({ variant: id, config: settings, shape: ofRows, in: input, out }: ObjectiveJob): ObjectiveResult {
  const variant = variantOf(id)
  if (!variant.objective || variant.estimator)
    throw new WorkbenchError(
      'VARIANT_UNSUITABLE',
      `${variant.title} has no objective; choose a variant that is trained by gradient.`,
      { field: 'variant' },
    )
  const { tensors } = readSafetensors(resolve(input))
  const given = tensors['x']
  if (!given || given.shape.length !== 2 || given.shape[0]! < 1) throw invalid('x', 'must be a matrix [B, D] with at least one row')
  const [rows, inputSize] = given.shape as [number, number]
  const shape = ofRows ?? vectorOf(inputSize)
  if (sizeOf(shape) !== inputSize) {
    const { width, height, channels } = shape
    throw invalid(
      'x',
      `has rows of ${inputSize} values, and ${width} x ${height} x ${channels} are ${sizeOf(shape)}; say another shape`,
    )
  }
  if (!ofRows && settings.network.convolutions.length > 0)
    throw invalid('x', 'is to be convolved, and nothing says what images its rows are; say their size and channels')
  const { config, names } = standardisedBy(settings, tensors, inputSize)
  const specs = weightsOf(variant, config, shape)
  const states = stateSpecs(variant, config, shape)
  const known = new Map<string, number[] | null>([
    ['x', [rows, inputSize]],
    ...specs.map(({ name, shape }): [string, number[]] => [name, shape]),
    ...names,
  ])
  for (const [name, shape] of known) {
    const found = tensors[name]
    if (!found) throw invalid(name, `is missing; give it with the shape [${shape!.join(', ')}]`)
    checkShape(name, found.shape, shape!)
  }
  for (const [name, { data }] of Object.entries(tensors))
    if (!data.every(Number.isFinite)) throw invalid(name, 'holds values that are not finite numbers; replace them')

  tf.engine().startScope('objective')
  try {
    const use = (name: string, shape: number[]): Tensor | null => {
      known.set(name, null)
      const found = tensors[name]
      if (!found) return null
      checkShape(name, found.shape, shape)
      return tf.tensor(found.data.slice(), found.shape)
    }
    const needed = (name: string, shape: number[]): Tensor => {
      const found = use(name, shape)
      if (!found)
        throw invalid(name, `is needed with the shape [${shape.join(', ')}]: this objective draws it, and nothing here is random`)
      return found
    }
    const draws: Randomness = {
      uniform: needed,
      normal: needed,
      keep(name, shape) {
        const mask = needed(name, shape)
        if (tensors[name]!.data.some((value) => value !== 0 && value !== 1))
          throw invalid(name, 'must hold zeros (dropped) and ones (kept) only')
        return mask
      },
      get perImage() {
        return draws
      },
    }
    const x = use('x', [rows, inputSize]) as Tensor2D
    const refuse = (): never => {
      throw invalid(
        'xCorrupted',
        `is needed with the shape [${rows}, ${inputSize}]: this objective corrupts its input, and nothing here is random`,
      )
    }
    const nothing: Randomness = {
      uniform: refuse,
      normal: refuse,
      keep: refuse,
      get perImage() {
        return nothing
      },
    }
    // What the estimates and corruptions of other settings of this variant would read may be given, too.
    if (variant.corrupt) known.set('xCorrupted', null)
    for (const name of stateNames(variant, config, shape)) known.set(name, null)
    const { terms, gradients } = lossAndGradients(variant, config, {
      input: shape,
      weights: Object.fromEntries(specs.map(({ name, shape }) => [name, use(name, shape)!])),
      state: Object.fromEntries(states.map(({ name, shape, initial }) => [name, use(name, shape) ?? tf.fill(shape, initial)])),
      x,
      corrupted: variant.corrupt
        ? ((use('xCorrupted', [rows, inputSize]) as Tensor2D | null) ?? variant.corrupt(x, nothing, config.regularizer as never, 1))
        : null,
      random: draws,
    })
    for (const name of Object.keys(tensors))
      if (!known.has(name)) throw invalid(name, 'is no weight or input of this objective; leave it out')
    const { loss, ...rest } = Object.fromEntries(Object.entries(terms).map(([name, term]) => [name, term.dataSync()[0]!]))
    writeSafetensors(resolve(out), {
      tensors: Object.fromEntries(
        Object.entries(gradients).map(([name, gradient]) => [
          name,
          { shape: gradient.shape, data: gradient.dataSync().slice() as Float32Array },
        ]),
      ),
      metadata: { format: 'autoencoder-workbench-gradients', variant: id, config: JSON.stringify(config) },
    })
    return { loss: loss!, terms: rest }
  } finally {
    tf.engine().endScope()
  }
}

/** The config with what its inputs are standardised by, where they are: `inputMean` and `inputDeviation`, one value for each channel. */
function standardisedBy(
  config: Config,
  tensors: Record<string, NamedTensor>,
  inputSize: number,
): { config: Config; names: [string, number[]][] } {
  if (config.data.standardise === 'none') return { config, names: [] }
  const [mean, deviation] = ['inputMean', 'inputDeviation'].map((name) => {
    const found = tensors[name]
    if (!found) throw invalid(name, 'is needed, one value for each channel: the inputs are standardised by it')
    const [size = 0, ...more] = found.shape
    if (more.length > 0 || inputSize % size !== 0) throw invalid(name, 'must be a vector with one value for each channel')
    return [...found.data]
  }) as [number[], number[]]
  if (mean.length !== deviation.length || deviation.some((value) => value < 0)) {
    throw invalid('inputDeviation', 'must have a value of at least 0 for each one of inputMean')
  }
  const sizes = [mean.length]
  const standardised = { ...config, data: { ...config.data, statistics: { mean, deviation } } }
  return {
    config: standardised,
    names: [
      ['inputMean', sizes],
      ['inputDeviation', sizes],
    ],
  }
}

function checkShape(name: string, found: readonly number[], wanted: readonly number[]): void {
  if (found.join() !== wanted.join())
    throw invalid(
      name,
      `has the shape [${found.join(', ')}] instead of [${wanted.join(', ')}]; check network.convolutions, network.layers and network.tied`,
    )
}

const invalid = (name: string, what: string): WorkbenchError =>
  new WorkbenchError('TENSOR_INVALID', `The tensor ${name} ${what}.`, { field: name })
