/** A differentiable function at a point. */
export interface Evaluated {
  value: number
  gradient: Float64Array
}

export interface Minimum {
  point: Float64Array
  /** Largest absolute component of the gradient there. */
  gradientNorm: number
  iterations: number
}

export interface Options {
  start: Float64Array
  evaluate: (point: Float64Array) => Promise<Evaluated>
  /** An approximation of the inverse Hessian up to its scale, applied to a vector; the closer, the fewer iterations. */
  precondition: (vector: Float64Array) => Float64Array
  /** Stops where no component of the gradient is larger than this. */
  tolerance: number
  maxIterations: number
  onIteration?: (gradientNorm: number) => Promise<void>
}

const memory = 10
/** Relative noise of the function's values: decreases below it cannot be seen when they are computed in float32. */
const noise = 1e-7

/**
 * Minimises a smooth convex function by L-BFGS (Liu and Nocedal 1989) with a backtracking line search. Ends at the tolerance,
 * at `maxIterations`, or where no step goes lower any more; deterministic.
 */
export async function minimise({
  start,
  evaluate,
  precondition,
  tolerance,
  maxIterations,
  onIteration,
}: Options): Promise<Minimum> {
  let point = start
  let { value, gradient } = await evaluate(point)
  const pairs: { step: Float64Array; change: Float64Array; scale: number }[] = []
  let iterations = 0
  while (largest(gradient) > tolerance && iterations < maxIterations) {
    await onIteration?.(largest(gradient))
    const direction = descent(gradient)
    const slope = dot(direction, gradient)
    let length = 1
    let next = await evaluate(moved(point, direction, length))
    while (!(next.value <= value + 1e-4 * length * slope + noise * Math.abs(value)) && length > 1e-8) {
      const parabola = (-slope * length * length) / (2 * (next.value - value - slope * length))
      length = Number.isFinite(parabola) ? Math.min(0.5 * length, Math.max(0.1 * length, parabola)) : 0.1 * length
      next = await evaluate(moved(point, direction, length))
    }
    if (length <= 1e-8) break
    const step = direction.map((component) => component * length)
    const change = next.gradient.map((component, i) => component - gradient[i]!)
    const curvature = dot(step, change)
    if (curvature > 1e-12 * dot(change, change)) pairs.push({ step, change, scale: 1 / curvature })
    if (pairs.length > memory) pairs.shift()
    point = moved(point, direction, length)
    ;({ value, gradient } = next)
    iterations++
  }
  return { point, gradientNorm: largest(gradient), iterations }

  /** The two-loop recursion: minus the approximate inverse Hessian times the gradient. */
  function descent(from: Float64Array): Float64Array {
    let vector: Float64Array = from.map((component) => -component)
    const weights: number[] = []
    for (const { step, change, scale } of pairs.toReversed()) {
      const weight = scale * dot(step, vector)
      weights.unshift(weight)
      vector = moved(vector, change, -weight)
    }
    const last = pairs.at(-1)
    const scale = last ? 1 / (last.scale * dot(last.change, precondition(last.change))) : 1
    vector = precondition(vector).map((component) => component * scale)
    pairs.forEach(({ step, change, scale }, i) => {
      vector = moved(vector, step, weights[i]! - scale * dot(change, vector))
    })
    return vector
  }
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, component, i) => sum + component * b[i]!, 0)
const moved = (point: Float64Array, direction: Float64Array, length: number): Float64Array =>
  point.map((component, i) => component + length * direction[i]!)
const largest = (vector: Float64Array): number => vector.reduce((most, component) => Math.max(most, Math.abs(component)), 0)
