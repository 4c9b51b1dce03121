import { fileURLToPath } from 'node:url'
import { smallDiskTests } from '../fixtures/smallDisk.ts'

const script = fileURLToPath(new URL('../fixtures/fullDiskCases.ts', import.meta.url))

smallDiskTests(
  script,
  {
    queue: 'a queue that met a full disk goes on by itself, whatever was to be stored; pausing and cancelling work meanwhile',
    start: 'an engine starts on a full disk and removes; without a reserve it says DISK_FULL',
    empty: 'the trash is emptied and datasets are removed where not one page can be written',
    command: 'train waits for space and says so; one SIGTERM ends it on a full disk',
  },
  { timeout: 100_000, megabytes: () => 40 },
)
