import { fileURLToPath } from 'node:url'
import { smallDiskTests } from '../fixtures/smallDisk.ts'

const script = fileURLToPath(new URL('../fixtures/fullDiskTasks.ts', import.meta.url))

smallDiskTests(
  script,
  {
    packing: 'an experiment is packed whole or not at all; after space returns it works',
    unpacking: 'an experiment is unpacked whole or not at all, wherever the room ends; after space returns it works',
    embedding: 'codes are kept and written, or neither; after space returns it works',
    exporting: 'an ONNX file and its row come together; after space returns it works',
    pruning: 'a pruned run is whole or not there; after space returns it works',
    thinning: 'runs are thinned out with no room for it, and keep their weights; after space returns it works',
  },
  {
    timeout: 120_000,
    // On less than 16 MB an engine keeps nothing in reserve. Elsewhere it writes its reserve whenever the disk has space again,
    // and where a
    // test fills the disk meanwhile, what that write gives back is room that the test did not mean.
    megabytes: (name) => (name === 'thinning' ? 40 : 15),
  },
)
