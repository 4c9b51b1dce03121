import type { CampaignOptions } from './kills.ts'

/** What a campaign did, by what is counted. */
export type Counts = Readonly<Record<string, number>>

export interface Campaign {
  name: string
  /** What is done, again and again, and what has to hold afterwards. */
  title: string
  /** Rounds of the form that CI runs, and of the one whose figures are published. */
  short: number
  long: number
  run(options: CampaignOptions): Promise<Counts>
}

/**
 * Attacks on the product, with a seed: the same seed does the same. Each throws where something is lost, wrong or unsaid. The
 * short forms are run by `test/fault/campaign.test.ts`, the long ones by `npm run bench -- campaign`.
 */
export const campaigns: readonly Campaign[] = [
  {
    name: 'kills',
    short: 6,
    long: 170,
    title:
      'The engine, or a worker, is killed at a random moment of training, import, export, embedding, packing, removal or its own start',
    run: async (options) => ({ ...(await (await import('./kills.ts')).runKills(options)) }),
  },
  {
    name: 'rot',
    short: 12,
    long: 300,
    title:
      "A bit is flipped in a file of a home, or the file is cut, lost or another run's; " +
      'it is named by `doctor --check` and by what uses it, and a dataset is repaired',
    run: async (options) => ({ ...(await (await import('./rot.ts')).runRot(options)) }),
  },
  {
    name: 'fullDisk',
    short: 3,
    long: 120,
    title:
      'The disk of the home is filled and freed at random moments, with removals, evaluations, imports, pauses and kills in between',
    run: async (options) => ({ ...(await (await import('./fullDisk.ts')).runFullDisk(options)) }),
  },
  {
    name: 'soak',
    short: 25,
    long: 400,
    title: 'One engine trains, exports, answers and removes, one small run after the other',
    run: async (options) => ({ ...(await (await import('./soak.ts')).runSoak(options)) }),
  },
  {
    name: 'messages',
    short: 800,
    long: 10_000,
    title: "The engine is sent what no window would send, by the shell's pipe, the local socket and the browser's WebSocket",
    run: async (options) => ({ ...(await (await import('./hostileMessages.ts')).runHostileMessages(options)) }),
  },
  {
    name: 'images',
    short: 600,
    long: 10_000,
    title:
      'Images that were made wrong are imported beside sound ones: each is ' +
      'read or skipped with a reason, and every sound one has its pixels',
    run: async (options) => ({ ...(await (await import('./hostileImages.ts')).runHostileImages(options)) }),
  },
]
