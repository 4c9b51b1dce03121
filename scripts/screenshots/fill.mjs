import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { say, SetupError } from '../setup/report.mjs'

const ends = ['completed', 'failed', 'diverged', 'cancelled', 'interrupted']

/**
 * Three experiments: one on colour images, which the README shows, with convolutions; one on digits, small enough to wait for, and
 * one on points of the plane with a setting that is swept.
 */
const plans = {
  colours: {
    name: 'Three regularizers of convolutions',
    dataset: 'sprites',
    seeds: [1, 2, 3],
    settings: { network: { layers: [16] }, training: { epochs: 8, batchSize: 16 } },
    variants: [{ variant: 'classical' }, { variant: 'denoising' }, { variant: 'kSparse' }],
  },
  digits: {
    name: 'Three regularizers',
    dataset: 'mnist',
    seeds: [1, 2, 3],
    settings: { network: { layers: [256, 32] }, training: { epochs: 3 } },
    variants: [{ variant: 'classical' }, { variant: 'denoising' }, { variant: 'kSparse' }],
  },
  plane: {
    name: 'Noise and depth',
    dataset: 'moons',
    seeds: [1, 2, 3, 4],
    settings: { network: { layers: [32, 16, 1] }, training: { epochs: 8, batchSize: 32 } },
    variants: [
      { variant: 'classical' },
      { variant: 'denoising', settings: { 'regularizer.noise': 'gaussian' }, sweep: { 'regularizer.sigma': [0.05, 0.1, 0.2] } },
      { variant: 'contractive', settings: { 'training.learningRate': 0.003 } },
    ],
  },
}

/** Runs beside those of the experiments, by what they are called in the scenes. */
const single = {
  pca: ['PCA', 'mnist', 'pca', { network: { layers: [32] } }],
  flat: ['Two units', 'mnist', 'variational', { network: { layers: [256, 2] }, training: { epochs: 3 } }],
  collapsed: [
    'Collapsed units',
    'mnist',
    'betaVae',
    { network: { layers: [128, 20] }, training: { epochs: 3 }, regularizer: { klWeight: 20 } },
  ],
  contractive: ['Contractive', 'mnist', 'contractive', { network: { layers: [100], tied: true }, training: { epochs: 1 } }],
  machine: ['Machine', 'mnist', 'rbm', { network: { layers: [100] }, training: { epochs: 2 } }],
  staged: [
    'In stages',
    'mnist',
    'classical',
    {
      network: { layers: [128, 64, 32] },
      training: { epochs: 2 },
      pretraining: { kind: 'greedy', variant: 'denoising', epochs: 1 },
    },
  ],
  moons: [
    'Moons',
    'moons',
    'denoising',
    { network: { layers: [64, 32, 2] }, training: { epochs: 30 }, regularizer: { noise: 'gaussian', sigma: 0.2 } },
  ],
}

/**
 * What the pictures show, made in a home where it is missing: datasets, experiments, runs, an exported file, kept codes. Ids by
 * name; of experiments the runs, too.
 */
export async function fill(server, folder) {
  const { done, imported, trained, ended } = making(server)
  const { call } = server
  const datasets = {}
  datasets.sprites = await imported(...sprites)
  datasets.mnist = await imported('mnist')
  datasets.moons = await imported('moons')
  datasets.patches = await imported('deadLeaves', { patches: { width: 12, height: 12 }, count: 5000 })
  const experiments = {}
  for (const [name, plan] of Object.entries(plans)) experiments[name] = await ended(plan)
  const runs = {}
  for (const [name, [title, dataset, variant, settings]] of Object.entries(single))
    runs[name] = await trained(title, datasets[dataset], variant, settings)
  const [classical, denoising] = experiments.digits.groups
  Object.assign(runs, { classical: classical[0], denoising: denoising[0], convolutional: experiments.colours.groups[0][0] })
  const encoder = join(folder, 'encoder.onnx')
  if (!(await call('exports.list', {})).exports.length)
    await done('exports.create', { run: runs.denoising.id, part: 'encoder', out: encoder })
  if (!(await call('embeddings.list', {})).embeddings.length)
    await done('embeddings.create', {
      encoder: { run: runs.denoising.id },
      data: { dataset: datasets.mnist },
      name: 'Codes of digits',
    })
  return { datasets, experiments, runs }
}

const sprites = ['sprites', { width: 32, height: 32, count: 3000 }]

/** What the README's pictures show alone. */
export async function fillColours(server) {
  const { imported, ended } = making(server)
  await imported(...sprites)
  return { experiments: { colours: await ended(plans.colours) } }
}

/** An experiment on photographs of a folder, and a short run beside it whose code has two units. */
export async function fillPhotos(server, folder) {
  const { imported, trained, ended } = making(server)
  const dataset = await imported('photographs', { path: folder })
  const settings = { training: { epochs: 6, batchSize: 16 } }
  const experiment = await ended({
    name: 'Regularizers of photographs',
    dataset: 'photographs',
    seeds: [1, 2],
    settings,
    variants: [{ variant: 'classical' }, { variant: 'denoising' }, { variant: 'contractive' }, { variant: 'kSparse' }],
  })
  const flat = await trained('Two units', dataset, 'variational', { network: { layers: [2] }, ...settings })
  return { dataset, experiment, flat, first: experiment.groups[0][0], second: experiment.groups[1][0] }
}

/** What makes a home's things, each unless it is there. */
function making({ call, when }) {
  return { done, imported, trained, ended }

  /** Long work to its end. */
  async function done(name, input) {
    const { task } = await call(name, input)
    await when(async () => {
      const { state, error } = (await call('tasks.show', { task: task.id })).task
      if (state === 'failed') throw new SetupError(error.message)
      return state === 'done' ? true : undefined
    })
  }

  async function imported(source, more = {}) {
    const find = async () => (await call('datasets.list', {})).datasets.find((each) => each.name === source)?.id
    const known = await find()
    if (known) return known
    say(`Importing ${source}`)
    await done('datasets.import', { path: source, name: source, ...more })
    return find()
  }

  async function trained(name, dataset, variant, settings) {
    const known = (await call('runs.list', {})).runs.find((each) => each.name === name && each.state === 'completed')
    if (!known) say(`Training ${name}`)
    const { id } = known ?? (await call('runs.create', { dataset, variant, name, settings })).run
    return when(async () => {
      const { run } = await call('runs.show', { run: id })
      if (run.state !== 'completed' && ends.includes(run.state))
        throw new SetupError(`${run.name} is ${run.state}: ${run.error?.message ?? ''}`)
      return run.state === 'completed' ? run : undefined
    })
  }

  /** `groups`: of each of its cells the runs; `members`: their ids as an address lists them. */
  async function ended(plan) {
    const find = async () =>
      (await call('experiments.list', {})).experiments.find((each) => each.name === plan.name && each.state === 'ended')
    let known = await find()
    if (!known) {
      say(`Training the runs of “${plan.name}”`)
      await call('experiments.create', { plan })
      known = await when(find)
    }
    const { cells } = (await call('experiments.show', { experiment: known.id })).experiment
    const all = (await call('runs.list', {})).runs
    const groups = cells.map((cell) => cell.runs.map(({ run }) => all.find((each) => each.id === run)))
    return {
      id: known.id,
      name: known.name,
      groups,
      members: groups
        .flat()
        .map((each) => each.id)
        .join(','),
    }
  }
}

/** A run that trains while the pictures are taken. @returns its id, and how it is taken away again */
export async function liveRun({ call, when }, dataset) {
  const {
    run: { id },
  } = await call('runs.create', {
    dataset,
    variant: 'denoising',
    name: 'Live',
    settings: { training: { epochs: 300 }, network: { layers: [256, 32] } },
  })
  await when(async () => ((await call('runs.show', { run: id })).run.epoch >= 1 ? true : undefined))
  return {
    id,
    async end() {
      await call('runs.cancel', { run: id })
      await when(async () => ((await call('runs.show', { run: id })).run.state === 'cancelled' ? true : undefined))
      await call('runs.remove', { run: id })
    },
  }
}

/** A folder of a few images and as many files that are none, for the first view's form. */
export async function exampleFolder(place) {
  const { default: sharp } = await import('sharp')
  for (const [index, name] of ['apples', 'pears'].entries()) {
    await mkdir(join(place, name), { recursive: true })
    for (let each = 0; each < 12; each += 1) {
      await sharp({
        create: { width: 40, height: 32, channels: 3, background: { r: 60 + 15 * each, g: 90 * index + 8 * each, b: 40 } },
      })
        .png()
        .toFile(join(place, name, `${each}.png`))
    }
    await writeFile(join(place, name, 'empty.png'), '')
    await writeFile(join(place, name, 'notes.jpg'), 'No picture at all.')
  }
  return place
}
