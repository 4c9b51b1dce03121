import { z } from 'zod'
import { trainingRows } from '../../../shared/split.ts'
import { usualCode } from '../../../shared/usualSizes.ts'
import { thousands } from '../../../shared/words.ts'
import { largestCovariance, oversampling, passes } from '../network/principalSizes.ts'
import { defineVariant } from './variant.ts'

/** The baseline beside every comparison: the best linear code for the squared error, without training. */
export default defineVariant({
  id: 'pca',
  title: 'PCA',
  formula: String.raw`\htmlData{term=reconstruction}{\operatorname{E}\,\lVert x-\mu-WW^{\top}(x-\mu)\rVert^2},\quad W^{\top}W=I`,
  reference: 'Pearson 1901; Hotelling 1933; Baldi and Hornik 1989 (equals the optimum of a linear autoencoder)',
  glyph: '╱',
  terms: ['reconstruction'],
  settings: z.strictObject({}),
  defaults: { network: { layers: [64] } },
  /** As many components as inputs would leave nothing out. */
  defaultsFor: ({ rowSize }) => (rowSize === undefined ? {} : { network: { layers: [usualCode(rowSize)] } }),
  fixed: {
    network: {
      convolutions: [],
      activation: 'linear',
      codeActivation: 'linear',
      outputActivation: 'linear',
      tied: true,
      weightNorm: false,
      upsampling: 'transposed',
      normalisation: 'none',
    },
    reconstruction: 'squaredError',
  },
  check(config, { rowSize }) {
    const [components, ...more] = config.network.layers
    if (more.length > 0)
      return [{ field: 'network.layers', message: 'PCA has one layer; give network.layers one number, the size of the code.' }]
    if (rowSize !== undefined && components! > rowSize) {
      return [
        {
          field: 'network.layers',
          message: `PCA has at most as many components as inputs (${rowSize}); give network.layers a smaller number.`,
        },
      ]
    }
    return []
  },
  /** So many samples less their mean span one dimension less than they are. */
  warnings(
    {
      network: {
        layers: [components],
      },
    },
    { trainCount, validationCount, kind = 'image' },
  ) {
    if (trainCount === undefined) return []
    const most = Math.max(1, trainingRows({ trainCount, validationCount }) - 1)
    if (components! <= most) return []
    return [
      `${thousands(most + 1)} training ${kind === 'image' ? 'images' : 'samples'} have ` +
        `at most ${thousands(most)} principal components; the others of the ` +
        `${thousands(components!)} add nothing, and with as many the training ` +
        `${kind === 'image' ? 'images' : 'samples'} are rebuilt without an error, which says little ` +
        'of new ones.',
    ]
  },
  /** As network/principalComponents.ts goes: the covariance and its eigenvectors, or passes over the data for large inputs. */
  fitOperations(rows, rowSize, { network }) {
    if (rowSize <= largestCovariance) return 2 * rows * rowSize ** 2 + 20 * rowSize ** 3
    return passes * 4 * rows * rowSize * (network.layers[0]! + oversampling)
  },
  /** f(x) = W'(x - mean), g(h) = W h + mean, written as the tied linear network that it is. */
  async fit(data, config, report) {
    // Loaded here: the registry is read by processes that must not load TensorFlow.
    const { principalComponents } = await import('../network/principalComponents.ts')
    const { mean, components } = await principalComponents(data, config.network.layers[0]!, report)
    return {
      'encoder/0/kernel': components,
      'encoder/0/bias': mean.matMul(components).neg().reshape([-1]),
      'decoder/0/bias': mean.reshape([-1]),
    }
  },
})
