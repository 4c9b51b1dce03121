import { mostLines, mostOf, reservedMessage, reservedPlaces, textRules, type TextRule } from '../../../shared/placeRules.ts'
import { count } from '../../format.ts'

/** The words of each field of a place, and what is below it where nothing is wrong. */
export const placeFields = {
  name: { label: 'Name', hint: 'As it is called here and on the command line.' },
  host: { label: 'Host', hint: 'As your ssh takes it; what ~/.ssh/config says of it holds.' },
  folder: { label: 'Shared folder', hint: 'The nodes see it under the same name; everything that is sent lies there.' },
  partition: { label: 'Partition', hint: 'Left empty: the cluster’s own.' },
  account: { label: 'Account', hint: 'Left empty: yours.' },
  time: { label: 'Time limit of a task', hint: 'Minutes, HH:MM:SS or D-HH:MM:SS. What is not done goes on in another task.' },
  memory: { label: 'Memory of a task', hint: 'Such as 4G.' },
  cpus: { label: 'CPUs of a task', hint: 'And threads of each training; left empty: as many as here.' },
  runsPerJob: { label: 'Runs of a task', hint: 'Left empty: as many as take ten minutes.' },
  jobs: { label: 'Tasks at once', hint: 'Left empty: as many as the cluster allows.' },
  extra: { label: 'Further lines for Slurm', hint: 'One a line, as behind #SBATCH: --gres=gpu:1' },
  before: { label: 'Before each task', hint: 'Lines of shell, such as module load gcc.' },
  container: { label: 'Container', hint: 'A command that runs another one in it: apptainer exec image.sif' },
} as const
export type PlaceField = keyof typeof placeFields

const rules: Partial<Record<PlaceField, TextRule>> = {
  host: textRules.host,
  folder: textRules.folder,
  partition: textRules.word,
  account: textRules.word,
  time: textRules.time,
  memory: textRules.memory,
  extra: textRules.directive,
  before: textRules.line,
  container: textRules.line,
}
/** Several lines can be typed there. */
export const lists: readonly PlaceField[] = ['extra', 'before']
export const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')

/** What is wrong with what stands in a field, in one sentence. An empty one is wrong nowhere: it is only missing. */
export function placeProblem(field: PlaceField, typed: string): string | null {
  const text = typed.trim(),
    { label } = placeFields[field]
  if (text === '') return null
  if (field in mostOf) {
    const most = mostOf[field as keyof typeof mostOf]
    const isFine = /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= most
    return isFine ? null : `${label}: a whole number from 1 to ${count(most)}.`
  }
  if (field === 'name') return reservedPlaces.includes(text) ? `“${text}” ${reservedMessage}; choose another name.` : null
  const rule = rules[field]!,
    all = lists.includes(field) ? linesOf(typed) : [text]
  if (all.length > mostLines) return `${label}: at most ${mostLines} lines.`
  for (const one of all) {
    if (one.length > rule.most) return `${label}: at most ${count(rule.most)} characters${lists.includes(field) ? ' a line' : ''}.`
    if (!rule.matches.test(one)) return `${label} ${rule.message}.`
  }
  return null
}
