import { kernelReaders } from '../network/layers/kinds.ts'
import type { OnnxGraph, OnnxNode, OnnxTensor, OnnxValue } from './onnxModel.ts'
import type { Draft, DraftInitialiser, DraftNode } from './draft.ts'

const folderOf = (name: string) => name.slice(0, Math.max(0, name.lastIndexOf('/')))
const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1)

/** The layer that a node belongs to by its own weights: the bias's before the kernel's, since a tied kernel has two layers. */
function layerOf(node: DraftNode, initialisers: ReadonlyMap<string, DraftInitialiser>): string {
  for (const input of node.inputs.toReversed()) {
    const weight = initialisers.get(input)?.weight
    if (weight != null) return folderOf(weight)
  }
  return ''
}

/**
 * Gives a draft its final names. A layer's product is called like the layer (`encoder/0`), what follows it like the layer and the
 * operation (`encoder/0/sigmoid`), initialisers like the weights (`encoder/0/kernel`) or like their reader and role
 * (`encoder/0/sum/axes`). A value has the name of its node. Names depend on the network alone.
 */
export function nameGraph(name: string, draft: Draft, input: OnnxValue, outputs: { id: string; value: OnnxValue }[]): OnnxGraph {
  const usedNames = new Set([input.name, ...outputs.map(({ value }) => value.name)])
  const unique = (wanted: string): string => {
    let candidate = wanted
    for (let count = 2; usedNames.has(candidate); count++) candidate = `${wanted}_${count}`
    usedNames.add(candidate)
    return candidate
  }

  /** Draft id -> final name. */
  const names = new Map<string, string>([
    [input.name, input.name],
    // An input that is left out.
    ['', ''],
  ])
  /** Draft id of a value -> the layer it belongs to. */
  const layers = new Map<string, string>([[input.name, input.name]])
  for (const { id, value } of outputs) if (!names.has(id)) names.set(id, value.name)

  const initialisers: OnnxTensor[] = []
  const named = new Map<string, OnnxTensor[]>()
  const nameInitialiser = (id: string, reader: string) => {
    const { weight, role, dtype, shape, data } = draft.initialisers.get(id)!
    const wanted = weight ?? `${reader}/${role}`
    // The same weight may have been computed more than once, e.g. a normalised tied kernel.
    const twin = named.get(wanted)?.find((each) => each.shape.join() === shape.join() && Buffer.compare(each.data, data) === 0)
    const tensor = twin ?? { name: unique(wanted), dtype, shape, data }
    if (twin === undefined) {
      initialisers.push(tensor)
      named.set(wanted, [...(named.get(wanted) ?? []), tensor])
    }
    names.set(id, tensor.name)
  }

  const nodeNames = new Set<string>()
  const nameNode = (node: DraftNode): string => {
    const nodeLayer = layerOf(node, draft.initialisers)
    const layer = nodeLayer || node.inputs.map((id) => layers.get(id)).find((each) => each !== undefined) || graphLayer
    for (const output of node.outputs) layers.set(output, layer)
    const short = nodeLayer !== '' && kernelReaders.has(node.op) ? layer : `${layer}/${lowerFirst(node.op)}`
    let candidate = node.name ?? short
    for (let count = 2; nodeNames.has(candidate); count++) candidate = `${node.name ?? `${layer}/${lowerFirst(node.op)}`}_${count}`
    nodeNames.add(candidate)
    return candidate
  }
  const graphLayer = name

  const nodes = draft.nodes.map((node): OnnxNode => {
    const nodeName = nameNode(node)
    for (const id of node.inputs) if (draft.initialisers.has(id) && !names.has(id)) nameInitialiser(id, nodeName)
    node.outputs.forEach((id, index) => {
      if (!names.has(id)) names.set(id, unique(node.outputs.length === 1 ? nodeName : `${nodeName}/${index}`))
    })
    return {
      name: nodeName,
      op: node.op,
      attributes: node.attributes,
      inputs: node.inputs.map((id) => names.get(id)!),
      outputs: node.outputs.map((id) => names.get(id)!),
    }
  })
  // An output that is the input, or a second name of another output, needs a node that copies it.
  for (const { id, value } of outputs) {
    const held = names.get(id)!
    if (held !== value.name) nodes.push({ name: value.name, op: 'Identity', inputs: [held], outputs: [value.name], attributes: {} })
  }

  const ends = new Set([input.name, ...outputs.map(({ value }) => value.name)])
  const intermediates = [...draft.values]
    .map(([id, { dtype, shape }]) => ({ name: names.get(id)!, dtype, shape }))
    .filter((value) => !ends.has(value.name))
  return { name, nodes, initialisers, inputs: [input], outputs: outputs.map(({ value }) => value), intermediates }
}
