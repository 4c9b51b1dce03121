import type { ErrorInfo } from '../../../shared/errors.ts'
import type { Result } from '../../../shared/answers.ts'
import type { Question } from '../../../shared/questions.ts'
import type { Target } from '../checkpoint/target.ts'

export interface Asked {
  target: Target
  question: Question
  /** Longest side of the pictures in the answer. */
  side: number | undefined
  /** The dataset that a question of copying names: its folder; null for random pixels. */
  other: { folder: string; name: string } | null
}

/**
 * What the engine and an explorer process say to each other. A process answers one question at a time, in order, and exits when
 * its channel closes.
 */
export type ToExplorer = { type: 'ask'; id: number; asked: Asked } | { type: 'cancel'; id: number }
export type FromExplorer =
  | { type: 'progress'; id: number; share: number }
  /** `rss`: bytes that the process takes now. */
  | { type: 'answer'; id: number; result: Result; rss: number }
  | { type: 'failed'; id: number; error: ErrorInfo; rss: number }
