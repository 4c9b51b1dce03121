import { leafPatches, type Preset, type PresetRun } from './preset.ts'

/** The notes' constants. */
const rho = 0.01,
  beta = 3,
  decay = 1e-4

/**
 * The notes minimise 1/2 E||x' - x||^2 + lambda/2 sum W^2 + beta sum KL. Twice that is what is minimised here, with a weight
 * decay of lambda and a strength of 2 beta; the minimum is the same.
 */
const run = (epochs: number, batchSize: number, learningRate: number, estimate: 'batch' | 'dataset'): PresetRun => ({
  id: 'sparse',
  title: '64-25-64, sparse',
  variant: 'sparseKl',
  seed: 1,
  settings: {
    network: { layers: [25], activation: 'sigmoid', outputActivation: 'sigmoid', tied: false },
    reconstruction: 'squaredError',
    regularizer: { rho, beta: 2 * beta, estimate },
    training: { epochs, batchSize, optimizer: 'adam', learningRate, weightDecay: decay, schedule: 'cosine' },
  },
  references: [
    {
      figure: 'meanActivation',
      value: rho,
      text: String(rho),
      says: 'The sparsity that the penalty asks of every unit; the notes report no measured figure.',
      where: 'CS294A lecture notes, section 3, and the exercise’s constants',
    },
  ],
})

export default {
  id: 'ng2011',
  title: 'Sparse autoencoder of image patches',
  cite: 'Ng 2011',
  reference: 'Ng 2011, Sparse autoencoder, CS294A lecture notes, Stanford',
  summary: '25 sigmoid units that are seldom active, on patches of 8 × 8 pixels: each becomes an edge detector.',
  dataset: leafPatches,
  forms: {
    quick: {
      note:
        'The quick form takes 400 epochs of Adam in batches of 500; the notes minimise over all patches ' +
        'at once, by L-BFGS. The patches are of synthetic images, where the notes have photographs.',
      seconds: 10,
      runs: [run(400, 500, 0.005, 'batch')],
    },
    paper: {
      note:
        'The notes minimise over all patches at once, by L-BFGS; here Adam takes 4,000 epochs with the mean activation ' +
        'of all patches, refreshed every 10 steps. The patches are of synthetic images, where the notes have photographs.',
      seconds: 90,
      runs: [run(4000, 500, 0.002, 'dataset')],
    },
  },
} satisfies Preset
