import type { CallInput } from '../../../shared/calls.ts'
import { isReshaped } from '../../../shared/fitting.ts'
import { patchDefaults, type Contrast } from '../../../shared/patches.ts'
import { sharesForm } from '../../../shared/split.ts'
import { parseRange, rangeForms } from '../../../shared/valueRange.ts'
import type { Inspected } from './inspected.ts'
import { numberOf, numberProblem, ranges, type NumberField } from './wholeNumbers.ts'

export type ImportInput = CallInput<'datasets.inspect'>
export type Fit = 'crop' | 'pad' | 'stretch'
/** What each way of giving images one size does to them. */
export const fitChoices: Record<Fit, { title: string; what: string }> = {
  crop: { title: 'Crop', what: 'The centre is kept, and what stands over is cut off.' },
  pad: { title: 'Pad', what: 'The whole image is kept, with black borders.' },
  stretch: { title: 'Stretch', what: 'The whole image is kept, but not its proportions.' },
}
/** In the order in which they are offered. */
export const fitsInOrder = Object.keys(fitChoices) as Fit[]

/** Fields that are texts and go to the engine as they are, where they apply. */
export type TextChoice = 'valPath' | 'testPath' | 'split' | 'range' | 'set' | 'array' | 'shape' | LabelField
/** Of labels and groups. */
type LabelField = 'table' | 'labelPattern' | 'fileColumn' | 'labelColumn' | 'partColumn' | 'groupColumn' | 'group'
const columns = ['fileColumn', 'labelColumn', 'partColumn', 'groupColumn'] as const

const isNumber = (field: string): field is NumberField => Object.hasOwn(ranges, field)

/** What is chosen in the import form, as typed, and what that asks of the engine. */
export class ImportChoices {
  path = $state('')
  name = $state('')
  channels = $state<'' | '1' | '3'>('')
  /** Which channels of the source are taken: `0,2,3`. */
  picked = $state('')
  fit = $state<Fit>('crop')
  patches = $state(false)
  contrast = $state<Contrast>('none')
  numbers = $state<Record<NumberField, string>>({
    width: '',
    height: '',
    count: '',
    seed: '',
    splitSeed: '',
    'patches.width': '',
    'patches.height': '',
  })
  texts = $state<Record<TextChoice, string>>({
    valPath: '',
    testPath: '',
    split: '',
    range: '',
    set: '',
    array: '',
    shape: '',
    table: '',
    labelPattern: '',
    fileColumn: '',
    labelColumn: '',
    partColumn: '',
    groupColumn: '',
    group: '',
  })
  /** Where labels of image files come from; empty: as found. */
  labels = $state<'' | 'folders' | 'names' | 'none' | 'table'>('')
  /** Of files with several pages or frames: the first, or each as an image. */
  pages = $state<'first' | 'all'>('first')
  /** Of rows of arrays: each channel lies by itself. */
  planes = $state(false)
  /** What the path holds with what is chosen, as far as it was looked at last; null until that is known. */
  found = $state.raw<Inspected | null>(null)
  /** The path that this was, and what it holds without anything chosen. */
  foundPath = $state('')
  source = $state.raw<Inspected | null>(null)

  /** A set that is computed: it has a number of rows and a seed; only images have a size. */
  readonly synthetic = $derived(this.found?.kind === 'synthetic')
  /** Small windows of the images instead of whole ones; of a dataset that is here already there is nothing else to take. */
  readonly patching = $derived(this.found !== null && (this.found.kind === 'dataset' || (this.found.images && this.patches)))
  readonly drawn = $derived(this.synthetic || this.patching)
  readonly coloured = $derived(this.found !== null && this.found.images && (this.found.kind !== 'sample' || this.patching))
  readonly sized = $derived(this.coloured && !this.patching)
  readonly fitted = $derived(this.sized && !this.synthetic)
  /** Of images that are not all of the shape that is stored: it shows how they are fitted. */
  readonly reshaped = $derived(this.fitted && this.found?.fitting != null && isReshaped(this.found.fitting))
  /** Read from the user's own files. */
  readonly ofFiles = $derived(this.found !== null && !['sample', 'synthetic', 'dataset'].includes(this.found.kind))
  /** Of pixels that may be of other values than bytes. */
  readonly ranged = $derived(this.ofFiles && this.coloured)

  readonly ofFolder = $derived(this.found?.kind === 'folder')
  /** Of files some of which have several pages or frames. */
  readonly paged = $derived(this.ofFolder && this.found?.pages != null)
  /** Of arrays, which may be several, and whose rows may be read in several ways. */
  readonly ofArrays = $derived(this.ofFiles && this.found?.kind !== 'folder')

  /** The number fields that are on the form now. */
  readonly asked = $derived(
    (Object.keys(ranges) as NumberField[]).filter((field) =>
      field === 'width' || field === 'height'
        ? this.sized
        : field === 'count' || field === 'seed'
          ? this.drawn
          : field === 'splitSeed'
            ? this.ofFiles && this.texts.split.trim() !== ''
            : this.patching,
    ),
  )

  /** What is wrong with a field as it is typed, and what to do; null where it is right. */
  wrong(field: string): string | null {
    if (isNumber(field)) return this.asked.includes(field) ? numberProblem(field, this.numbers[field]) : null
    if (field === 'rowShape')
      return this.ofArrays && this.texts.shape.trim() && this.#shape() === null
        ? 'Height, width and channels, as in 32x32x3.'
        : null
    if (field === 'split')
      return this.ofFiles && this.texts.split.trim() && !sharesForm.test(this.texts.split.trim())
        ? 'Shares, as in 70/15/15 or 80/20.'
        : null
    if (!this.ranged) return null
    if (field === 'range') return this.texts.range.trim() && parseRange(this.texts.range) === null ? `Write ${rangeForms}.` : null
    if (field === 'pick')
      return this.picked.trim() && this.#pick() === null ? 'One channel or three, counted from 0, as in 0,2,3.' : null
    return null
  }
  readonly anyWrong = $derived(
    [...Object.keys(ranges), 'range', 'pick', 'rowShape', 'split'].some((field) => this.wrong(field) !== null),
  )

  /** What is asked of the engine, with those choices alone that apply to what the path holds; null while something is wrong. */
  readonly input = $derived.by((): ImportInput | null => {
    const path = this.path.trim()
    if (!path || this.anyWrong) return null
    // Which choices apply shows first when it is known what the path holds.
    if (this.found === null || this.foundPath !== path) return { path }
    const given = (field: NumberField): number | null => (this.asked.includes(field) ? numberOf(field, this.numbers[field]) : null)
    const [width, height, count, seed, splitSeed, patchWidth] = (
      ['width', 'height', 'count', 'seed', 'splitSeed', 'patches.width'] as const
    ).map(given)
    const pick = this.#pick(),
      rowShape = this.#shape()
    return {
      path,
      ...(this.fitted && this.fit !== 'crop' ? { fit: this.fit } : {}),
      ...(width == null ? {} : { width }),
      ...(height == null ? {} : { height }),
      ...(count == null ? {} : { count }),
      ...(seed == null ? {} : { seed }),
      ...(this.coloured && this.channels ? { channels: this.channels === '1' ? (1 as const) : (3 as const) } : {}),
      ...(this.ofFiles ? this.#given(['valPath', 'testPath', 'split']) : {}),
      ...(this.paged && this.pages === 'all' ? { pages: 'all' as const } : {}),
      ...(this.ofFolder ? this.#labelling() : {}),
      ...(splitSeed == null ? {} : { splitSeed }),
      ...(this.ofArrays ? this.#given(['set', 'array']) : {}),
      ...(this.ofArrays && rowShape ? { rowShape } : {}),
      ...(this.ranged ? this.#given(['range']) : {}),
      ...(this.ranged && pick ? { pick } : {}),
      ...(this.patching
        ? {
            ...(this.contrast === 'none' ? {} : { contrast: this.contrast }),
            patches: {
              width: patchWidth ?? patchDefaults.width,
              height: given('patches.height') ?? patchWidth ?? patchDefaults.height,
            },
          }
        : {}),
    }
  })

  /** The same as text, which changes only where something else is asked. */
  readonly question = $derived(this.input && JSON.stringify(this.input))

  #pick(): number[] | null {
    const text = this.picked.trim().replace(/,$/, '')
    const numbers = text.split(',').map(Number)
    return /^\d{1,5}(\s*,\s*\d{1,5})*$/.test(text) && (numbers.length === 1 || numbers.length === 3) ? numbers : null
  }

  /** Those of some texts that are filled in. */
  #given<F extends TextChoice>(fields: readonly F[]): { [K in F]?: string } {
    const given = fields.map((field) => [field, this.texts[field].trim()] as const).filter(([, text]) => text !== '')
    return Object.fromEntries(given) as { [K in F]?: string }
  }

  /** What is asked for of labels and groups. */
  #labelling(): Pick<ImportInput, 'labels' | 'labelPattern' | 'group' | (typeof columns)[number]> {
    const { labels, texts } = this
    const from = labels === 'table' ? texts.table.trim() : labels
    return {
      ...(from ? { labels: from } : {}),
      ...this.#given(['group']),
      ...(labels === 'names' ? this.#given(['labelPattern']) : {}),
      ...(labels === 'table' && from ? this.#given(columns) : {}),
    }
  }

  #shape(): { height: number; width: number; channels: number; planes: boolean } | null {
    const [, height, width, channels = '1'] =
      /^(\d{1,4})[x\u00d7](\d{1,4})(?:[x\u00d7](\d{1,5}))?$/i.exec(this.texts.shape.trim()) ?? []
    return height && width
      ? { height: Number(height), width: Number(width), channels: Number(channels), planes: this.planes }
      : null
  }

  /** Back to an empty form. */
  clear(): void {
    this.path = this.name = this.picked = this.channels = this.labels = ''
    for (const field of Object.keys(this.numbers) as NumberField[]) this.numbers[field] = ''
    for (const field of Object.keys(this.texts) as TextChoice[]) this.texts[field] = ''
    this.patches = this.planes = false
    this.pages = 'first'
    this.found = this.source = null
    this.foundPath = ''
  }
}
