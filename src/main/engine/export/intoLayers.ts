import { isSet, type Draft, type DraftInitialiser, type DraftNode } from './draft.ts'

/**
 * What follows a layer's product and is the same for every image becomes part of the layer, which is how layers are written in
 * ONNX: biases, and the factors and summands of a normalisation.
 */

/** Layers' products, and the axis of their kernels that counts what a bias is added to. */
const products: Readonly<Record<string, (node: DraftNode) => number>> = {
  Gemm: (node) => (isSet(node, 'transB') ? 0 : 1),
  Conv: () => 0,
  ConvTranspose: () => 1,
}

/**
 * Whether a constant is one value for each of a product's outputs: [units] or [1, units] of a dense layer, [C, 1, 1] of a
 * convolution.
 */
function isForEach({ op }: DraftNode, { shape }: DraftInitialiser, units: number): boolean {
  const written = shape.join()
  return op === 'Gemm'
    ? written === `${units}` || written === `1,${units}`
    : written === `${units},1,1` || written === `1,${units},1,1`
}

/** One value for each unit, of a constant that may be the same for all; null where it is something else. */
function valuesForEach(draft: Draft, node: DraftNode, id: string, units: number): Float32Array | null {
  const data = draft.floats(id)
  if (data?.length === 1) return new Float32Array(units).fill(data[0]!)
  return data && isForEach(node, draft.initialisers.get(id)!, units) ? data : null
}

function addBias(draft: Draft, node: DraftNode, id: string, units: number, sign: 1 | -1): boolean {
  const values = valuesForEach(draft, node, id, units)
  if (values === null) return false
  const [, , bias] = node.inputs
  const before = bias === undefined ? null : draft.floats(bias)
  if (bias !== undefined && before?.length !== units) return false
  if (before === null && sign === 1 && node.op === 'Gemm') {
    if (!isForEach(node, draft.initialisers.get(id)!, units)) return false
    node.inputs = [...node.inputs, id]
  } else {
    const sum = values.map((value, unit) => (before?.[unit] ?? 0) + sign * value)
    node.inputs = [...node.inputs.slice(0, 2), draft.changed(bias ?? id, [units], sum)]
  }
  return true
}

function scale(draft: Draft, node: DraftNode, id: string, units: number, axis: number, inverse: boolean): boolean {
  const values = valuesForEach(draft, node, id, units)
  const [input, kernel, bias] = node.inputs as [string, string, string | undefined]
  const weights = draft.floats(kernel),
    before = bias === undefined ? null : draft.floats(bias)
  if (values === null || weights === null || (bias !== undefined && before?.length !== units)) return false
  const { shape } = draft.initialisers.get(kernel)!
  const stride = shape.slice(axis + 1).reduce((product, length) => product * length, 1)
  const scaled = (value: number, unit: number) => (inverse ? value / values[unit]! : value * values[unit]!)
  const inner = weights.map((value, at) => scaled(value, Math.floor(at / stride) % units))
  node.inputs = [
    input,
    draft.changed(kernel, shape, inner),
    ...(before ? [draft.changed(bias!, draft.initialisers.get(bias!)!.shape, before.map(scaled))] : []),
  ]
  return true
}

/** Takes one operation that reads a layer's product into the layer; false where it cannot be. */
function takeUp(draft: Draft, node: DraftNode, reader: DraftNode, axis: number): boolean {
  const [product] = node.outputs as [string]
  const [first, second] = reader.inputs as [string, string]
  const constant = first === product ? second : first
  if (reader.inputs.length !== 2 || !draft.initialisers.has(constant)) return false
  const units = draft.values.get(product)!.shape[1] as number
  const kernel = draft.initialisers.get(node.inputs[1]!)
  if (reader.op === 'Add') return addBias(draft, node, constant, units, 1)
  if (kernel?.shape[axis] !== units) return false
  if (reader.op === 'Sub' && constant === second) return addBias(draft, node, constant, units, -1)
  if (reader.op === 'Mul' || (reader.op === 'Div' && constant === second))
    return scale(draft, node, constant, units, axis, reader.op === 'Div')
  return false
}

/** @param kept ids of what the graph gives */
export function takeIntoLayers(draft: Draft, kept: ReadonlySet<string>): void {
  for (let index = 0; index < draft.nodes.length; index++) {
    const node = draft.nodes[index]!
    const axis = products[node.op]?.(node)
    while (axis !== undefined) {
      const [output] = node.outputs as [string]
      const [reader, ...others] = draft.nodes.filter(({ inputs }) => inputs.includes(output))
      if (reader === undefined || others.length > 0 || kept.has(output) || !takeUp(draft, node, reader, axis)) break
      draft.values.delete(output)
      node.outputs = reader.outputs
      draft.nodes.splice(draft.nodes.indexOf(reader), 1)
    }
  }
}

/** `Gemm` without anything that only it can do is a `MatMul`. */
export function plainProducts(draft: Draft): void {
  for (const node of draft.nodes) {
    if (node.op === 'Gemm' && node.inputs.length === 2 && Object.keys(node.attributes).length === 0) node.op = 'MatMul'
  }
}
