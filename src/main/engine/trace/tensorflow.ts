import { createRequire } from 'node:module'
import type * as Tf from '@tensorflow/tfjs-node'

/**
 * The only file that loads tfjs-node. tfjs-node 4.22 calls two functions that Node 23 removed or deprecated; they are put back on the
 * CommonJS `util` object before the package loads. Only child processes import this file: two threads of one process cannot
 * both use tfjs-node, and it can abort natively, so a crash must take one run and nothing else.
 */
process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2'
const require = createRequire(import.meta.url)
const util = require('node:util') as Record<string, unknown>
util['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined
// Node 24 still has this one, but warns of its use.
util['isArray'] = Array.isArray

export const tf = require('@tensorflow/tfjs-node') as typeof Tf
export type { Tensor, Tensor1D, Tensor2D, Tensor3D, Scalar, Variable } from '@tensorflow/tfjs-node'
