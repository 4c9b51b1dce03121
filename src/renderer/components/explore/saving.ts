import { toErrorInfo } from '../../../shared/errors.ts'
import type { FileFormat } from '../../../shared/explore.ts'
import { withTexts } from '../../../shared/png.ts'
import { call, connection } from '../../state/connection.svelte.ts'
import type { Asked } from '../../state/exploreAsk.svelte.ts'
import type { Side } from '../../state/exploreDesk.svelte.ts'
import { csvMark } from '../../state/csvMark.svelte.ts'
import { runs } from '../../state/runs.svelte.ts'
import { saveFile } from '../../state/saveFile.ts'

const types: Record<FileFormat, string> = { png: 'image/png', gif: 'image/gif', csv: 'text/csv', npz: 'application/zip' }

/** Saves an answer as the engine writes it. Returns why it could not, or null. */
export async function saveAnswer(asked: Asked, format: FileFormat): Promise<string | null> {
  try {
    const { side, ...whole } = asked
    // Pictures in their own size; what is only numbers is known already.
    const { name, bytes } = await call('explore.file', {
      ...whole,
      ...(side !== undefined && (format === 'csv' || format === 'npz') ? { side } : {}),
      format,
      ...(format === 'csv' ? { bom: csvMark.on } : {}),
    })
    saveFile(name, new Blob([Uint8Array.from(bytes)], { type: types[format] }))
    return null
  } catch (thrown) {
    return toErrorInfo(thrown).message
  }
}

/** What a picture of a view says of itself: the same keywords as the engine writes into its own. */
function textsFor(sides: readonly Side[], what: string, question: unknown): Record<string, string> {
  const facts = sides.map(({ run, network }) => ({
    run: run.id,
    name: run.name,
    dataset: run.dataset,
    variant: run.variant,
    seed: run.seed,
    step: network.checkpoint ?? run.step,
    question,
    config: runs.byId.get(run.id)?.config,
  }))
  const plain = (_: string, value: unknown) => (ArrayBuffer.isView(value) ? `${value.byteLength} bytes` : value)
  return {
    Title: `${sides.map(({ title }) => title).join(' and ')}: ${what}`,
    Description: JSON.stringify(facts.length === 1 ? facts[0] : facts, plain),
    Software: `Autoencoder Workbench ${connection.engine?.version ?? ''}`.trim(),
  }
}

/** Saves what is drawn on some canvases, side by side on paper, with what it is of. */
export async function saveCanvases(
  canvases: readonly HTMLCanvasElement[],
  sides: readonly Side[],
  what: string,
  question: unknown,
): Promise<void> {
  if (canvases.length === 0) return
  const gap = 16,
    picture = document.createElement('canvas')
  picture.width = canvases.reduce((sum, canvas) => sum + canvas.width + gap, gap)
  picture.height = Math.max(...canvases.map(({ height }) => height)) + 2 * gap
  const context = picture.getContext('2d')!
  context.fillStyle = getComputedStyle(document.body).backgroundColor
  context.fillRect(0, 0, picture.width, picture.height)
  let left = gap
  for (const canvas of canvases) {
    context.drawImage(canvas, left, gap)
    left += canvas.width + gap
  }
  const blob = await new Promise<Blob | null>((done) => {
    picture.toBlob(done, 'image/png')
  })
  if (blob) await savePng(blob, sides, what, question)
}

/** Saves a PNG with what it is of. */
export async function savePng(png: Blob, sides: readonly Side[], what: string, question: unknown): Promise<void> {
  const texts = textsFor(sides, what, question)
  saveFile(`${texts['Title']}.png`, new Blob([withTexts(new Uint8Array(await png.arrayBuffer()), texts)], { type: 'image/png' }))
}
