import { captioned, type Caption } from './caption.ts'
import { measureIn, paintScene } from './paintScene.ts'
import type { Scene } from './scene.ts'
import { sceneSvg } from './sceneSvg.ts'
import type { ChartTheme } from './theme.ts'

/** The chart as an SVG file's text. */
export function chartSvg(scene: Scene, caption: Caption, theme: ChartTheme): string {
  return sceneSvg(captioned(scene, caption, measureIn(theme)), {
    resolve: (colour) => theme.resolve(colour),
    font: theme.font,
    paper: theme.paper,
    title: caption.title,
  })
}

/** The chart as a PNG file, three pixels for one on the page: sharp in print. */
export async function chartPng(scene: Scene, caption: Caption, theme: ChartTheme): Promise<Blob> {
  const canvas = document.createElement('canvas')
  paintScene(canvas, captioned(scene, caption, measureIn(theme)), theme, 3, theme.paper)
  const blob = await new Promise<Blob | null>((done) => {
    canvas.toBlob(done, 'image/png')
  })
  if (!blob) throw new Error('The picture could not be made: the chart is too large.')
  return blob
}
