import { WorkbenchError } from '../../../shared/errors.ts'
import { Constants, type ValueSource } from './constants.ts'
import type { DynamicRecording, DynamicSpec } from './dynamicRecording.ts'
import { nameGraph } from './names.ts'
import type { OnnxGraph } from './onnxModel.ts'
import { translationOf } from './operations.ts'
import { Draft, OperationTranslator } from './translator.ts'

/** How the graph begins: the file's input, and the id of the value that the recording's input reads. */
export type Opening = (draft: Draft, input: DynamicSpec) => OnnxGraph['inputs'][number]

/** The file's input is the recording's. */
export const plainOpening =
  (name: string): Opening =>
  (draft, input) => {
    draft.alias(input.name, name)
    return { name, dtype: input.dtype, shape: input.shape }
  }

/** A product whose only reader adds a row of constants is one `Gemm`, which is how a dense layer is written in ONNX. */
function joinBiases(draft: Draft, kept: ReadonlySet<string>): void {
  for (let index = 0; index < draft.nodes.length; index++) {
    const gemm = draft.nodes[index]!
    if (gemm.op !== 'Gemm' || gemm.inputs.length !== 2 || kept.has(gemm.outputs[0]!)) continue
    const output = gemm.outputs[0]!
    const readers = draft.nodes.filter((node) => node.inputs.includes(output))
    const [add] = readers
    if (readers.length !== 1 || add?.op !== 'Add') continue
    const [other] = add.inputs.filter((input) => input !== output)
    const bias = other === undefined ? undefined : draft.initialisers.get(other)
    const units = draft.values.get(output)!.shape[1]!
    if (bias === undefined || (bias.shape.join() !== `${units}` && bias.shape.join() !== `1,${units}`)) continue
    gemm.inputs.push(other!)
    draft.values.delete(output)
    gemm.outputs = add.outputs
    draft.nodes.splice(draft.nodes.indexOf(add), 1)
  }
}

/** `Gemm` without anything that only it can do is a `MatMul`. */
function plainProducts(draft: Draft): void {
  for (const node of draft.nodes) {
    if (node.op === 'Gemm' && node.inputs.length === 2 && Object.keys(node.attributes).length === 0) node.op = 'MatMul'
  }
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

  const outputs = Object.entries(recording.outputs).map(([result, tensor]) => {
    if (constants.has(tensor))
      throw new WorkbenchError(
        'EXPORT_UNSUPPORTED',
        `The output ${result} does not depend on the input, so there is nothing to export.`,
      )
    const { dtype, shape } = specs.get(tensor)!
    return { id: draft.resolve(tensor), value: { name: result, dtype, shape } }
  })
  joinBiases(draft, new Set(outputs.map(({ id }) => id)))
  plainProducts(draft)
  return nameGraph(name, draft, graphInput, outputs)
}
