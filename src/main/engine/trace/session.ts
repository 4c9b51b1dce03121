import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { GraphBuilder } from './graph.ts'
import { binding, typeNumber, typeName } from './native.ts'
import type { DType } from './record.ts'
import { tf, type Tensor2D } from './tensorflow.ts'

/** A value on its way into or out of a session. */
export interface Value {
  shape: number[]
  dtype: DType
  data: Float32Array | Int32Array | Uint8Array
}

/**
 * A graph loaded for execution. Variables belong to the session and end with it. The addon loads graphs only from a SavedModel
 * folder, so one is written for a moment. A call blocks this process until it is done.
 */
export class Session {
  readonly #id: number

  constructor(graph: GraphBuilder) {
    const folder = mkdtempSync(join(tmpdir(), 'workbench-graph-'))
    try {
      mkdirSync(join(folder, 'variables'))
      writeFileSync(join(folder, 'saved_model.pb'), graph.savedModel('workbench'))
      this.#id = binding.loadSavedModel(folder, 'workbench')
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }

  /**
   * Feeds and fetches by node name. The arrays that are fed belong to the session until the call returns; a tensor may keep their
   * memory, so callers give fresh ones each time.
   */
  run(feeds: Record<string, Value>, fetches: string[]): Value[] {
    const ids = Object.values(feeds).map(({ shape, dtype, data }) => binding.createTensor(shape, typeNumber[dtype], data))
    try {
      const results = binding.runSavedModel(this.#id, ids, Object.keys(feeds).map(port).join(','), fetches.map(port).join(','))
      return results.map(({ id, shape, dtype }) => {
        const data = binding.tensorDataSync(id)
        binding.deleteTensor(id)
        return { shape: [...shape], dtype: typeName(dtype), data }
      })
    } finally {
      for (const id of ids) binding.deleteTensor(id)
    }
  }

  /** Float32 matrices in and out, as tensors of the current backend: nothing passes through JavaScript. */
  map(inputs: Record<string, Tensor2D>, fetches: readonly string[]): Tensor2D[] {
    const backend = tf.backend() as unknown as {
      getInputTensorIds(tensors: Tensor2D[]): number[]
      createOutputTensor(metadata: unknown): Tensor2D
    }
    const results = binding.runSavedModel(
      this.#id,
      backend.getInputTensorIds(Object.values(inputs)),
      Object.keys(inputs).map(port).join(','),
      fetches.map(port).join(','),
    )
    return results.map((result) => backend.createOutputTensor(result))
  }

  close(): void {
    binding.deleteSavedModel(this.#id)
  }
}

const port = (name: string): string => (name.includes(':') ? name : `${name}:0`)
