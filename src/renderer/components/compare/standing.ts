import type { Run } from '../../../shared/domain.ts'
import type { Subject } from './subjects.ts'

/** A row of pictures: the setting or run that it is of, and the one run whose pictures are shown. */
export interface Standing {
  subject: Subject
  run: Run
}

/** Of each group the run of one seed (the first that it has, where it lacks that one): pictures cannot be averaged. */
export function standingFor(subjects: readonly Subject[], runs: readonly Run[], seed: number | null): Standing[] {
  const byId = new Map(runs.map((run) => [run.id, run]))
  return subjects.flatMap((subject) => {
    const members = subject.runs.flatMap((id) => byId.get(id) ?? [])
    const run = members.find((one) => one.seed === seed) ?? members[0]
    return run ? [{ subject, run }] : []
  })
}

/** Seeds of the groups, those that most of them have first, else ascending. */
export function seedChoices(subjects: readonly Subject[]): number[] {
  const counts = new Map<number, number>()
  for (const { seeds } of subjects) for (const seed of seeds) counts.set(seed, (counts.get(seed) ?? 0) + 1)
  return [...counts].sort(([a, m], [b, n]) => n - m || a - b).map(([seed]) => seed)
}
