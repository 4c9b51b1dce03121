import type { z } from 'zod'
import { comparingCalls } from './calls/comparing.ts'
import { datasetCalls } from './calls/datasets.ts'
import { downloadCalls } from './calls/downloads.ts'
import { embeddingCalls } from './calls/embeddings.ts'
import { engineCalls } from './calls/engine.ts'
import { experimentCalls } from './calls/experiments.ts'
import { exploringCalls } from './calls/exploring.ts'
import { exportCalls } from './calls/exports.ts'
import { placeCalls } from './calls/places.ts'
import { runCalls } from './calls/runs.ts'
import { storageCalls } from './calls/storage.ts'

/**
 * The contract: every call of a window (or the command line) to the engine, once. The engine validates each input against
 * its schema before it does anything. Long work returns a task at once; its progress comes as events.
 */
export const calls = {
  ...engineCalls,
  ...datasetCalls,
  ...runCalls,
  ...comparingCalls,
  ...experimentCalls,
  ...placeCalls,
  ...storageCalls,
  ...exploringCalls,
  ...exportCalls,
  ...downloadCalls,
  ...embeddingCalls,
} as const

type Calls = typeof calls
export type CallName = keyof Calls
/** What a caller writes (defaults may be left out) and what a handler receives (defaults filled in). */
export type CallInput<N extends CallName> = z.input<Calls[N]['input']>
export type CallArguments<N extends CallName> = z.output<Calls[N]['input']>
export type CallOutput<N extends CallName> = z.output<Calls[N]['output']>
