import type { OperationTranslator } from './translator.ts'
import { elementTypes } from './onnxSchema.ts'
import { conv, convBack, resizeNearest } from './spaceOperations.ts'

/**
 * What each TensorFlow operation is in ONNX (opset 17): one entry an operation. Numerically they are the same function; where
 * ONNX has no single node for it, a few make it up.
 */
type Translation = (operation: OperationTranslator) => void

const unary =
  (op: string): Translation =>
  (t) =>
    t.emit(op, [t.operand(0)])
const binary =
  (op: string): Translation =>
  (t) =>
    t.emit(op, [t.operand(0), t.operand(1)])
const same: Translation = (t) => t.alias(0)

const reduction =
  (op: 'ReduceSum' | 'ReduceMean' | 'ReduceMax' | 'ReduceMin'): Translation =>
  (t) => {
    const axes = t.integers(1)
    if (axes.length === 0) return t.alias(0)
    const keepdims = { kind: 'int', value: t.flag('keep_dims') ? 1 : 0 } as const
    if (op === 'ReduceSum') t.emit(op, [t.operand(0), t.vector('axes', axes)], { keepdims })
    else t.emit(op, [t.operand(0)], { axes: { kind: 'ints', value: axes }, keepdims })
  }

/** Matrix product of the two first inputs; `first` and `second` name the attributes that ask for a transposed one. */
const product =
  (first: string, second: string): Translation =>
  (t) => {
    if (t.shape(0).length === 2 && t.shape(1).length === 2) {
      const a = t.matrix(0)
      const b = t.matrix(1)
      const transA = t.flag(first) !== a.transposed
      const transB = t.flag(second) !== b.transposed
      return t.emit('Gemm', [a.value, b.value], {
        ...(transA ? { transA: { kind: 'int', value: 1 } } : {}),
        ...(transB ? { transB: { kind: 'int', value: 1 } } : {}),
      })
    }
    const side = (index: number, transposed: boolean): string => {
      if (!transposed) return t.operand(index)
      const shape = t.shape(index)
      const perm = [...shape.keys()]
      perm.push(...perm.splice(-2).reverse())
      return t.step(
        'Transpose',
        [t.operand(index)],
        perm.map((axis) => shape[axis]!),
        { perm: { kind: 'ints', value: perm } },
      )
    }
    t.emit('MatMul', [side(0, t.flag(first)), side(1, t.flag(second))])
  }

const reshape: Translation = (t) => {
  const shape = t.outputShape()
  if (t.shape(0).join() === shape.join()) return t.alias(0)
  if (shape.filter((size) => typeof size !== 'number').length > 1) throw t.unsupported('its output has the number of images twice')
  t.emit('Reshape', [
    t.operand(0),
    t.vector(
      'shape',
      shape.map((size) => (typeof size === 'number' ? size : -1)),
    ),
  ])
}

const slice: Translation = (t) => {
  const begin = t.integers(1)
  const [from, to] = [t.shape(0), t.outputShape()]
  const axes = [...from.keys()].filter((axis) => from[axis] !== to[axis])
  if (axes.length === 0) return t.alias(0)
  const ends = axes.map((axis) => {
    const size = to[axis]
    if (typeof size !== 'number' || typeof from[axis] !== 'number') throw t.unsupported('it picks some of the images')
    return begin[axis]! + size
  })
  t.emit('Slice', [
    t.operand(0),
    t.vector(
      'starts',
      axes.map((axis) => begin[axis]!),
    ),
    t.vector('ends', ends),
    t.vector('axes', axes),
  ])
}

const split =
  (value: number, axis: number): Translation =>
  (t) => {
    const [at] = t.integers(axis)
    const sizes = t.operation.outputs.map((output) => output.shape.at(at!)!)
    const fixed = sizes.map((size) => {
      if (typeof size !== 'number') throw t.unsupported('it divides the images')
      return size
    })
    t.emit('Split', [t.operand(value), t.vector('sizes', fixed)], { axis: { kind: 'int', value: at! } })
  }

const concat: Translation = (t) => {
  const last = t.operation.inputs.length - 1
  const [axis] = t.integers(last)
  t.emit(
    'Concat',
    t.operation.inputs.slice(0, last).map((_, index) => t.operand(index)),
    { axis: { kind: 'int', value: axis! } },
  )
}

/** By the names of TensorFlow's operations. */
export const translations: Record<string, Translation> = {
  MatMul: product('transpose_a', 'transpose_b'),
  BatchMatMul: product('adj_x', 'adj_y'),
  BatchMatMulV2: product('adj_x', 'adj_y'),
  BiasAdd: binary('Add'),
  Add: binary('Add'),
  AddV2: binary('Add'),
  Sub: binary('Sub'),
  Mul: binary('Mul'),
  Div: binary('Div'),
  RealDiv: binary('Div'),
  Maximum: binary('Max'),
  Minimum: binary('Min'),
  Pow: binary('Pow'),
  Neg: unary('Neg'),
  Abs: unary('Abs'),
  Exp: unary('Exp'),
  Log: unary('Log'),
  Sqrt: unary('Sqrt'),
  Reciprocal: unary('Reciprocal'),
  Sigmoid: unary('Sigmoid'),
  Tanh: unary('Tanh'),
  Relu: unary('Relu'),
  Elu: unary('Elu'),
  Softplus: unary('Softplus'),
  Rsqrt: (t) => t.emit('Reciprocal', [t.step('Sqrt', [t.operand(0)], t.shape(0))]),
  Square: (t) => t.emit('Mul', [t.operand(0), t.operand(0)]),
  SquaredDifference: (t) => {
    const difference = t.step('Sub', [t.operand(0), t.operand(1)], t.outputShape())
    t.emit('Mul', [difference, difference])
  },
  ClipByValue: (t) => t.emit('Clip', [t.operand(0), t.operand(1), t.operand(2)]),
  Softmax: (t) => t.emit('Softmax', [t.operand(0)], { axis: { kind: 'int', value: -1 } }),
  Sum: reduction('ReduceSum'),
  Mean: reduction('ReduceMean'),
  Max: reduction('ReduceMax'),
  Min: reduction('ReduceMin'),
  Identity: same,
  StopGradient: same,
  Cast: (t) => t.emit('Cast', [t.operand(0)], { to: { kind: 'int', value: elementTypes[t.operation.outputs[0]!.dtype] } }),
  Reshape: reshape,
  ExpandDims: reshape,
  Squeeze: reshape,
  Transpose: (t) => t.emit('Transpose', [t.operand(0)], { perm: { kind: 'ints', value: t.integers(1) } }),
  Slice: slice,
  Split: split(1, 0),
  SplitV: split(0, 2),
  ConcatV2: concat,
  Greater: binary('Greater'),
  GreaterEqual: binary('GreaterOrEqual'),
  Less: binary('Less'),
  LessEqual: binary('LessOrEqual'),
  Conv2D: conv,
  Conv2DBackpropInput: convBack,
  ResizeNearestNeighbor: resizeNearest,
  Cumsum: (t) => {
    const [axis] = t.integers(1)
    t.emit('CumSum', [t.operand(0), t.integer('axis', axis!)], {
      exclusive: { kind: 'int', value: t.flag('exclusive') ? 1 : 0 },
      reverse: { kind: 'int', value: t.flag('reverse') ? 1 : 0 },
    })
  },
  // The indices are int32 in TensorFlow and int64 in ONNX; nothing that is exported reads them.
  TopKV2: (t) =>
    t.emit(
      'TopK',
      [t.operand(0), t.vector('k', t.integers(1))],
      { axis: { kind: 'int', value: -1 }, largest: { kind: 'int', value: 1 }, sorted: { kind: 'int', value: 1 } },
      ['float32', 'int64'],
    ),
}

/** The translation of a TensorFlow operation, or undefined where there is none. */
export const translationOf = (op: string): Translation | undefined =>
  Object.hasOwn(translations, op) ? translations[op] : undefined
