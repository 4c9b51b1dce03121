import type { PlanInput } from '../../../shared/experiments.ts'

/** A plan as a file that the command line reads. @param dataset the name of its dataset, which other machines may know, too */
export const planText = (plan: PlanInput, dataset: string): string => JSON.stringify({ ...plan, dataset }, null, 2)

/**
 * A command for a POSIX shell that writes the plan beside it and carries it out without a window. @param home where the
 * workbench keeps everything
 */
export const planCommand = (text: string, home: string): string =>
  `cat > plan.json <<'PLAN'\n${text}\nPLAN\nnpm run -s aebench -- --home ${quoted(home)} experiment run plan.json`

const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)

/** What a pasted text holds, or why it is no plan. Whether the plan can be carried out is the engine's to say. */
export function readPlan(text: string): { plan: PlanInput } | { message: string } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    return { message: `This is not JSON (${reason}); paste the whole text of a plan, from { to }.` }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !('variants' in value)) {
    return { message: 'This is JSON, but not a plan: a plan has a name, a dataset and a list of variants.' }
  }
  return { plan: value as PlanInput }
}
