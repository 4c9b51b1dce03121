import { quietLibraries } from '../../../../shared/quietLibraries.ts'
import { quoted, taskOf, whyQuiet, type SnippetSubject } from './subject.ts'

/** Pillow's way of doing what the import does with an image of another size. */
const fitted = {
  crop: 'ImageOps.fit(image, SIZE, Image.Resampling.BILINEAR)',
  pad: 'ImageOps.pad(image, SIZE, Image.Resampling.BILINEAR)',
  stretch: 'image.resize(SIZE, Image.Resampling.BILINEAR)',
}

/** A program that runs an exported file on what is named on its command line, with onnxruntime, NumPy and Pillow. */
export function pythonSnippet(subject: SnippetSubject): string {
  const {
    file,
    dataset: { width, height, channels, fit, classes },
    inputs: [input],
  } = subject
  const { feed, result, readsImages, savesImages } = taskOf(subject)
  const mode = channels === 1 ? 'L' : 'RGB'
  const modules = ['import numpy', 'import onnxruntime']
  if (readsImages) modules.push('from PIL import Image, ImageOps')
  else if (savesImages) modules.push('from PIL import Image')
  const loader = [
    'def pixels(path):',
    "    image = ImageOps.exif_transpose(Image.open(path)).convert('RGBA')",
    `    image = Image.alpha_composite(Image.new('RGBA', image.size, 'white'), image).convert('${mode}')`,
    `    return numpy.asarray(${fitted[fit].replace('SIZE', `(${width}, ${height})`)}).reshape(${height}, ${width}, ${channels})`,
    '',
    '',
  ]
  const given = {
    bytes: [`images = numpy.stack([pixels(path) for path in sys.argv[1:]])`],
    reals: [
      'images = numpy.stack([pixels(path) for path in sys.argv[1:]])',
      'images = images.reshape(len(images), -1) / numpy.float32(255)',
    ],
    codes: ['codes = numpy.atleast_2d(numpy.load(sys.argv[1]).astype(numpy.float32))'],
    rows: [`rows = numpy.loadtxt(sys.argv[1], delimiter=',', dtype=numpy.float32, ndmin=2)`],
  }[feed]
  const name = { bytes: 'images', reals: 'images', codes: 'codes', rows: 'rows' }[feed]
  const shown = {
    code: ['print(code.shape)', 'print(code)'],
    reconstruction: savesImages
      ? [
          'pictures = (255 * reconstruction.clip(0, 1)).round().astype(numpy.uint8).reshape(-1, ' +
            `${height}, ${width}${channels === 1 ? '' : `, ${channels}`})`,
          "Image.fromarray(pictures[0]).save('reconstruction.png')",
          'print(pictures.shape)',
        ]
      : ['print(reconstruction)'],
    probabilities: [
      `classes = [${classes.map(quoted).join(', ')}]`,
      'for row in probabilities:',
      '    print(classes[row.argmax()], row.max())',
    ],
  }[result as 'code']
  const what = readsImages ? 'image.png ...' : feed === 'codes' ? 'codes.npy' : 'rows.csv'
  return [
    `# pip install numpy onnxruntime${readsImages || savesImages ? ' pillow' : ''}`,
    `# python ${subject.part}.py ${what}`,
    'import os',
    'import sys',
    '',
    `# ${whyQuiet}`,
    ...Object.entries(quietLibraries).map(([name, value]) => `os.environ['${name}'] = '${value}'`),
    '',
    ...modules,
    '',
    '',
    ...(readsImages ? loader : []),
    `session = onnxruntime.InferenceSession(${quoted(file)})`,
    ...given,
    `${result}, = session.run(['${result}'], {'${input!.name}': ${name}})`,
    ...shown,
    '',
  ].join('\n')
}
