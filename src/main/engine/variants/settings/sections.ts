import type { Origin } from '../../../../shared/config.ts'

/** Values of one config section, key by key. */
export type Section = Record<string, unknown>
export interface Sections {
  network: Section
  reconstruction: unknown
  training: Section
  regularizer: Section
  data: Section
  pretraining: Section & { regularizer: Section }
  fineTuning: Section
}

/** Some settings, nested, that are taken where no later layer says otherwise. What is undefined is not said. */
export interface Layer {
  from: Origin
  values: { [K in keyof Sections]?: K extends 'pretraining' ? Section : Sections[K] | undefined }
}
