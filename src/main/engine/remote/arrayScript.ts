/** What a script for a scheduler is made of; all of it as text that the user chose. */
export interface ScriptParts {
  /** Words of the experiment, for a job's name. */
  name: string
  tasks: number
  threads: number
  /** The file in the folder that says which runs each task trains. */
  tasksFile: string
  /** Tasks that may go on at once. */
  throttle?: number | null
  /** Lines behind `#SBATCH `, beside those of every script. */
  directives?: readonly string[]
  /** Lines that are run first, such as `module load`. */
  before?: readonly string[]
  /** A command that runs another one in a container. */
  container?: string
  /** Seconds before the end of its time at which a task is told to save and leave. */
  margin?: number
  /** What the job's name ends with. */
  mark?: string
  /** Where the folder lies, in one that does not lie in it. */
  folder?: string
  /** The C library that the engine needs. */
  glibc: string | null
}

/** A name as schedulers, shells and disks like it: letters, digits, `-`, `_` and `.`; empty where nothing of it is. */
export const plainName = (name: string, most: number): string =>
  name
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, most)

const jobName = (name: string, mark: string): string => (plainName(name, 60) || 'workbench') + mark

const inContainer = (command: string): string => (command === '' ? '' : `${oneLine(command)} `)

/** As the shell takes it for one word, whatever is in it. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** Lines of the user's; `module` and its like are functions of login shells, which a script does not have by itself. */
export const prologue = (before: readonly string[]): string =>
  before.length === 0
    ? ''
    : `command -v module >/dev/null 2>&1 || [ ! -r /etc/profile ] || . /etc/profile\n${before.map((each) => `${each}\n`).join('')}`

/** A directive is one line, whatever is in it. */
const oneLine = (text: string): string => text.replace(/[\r\n]+/g, ' ')

/**
 * The script of a folder, in plain POSIX shell: `sbatch array.sh` in the folder, or `sh array.sh` on one machine, which does the tasks in
 * turn. With a number it does that task only. All names in it are relative, so the folder can lie anywhere.
 */
export const arrayScript = ({
  name,
  tasks,
  threads,
  tasksFile,
  throttle = null,
  directives = [],
  before = [],
  container = '',
  mark = '',
  folder = '',
  margin = 120,
  glibc,
}: ScriptParts): string => `#!/bin/sh
#SBATCH --job-name=${jobName(name, mark)}
#SBATCH --array=0-${tasks - 1}${throttle === null ? '' : `%${throttle}`}
#SBATCH --cpus-per-task=${threads}
#SBATCH --signal=B:USR1@${margin}
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=results/task-%a.log
${directives.map((each) => `#SBATCH ${oneLine(each)}\n`).join('')}
# Trains the runs of this folder. Start it inside the folder: "sbatch array.sh", or "sh array.sh" on one machine.
# "sh array.sh 3" does the fourth task alone. See README.txt.

folder=${folder === '' ? '${WORKBENCH_FOLDER:-${SLURM_SUBMIT_DIR:-$(dirname "$0")}}' : quoted(folder)}
cd "$folder" || exit 1
if [ ! -f plan.json ] || [ ! -f engine/bin/node ]; then
  echo "$(pwd) is not the folder of the experiment: go into it, and start this again there." >&2
  exit 1
fi
${prologue(before)}
needed=${glibc === null ? "''" : glibc.split('.')[1]}
present=$(${inContainer(container)}getconf GNU_LIBC_VERSION 2>/dev/null | sed -n 's/^glibc 2\\.\\([0-9][0-9]*\\).*/\\1/p')
if [ -n "$needed" ] && { [ -z "$present" ] || [ "$present" -lt "$needed" ]; }; then
  has="the C library 2.$present"
  [ -n "$present" ] || has='another C library'
  echo "$(uname -n) has $has, and the engine needs glibc 2.$needed or newer: choose other nodes." >&2
  exit 1
fi

leaving=''
again=''
child=''
stop() {
  leaving=yes
  [ -n "$child" ] && kill -s USR1 "$child" 2>/dev/null
}
trap 'again=yes; stop' USR1
trap 'stop' TERM INT HUP

# One task, to its end or until it is told to leave; 75: it goes on when it is started again.
task() {
  ${inContainer(container)}engine/bin/node engine/src/main/engine/remote/task.ts --folder . --tasks ${tasksFile} --task "$1" &
  child=$!
  while :; do
    wait "$child"
    code=$?
    kill -0 "$child" 2>/dev/null || break
  done
  child=''
  return "$code"
}

if [ -n "\${SLURM_ARRAY_TASK_ID:-}" ]; then
  task "$SLURM_ARRAY_TASK_ID"
  code=$?
  if [ "$code" -eq 75 ] && [ -n "$again" ]; then
    # Its time is over: it goes on in its turn.
    scontrol requeue "\${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"
    sleep 30
  fi
  exit "$code"
fi
if [ $# -gt 0 ]; then
  task "$1"
  exit $?
fi
worst=0
number=0
while [ "$number" -lt ${tasks} ] && [ -z "$leaving" ]; do
  task "$number" || worst=$?
  number=$((number + 1))
done
exit "$worst"
`
