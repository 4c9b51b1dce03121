import { WorkbenchError, toErrorInfo } from '../../../shared/errors.ts'
import { answer } from './answer.ts'
import { DataPool } from './data.ts'
import type { Asked, FromExplorer, ToExplorer } from './messages.ts'
import { Subject } from './subject.ts'

/**
 * Entry of an explorer process: answers questions about trained networks, one after the other, and keeps the last few networks with what was found out
 * about them. When the engine is gone, so is the process.
 */
const mostSubjects = 4
/** Codes and pixels of all networks together. */
const mostBytes = 768 * 2 ** 20
/** Progress is told this often at most, in milliseconds. */
const interval = 100

/** The one that was asked last comes last. */
const subjects = new Map<string, Subject>()
const pool = new DataPool()
const waiting: { id: number; asked: Asked }[] = []
const cancelled = new Set<number>()
let current: number | null = null

const send = (message: FromExplorer) => void process.send?.(message)
const rss = () => process.memoryUsage.rss()

function subjectOf({ target }: Asked): Subject {
  const known = subjects.get(target.key)
  const subject = known ?? Subject.load(target, pool)
  subjects.delete(target.key)
  subjects.set(target.key, subject)
  for (const [key, other] of subjects) {
    if (subjects.size <= mostSubjects) break
    other.close()
    subjects.delete(key)
  }
  return subject
}

/** Keeps pixels, and the codes of the latest networks, as far as they fit. */
function limitMemory(): void {
  if (pool.bytes > mostBytes) pool.forget()
  let left = mostBytes - pool.bytes
  for (const subject of [...subjects.values()].toReversed()) {
    if (subject.bytes > left) subject.forget()
    left -= subject.bytes
  }
}

async function work(id: number, asked: Asked): Promise<void> {
  let told = Date.now()
  const report = async (share: number) => {
    await new Promise((resolve) => setImmediate(resolve))
    if (cancelled.has(id)) throw new WorkbenchError('CANCELLED', 'The answer was not wanted any more.')
    if (Date.now() - told < interval) return
    told = Date.now()
    send({ type: 'progress', id, share })
  }
  try {
    const result = await answer(subjectOf(asked), asked, report)
    limitMemory()
    send({ type: 'answer', id, result, rss: rss() })
  } catch (thrown) {
    // The engine keeps the details in its log; the window shows the sentence.
    if (!(thrown instanceof WorkbenchError)) console.error(thrown instanceof Error ? thrown.stack : thrown)
    send({ type: 'failed', id, error: toErrorInfo(thrown), rss: rss() })
  }
}

async function workOff(): Promise<void> {
  if (current !== null) return
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    current = next.id
    if (cancelled.has(next.id)) send({ type: 'failed', id: next.id, error: { code: 'CANCELLED', message: 'The answer was not wanted any more.' }, rss: rss() })
    else await work(next.id, next.asked)
    cancelled.delete(next.id)
  }
  current = null
}

process.on('message', (message: ToExplorer) => {
  if (message.type === 'cancel') {
    if (message.id === current || waiting.some(({ id }) => id === message.id)) cancelled.add(message.id)
  } else {
    waiting.push({ id: message.id, asked: message.asked })
    void workOff()
  }
})
process.on('disconnect', () => process.exit(0))
