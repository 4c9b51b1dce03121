import type { Encoder } from '../../../shared/embeddings.ts'
import { WorkbenchError } from '../../../shared/errors.ts'

/**
 * The function of onnxruntime that a message names before it says anything: `/src/model.cc:202 type name(arguments) `; its
 * brackets may be nested.
 */
function withoutPlace(message: string): string {
  const place = /\S+\.(?:h|cc|cpp):\d+ /.exec(message)
  const open = place === null ? -1 : message.indexOf('(', place.index)
  if (open < 0) return message
  let depth = 0
  for (let at = open; at < message.length; at++) {
    if (message[at] === '(') depth++
    else if (message[at] === ')' && --depth === 0)
      return message
        .slice(at + 1)
        .replace(/^\s*const\b/, '')
        .trim()
  }
  return message
}

/** What onnxruntime said, without where in its source it says so: one phrase that a sentence can hold. */
export function saidBy(thrown: unknown): string {
  const [line] = String((thrown as Error | null)?.message ?? thrown).split('\n') as [string]
  return withoutPlace(line.replace(/^Load model from .*? failed: ?/, '').replace(/^.*?(?:ErrorMessage|Status Message): ?/i, ''))
    .replace(/^(?:This is an )?invalid model\. (?:error ?: )?/i, '')
    .replace(/^.* was false\. /, '')
    .replace(/^Fatal error: /, '')
    .slice(0, 240)
    .replace(/[.\s]+$/, '')
}

/** Says what onnxruntime does not like about a file. */
export function refusal(path: string, encoder: Pick<Encoder, 'opset'>, thrown: unknown): WorkbenchError {
  const said = String((thrown as Error | null)?.message ?? thrown)
  const unsupported = (why: string) => new WorkbenchError('FILE_UNSUPPORTED', `${path} ${why}`, { field: 'model', cause: thrown })
  const version = /IR version: (\d+), max supported IR version: (\d+)/i.exec(said)
  if (version !== null)
    return unsupported(
      `is of IR version ${version[1]}, and this ONNX Runtime knows up to ${version[2]}; export it with IR version 8.`,
    )
  const known = /is till opset (\d+)/i.exec(said)
  if (known !== null)
    return unsupported(`is of opset ${encoder.opset}, and this ONNX Runtime knows up to ${known[1]}; export it with opset 17.`)
  if (/\bopset\b/i.test(said))
    return unsupported(
      `is of opset ${encoder.opset}, which this ONNX Runtime does not know (${saidBy(thrown)}); export it with opset 17.`,
    )
  const operation =
    /No Op registered for (\S+)/i.exec(said) ?? /Fatal error: (\S+?)\(-?\d+\) is not a registered function/i.exec(said)
  if (operation !== null)
    return unsupported(
      `uses the operation ${operation[1]}, which this ONNX Runtime does not have; export it with standard operations.`,
    )
  if (/protobuf parsing failed/i.test(said))
    return new WorkbenchError('FILE_DAMAGED', `${path} is damaged; get the file again.`, { field: 'model', cause: thrown })
  return unsupported(`cannot be loaded by ONNX Runtime (${saidBy(thrown)}); export it again, with opset 17.`)
}
