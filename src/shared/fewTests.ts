import { counted } from './words.ts'

/** Test images below which figures hang by single ones: of 100 one is a point of an accuracy. */
const enoughTests = 100

/** That a dataset has few test images, and what that does to figures; null where it has enough. */
export function fewTestsSentence({ name, testCount, kind }: { name: string; testCount: number; kind: string }): string | null {
  if (testCount >= enoughTests || testCount === 0) return null
  const what = counted(testCount, kind === 'image' ? 'test image' : 'test row')
  const points = Math.round(100 / testCount)
  return (
    `Figures on “${name}” stand on ${what} only: one more or less is ${counted(points, 'point')} of an accuracy, ` +
    'and a difference between two runs may be chance.'
  )
}
