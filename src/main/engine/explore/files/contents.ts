import type { ResultOf } from '../../../../shared/answers.ts'
import type { QuestionKind } from '../../../../shared/questions.ts'
import { className, columns, curves, listed, scatter, spread, type Content } from './content.ts'
import { colourOf, faint, ink, Plot, rangeOf } from './plot.ts'
import type { Raster } from '../../files/png.ts'
import { grid, inRows, inSquare, stretched } from './raster.ts'

/** Every answer as a file; one entry a question. */
export const contents: { [K in QuestionKind]: Content<K> } = {
  reconstructions: {
    picture: ({ originals, corrupted, reconstructions, difference }) =>
      listed(originals, corrupted, reconstructions, originals.images && difference),
    table: ({ rows, labels, squaredErrors }, names) =>
      columns(
        { row: (i) => rows[i]!, class: (i) => className(names, labels[i]!), squaredError: (i) => squaredErrors[i]! },
        rows.length,
      ),
  },
  map: {
    picture: ({ coordinates, dimensions, labels }) => scatter(coordinates, dimensions, labels),
    table: ({ rows, labels, coordinates, dimensions }, names) =>
      columns(
        { row: (i) => rows[i]!, class: (i) => className(names, labels[i]!), ...spread('coordinate', coordinates, dimensions) },
        rows.length,
      ),
    shapes: ({ rows, dimensions }) => ({ coordinates: [rows.length, dimensions] }),
  },
  histograms: {
    picture: ({ edges, total }) => bars(edges, total),
    table: ({ edges, counts, total, units }) => {
      const bins = total.length
      return columns(
        {
          from: (i) => edges[i]!,
          to: (i) => edges[i + 1]!,
          all: (i) => total[i]!,
          ...Object.fromEntries(
            Array.from({ length: units }, (_, unit) => [`unit ${unit}`, (i: number) => counts[unit * bins + i]!]),
          ),
        },
        bins,
      )
    },
    shapes: ({ units, total }) => ({ counts: [units, total.length] }),
  },
  neighbours: {
    picture: (result) => neighbourRows(result),
    table: ({ code, pixels }, names) =>
      columns(
        {
          rank: (i) => i + 1,
          codeRow: (i) => code.rows[i] ?? null,
          codeDistance: (i) => code.distances[i] ?? null,
          codeClass: (i) => className(names, code.labels[i] ?? -1),
          pixelRow: (i) => pixels.rows[i] ?? null,
          pixelDistance: (i) => pixels.distances[i] ?? null,
          pixelClass: (i) => className(names, pixels.labels[i] ?? -1),
        },
        Math.max(code.rows.length, pixels.rows.length),
      ),
  },
  agreement: {
    table: ({ count, queries, code, pixels, chance }) => ({
      head: ['neighbours', 'images', 'sameClassInCode', 'sameClassInPixels', 'byChance'],
      rows: [[count, queries, code, pixels, chance]],
    }),
  },
  chain: {
    picture: ({ pictures, chains, shown }) =>
      pictures.images
        ? grid(chains, shown.length, (row, column) => ({ images: pictures.images!, index: column * chains + row }))
        : chainPlot(pictures.points!.values, chains, shown.length),
    frames: ({ pictures, chains, shown }) =>
      pictures.images
        ? Array.from(shown, (_, at) => frame(chains, (i) => ({ images: pictures.images!, index: at * chains + i })))
        : Array.from(shown, (_, at) => chainPlot(pictures.points!.values, chains, shown.length, at)),
    table: ({ shown, chains, pictures }) =>
      columns(
        {
          step: (i) => shown[Math.floor(i / chains)]!,
          chain: (i) => i % chains,
          ...(pictures.points
            ? { x: (i: number) => pictures.points!.values[2 * i]!, y: (i: number) => pictures.points!.values[2 * i + 1]! }
            : { meanPixel: (i: number) => meanPixel(pictures.images!, i) }),
        },
        shown.length * chains,
      ),
  },
  generate: {
    picture: ({ pictures }) => (pictures.images ? inSquare(pictures.images) : listed(pictures)),
    table: ({ codes, pictures }) => codeTable(codes, countOf(pictures)),
    shapes: ({ codes, pictures }) => ({ codes: [countOf(pictures), codes.length / Math.max(1, countOf(pictures))] }),
  },
  traverse: {
    picture: ({ pictures, units, steps }) =>
      pictures.images
        ? grid(units.length, steps, (row, column) => ({ images: pictures.images!, index: row * steps + column }))
        : listed(pictures),
    frames: ({ pictures, units, steps }) =>
      pictures.images
        ? there(steps).map((step) => frame(units.length, (i) => ({ images: pictures.images!, index: i * steps + step })))
        : [listed(pictures)],
    table: ({ units, steps, values }) =>
      columns({ unit: (i) => units[Math.floor(i / steps)]!, step: (i) => i % steps, value: (i) => values[i]! }, values.length),
    shapes: ({ units, steps }) => ({ values: [units.length, steps] }),
  },
  interpolate: {
    picture: ({ pictures, blended }) => listed(pictures, blended),
    frames: ({ pictures }) =>
      pictures.images
        ? there(pictures.images.count).map((step) => frame(1, () => ({ images: pictures.images!, index: step })))
        : [listed(pictures)],
    table: ({ codes, pictures }) => codeTable(codes, countOf(pictures)),
    shapes: ({ codes, pictures }) => ({ codes: [countOf(pictures), codes.length / countOf(pictures)] }),
  },
  manifold: {
    picture: (result) => manifoldSlices(result).at(Math.floor(manifoldSlices(result).length / 2))!,
    frames: (result) => manifoldSlices(result),
    table: ({ codes, dimensions }, names) =>
      columns(
        {
          row: (i) => codes.rows[i]!,
          class: (i) => className(names, codes.labels[i]!),
          ...spread('axis', codes.coordinates, dimensions),
        },
        codes.rows.length,
      ),
    shapes: ({ codes, dimensions }) => ({ 'codes/coordinates': [codes.rows.length, dimensions] }),
  },
  decode: {
    picture: ({ pictures }) => (pictures.images ? inSquare(pictures.images) : listed(pictures)),
    table: ({ pictures }) =>
      columns(
        {
          picture: (i) => i,
          ...(pictures.points
            ? spread('value', pictures.points.values, 2)
            : { meanPixel: (i: number) => meanPixel(pictures.images!, i) }),
        },
        countOf(pictures),
      ),
  },
  field: {
    picture: fieldPlot,
    table: ({ x, y, vectors, lengths }) =>
      columns(
        {
          x: (i) => x[i % x.length]!,
          y: (i) => y[Math.floor(i / x.length)]!,
          dx: (i) => vectors[2 * i]!,
          dy: (i) => vectors[2 * i + 1]!,
          length: (i) => lengths[i]!,
        },
        lengths.length,
      ),
    shapes: ({ x, y, paths, pathSteps, data }) => ({
      vectors: [y.length, x.length, 2],
      lengths: [y.length, x.length],
      paths: [paths.length / (2 * (pathSteps + 1)), pathSteps + 1, 2],
      'data/coordinates': [data.rows.length, 2],
    }),
  },
  tangents: {
    picture: ({ image, directions, singularValues }) =>
      image.images
        ? listed(image, directions)
        : curves(
            Array.from(singularValues, (_, i) => i),
            [singularValues],
          ),
    table: ({ singularValues }) => columns({ number: (i) => i, singularValue: (i) => singularValues[i]! }, singularValues.length),
    shapes: ({ directionValues, directions }) => ({
      directionValues: [countOf(directions), directionValues.length / Math.max(1, countOf(directions))],
    }),
  },
  walk: {
    picture: ({ inputs, reconstructions }) => listed(inputs, reconstructions),
    frames: ({ inputs, reconstructions, distances }) =>
      inputs.images
        ? there(distances.length).map((step) =>
            frame(reconstructions ? 2 : 1, (i) => ({ images: (i === 0 ? inputs : reconstructions!).images!, index: step })),
          )
        : [listed(inputs, reconstructions)],
    table: ({ distances, codeDistances }) =>
      columns({ distance: (i) => distances[i]!, codeDistance: (i) => codeDistances[i]! }, distances.length),
  },
  contraction: {
    picture: ({ radii, mean, low, high, between }) =>
      between ? curves(between.t, [between.norm, between.along]) : curves(Array.from(radii, Math.log2), [mean, low, high]),
    table: ({ radii, mean, low, high, between }) =>
      between
        ? columns(
            { t: (i) => between.t[i]!, jacobianNorm: (i) => between.norm[i]!, alongTheWay: (i) => between.along[i]! },
            between.t.length,
          )
        : columns(
            {
              radius: (i) => radii[i]!,
              mean: (i) => mean[i]!,
              tenthPercentile: (i) => low[i]!,
              ninetiethPercentile: (i) => high[i]!,
            },
            radii.length,
          ),
  },
  units: {
    picture: (result) => unitRows(result),
    table: ({ units, state, mean, deviation, minimum, maximum, activity, posterior }) =>
      columns(
        {
          unit: (i) => i,
          state: (i) => state[i]!,
          mean: (i) => mean[i]!,
          deviation: (i) => deviation[i]!,
          minimum: (i) => minimum[i]!,
          maximum: (i) => maximum[i]!,
          activity: (i) => activity[i]!,
          ...(posterior
            ? {
                kl: (i: number) => posterior.kl[i]!,
                posteriorDeviation: (i: number) => posterior.deviation[i]!,
                meanVariance: (i: number) => posterior.meanVariance[i]!,
                outgoing: (i: number) => posterior.outgoing[i]!,
              }
            : {}),
        },
        units,
      ),
    shapes: ({ units, counts, shown, excitingRows }) => {
      const exciting = [shown.length, excitingRows.length / Math.max(1, shown.length)]
      return { counts: [units, counts.length / units], excitingRows: exciting, excitingLabels: exciting, excitingValues: exciting }
    },
  },
  featureMaps: {
    picture: ({ layers }) => {
      const [{ maps: first }] = layers as [(typeof layers)[number]]
      const sized = layers.map(({ maps }) => stretched(maps, first))
      return grid(layers.length, Math.max(...sized.map(({ count }) => count)), (row, column) =>
        column < sized[row]!.count ? { images: sized[row]!, index: column } : null,
      )
    },
    table: ({ layers }) => {
      const shown = layers.flatMap((layer) => Array.from({ length: layer.maps.count }, (_, map) => ({ layer, map })))
      const valuesOf = ({ layer, map }: (typeof shown)[number]) => {
        const size = layer.width * layer.height
        return layer.activations.subarray(map * size, (map + 1) * size)
      }
      return columns(
        {
          layer: (i) => shown[i]!.layer.name,
          map: (i) => shown[i]!.map,
          mean: (i) => valuesOf(shown[i]!).reduce((sum, value) => sum + value, 0) / valuesOf(shown[i]!).length,
          minimum: (i) => valuesOf(shown[i]!).reduce((least, value) => Math.min(least, value), Infinity),
          maximum: (i) => valuesOf(shown[i]!).reduce((most, value) => Math.max(most, value), -Infinity),
          dead: (i) => shown[i]!.layer.dead[shown[i]!.map]!,
        },
        shown.length,
      )
    },
    shapes: ({ layers }) =>
      Object.fromEntries(
        layers.map(({ maps, width, height }, at) => [`layers/${at}/activations`, [maps.count, height, width]] as const),
      ),
  },
  filters: {
    picture: ({ patches, shown, kernels }) =>
      patches
        ? grid(shown.length, patches.count / shown.length, (row, column) => ({
            images: patches,
            index: row * (patches.count / shown.length) + column,
          }))
        : kernels
          ? inSquare(kernels)
          : inRows(),
    table: ({ layers, layer, minimum, maximum, dead }) =>
      columns(
        {
          layer: () => layers[layer]!.name,
          filter: (i) => i,
          minimum: (i) => minimum[i]!,
          maximum: (i) => maximum[i]!,
          dead: (i) => dead[i]!,
        },
        maximum.length,
      ),
    shapes: ({ shown, excitingRows }) => {
      const exciting = [shown.length, excitingRows.length / Math.max(1, shown.length)]
      return { excitingRows: exciting, excitingLabels: exciting, excitingValues: exciting, boxes: [...exciting, 4] }
    },
  },
  copying: {
    picture: ({ originals, reconstructions }) => listed(originals, reconstructions),
    table: ({ rows, squaredErrors }) => columns({ row: (i) => rows[i]!, squaredError: (i) => squaredErrors[i]! }, rows.length),
  },
}

type List = ResultOf<'decode'>['pictures']
const countOf = ({ images, points }: List): number => images?.count ?? points?.count ?? 0
const codeTable = (codes: Float32Array, count: number) =>
  columns({ number: (i) => i, ...spread('unit', codes, codes.length / Math.max(1, count)) }, count)

/** Steps there and back again, for a loop without a jump. */
const there = (steps: number): number[] => [
  ...Array.from({ length: steps }, (_, i) => i),
  ...Array.from({ length: Math.max(0, steps - 2) }, (_, i) => steps - 2 - i),
]

type Images = NonNullable<List['images']>
/** So many images as one frame, in a rectangle. */
const frame = (count: number, at: (i: number) => { images: Images; index: number }): Raster => {
  const columns = Math.ceil(Math.sqrt(count))
  return grid(Math.ceil(count / columns), columns, (row, column) =>
    row * columns + column < count ? at(row * columns + column) : null,
  )
}

function meanPixel({ width, height, channels, pixels }: Images, index: number): number {
  const size = width * height * channels
  let sum = 0
  for (let i = index * size; i < (index + 1) * size; i++) sum += pixels[i]!
  return sum / (255 * size)
}

function bars(edges: Float32Array, counts: Int32Array): Raster {
  const plot = new Plot([edges[0]!, edges.at(-1)!], [0, Math.max(1, ...counts)])
  counts.forEach((count, bin) => plot.bar(edges[bin]!, edges[bin + 1]!, count, colourOf(0)))
  return plot.raster()
}

/** The query before its neighbours, those in the code above those in the pixels. */
function neighbourRows({ query, code, pixels }: ResultOf<'neighbours'>): Raster {
  if (!query.images) return listed(query, code.pictures, pixels.pictures)
  return grid(2, 1 + Math.max(code.rows.length, pixels.rows.length), (row, column) => {
    const images = column === 0 ? query.images : (row === 0 ? code : pixels).pictures.images
    return images && { images, index: Math.max(0, column - 1) }
  })
}

/** Ways of the chains through the plane, as far as a state. */
function chainPlot(values: Float32Array, chains: number, states: number, until = states - 1): Raster {
  const axis = (which: number) => rangeOf(Array.from(values).filter((_, i) => i % 2 === which))
  const plot = new Plot(axis(0), axis(1))
  for (let state = 0; state <= until; state++) {
    for (let chain = 0; chain < chains; chain++) {
      const at = 2 * (state * chains + chain),
        before = at - 2 * chains
      if (state > 0) plot.line(values[before]!, values[before + 1]!, values[at]!, values[at + 1]!, colourOf(chain), 0.5)
      plot.dot(values[at]!, values[at + 1]!, state === until ? 4 : 2, colourOf(chain))
    }
  }
  return plot.raster()
}

/** One picture a slice, the second axis upwards. */
function manifoldSlices({ pictures, axes, dimensions, codes }: ResultOf<'manifold'>): Raster[] {
  const { images } = pictures
  if (!images) return [scatter(codes.coordinates, dimensions, codes.labels)]
  const [columns, rows, slices] = [axes[0]!.length, axes[1]?.length ?? 1, axes[2]?.length ?? 1]
  return Array.from({ length: slices }, (_, slice) =>
    grid(rows, columns, (row, column) => ({ images, index: (slice * rows + rows - 1 - row) * columns + column })),
  )
}

function fieldPlot({ x, y, vectors, longest, paths, pathSteps, data }: ResultOf<'field'>): Raster {
  const plot = new Plot([x[0]!, x.at(-1)!], [y[0]!, y.at(-1)!])
  for (let i = 0; i < data.rows.length; i++)
    plot.dot(data.coordinates[2 * i]!, data.coordinates[2 * i + 1]!, data.rows.length > 3 ? 1.5 : 6, colourOf(data.labels[i]!))
  for (let at = 0; at < paths.length; at += 2 * (pathSteps + 1)) {
    for (let step = 0; step < pathSteps; step++)
      plot.line(paths[at + 2 * step]!, paths[at + 2 * step + 1]!, paths[at + 2 * step + 2]!, paths[at + 2 * step + 3]!, faint)
  }
  // The longest arrow reaches to the next place but one.
  const scale = longest > 0 ? (2 * (x.at(-1)! - x[0]!)) / (x.length - 1) / longest : 0
  for (let row = 0; row < y.length; row++) {
    for (let column = 0; column < x.length; column++) {
      const at = 2 * (row * x.length + column)
      plot.arrow(x[column]!, y[row]!, x[column]! + scale * vectors[at]!, y[row]! + scale * vectors[at + 1]!, ink)
    }
  }
  return plot.raster()
}

/** Every unit's filter, and behind it the images that excite it most. */
function unitRows({ filters, exciting, shown, excitingRows, mean, activity }: ResultOf<'units'>): Raster {
  if (!filters.images)
    return curves(
      Array.from(mean, (_, i) => i),
      [mean, activity],
    )
  const most = excitingRows.length / Math.max(1, shown.length)
  if (!exciting?.images || most === 0) return inSquare(filters.images)
  return grid(shown.length, 1 + most, (row, column) => ({
    images: column === 0 ? filters.images! : exciting.images!,
    index: column === 0 ? row : row * most + column - 1,
  }))
}
