import { integersOf, isSet, type Draft, type DraftNode } from './draft.ts'
import { carriedBack, placesOf, plainLayout, reordered, reshaped, shapeOf, type Layout } from './layout.ts'
import type { Dimension } from './onnxModel.ts'
import { columnsAt, rowsAt } from './order.ts'

/** Operations that treat all elements of a value alike. */
export const elementwise: ReadonlySet<string> = new Set([
  ...['Relu', 'Sigmoid', 'Tanh', 'Elu', 'Softplus', 'Cast'],
  ...['Neg', 'Abs', 'Exp', 'Log', 'Sqrt', 'Reciprocal'],
])
export const arithmetic: ReadonlySet<string> = new Set(['Add', 'Sub', 'Mul', 'Div'])

/** A draft's nodes while changes of layout move down past them. */
class Descent {
  readonly #draft: Draft
  readonly nodes: DraftNode[] = []
  /** Values that are another one, laid out differently. */
  readonly #views = new Map<string, { base: string; layout: Layout }>()
  /** Values as rows of their elements in their own order. */
  readonly #rows = new Map<string, string>()

  constructor(draft: Draft) {
    this.#draft = draft
  }

  /** The id of a value where it is read; the changes on the way to it are written now. */
  read(id: string): string {
    const { base, layout } = this.#view(id)
    if (layout.steps.length === 0) return base
    const { dtype } = this.#draft.values.get(id)!
    let from = base,
      before = layout.from
    layout.steps.forEach(({ perm, shape }, index) => {
      const to = index === layout.steps.length - 1 ? id : this.#value(dtype, shape)
      if (perm) this.#write('Transpose', [from], to, { perm: { kind: 'ints', value: [...perm] } })
      else this.#reshape(from, before, to, shape)
      from = to
      before = shape
    })
    this.#views.delete(id)
    return id
  }

  take(node: DraftNode): void {
    const [first, second] = node.inputs as [string, string | undefined]
    const [output] = node.outputs as [string]
    const { base, layout } = this.#view(first)
    if (node.op === 'Reshape' || node.op === 'Flatten')
      this.#views.set(output, { base, layout: reshaped(layout, this.#shape(output)) })
    else if (node.op === 'Transpose') this.#views.set(output, { base, layout: reordered(layout, integersOf(node, 'perm')) })
    else if (elementwise.has(node.op) && layout.steps.length > 0) this.#past(node, layout, [base])
    else if (arithmetic.has(node.op) && this.#pastConstant(node)) return
    else if ((node.op === 'Gemm' || node.op === 'MatMul') && this.#intoKernel(node, second!)) return
    else this.nodes.push({ ...node, inputs: node.inputs.map((id) => (this.#draft.values.has(id) ? this.read(id) : id)) })
  }

  #view(id: string): { base: string; layout: Layout } {
    return this.#views.get(id) ?? { base: id, layout: plainLayout(this.#shape(id)) }
  }

  #shape(id: string): Dimension[] {
    return this.#draft.values.get(id)?.shape ?? []
  }

  #value(dtype: 'float32' | 'uint8' | 'int32' | 'int64' | 'bool', shape: readonly Dimension[]): string {
    const id = this.#draft.freshId()
    this.#draft.values.set(id, { dtype, shape: [...shape] })
    return id
  }

  #write(op: string, inputs: string[], output: string, attributes: DraftNode['attributes'] = {}): void {
    this.nodes.push({ op, inputs, outputs: [output], attributes })
  }

  #reshape(from: string, before: readonly Dimension[], to: string, shape: readonly Dimension[]): void {
    const [images] = shape
    if (shape.length === 2 && images === before[0] && typeof images !== 'number')
      this.#write('Flatten', [from], to, { axis: { kind: 'int', value: 1 } })
    else this.#write('Reshape', [from, this.#draft.sizes(shape)], to)
  }

  /** Writes an elementwise node on what is laid out; its output is laid out in the same way. */
  #past(node: DraftNode, layout: Layout, inputs: string[]): void {
    const [output] = node.outputs as [string]
    const base = this.#value(this.#draft.values.get(output)!.dtype, layout.from)
    this.nodes.push({ ...node, inputs, outputs: [base] })
    this.#views.set(output, { base, layout })
  }

  #pastConstant(node: DraftNode): boolean {
    const at = node.inputs.findIndex((id) => this.#draft.initialisers.has(id))
    if (at < 0) return false
    const id = node.inputs[at]!
    const { base, layout } = this.#view(node.inputs[1 - at]!)
    const data = this.#draft.floats(id)
    if (layout.steps.length === 0 || data === null || shapeOf(layout).join() !== this.#shape(node.outputs[0]!).join()) return false
    const carried = carriedBack(layout, { shape: this.#draft.initialisers.get(id)!.shape, data })
    if (carried === null) return false
    const constant = this.#draft.changed(id, carried.shape, carried.data)
    this.#past(node, layout, at === 0 ? [constant, base] : [base, constant])
    return true
  }

  /** A dense layer that reads an image: the order goes into its kernel, and the image's own elements are its rows. */
  #intoKernel(node: DraftNode, kernel: string): boolean {
    const { base, layout } = this.#view(node.inputs[0]!)
    const shape = shapeOf(layout)
    const data = this.#draft.floats(kernel),
      places = placesOf(layout)
    if (layout.steps.length === 0 || data === null || places === null || isSet(node, 'transA')) return false
    if (shape.length !== 2 || shape[0] !== layout.from[0]) return false
    if (!this.#rows.has(base)) {
      const rows = this.#value('float32', shape)
      this.#reshape(base, layout.from, rows, shape)
      this.#rows.set(base, rows)
    }
    const { shape: size } = this.#draft.initialisers.get(kernel)!
    const inOrder = places.every((place, at) => place === at)
    const ordered = isSet(node, 'transB') ? columnsAt(data, places) : rowsAt(data, places)
    const id = inOrder ? kernel : this.#draft.changed(kernel, size, ordered)
    this.nodes.push({ ...node, inputs: [this.#rows.get(base)!, id, ...node.inputs.slice(2)] })
    return true
  }
}

/**
 * Leaves of a network's changes of shape and of the order of axes those that somebody would have drawn. Every operation is
 * translated by itself, so an image goes from pixels to planes before each convolution and back after it. Here a change moves down
 * past what treats all elements alike, until its inverse cancels it, a dense layer takes it into its kernel, or something reads
 * what it gives.
 * @param outputs ids of what the graph gives
 * @returns their ids afterwards
 */
export function arrange(draft: Draft, outputs: readonly string[]): string[] {
  const descent = new Descent(draft)
  for (const node of draft.nodes) descent.take(node)
  const ends = outputs.map((id) => descent.read(id))
  draft.nodes = descent.nodes
  const written = new Set(draft.nodes.flatMap((node) => node.outputs))
  for (const id of [...draft.values.keys()]) if (!written.has(id)) draft.values.delete(id)
  return ends
}
