import type { Images } from '../../../../shared/domain.ts'
import { sizeOf } from '../../../../shared/shape.ts'
import { filterOf } from '../../network/layer.ts'
import { filterImages } from '../../training/filterImages.ts'
import { tf } from '../../trace/tensorflow.ts'
import { convolvedOf, deadOf, describedOf, peaksOf, type Convolved } from '../featureMaps.ts'
import { PictureBook, read, type Drawing } from '../pictures.ts'
import { unsuitable, type Answer } from '../question.ts'
import type { Subject } from '../subject.ts'

/** Mid-gray, which is drawn beyond an image's edge. */
const beyond = 0.5

/** What the filters of a convolution answer to: their weights where these read pixels, and the patches that excite them most. */
export const filters: Answer<'filters'> = async ({ layer, offset, count, exciting, images }, { subject, drawing, report }) => {
  const layers = convolvedOf(subject)
  const chosen = layers[layer]
  if (!chosen)
    throw unsuitable(
      `The network has ${layers.length} convolutions, and none of number ${layer}; choose one from 0 to ${layers.length - 1}.`,
      'layer',
    )
  const { sampled, peaks } = await peaksOf(subject, images, report)
  const found = peaks[layer]!
  const shown = Int32Array.from({ length: Math.max(0, Math.min(count, chosen.filters - offset)) }, (_, i) => offset + i)
  const most = Math.min(exciting, found.exciting)
  const places = Array.from(shown).flatMap((filter) => Array.from({ length: most }, (_, i) => filter * found.exciting + i))
  const rows = Int32Array.from(places, (at) => found.rows[at]!)
  const boxes = Int32Array.from(places.flatMap((at) => boxAt(chosen, found.places[at]!)))
  return {
    kind: 'filters',
    layers: layers.map(describedOf),
    layer,
    images: sampled,
    of: subject.dataset.test.length,
    minimum: found.minimum,
    maximum: found.maximum,
    dead: deadOf(found),
    shown,
    kernels: layer === 0 ? kernelsOf(subject, chosen, shown) : null,
    excitingRows: rows,
    excitingLabels: subject.labelsOf(rows),
    excitingValues: Float32Array.from(places, (at) => found.values[at]!),
    boxes,
    patches: most > 0 && shown.length > 0 ? patchesOf(subject, chosen, rows, boxes, drawing) : null,
  }
}

/** What a place of the maps reads: left, top, width, height. */
function boxAt({ maps, across, down }: Convolved, place: number): number[] {
  const column = place % maps.width,
    row = (place - column) / maps.width
  return [across.first + column * across.step, down.first + row * down.step, across.size, down.size]
}

function kernelsOf({ network }: Subject, { at }: Convolved, shown: Int32Array): Images {
  const { kernel, map } = network.layers.encoder[at]!
  const weights = network.weight(kernel)
  return filterImages(
    Array.from(shown, (filter) => filterOf(weights, map.out.channels, filter)),
    map.filter,
  )
}

/** What the boxes hold of their images; an axis along which a box is no smaller than the image is shown whole. */
function patchesOf(subject: Subject, { across, down }: Convolved, rows: Int32Array, boxes: Int32Array, drawing: Drawing): Images {
  const { width, height, channels } = drawing.shape
  const patch = { width: Math.min(width, across.size), height: Math.min(height, down.size), channels }
  const book = new PictureBook(rows.length, { shape: { kind: 'image', ...patch }, side: drawing.side }, [0, 1])
  rows.forEach((row, i) => {
    const left = patch.width === width ? 0 : boxes[4 * i]!,
      top = patch.height === height ? 0 : boxes[4 * i + 1]!
    const inputs = subject.inputs([row]),
      values = read(inputs)
    inputs.dispose()
    const cut = new Float32Array(sizeOf(patch)).fill(beyond)
    for (let y = 0; y < patch.height; y++)
      for (let x = 0; x < patch.width; x++) {
        if (left + x < 0 || left + x >= width || top + y < 0 || top + y >= height) continue
        const from = ((top + y) * width + left + x) * channels
        cut.set(values.subarray(from, from + channels), (y * patch.width + x) * channels)
      }
    const tensor = tf.tensor2d(cut, [1, cut.length])
    book.add(tensor)
    tensor.dispose()
  })
  return book.pictures.images!
}
