import type { CallArguments } from '../../../shared/calls.ts'
import type { Settings } from '../../../shared/config.ts'
import type { PresetForm } from '../../../shared/presets.ts'
import type { Shape } from '../../../shared/shape.ts'
import { patchDefaults, patchesText } from '../../../shared/patches.ts'
import type { FigureId } from './figures.ts'

/** A figure as it was published, beside a figure of the run that it belongs to. */
export interface Reference {
  figure: FigureId
  value: number
  /** As it was printed; the value itself unless given. */
  text?: string
  says: string
  where: string
  /** Divided by the same figure of another run of the form: what was published in other units is compared as a proportion. */
  relativeTo?: string
}

export interface PresetRun {
  id: string
  title: string
  variant: string
  seed: number
  settings: Settings
  references: Reference[]
}

/** A run of one of a publication's models, with the first seed. */
export const modelRun = (
  { id, title, variant }: Pick<PresetRun, 'id' | 'title' | 'variant'>,
  settings: Settings,
  references: Reference[] = [],
): PresetRun => ({ id, title, variant, seed: 1, references, settings })

export interface Form {
  /** In what it departs from the publication. */
  note: string
  /** About how long all its runs take on 2 cores. */
  seconds: number
  runs: PresetRun[]
}

/** The data that a preset needs, and how they are imported. */
export interface PresetDataset {
  title: string
  source: string
  /** Of its images, where the same source can give them another. */
  shape?: Shape
  command: string
  request: CallArguments<'datasets.import'>
}

/**
 * A published experiment. A preset is one file that default-exports one of these; it is registered by a line in index.ts, and nothing
 * else in the project names it.
 */
export interface Preset {
  /** First author and year. */
  id: string
  title: string
  /** Authors and year, as they stand in a sentence. */
  cite: string
  reference: string
  summary: string
  dataset: PresetDataset
  forms: Record<PresetForm, Form>
  /** Published figures beside which no run stands. */
  stated?: { title: string; text: string; where: string }[]
}

/** 60,000 digits to train with, 10,000 to test with. */
export const mnist: PresetDataset = {
  title: 'The 70,000 digits of MNIST',
  source: 'mnist',
  command: 'datasets add --name mnist --path mnist',
  request: { name: 'mnist', path: 'mnist', fit: 'crop' },
}

/** Patches of synthetic images with the edges of photographs, prepared as for Ng's sparse autoencoder. */
export const leafPatches: PresetDataset = {
  title: '10,000 patches of 8 × 8 pixels of synthetic images',
  source: patchesText({ count: patchDefaults.count, width: 8, height: 8, seed: 1, contrast: 'normalise', from: 'deadLeaves' }),
  command: 'datasets add --name patches --path deadLeaves --patches 8x8 --count 10000 --seed 1 --contrast normalise',
  request: {
    name: 'patches',
    path: 'deadLeaves',
    fit: 'crop',
    patches: { width: 8, height: 8 },
    count: patchDefaults.count,
    seed: 1,
    contrast: 'normalise',
  },
}

/** Sprites of the size and the gray of dSprites. */
export const graySprites: PresetDataset = {
  title: '10,000 white sprites of 64 × 64 pixels',
  source: 'sprites',
  shape: { width: 64, height: 64, channels: 1 },
  command: 'datasets add --name sprites64 --path sprites --size 64x64 --channels 1',
  request: { name: 'sprites64', path: 'sprites', fit: 'crop', width: 64, height: 64, channels: 1 },
}
