import { isSet, type Draft, type DraftInitialiser, type DraftNode } from './draft.ts'

/** Layers' products, which take what is added to them as a bias. */
const products = new Set(['Gemm', 'Conv', 'ConvTranspose'])

/**
 * A constant as the bias of a product, one value for each of its units; null where it is none. A convolution's is one for each
 * plane, or, where they are all alike, a single one.
 */
function biasOf(draft: Draft, { op }: DraftNode, id: string, units: number): string | null {
  const { shape }: DraftInitialiser = draft.initialisers.get(id)!
  const written = shape.join()
  if (op === 'Gemm') return written === `${units}` || written === `1,${units}` ? id : null
  const data = draft.floats(id)
  if (data?.length === 1) return draft.changed(id, [units], new Float32Array(units).fill(data[0]!))
  return data && written === `${units},1,1` ? draft.changed(id, [units], data) : null
}

/**
 * A product whose only reader adds the same to every image takes that as its bias, which is how layers are written in ONNX.
 * @param kept ids of what the graph gives
 */
export function joinBiases(draft: Draft, kept: ReadonlySet<string>): void {
  for (const node of draft.nodes.filter(({ op, inputs }) => products.has(op) && inputs.length === 2)) {
    const [output] = node.outputs as [string]
    const [add, ...others] = draft.nodes.filter(({ inputs }) => inputs.includes(output))
    const other = add?.inputs.find((input) => input !== output)
    if (add?.op !== 'Add' || others.length > 0 || kept.has(output) || other === undefined || !draft.initialisers.has(other))
      continue
    const bias = biasOf(draft, node, other, draft.values.get(output)!.shape[1] as number)
    if (bias === null) continue
    node.inputs = [...node.inputs, bias]
    draft.values.delete(output)
    node.outputs = add.outputs
    draft.nodes.splice(draft.nodes.indexOf(add), 1)
  }
}

/** `Gemm` without anything that only it can do is a `MatMul`. */
export function plainProducts(draft: Draft): void {
  for (const node of draft.nodes) {
    if (node.op === 'Gemm' && node.inputs.length === 2 && !isSet(node, 'transA') && !isSet(node, 'transB')) node.op = 'MatMul'
  }
}
