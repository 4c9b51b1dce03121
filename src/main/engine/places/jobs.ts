/** What a scheduler says of one task of ours. */
export interface Job {
  /** Number of its array. */
  job: string
  /** Of the array; null for a job that is none. */
  task: number | null
  /** In the scheduler's word, such as PENDING. */
  state: string
  reason: string
  exitCode: string
  /** How often it was put back. */
  restarts: number
  nodes: string
  name: string
}

/** States after which a job does nothing more. Whatever else a scheduler says, now or in a newer version, is no end. */
const endings = new Set([
  'BOOT_FAIL',
  'CANCELLED',
  'COMPLETED',
  'DEADLINE',
  'FAILED',
  'NODE_FAIL',
  'OUT_OF_MEMORY',
  'PREEMPTED',
  'REVOKED',
  'TIMEOUT',
])

export const hasEnded = ({ state }: Pick<Job, 'state'>): boolean => endings.has(state)
/** Whether it does something, rather than wait for its turn. */
export const isAtWork = (job: Pick<Job, 'state'>): boolean => !hasEnded(job) && !/^(PENDING|REQUEUE|CONFIGURING)/.test(job.state)

/** Fields that are asked for, the last one may hold anything; `:|` has each of them whole. */
const fields = ['JobArrayID', 'State', 'Reason', 'exit_code', 'RestartCnt', 'NodeList', 'Name'] as const
export const jobFormat = fields.map((field) => `${field}:|`).join(',')

/** `12`, `12_3`, and `12_[0-2,7%2]` where a version puts those that wait into one line. */
function tasksOf(id: string): { job: string; tasks: (number | null)[] } | null {
  const found = /^(\d+)(?:_(?:(\d+)|\[([\d,:-]+)(?:%\d+)?\]))?$/.exec(id)
  if (found === null) return null
  const [, job, one, several] = found
  if (several === undefined) return { job: job!, tasks: [one === undefined ? null : Number(one)] }
  const tasks = several.split(',').flatMap((part) => {
    const [, from, to, step] = /^(\d+)(?:-(\d+)(?::(\d+))?)?$/.exec(part) ?? []
    if (from === undefined) return []
    const found = []
    for (let task = Number(from); task <= Number(to ?? from); task += Math.max(1, Number(step ?? 1))) found.push(task)
    return found
  })
  return { job: job!, tasks }
}

/** Reads what `squeue` prints in that format. Lines that are none are left out: no job is made of a warning. */
export function readJobs(text: string): Job[] {
  return text.split('\n').flatMap((line) => {
    const parts = line.split('|')
    if (parts.length < fields.length) return []
    const [id, state, reason, exitCode, restarts, nodes, ...name] = parts.map((part) => part.trim()) as [
      string,
      string,
      string,
      string,
      string,
      string,
      ...string[],
    ]
    const numbers = tasksOf(id)
    if (numbers === null || !/^[A-Z_]+/.test(state)) return []
    // `CANCELLED by 1000`, `COMPLETING+`.
    const word = /^[A-Z_]+/.exec(state)![0]
    const rest = { state: word, reason, exitCode, restarts: Number(restarts) || 0, nodes, name: name.join('|').replace(/\|$/, '') }
    return numbers.tasks.map((task) => ({ job: numbers.job, task, ...rest }))
  })
}
