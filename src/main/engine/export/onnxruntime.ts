import { createRequire } from 'node:module'
import type * as Runtime from 'onnxruntime-node'
import type { InferenceSession as Session } from 'onnxruntime-node'
import { quietLibraries } from '../../../shared/quietLibraries.ts'

/**
 * The only file that loads onnxruntime-node. An `import` of it would be carried out before the first line of this file, so it is
 * required once the environment says what it must: the library collects telemetry otherwise. (Assigning reaches the library's own
 * environment in a process's main thread only; a worker thread has a copy. Nothing here runs in one.)
 */
Object.assign(process.env, quietLibraries)
const { env, InferenceSession, Tensor } = createRequire(import.meta.url)('onnxruntime-node') as typeof Runtime

export const runtimeVersion: string = env.versions.node ?? env.versions.common

export interface RuntimeTensor {
  type: string
  shape: number[]
  data: Uint8Array | Float32Array
}
export interface RuntimeValue {
  name: string
  type: string
  shape: (number | string)[]
}

export interface OnnxSession {
  /** As the runtime understood the file; named dimensions as strings. */
  readonly inputs: RuntimeValue[]
  readonly outputs: RuntimeValue[]
  /** Runs the model once; inputs and outputs by name. @param wanted outputs; all without it */
  run(feeds: Record<string, RuntimeTensor>, wanted?: readonly string[]): Promise<Record<string, RuntimeTensor>>
  close(): Promise<void>
}

const describe = (values: readonly Session.ValueMetadata[]): RuntimeValue[] =>
  values.map((value) =>
    value.isTensor
      ? { name: value.name, type: value.type, shape: [...value.shape] }
      : { name: value.name, type: 'other', shape: [] },
  )

/**
 * Loads an ONNX file, or the bytes of one, on the CPU; it runs on all cores.
 * @throws Error of onnxruntime for a file that it cannot load.
 */
export async function openSession(model: string | Uint8Array): Promise<OnnxSession> {
  const options = { executionProviders: ['cpu'], logSeverityLevel: 3 } as const
  const session =
    typeof model === 'string' ? await InferenceSession.create(model, options) : await InferenceSession.create(model, options)
  return {
    inputs: describe(session.inputMetadata),
    outputs: describe(session.outputMetadata),
    async run(feeds, wanted) {
      const tensors = Object.fromEntries(
        Object.entries(feeds).map(([name, { type, shape, data }]) => [
          name,
          new Tensor(type as 'float32', data as Float32Array, shape),
        ]),
      )
      const results = wanted === undefined ? await session.run(tensors) : await session.run(tensors, wanted)
      return Object.fromEntries(
        Object.entries(results).map(([name, tensor]) => [
          name,
          { type: tensor.type, shape: [...tensor.dims], data: tensor.data as Float32Array },
        ]),
      )
    },
    close: () => session.release(),
  }
}
