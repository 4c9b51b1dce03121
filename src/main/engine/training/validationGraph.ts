import { type } from '../trace/native.ts'
import { trace, type Given } from '../trace/recorder.ts'
import type { Tensor, Tensor1D, Tensor2D } from '../trace/tensorflow.ts'
import { filled, float, type ModelGraph } from './modelGraph.ts'
import { cleanError, cleanErrorName, objectiveOf, withStatistics } from './objective.ts'

/** The validation of so many images at once, as `validateN`: the terms, then what is watched. */
export function addValidation(model: ModelGraph, size: number): void {
  const { graph, spec } = model
  const { variant, config } = spec
  const clean: Given[] = model.takesClean ? [{ name: 'clean', tensor: filled([size, model.rowSize]) }] : []
  // Given to machines alone: with one more input other graphs would be made faster in another order, and end with other last bits.
  const anew: Given[] = variant.machine
    ? [{ name: 'moment', tensor: { shape: [1], dtype: 'int32', values: new Int32Array([1]) } }]
    : []
  const { recording } = trace([...model.givenBatch(size), ...clean, ...anew], model.givenWeights(), (named) => {
    const given = model.given(named, variant.machine ? (named('moment') as Tensor1D) : null)
    const { terms, watched } = objectiveOf(variant, config, given)
    // Where the objective has just rebuilt these inputs as they are, TensorFlow finds the same operations and makes them once.
    const measured: Record<string, Tensor> = model.classifies
      ? {}
      : {
          [cleanErrorName]: cleanError(
            variant,
            config,
            given.input,
            withStatistics(given.weights, given.state),
            model.takesClean ? (named('clean') as Tensor2D) : given.x,
          ),
        }
    return { ...terms, ...(watched ? { watched } : {}), ...measured }
  })
  const prefix = `validation${size}`
  const results = graph.inline(prefix, recording, {
    ...model.fed,
    ...(model.takesClean ? { clean: 'clean/scaled' } : {}),
    ...(variant.machine ? { moment: 'moment' } : {}),
    ...model.reads(prefix),
    ...model.stateReads(prefix),
  })
  const parts = [
    model.packed(
      `${prefix}/terms`,
      model.terms.map((term) => results[term]!),
    ),
    ...(results['watched'] ? [results['watched']] : []),
    ...(results[cleanErrorName] ? [model.packed(`${prefix}/measured`, [results[cleanErrorName]])] : []),
  ]
  const axis = () => graph.constant(`${prefix}/axis`, 'int32', [], new Uint8Array(new Int32Array([0]).buffer))
  const all =
    parts.length === 1
      ? parts[0]!
      : graph.node(`${prefix}/all`, 'ConcatV2', [...parts, axis()], {
          ...float,
          Tidx: type('int32'),
          N: { kind: 'int', value: parts.length },
        })
  graph.node(`validate${size}`, 'Identity', [all], float)
}
