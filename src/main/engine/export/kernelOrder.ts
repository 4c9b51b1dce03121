import { arithmetic, elementwise } from './arrange.ts'
import { integersOf, isSet, type Draft, type DraftNode } from './draft.ts'
import { columnsAt, rowsAt, transposition, valuesAt } from './order.ts'

/** What lies between a dense layer and the image that is made of its values. */
interface Making {
  product: DraftNode
  /** Operations that treat all values alike, and constants of one value for each unit. */
  between: DraftNode[]
  reshape: DraftNode
}

/** The dense layer behind a transposition, where nothing else reads what lies between. */
function makingOf(draft: Draft, makers: ReadonlyMap<string, DraftNode>, node: DraftNode, kept: ReadonlySet<string>): Making | null {
  const free = (id: string) => !kept.has(id) && draft.isReadOnce(id)
  const reshape = makers.get(node.inputs[0]!)
  if (reshape?.op !== 'Reshape' || !free(reshape.outputs[0]!)) return null
  const between: DraftNode[] = []
  let id = reshape.inputs[0]!
  for (let maker = makers.get(id); maker && free(id); maker = makers.get(id)) {
    if (maker.op === 'Gemm' || maker.op === 'MatMul') return { product: maker, between, reshape }
    const read = maker.inputs.filter((input) => !draft.initialisers.has(input))
    if (!(elementwise.has(maker.op) || arithmetic.has(maker.op)) || read.length !== 1) return null
    between.push(maker)
    id = read[0]!
  }
  return null
}

/**
 * Where a dense layer makes an image, the order of its units becomes that of the image's planes: of the change from pixels to
 * planes only the shape is left.
 * @param kept ids of what the graph gives
 */
export function orderIntoKernels(draft: Draft, kept: ReadonlySet<string>): void {
  const makers = new Map(draft.nodes.flatMap((node) => node.outputs.map((id) => [id, node] as const)))
  for (const node of draft.nodes.filter(({ op }) => op === 'Transpose')) {
    const making = makingOf(draft, makers, node, kept)
    const perm = integersOf(node, 'perm')
    if (!making || perm[0] !== 0) continue
    const { product, between, reshape } = making
    const [input, kernel, ...biases] = product.inputs as [string, string, ...string[]]
    const [images, ...sides] = draft.values.get(reshape.outputs[0]!)!.shape
    const rows = draft.values.get(product.outputs[0]!)!.shape
    const data = draft.floats(kernel)
    if (data === null || rows.length !== 2 || rows[0] !== images) continue
    const places = transposition([1, ...(sides as number[])], perm)
    const constants = [product, ...between].flatMap(({ inputs }) =>
      inputs.filter((id) => draft.initialisers.has(id) && id !== kernel),
    )
    if (constants.some((id) => ![1, places.length].includes(draft.floats(id)?.length ?? 0))) continue

    const inOrder = (id: string): string => {
      const values = draft.initialisers.has(id) ? draft.floats(id)! : null
      return values === null || values.length === 1
        ? id
        : draft.changed(id, draft.initialisers.get(id)!.shape, valuesAt(values, places))
    }
    for (const each of between) each.inputs = each.inputs.map(inOrder)
    const ordered = isSet(product, 'transB') ? rowsAt(data, places) : columnsAt(data, places)
    product.inputs = [input, draft.changed(kernel, draft.initialisers.get(kernel)!.shape, ordered), ...biases.map(inOrder)]
    reshape.inputs = [reshape.inputs[0]!, draft.sizes(draft.values.get(node.outputs[0]!)!.shape)]
    draft.values.delete(reshape.outputs[0]!)
    reshape.outputs = node.outputs
    draft.nodes.splice(draft.nodes.indexOf(node), 1)
  }
}
