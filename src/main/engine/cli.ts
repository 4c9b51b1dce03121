import { runCommand } from './cli/run.ts'

/** The command line: `aebench COMMAND`. */

// Who reads only the beginning, as head does, has what was wanted: the command goes on to its end, quietly.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (thrown: NodeJS.ErrnoException) => {
    if (thrown.code !== 'EPIPE') throw thrown
  })
}

process.exit(
  await runCommand(process.argv.slice(2), {
    // npm starts scripts in the package's folder; paths are meant from where the user is.
    folder: process.env['npm_lifecycle_event'] === 'aebench' ? (process.env['INIT_CWD'] ?? process.cwd()) : process.cwd(),
    print: (line) => new Promise((done) => process.stdout.write(`${line}\n`, () => done())),
    errors: process.stderr,
  }),
)
