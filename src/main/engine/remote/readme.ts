import { bytes } from '../../../shared/amounts.ts'
import { counted } from '../../../shared/words.ts'
import type { EngineStamp } from './engineFolder.ts'
import type { Sent } from './folder.ts'

const needs = ({ platform, glibc }: EngineStamp): string => platform + (glibc === null ? '' : `, glibc ${glibc} or newer`)

/** What a folder says to people of itself. */
export const readmeText = (
  { name, experiment, dataset, workbench, sentAt, threads }: Sent,
  runs: number,
  tasks: number,
  engine: EngineStamp,
) =>
  `${name}

${experiment === null ? 'Runs' : 'An experiment'} of Autoencoder Workbench ${workbench}, sent on ${sentAt.slice(0, 10)}:
${counted(runs, 'run')} in ${counted(tasks, 'task')},
trained on “${dataset.name}” with ${counted(threads, 'thread')} each.
Nothing has to be installed, and nothing in this folder opens a connection.

To train it
  on a cluster with Slurm:  go into this folder, then   sbatch array.sh
  on one machine:           go into this folder, then   sh array.sh
  It can be started again at any time: what is done stays done, and what was stopped goes on from its last checkpoint.
  Partition, account and time: as options of sbatch, or as #SBATCH lines in array.sh.
  A task works in $WORKBENCH_SCRATCH, $SLURM_TMPDIR or $TMPDIR where one of them is set.

To have the results
  aebench experiment collect FOLDER     on the machine that sent it, as often as you like, also while it trains.
  Only plan.json, runs.jsonl and results/ are needed for that, where the folder was copied.

What is in it
  plan.json     what was sent: the experiment's plan, and the dataset
  runs.jsonl    the runs: a line each with all settings
  tasks/        which runs each task trains, one after the other
  array.sh      starts tasks
  dataset/      the images, packed (fingerprint ${dataset.sha256.slice(0, 16)})
  engine/       Node and what a training needs (${counted(engine.files, 'file')}, ${bytes(engine.bytes)}; ${needs(engine)})
  results/      RUN.journal: what a run said; RUN.checkpoints: its weights; task-N.log: what a task printed
  wishes/       a file named as a run with the word pause or cancel in it tells its task to stop
`
