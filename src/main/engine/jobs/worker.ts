import { WorkbenchError, toErrorInfo } from '../../../shared/errors.ts'
import { Diverged } from '../training/diverged.ts'
import { Stopped } from '../training/port.ts'
import { connectToParent } from './connection.ts'
import { carryOut } from './registry.ts'

/** Entry of a worker process: one job, then the end. */
const connection = connectToParent(async (job) => {
  try {
    connection.end({ type: 'done', result: await carryOut(job, connection) })
  } catch (thrown) {
    if (thrown instanceof Stopped)
      return connection.end({ type: 'stopped', step: thrown.at.step, epoch: thrown.at.epoch, seconds: thrown.at.seconds })
    // The engine keeps the details in its log; the window shows the sentence.
    if (!(thrown instanceof WorkbenchError)) console.error(thrown instanceof Error ? thrown.stack : thrown)
    connection.end(
      thrown instanceof Diverged
        ? { type: 'diverged', step: thrown.step, error: thrown.toInfo() }
        : { type: 'failed', error: toErrorInfo(thrown) },
    )
  }
})
