import type { Config } from '../../src/shared/config.ts'
import { evaluationSchema, type Dataset, type Evaluation, type Stage } from '../../src/shared/domain.ts'
import { homeAt, prepareHome } from '../../src/main/engine/home.ts'
import { openStore, type Store } from '../../src/main/engine/store/store.ts'
import { resolveConfig, variants } from '../../src/main/engine/variants/index.ts'

/** Numbers in [0, 1) that are the same at every call with the same seed (mulberry32). */
export function numbersFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const datasetOf = (id: string, name: string): Dataset => ({
  id,
  name,
  kind: 'image',
  count: 70_000,
  testCount: 10_000,
  width: 28,
  height: 28,
  channels: 1,
  classes: [...'0123456789'],
  classCounts: Array.from({ length: 10 }, () => 7000),
  sha256: id.padEnd(64, '0'),
  source: `/${name}`,
  fit: 'crop',
  duplicates: 0,
  movedToOneSide: 0,
  skippedCount: 0,
  validationCount: 0,
  notes: [],
  bytes: 54_880_000,
  createdAt: '2026-01-01T00:00:00.000Z',
})

/** Names as people give them, and worse. */
const names = [
  '<img src=x onerror=alert(1)>',
  'תרגיל ראשון עם קוד קטן',
  'قيمة التعلّم الأولى',
  '=HYPERLINK("http://example.invalid","x")',
  '@SUM(1+1)',
  '-2+3',
  '\u202Egnp.exe',
  'a very long name that goes on and on, as names do that are made from every setting that ' +
    'somebody found important while planning, with a learning rate of 0.001 and 512 units',
]

interface Plan {
  variant: string
  settings: Record<string, unknown>
}
const strengths: Record<string, [string, number[]]> = {
  denoising: ['regularizer.rate', [0.1, 0.2, 0.3, 0.5]],
  contractive: ['regularizer.lambda', [0.01, 0.1, 0.5, 1]],
  sparseKl: ['regularizer.beta', [0.1, 1, 3, 5]],
  sparseL1: ['regularizer.lambda', [0.001, 0.01, 0.1, 1]],
  kSparse: ['regularizer.k', [2, 4, 8, 16]],
  dropout: ['regularizer.rate', [0.1, 0.2, 0.4, 0.5]],
  betaVae: ['regularizer.klWeight', [0.5, 2, 4, 8]],
  iwae: ['regularizer.samples', [2, 5, 10, 50]],
}

/** Every variant with its strengths, code sizes and learning rates, over and over, each time with more weight decay. */
function* plans(): Generator<Plan> {
  for (let round = 0; ; round++) {
    for (const { id } of variants) {
      if (id === 'rbm') continue
      const [key, values] = strengths[id] ?? [null, [0]]
      for (const value of values) {
        for (const code of [16, 32, 64]) {
          const settings = {
            'network.layers': id === 'pca' ? [code] : [512, code],
            ...(id === 'pca' ? {} : { 'training.learningRate': code === 32 ? 0.0005 : 0.001, 'training.weightDecay': round / 1e6 }),
            ...(key ? { [key]: value } : {}),
          }
          yield { variant: id, settings }
        }
      }
    }
  }
}

/** Figures as an evaluation of a network of that variant and code size stores them, drawn around something plausible. */
function evaluationOf(variant: string, code: number, random: () => number): Evaluation {
  const around = (value: number, spread: number) => value + spread * (random() + random() + random() - 1.5)
  const probabilistic = ['variational', 'betaVae', 'iwae'].includes(variant)
  const error = around(900 / code ** 0.9, 2)
  const units = (make: () => number) => Array.from({ length: code }, make)
  return evaluationSchema.parse({
    version: 3,
    checkpoint: 'last',
    squaredError: error,
    crossEntropy: around(60 + error, 2),
    psnr: around(20, 1),
    linearProbeAccuracy: around(0.93, 0.02),
    knnAccuracy: around(0.96, 0.01),
    jacobianNorm: around(12, 4),
    contractionRatio: {
      radius: { '0.5': around(0.7, 0.1), '1': around(0.7, 0.1), '2': around(0.7, 0.1), '4': around(0.7, 0.1) },
      midpointJacobianNorm: around(13, 4),
    },
    saturation: around(0.2, 0.1),
    linearShare: around(0.6, 0.1),
    meanActivation: around(0.1, 0.05),
    hoyerSparsity: around(0.3, 0.1),
    unitActivity: units(() => Math.round(10_000 * random()) / 10_000),
    likelihood: probabilistic ? 'bernoulli' : null,
    elbo: probabilistic ? -around(100, 4) : null,
    kl: probabilistic ? around(20, 3) : null,
    klPerUnit: probabilistic ? units(random) : null,
    activeUnits: probabilistic ? code - Math.floor(4 * random()) : null,
    logLikelihood: probabilistic ? -around(95, 4) : null,
    collapse: probabilistic
      ? { units: [], mean: units(random), meanVariance: units(random), deviation: units(random), outgoing: units(random) }
      : null,
    robustness: {
      masking: { '0.1': error * 1.1, '0.25': error * 1.5, '0.5': error * 3 },
      gaussian: { '0.1': error * 1.05, '0.25': error * 1.4, '0.5': error * 2.5 },
    },
    seconds: 5,
  })
}

/** A whole training in points: the loss and its validation, falling. */
function writePoints(store: Store, run: string, count: number, random: () => number): void {
  store.points.insert(
    run,
    Array.from({ length: count }, (_, step) => ({
      key: step % 20 === 19 ? 'validation/loss' : 'train/loss',
      step: step + 1,
      epoch: (step + 1) / 469,
      seconds: (step + 1) / 300,
      value: 70 + 130 / (1 + step / 200) + random(),
    })),
  )
}

export interface FillOptions {
  runs: number
  /** So many of the runs, the newest, get `points` points each. */
  withPoints?: number
  points?: number
  seed?: number
}

/**
 * Fills a home folder with runs that were never trained, straight through the store: every variant with different settings,
 * three seeds each, on two datasets, most of them completed and evaluated, some with names that are hard to show. The same for
 * the same seed. Returns the ids, oldest first.
 */
export function fillHome(folder: string, { runs, withPoints = 0, points = 10_000, seed = 1 }: FillOptions): string[] {
  const home = homeAt(folder)
  prepareHome(home)
  const store = openStore(home.database)
  const random = numbersFrom(seed)
  const ids: string[] = []
  const configs = new Map<string, { config: Config; parameters: number }>()
  const begin = Date.UTC(2026, 0, 1)
  try {
    store.database.pragma('synchronous = OFF')
    const datasets = [datasetOf('bdigits0', 'digits'), datasetOf('bletters', 'letters')]
    const write = (plan: Plan, index: number): void => {
      const dataset = datasets[Math.floor(index / 3) % 5 === 4 ? 1 : 0]!
      const key = JSON.stringify(plan)
      let resolved = configs.get(key)
      if (!resolved) {
        const { config, parameters, problems } = resolveConfig(plan.variant, plan.settings, {
          rowSize: 784,
          trainCount: 60_000,
          kind: 'image',
          classes: 10,
        })
        if (!config) throw new Error(`${key}: ${problems[0]?.message}`)
        configs.set(key, (resolved = { config, parameters: parameters ?? 0 }))
      }
      const { config } = resolved
      const code = config.network.layers.at(-1)!
      const id = `b${index.toString(36).padStart(7, '0')}`
      const iterative = plan.variant !== 'pca'
      const epochs = iterative ? config.training.epochs : 0,
        steps = 469 * epochs
      const stages: Stage[] = iterative
        ? [
            {
              kind: 'reconstruction',
              title: 'Training',
              layer: null,
              variant: plan.variant,
              prefix: '',
              startStep: 0,
              steps,
              startEpoch: 0,
              epochs,
            },
          ]
        : []
      const at = new Date(begin + index * 90_000)
      const draw = random()
      const state = draw < 0.94 ? 'completed' : draw < 0.96 ? 'diverged' : draw < 0.98 ? 'cancelled' : 'paused'
      const seedOf = 1 + (index % 3)
      const name =
        index % 97 === 5
          ? names[Math.floor(index / 97) % names.length]!
          : `${plan.variant} ${code} ${Object.values(plan.settings).at(-1)} seed ${seedOf}`
      store.runs.insert(
        {
          id,
          name,
          datasetId: dataset.id,
          variant: plan.variant,
          seed: seedOf,
          config,
          epochs,
          steps,
          stages,
          parameters: resolved.parameters,
          colour: Math.floor(index / 3) % 32,
          turn: 0,
        },
        at.toISOString(),
      )
      const share = state === 'completed' ? 1 : random()
      store.runs.update(id, {
        state,
        step: Math.round(share * steps),
        epoch: share * epochs,
        startedAt: at.toISOString(),
        endedAt: new Date(at.getTime() + 60_000).toISOString(),
        seconds: 20 + 60 * random(),
        evaluation: state === 'completed' ? evaluationOf(plan.variant, code, random) : null,
        latest: iterative
          ? {
              'train/loss': 80 + 10 * random(),
              'train/reconstruction': 80 + 10 * random(),
              'validation/loss': 82 + 10 * random(),
              'validation/reconstruction': 82 + 10 * random(),
              'gradient/encoder/0': random(),
              'updateRatio/encoder/0': random() / 1000,
            }
          : {},
        tags: index % 7 === 0 ? ['pilot'] : index % 11 === 0 ? ['sweep', 'for the paper'] : [],
        notes: index % 50 === 0 ? 'Looked at; nothing strange.' : '',
        archived: index % 40 === 39,
      })
      ids.push(id)
      if (index >= runs - withPoints) writePoints(store, id, points, random)
    }
    store.transaction(() => datasets.forEach((dataset) => store.datasets.insert(dataset, [])))
    let index = 0
    const chunk = withPoints > 0 ? 50 : 1000
    const source = plans()
    let plan: Plan | null = null
    while (index < runs) {
      store.transaction(() => {
        for (const end = Math.min(runs, index + chunk); index < end; index++) {
          if (index % 3 === 0 || !plan) plan = source.next().value as Plan
          write(plan, index)
        }
      })
    }
  } finally {
    store.close()
  }
  return ids
}
