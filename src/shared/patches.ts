/** Patches: small windows of larger images, drawn at random as part of an import. */

export const contrasts = ['none', 'normalise'] as const
export type Contrast = (typeof contrasts)[number]

/** What is taken unless asked otherwise. */
export const patchDefaults = { width: 8, height: 8, count: 10_000, seed: 1, contrast: 'none' } as const satisfies Record<
  string,
  number | Contrast
>

/**
 * The id or name in `dataset:NAME`, which stands for an imported dataset where a path would (a folder of that name is
 * `./dataset:NAME`); null for any other path.
 */
export const datasetReference = (path: string): string | null => /^dataset:\s*(\S.*)$/.exec(path.trim())?.[1] ?? null

export interface PatchOrigin {
  count: number
  width: number
  height: number
  seed: number
  contrast: Contrast
  /** As asked for; undefined: as the images are. */
  channels?: 1 | 3 | undefined
  /** The path, with what is needed to know it again. */
  from: string
  testFrom?: string | undefined
}

/** A dataset's `source` when it was made of patches: enough to make them again. */
export const patchesText = ({ count, width, height, seed, contrast, channels, from, testFrom }: PatchOrigin): string =>
  [
    `${count} patches of ${width}x${height}`,
    `seed ${seed}`,
    ...(channels === undefined ? [] : [channels === 1 ? 'gray' : 'colour']),
    ...(contrast === 'normalise' ? ['normalised'] : []),
    `from ${from}`,
    ...(testFrom === undefined ? [] : [`tested on those of ${testFrom}`]),
  ].join(', ')

/** Whether a dataset's `source` says that it was made of patches. */
export const isPatchesText = (source: string): boolean => /^\d+ patches of \d+x\d+, seed \d+, (.+, )?from ./.test(source)
