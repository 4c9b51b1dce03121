/** What the fields of a place take: the schema and the window's form go by these. */

export interface TextRule {
  matches: RegExp
  /** Behind the field's name: `Folder must be a whole path, from / on`. */
  message: string
  most: number
}

export const textRules = {
  /** Text of one line that a shell or a scheduler may read; it is quoted where it is used. */
  line: {
    // eslint-disable-next-line no-control-regex
    matches: /^[^\u0000-\u001f\u007f]*$/,
    message: 'must be one line',
    most: 2000,
  },
  /** What stands behind `--partition=` and its like. */
  word: {
    matches: /^[A-Za-z0-9_][A-Za-z0-9_.,:@+/=-]*$/,
    message: 'takes letters, digits and _ . , : @ + / = - only',
    most: 200,
  },
  /** A line behind `#SBATCH ` that leaves to the workbench what it finds its jobs by. */
  directive: {
    // eslint-disable-next-line no-control-regex
    matches: /^(?!(#SBATCH\s+)?(--(job-name|array|clusters|wait|chdir|parsable|test-only)\b|-[JaMWD]))[^\u0000-\u001f\u007f]*$/,
    message: 'must be one line, and cannot set the name, array, cluster, folder or waiting of a job: those are the workbench’s',
    most: 2000,
  },
  host: { matches: /^[^-\s][^\s]*$/, message: 'is a host as ssh takes it, such as me@login.cluster.edu', most: 2000 },
  folder: { matches: /^\//, message: 'must be a whole path, from / on', most: 2000 },
  /** As Slurm takes it: minutes, H:MM:SS, or D-HH and so on. */
  time: { matches: /^(\d+-)?\d+(:\d{1,2}){0,2}$/, message: 'is minutes, HH:MM:SS or D-HH:MM:SS', most: 200 },
  memory: { matches: /^\d+[KMGT]?$/, message: 'is a number with K, M, G or T, such as 4G', most: 200 },
} as const satisfies Record<string, TextRule>

/** The largest of each number; each is at least 1. */
export const mostOf = { cpus: 1024, runsPerJob: 10_000, jobs: 100_000 } as const
/** Of further lines, and of lines before a task. */
export const mostLines = 50

/** Names that mean something else. */
export const reservedPlaces: readonly string[] = ['local', 'here', 'folder']
export const reservedMessage = 'is the name of something else'
