import type { ResultOf } from '../../../shared/answers.ts'
import { figure } from '../../format.ts'

export interface NeighbourTexts {
  /** Below each: its distance, and its class where that says something: of another one than the image's, or where the image has none. */
  captions: string[]
  /** Those of another class than the image. */
  odd: boolean[]
  /** What each is called where it is read. */
  name(index: number): string
}

/**
 * What is written about neighbours.
 * @param label class of the image that they are neighbours of; below 0 where it has none
 * @param nameOf what a row is called
 */
export function neighbourTexts(
  { rows, labels, distances }: Pick<ResultOf<'neighbours'>['code'], 'rows' | 'labels' | 'distances'>,
  label: number,
  classes: readonly string[],
  nameOf: (row: number, label?: number) => string,
): NeighbourTexts {
  const classOf = (index: number) => classes[labels[index] ?? -1]
  const odd = Array.from(labels, (of) => label >= 0 && of !== label)
  const captions = Array.from(rows, (_, i) =>
    [figure(distances[i], 3), odd[i] || label < 0 ? classOf(i) : undefined].filter((part) => part !== undefined).join('\n'),
  )
  return { captions, odd, name: (index) => nameOf(rows[index]!, labels[index]) }
}
