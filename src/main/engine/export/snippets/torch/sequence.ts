import { WorkbenchError } from '../../../../../shared/errors.ts'
import type { Shape } from '../../../../../shared/shape.ts'
import type { Layer } from '../../../network/layer.ts'
import { quoted } from '../subject.ts'
import { torchKind, type TorchKind } from './kinds.ts'
import { activationModules, pieces } from './pieces.ts'

/** What a program defines, in the order in which it is first needed. */
export class Definitions {
  readonly #all = new Set<readonly string[]>()

  need(lines: readonly string[]): void {
    this.#all.add(lines)
  }

  /** As they stand in a file, with two lines after each. */
  get lines(): string[] {
    return [...this.#all].flatMap((lines) => [...lines, '', ''])
  }
}

/** A field of the module, an `nn.Sequential` of layers, while it is written. Its values begin and end as rows [N, values]. */
export class Sequence {
  readonly name: string
  /** An expression each. */
  readonly modules: string[]
  readonly #definitions: Definitions
  readonly #weightNorm: boolean
  /** By the name of its kernel, where each layer stands. */
  readonly #places = new Map<string, number>()
  #lies: 'rows' | 'planes' = 'rows'
  #shape: Shape | null = null
  #last = 0

  constructor(name: string, modules: readonly string[], definitions: Definitions, weightNorm: boolean) {
    this.name = name
    this.modules = [...modules]
    this.#definitions = definitions
    this.#weightNorm = weightNorm
  }

  /** Adds layers with their activations. @param encoder whose layers tied ones go back through */
  add(layers: readonly Layer[], encoder: Sequence | null = null): this {
    for (const layer of layers) {
      const { map, adjoint, activation, name, normalised } = layer
      const kind = torchKind(map)
      if (kind === null)
        throw new WorkbenchError(
          'EXPORT_UNSUPPORTED',
          `There is no loader in PyTorch for layers like ${layer.name} yet; export the run as ONNX instead.`,
        )
      this.#lie(kind.lies, adjoint ? map.out : map.in)
      this.#last = this.modules.length
      this.#places.set(layer.kernel, this.#last)
      this.modules.push(this.#expression(kind, layer, encoder))
      this.#shape = adjoint ? map.in : map.out
      if (normalised) {
        this.#definitions.need(pieces.batchNormalised)
        this.modules.push(`batch_normalised(${kind.normalisation}, weights, ${quoted(name)})`)
      }
      const module = activationModules[activation]
      if (module !== null) this.modules.push(module)
    }
    return this
  }

  /** Another one that shares all but the last layer and has this one in its place. */
  beside(name: string, layer: Layer): Sequence {
    const other = new Sequence(name, [`*self.${this.name}[:${this.#last}]`], this.#definitions, this.#weightNorm)
    other.#lies = this.#lies
    return other.add([layer]).end()
  }

  /** Rows again. */
  end(more: readonly string[] = []): this {
    this.#lie('rows', this.#shape)
    this.modules.push(...more)
    return this
  }

  #expression(kind: TorchKind, { map, adjoint, kernel, bias: biasName, normalised }: Layer, encoder: Sequence | null): string {
    const weight = (name: string) => `weights[${quoted(name)}]`
    // What is normalised has its bias after that.
    const bias = normalised ? null : weight(biasName)
    this.#definitions.need(kind.source)
    if (adjoint) this.#definitions.need(kind.adjoint)
    const forward = (layerBias: string | null): string => {
      const layer = kind.layer(map, weight(kernel), layerBias)
      if (!this.#weightNorm) return layer
      this.#definitions.need(pieces.normalised)
      return `normalised(${layer})`
    }
    if (!adjoint) return forward(bias)
    const place = encoder === null ? undefined : encoder.#places.get(kernel)
    return kind.back(map, place === undefined ? forward(null) : `self.${encoder!.name}[${place}]`, bias)
  }

  /** Lays the values as what follows wants them. @param shape of the images that they are */
  #lie(lies: TorchKind['lies'], shape: Shape | null): void {
    if (lies === this.#lies) return
    this.#definitions.need(pieces.permuted)
    if (lies === 'rows') this.modules.push('Permuted(0, 2, 3, 1)', 'nn.Flatten()')
    else this.modules.push(`nn.Unflatten(1, (${shape!.height}, ${shape!.width}, ${shape!.channels}))`, 'Permuted(0, 3, 1, 2)')
    this.#lies = lies
  }
}
