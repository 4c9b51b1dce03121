import type { Job } from './jobs.ts'
import type { Programs } from './programs.ts'
import type { Scheduler } from './slurm.ts'
import { quoted } from '../remote/arrayScript.ts'

/** The end of what a task script's process shows as its command. */
const ofScript = /^\s*(\d+)\s.*\/scripts\/([a-z0-9]+)\.sh\s*$/

/**
 * A machine without a scheduler: a submission is one process there, which does its tasks in turn and outlives the connection. Its
 * number is the submission's own name.
 */
export const processes = (programs: Programs): Scheduler => ({
  async submit(folder, script) {
    const id = /^#SBATCH --job-name=.*\.([a-z0-9]+)$/m.exec(script)![1]!
    const file = `${folder}/scripts/${id}.sh`
    const log = quoted(`${folder}/results/task-0.log`)
    // All of it lets the connection go.
    const start = `{ cd ${quoted(folder)} && exec nohup setsid sh ${quoted(file)}; } >>${log} 2>&1 </dev/null & echo started`
    await programs('sh', ['-c', start])
    return id
  },
  test: async () => void (await programs('sh', ['-c', 'command -v nohup setsid ps'])),
  async list() {
    const printed = await programs('ps', ['-eo', 'pid=,args='], { seconds: 15 })
    const found = new Map<string, Job>()
    for (const line of printed.split('\n')) {
      const [, , id] = ofScript.exec(line) ?? []
      if (id === undefined) continue
      found.set(id, { job: id, task: null, state: 'RUNNING', reason: '', exitCode: '', restarts: 0, nodes: '', name: `.${id}` })
    }
    return [...found.values()]
  },
  // None of its tasks waits anywhere but in a process that is told by wishes.
  cancel: () => Promise.resolve(),
})
