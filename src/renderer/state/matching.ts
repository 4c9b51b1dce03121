/** One thing that the palette can do. */
export interface Command {
  id: string
  /** What it is: `View`, `Action`, `Experiment`, `Run`, `Dataset`. */
  kind: 'View' | 'Action' | 'Experiment' | 'Run' | 'Dataset'
  title: string
  /** More about it; searched too. */
  detail: string
  keys?: string
  /** Out of the way: found by what is typed only, after everything else. */
  archived?: boolean
  run(): void
}

/** Commands that have every word, those with the words in their titles first, what is archived last, the order otherwise kept. */
export function matching(all: readonly Command[], query: string): Command[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  if (!words.length) return all.filter(({ archived }) => !archived)
  const inTitle: Command[] = []
  const elsewhere: Command[] = []
  const archived: Command[] = []
  for (const command of all) {
    const title = command.title.toLowerCase()
    const text = `${title} ${command.detail.toLowerCase()} ${command.kind.toLowerCase()}`
    if (words.every((word) => title.includes(word))) (command.archived ? archived : inTitle).push(command)
    else if (words.every((word) => text.includes(word))) (command.archived ? archived : elsewhere).push(command)
  }
  return [...inTitle, ...elsewhere, ...archived]
}
