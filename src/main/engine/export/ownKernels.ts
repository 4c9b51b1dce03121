import { isSet, type Draft, type DraftInitialiser } from './draft.ts'
import { transposed } from './order.ts'

/**
 * A tied decoder goes back through the encoder's kernel, so that one initialiser would be read as it is by one product and
 * transposed by another, which some readers of ONNX files take for one and the same (OpenCV's). The later product gets a transposed
 * copy of its own instead: the file is larger by that, and each product is a plain one.
 */
export function ownKernels(draft: Draft): void {
  /** Kernels as they were first read. */
  const seen: { kernel: DraftInitialiser; turned: boolean }[] = []
  for (const node of draft.nodes.filter(({ op }) => op === 'Gemm')) {
    const [, id, bias] = node.inputs as [string, string, ...string[]]
    const kernel = draft.initialisers.get(id),
      data = draft.floats(id)
    if (kernel === undefined || data === null) continue
    const turned = isSet(node, 'transB')
    const first = seen.find((one) => isSame(one.kernel, kernel))
    if (first === undefined) seen.push({ kernel, turned })
    if (first === undefined || first.turned === turned) continue
    const values = transposed({ shape: kernel.shape, data }, [1, 0])
    const own = draft.changed(id, values.shape, values.data)
    // Called as the kernel of an untied layer is.
    const layer = bias === undefined ? null : draft.initialisers.get(bias)?.weight
    if (layer?.endsWith('/bias'))
      draft.initialisers.set(own, { ...draft.initialisers.get(own)!, weight: layer.replace(/bias$/, 'kernel') })
    node.inputs = node.inputs.with(1, own)
    const { transB: _, ...attributes } = node.attributes
    node.attributes = turned ? attributes : { ...attributes, transB: { kind: 'int', value: 1 } }
  }
}

/** One that was computed twice, as a normalised kernel is, is in the file once. */
const isSame = (a: DraftInitialiser, b: DraftInitialiser): boolean =>
  a === b || (a.weight !== null && a.weight === b.weight && Buffer.compare(a.data, b.data) === 0)
