import { WorkbenchError, toErrorInfo } from '../../../shared/errors.ts'
import { answer } from './answer.ts'
import { DataPool } from './data.ts'
import type { Asked, FromExplorer, ToExplorer } from './messages.ts'
import { Subject } from './subject.ts'

/**
 * Entry of an explorer process: answers questions about trained networks, one after the other, and keeps the last few networks
 * with what was found out about them. When the engine is gone, so is the process.
 */
const mostSubjects = 4
/** Codes and pixels of all networks together. */
const mostBytes = 768 * 2 ** 20
/** Progress is told this often at most, in milliseconds. */
const interval = 100

/**
 * A question that has been worked at for so long lets the next one go first, in milliseconds: behind a map that takes seconds a
 * click is answered at once.
 */
const patience = 150

/** The one that was asked last comes last. */
const subjects = new Map<string, Subject>()
const pool = new DataPool()
const waiting: { id: number; asked: Asked }[] = []
const cancelled = new Set<number>()
/** Being answered: one, or one within another. */
const current: { id: number; subject: Subject | null }[] = []

const send = (message: FromExplorer) => void process.send?.(message)
const rss = () => process.memoryUsage.rss()

function subjectOf({ target }: Asked): Subject {
  const known = subjects.get(target.key)
  const subject = known ?? Subject.load(target, pool)
  subjects.delete(target.key)
  subjects.set(target.key, subject)
  for (const [key, other] of subjects) {
    if (subjects.size <= mostSubjects) break
    if (current.some((each) => each.subject === other)) continue
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

const stopped = () => new WorkbenchError('CANCELLED', 'The answer was not wanted any more.')

async function work({ id, asked }: { id: number; asked: Asked }): Promise<void> {
  const began = Date.now()
  let lastReport = began
  const report = async (share: number) => {
    await new Promise((resolve) => setImmediate(resolve))
    if (cancelled.has(id)) throw stopped()
    // Carried out here, from beginning to end, so that scopes of tensors lie within one another.
    while (current.length === 1 && waiting.length > 0 && Date.now() - began > patience) await answerNext()
    if (cancelled.has(id)) throw stopped()
    if (Date.now() - lastReport < interval) return
    lastReport = Date.now()
    send({ type: 'progress', id, share })
  }
  try {
    if (cancelled.has(id)) throw stopped()
    const subject = subjectOf(asked)
    current.at(-1)!.subject = subject
    const result = await answer(subject, asked, report)
    // What another one is in the middle of has to stay.
    if (current.length === 1) limitMemory()
    send({ type: 'answer', id, result, rss: rss() })
  } catch (thrown) {
    // The engine keeps the details in its log; the window shows the sentence.
    if (!(thrown instanceof WorkbenchError)) console.error(thrown instanceof Error ? thrown.stack : thrown)
    send({ type: 'failed', id, error: toErrorInfo(thrown), rss: rss() })
  }
}

async function answerNext(): Promise<void> {
  const next = waiting.shift()!
  current.push({ id: next.id, subject: null })
  await work(next)
  current.pop()
  cancelled.delete(next.id)
}

async function workOff(): Promise<void> {
  if (current.length > 0) return
  while (waiting.length > 0) await answerNext()
}

process.on('message', (message: ToExplorer) => {
  if (message.type === 'cancel') {
    if ([...current, ...waiting].some(({ id }) => id === message.id)) cancelled.add(message.id)
  } else {
    waiting.push({ id: message.id, asked: message.asked })
    void workOff()
  }
})
process.on('disconnect', () => process.exit(0))
