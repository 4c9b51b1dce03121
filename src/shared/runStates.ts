import type { RunState } from './domain.ts'

/** Whether it waits or trains, here or elsewhere: news of it is to come without anybody doing anything. */
export const isUnderWay = (state: RunState): boolean => ['queued', 'submitted', 'running', 'unknown'].includes(state)

/** Whether nothing of its training is known yet, as nothing has come of it. */
export const isWaiting = (state: RunState): boolean => state === 'queued' || state === 'submitted'
