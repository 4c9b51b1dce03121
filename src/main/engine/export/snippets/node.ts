import { quietLibraries } from '../../../../shared/quietLibraries.ts'
import { inputSize, quoted, taskOf, whyQuiet, type SnippetSubject } from './subject.ts'

/** sharp's way of doing what the import does with an image of another size. */
const fitted = { crop: "fit: 'cover'", pad: "fit: 'contain', background: 'black'", stretch: "fit: 'fill'" }

/** A program that runs an exported file on what is named on its command line, with onnxruntime-node and sharp. */
export function nodeSnippet(subject: SnippetSubject): string {
  const {
    file,
    part,
    dataset: { width, height, channels, fit, classes },
    inputs: [input],
  } = subject
  const { feed, result, readsImages, savesImages } = taskOf(subject)
  const size = width * height * channels
  const loader = [
    '',
    'async function pixels(path) {',
    "  const image = sharp(path, { ignoreIcc: true }).autoOrient().flatten({ background: 'white' }).toColourspace('srgb')",
    `  const { data } = await image.resize(${width}, ${height}, { ${fitted[fit]}, ` +
      `kernel: 'linear' }).removeAlpha().raw().toBuffer({ resolveWithObject: true })`,
    ...(channels === 1
      ? [
          '  const gray = (i) => (data[3 * i] * 19595 + data[3 * i + 1] * 38470 + data[3 * i + 2] * 7471 + 32768) >> 16',
          `  return Uint8Array.from({ length: ${size} }, (_, i) => gray(i))`,
        ]
      : ['  return new Uint8Array(data)']),
    '}',
    '',
  ]
  const shape =
    feed === 'bytes' ? `[count, ${height}, ${width}, ${channels}]` : `[count, ${feed === 'reals' ? size : inputSize(subject)}]`
  const given = {
    bytes: [
      'const paths = process.argv.slice(2)',
      'const count = paths.length',
      'const values = Buffer.concat(await Promise.all(paths.map(pixels)))',
    ],
    reals: [
      'const paths = process.argv.slice(2)',
      'const count = paths.length',
      'const values = Float32Array.from(Buffer.concat(await Promise.all(paths.map(pixels))), (value) => value / 255)',
    ],
    codes: [
      "const codes = JSON.parse(await readFile(process.argv[2], 'utf8'))",
      'const count = codes.length',
      'const values = Float32Array.from(codes.flat())',
    ],
    rows: [
      "const rows = (await readFile(process.argv[2], 'utf8')).trim().split('\\n').map((line) => line.split(',').map(Number))",
      'const count = rows.length',
      'const values = Float32Array.from(rows.flat())',
    ],
  }[feed]
  const tensor =
    feed === 'bytes' ? `new Tensor('uint8', new Uint8Array(values), ${shape})` : `new Tensor('float32', values, ${shape})`
  const shown = {
    code: ['console.log(code.dims)', 'console.log(code.data)'],
    reconstruction: savesImages
      ? [
          'const picture = Uint8Array.from(reconstruction.data.subarray(0, ' +
            `${size}), (value) => Math.round(255 * Math.min(1, Math.max(0, value))))`,
          `await sharp(picture, { raw: { width: ${width}, height: ${height}, ` +
            `channels: ${channels} } }).png().toFile('reconstruction.png')`,
          'console.log(reconstruction.dims)',
        ]
      : ['console.log(reconstruction.data)'],
    probabilities: [
      `const classes = [${classes.map(quoted).join(', ')}]`,
      'for (let i = 0; i < count; i++) {',
      '  const row = Array.from(probabilities.data.subarray(i * classes.length, (i + 1) * classes.length))',
      '  const most = Math.max(...row)',
      '  console.log(classes[row.indexOf(most)], most)',
      '}',
    ],
  }[result as 'code']
  const what = readsImages ? 'image.png ...' : feed === 'codes' ? 'codes.json' : 'rows.csv'
  return [
    `// npm install onnxruntime-node${readsImages || savesImages ? ' sharp' : ''}`,
    `// node ${part}.mjs ${what}`,
    ...(readsImages ? [] : ["import { readFile } from 'node:fs/promises'"]),
    ...(readsImages || savesImages ? ["import sharp from 'sharp'"] : []),
    '',
    `// ${whyQuiet}`,
    ...Object.entries(quietLibraries).map(([name, value]) => `process.env.${name} = '${value}'`),
    "const { InferenceSession, Tensor } = await import('onnxruntime-node')",
    ...(readsImages ? loader : ['']),
    `const session = await InferenceSession.create(${quoted(file)})`,
    ...given,
    `const { ${result} } = await session.run({ ${input!.name}: ${tensor} })`,
    ...shown,
    '',
  ].join('\n')
}
