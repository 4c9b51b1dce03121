import { convolvedOf, deadOf, describedOf, mapsOf, peaksOf } from '../featureMaps.ts'
import { imageOf } from '../images.ts'
import { PictureBook, picturesOf, read } from '../pictures.ts'
import { type Answer } from '../question.ts'
import { sampleRows } from '../rows.ts'
import { tf, type Tensor2D } from '../../trace/tensorflow.ts'

/** Activations of a layer that an answer may hold. */
const mostValues = 4 * 2 ** 20

/** What an image becomes after each convolution. */
export const featureMaps: Answer<'featureMaps'> = async ({ image, maps: wanted, images }, { subject, drawing, report }) => {
  const { network, dataset } = subject
  const layers = convolvedOf(subject)
  const given = await imageOf(subject, image ?? { row: sampleRows(dataset.test, dataset.labels, 1, 1)[0]! })
  const { sampled, peaks } = await peaksOf(subject, images, report)
  const passes = network.encodeLayers(given.inputs).layers
  return {
    kind: 'featureMaps',
    image: picturesOf(given.inputs, drawing),
    row: given.row,
    label: given.label,
    fitted: given.fitted,
    images: sampled,
    of: dataset.test.length,
    layers: layers.map((layer, at) => {
      const { filters, maps } = layer
      const places = maps.height * maps.width
      const shown = Math.min(wanted, filters, Math.max(1, Math.floor(mostValues / places)))
      const all = tf.tidy(() => mapsOf(passes, layer).squeeze<Tensor2D>([0]))
      const rows = tf.tidy(() => all.slice([0, 0], [places, shown]).transpose<Tensor2D>())
      const [low, high] = [all.min().dataSync()[0]!, all.max().dataSync()[0]!]
      const shape = { kind: 'image', width: maps.width, height: maps.height, channels: 1 } as const
      const book = new PictureBook(shown, { shape, side: drawing.side }, [low, high > low ? high : low + 1])
      book.add(rows)
      return { ...describedOf(layer), activations: read(rows), dead: deadOf(peaks[at]!), maps: book.pictures.images!, low, high }
    }),
  }
}
