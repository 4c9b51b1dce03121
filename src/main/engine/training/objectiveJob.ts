import { resolve } from 'node:path'
import { WorkbenchError } from '../../../shared/errors.ts'
import { readSafetensors, writeSafetensors } from '../checkpoint/safetensors.ts'
import { weightSpecs } from '../network/weights.ts'
import { tf, type Tensor, type Tensor2D } from '../trace/tensorflow.ts'
import { variantOf } from '../variants/index.ts'
import type { Randomness } from '../variants/variant.ts'
import { lossAndGradients } from './gradients.ts'
import type { ObjectiveJob, ObjectiveResult } from './messages.ts'

/**
 * Loss, terms and gradients of a variant's objective at given weights, for checking it against another implementation. The input
 * holds the weights, `x` [B, D] and, where the objective draws, what to use instead: `xCorrupted` [B, D], `weightNoise/NAME`.
 * @throws WorkbenchError TENSOR_INVALID for a missing, misshapen, surplus or non-finite tensor; VARIANT_UNSUITABLE
 */
export function computeObjective({ variant: id, config, in: input, out }: ObjectiveJob): ObjectiveResult {
  const variant = variantOf(id)
  if (!variant.objective) throw new WorkbenchError('VARIANT_UNSUITABLE', `${variant.title} has no objective; choose a variant that is trained by gradient.`, { field: 'variant' })
  const { tensors } = readSafetensors(resolve(input))
  const given = tensors['x']
  if (!given || given.shape.length !== 2 || given.shape[0]! < 1) throw invalid('x', 'must be a matrix [B, D] with at least one row')
  const [rows, inputSize] = given.shape as [number, number]
  const specs = weightSpecs(config.network, inputSize)
  const expected: Record<string, number[]> = { x: [rows, inputSize], ...Object.fromEntries(specs.map(({ name, shape }) => [name, shape])) }
  const optional: Record<string, number[]> = {
    xCorrupted: [rows, inputSize],
    ...Object.fromEntries(specs.filter(({ role }) => role === 'kernel').map(({ name, shape }) => [`weightNoise/${name}`, shape])),
  }
  for (const [name, shape] of Object.entries(expected)) {
    const found = tensors[name]
    if (!found) throw invalid(name, `is missing; give it with the shape [${shape.join(', ')}]`)
    checkShape(name, found.shape, shape)
  }
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    if (!(name in expected) && !(name in optional)) throw invalid(name, 'is no weight or input of this objective; leave it out')
    if (name in optional) checkShape(name, shape, optional[name]!)
    if (!data.every(Number.isFinite)) throw invalid(name, 'holds values that are not finite numbers; replace them')
  }

  tf.engine().startScope('objective')
  try {
    const tensor = (name: string): Tensor | null => (tensors[name] ? tf.tensor(tensors[name].data.slice(), tensors[name].shape) : null)
    const draws: Randomness = {
      uniform: (name) => { throw invalid('xCorrupted', `is needed: this objective draws “${name}”, and nothing here is random`) },
      normal: (name) => {
        if (!name.startsWith('weights/')) throw invalid('xCorrupted', `is needed: this objective draws “${name}”, and nothing here is random`)
        const noise = tensor(`weightNoise/${name.slice('weights/'.length)}`)
        if (!noise) throw invalid(`weightNoise/${name.slice('weights/'.length)}`, 'is needed: this objective adds noise to the kernels, and nothing here is random')
        return noise
      },
    }
    const weights = Object.fromEntries(specs.map(({ name }) => [name, tensor(name)!]))
    const corrupted = tensor('xCorrupted') as Tensor2D | null
    const { terms, gradients } = lossAndGradients(variant, config, weights, tensor('x') as Tensor2D, draws, corrupted)
    const values = Object.fromEntries(Object.entries(terms).map(([name, term]) => [name, term.dataSync()[0]!]))
    writeSafetensors(resolve(out), {
      tensors: Object.fromEntries(Object.entries(gradients).map(([name, gradient]) => [name, { shape: gradient.shape, data: gradient.dataSync().slice() as Float32Array }])),
      metadata: { format: 'autoencoder-workbench-gradients', variant: id, config: JSON.stringify(config) },
    })
    const { loss, ...rest } = values
    return { kind: 'objective', loss: loss!, terms: rest }
  } finally {
    tf.engine().endScope()
  }
}

function checkShape(name: string, found: readonly number[], wanted: readonly number[]): void {
  if (found.join() !== wanted.join()) throw invalid(name, `has the shape [${found.join(', ')}] instead of [${wanted.join(', ')}]; check network.layers and network.tied`)
}

const invalid = (name: string, what: string): WorkbenchError => new WorkbenchError('TENSOR_INVALID', `The tensor ${name} ${what}.`, { field: name })
