import { WorkbenchError } from '../../../shared/errors.ts'
import { arrange } from './arrange.ts'
import { Constants, type ValueSource } from './constants.ts'
import type { DynamicRecording, DynamicSpec } from './dynamicRecording.ts'
import { joinBiases, plainProducts } from './biases.ts'
import { orderIntoKernels } from './kernelOrder.ts'
import { ownKernels } from './ownKernels.ts'
import { nameGraph } from './names.ts'
import type { OnnxGraph } from './onnxModel.ts'
import { translationOf } from './operations.ts'
import { Draft } from './draft.ts'
import { OperationTranslator } from './translator.ts'

/** Operations on images as planes. */
const spatial = new Set(['Conv', 'ConvTranspose', 'Resize', 'Gather'])

/** How the graph begins: the file's input, and the id of the value that the recording's input reads. */
export type Opening = (draft: Draft, input: DynamicSpec) => OnnxGraph['inputs'][number]

/** The file's input is the recording's. */
export const plainOpening =
  (name: string): Opening =>
  (draft, input) => {
    draft.alias(input.name, name)
    return { name, dtype: input.dtype, shape: input.shape }
  }

/**
 * Translates a recorded computation into an ONNX graph. What depends on weights and constants only becomes initialisers.
 * @throws WorkbenchError OPERATION_UNKNOWN naming an operation that has no translation; EXPORT_UNSUPPORTED where the way in which
 *   an operation is used has none.
 */
export function translate(name: string, recording: DynamicRecording, source: ValueSource, opening: Opening): OnnxGraph {
  const [input, ...more] = recording.inputs
  if (input === undefined || more.length > 0) {
    throw new WorkbenchError(
      'EXPORT_UNSUPPORTED',
      `Only computations of one input can be exported, and this one has ${recording.inputs.length}.`,
    )
  }
  const constants = new Constants(recording, source)
  const specs = new Map<string, DynamicSpec>([input, ...recording.weights, ...recording.constants].map((spec) => [spec.name, spec]))
  for (const operation of recording.operations) for (const output of operation.outputs) specs.set(output.name, output)

  const draft = new Draft()
  const graphInput = opening(draft, input)
  for (const operation of recording.operations) {
    if (operation.outputs.every((output) => constants.has(output.name))) continue
    const translation = translationOf(operation.op)
    if (translation === undefined) {
      throw new WorkbenchError(
        'OPERATION_UNKNOWN',
        `The operation ${operation.op} (${operation.name}) has no translation to ONNX, ` +
          `so this network cannot be exported; please report it with the run's settings.`,
      )
    }
    translation(new OperationTranslator(operation, draft, constants, specs))
  }

  const found = Object.entries(recording.outputs).map(([result, tensor]) => {
    if (constants.has(tensor))
      throw new WorkbenchError(
        'EXPORT_UNSUPPORTED',
        `The output ${result} does not depend on the input, so there is nothing to export.`,
      )
    const { dtype, shape } = specs.get(tensor)!
    return { id: draft.resolve(tensor), value: { name: result, dtype, shape } }
  })
  const ids = found.map(({ id }) => id)
  const ends = draft.nodes.some(({ op }) => spatial.has(op)) ? arrange(draft, ids) : ids
  joinBiases(draft, new Set(ends))
  orderIntoKernels(draft, new Set(ends))
  ownKernels(draft)
  plainProducts(draft)
  return nameGraph(
    name,
    draft,
    graphInput,
    found.map(({ value }, index) => ({ id: ends[index]!, value })),
  )
}
