import { toErrorInfo, WorkbenchError } from '../../../shared/errors.ts'
import { carryOut } from './carryOut.ts'

/**
 * Trains runs of a folder that an experiment was sent in, on whatever machine this is: a plain program, without an engine, a database
 * or a connection.
 *
 *   node task.ts --folder F --runs A,B
 *   node task.ts --folder F --tasks FILE --task N       the N-th list of runs of a file in it, from 0
 *
 * Exit code 0: nothing is left to do; 75: it was told to leave (SIGTERM, SIGUSR1, SIGUSR2, SIGINT), has saved, and goes on when it is
 * started again; 1: something is wrong, in one sentence. `WORKBENCH_WORKER` names another program that trains, for tests.
 */
try {
  process.exit(await carryOut())
} catch (thrown) {
  const { code, message } = toErrorInfo(thrown)
  if (!(thrown instanceof WorkbenchError)) console.error(thrown)
  process.stderr.write(`${code}: ${message}\n`)
  process.exit(1)
}
